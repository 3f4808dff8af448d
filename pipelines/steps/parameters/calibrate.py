"""Calibration: a candidate set from what the warehouse knows through a day, judged by the gate.

Holds: gathering prices and fills, making the candidate, storing it with its evidence and its first states.
Belongs here: the order of read, fit, judge, store.
Never here: the fits and the gate (`pipelines.transforms`), publishing.
"""

from __future__ import annotations

import datetime as dt
import functools
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from pipelines.config import Settings, UniverseSettings
from pipelines.steps.parameters.calibration_parts import rate_decisions, slow_parts
from pipelines.steps.parameters.log import add_event, find_set, history_of, resting_since, sets_of, taken_back
from pipelines.steps.parameters.publishing import GATE
from pipelines.steps.reconciliation.account_plans import AccountPlan
from pipelines.steps.reconciliation.fee_levels import (
    ORF,
    PRODUCT,
    accept_by_rule,
    account_evidence,
    propose_fee_levels,
    scheduled_orf,
)
from pipelines.steps.reconciliation.inputs import accounts
from pipelines.steps.regimes.labels import universe_returns
from pipelines.transforms.parameters.calibrating import Assembled, JudgedPart, Part, assemble, orf_part, regime_part
from pipelines.transforms.parameters.candidate_parts import with_decision
from pipelines.transforms.regimes.thresholds import calibrate_thresholds
from tomking import kernel
from tomking.kernel.fees import UnknownSchedule, schedule_for
from tomking.kernel.parameter_specs import FAMILIES
from tomking.kernel.parameters import ParameterSet, ParametersRefused, default_values, dump, parse
from tomking.kernel.regime_parameters import regime_calibration
from tomking.kernel.sessions import next_session
from warehouse.access import WriteSession
from warehouse.frames import frame
from warehouse.models.records.parameters import ParameterSetRow


@dataclass(frozen=True, slots=True)
class CalibrationOutcome:
    """What calibrating one deployment led to.

    `state` is the set's; None with a `reason` where there was nothing to propose. `fee_proposals` counts proposed
    rates that are new or changed.
    """

    deployment: str
    parameter_set_id: str | None = None
    sha256: str | None = None
    state: str | None = None
    is_new: bool = False
    data_through: dt.date | None = None
    effective_from: dt.date | None = None
    parts_taken: tuple[str, ...] = ()
    parts_refused: tuple[str, ...] = ()
    fee_proposals: int = 0
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class CalibratedAll:
    """What calibrating every deployment led to."""

    deployments: int
    new_sets: int
    fee_proposals: int
    sets: tuple[CalibrationOutcome, ...]


def calibrate(
    session: WriteSession,
    settings: Settings,
    *,
    deployment: str,
    data_through: dt.date,
    effective_from: dt.date,
    actor: str = "schedule",
) -> CalibrationOutcome:
    """Make and judge the candidate of a deployment, from data through one session and for another later one.

    The same inputs give the same document, byte for byte, so doing it again stores nothing. Fee levels that only
    later fills show become proposals of their own and do not enter the set. Raises ConfigurationError for an unknown
    deployment.
    """
    settings.deployment(deployment)
    with session.transaction():
        known = accounts(session, settings)
        proposals = sum(propose_fee_levels(session, plan) for plan in known)
        if settings.calibration.accept_fee_rates:
            proposals += sum(accept_by_rule(session, plan) for plan in known)
        before = _in_force(session, deployment, effective_from)
        parts = _parts(session, settings, deployment, before, data_through)
        made = assemble(
            parts,
            None if before is None else before.values,
            default_values(),
            effective_from=effective_from,
            data_through=data_through,
        )
        outcome = functools.partial(
            CalibrationOutcome,
            deployment=deployment,
            data_through=data_through,
            effective_from=effective_from,
            parts_taken=tuple(found.part.name for found in made.judged if found.decision.passed),
            parts_refused=tuple(found.part.name for found in made.judged if not found.decision.passed),
            fee_proposals=proposals,
        )
        taken = before is None or made.moved
        if not taken and all(found.decision.passed for found in made.judged):
            return outcome(reason="every value is in force already")
        if not taken and (waiting := _waiting_for_data(made.judged)):
            return outcome(reason=waiting)
        try:
            candidate = _document(made, deployment, effective_from, data_through, before, taken=taken)
        except ParametersRefused as error:
            return outcome(reason=f"no set can be made: {error}")
        if (gone := taken_back(session, deployment, candidate.values)) is not None:
            return outcome(reason=f"{gone}; `tomking rollback --to` goes back to it")
        is_new = _store(session, candidate)
        if is_new:
            _first_states(session, settings, candidate, made.judged, taken=taken, actor=actor)
        stored = find_set(session, candidate.sha256)
        return outcome(parameter_set_id=candidate.id, sha256=candidate.sha256, state=stored.state, is_new=is_new)


def _waiting_for_data(judged: Sequence[JudgedPart]) -> str | None:
    """Why no set is worth storing: the regime lacks unseen sessions, or everything refused lacks data; else None.

    Without this a set that is refused for want of unseen sessions would be stored every night for a year: caches and
    ceilings are judged each night on what there is, and alone they are no reason to store what nobody may use.
    """
    refused = [found for found in judged if not found.decision.passed]
    leading = [found for found in refused if found.part.name == "regime"] or refused
    if not all("enough_data" in found.decision.failures for found in leading):
        return None
    return "; ".join(f"{found.part.name} waits: {found.decision.reason}" for found in leading)


def calibrate_due(session: WriteSession, settings: Settings) -> CalibratedAll:
    """Calibrate every deployment that wants it through the newest session with prices, for the session after it.

    `calibration.data_through` and `.effective_from` of the configuration stand in for these where they are set.
    """
    outcomes = []
    for deployment in settings.deployments:
        if not deployment.calibrate:
            continue
        through = settings.calibration.data_through or _newest_session(session, settings)
        if through is None:
            outcomes.append(CalibrationOutcome(deployment.name, reason="no prices and no fills to calibrate from"))
            continue
        effective = settings.calibration.effective_from or next_session(through)
        outcomes.append(
            calibrate(session, settings, deployment=deployment.name, data_through=through, effective_from=effective)
        )
    return CalibratedAll(
        deployments=len(outcomes),
        new_sets=sum(found.is_new for found in outcomes),
        fee_proposals=sum(found.fee_proposals for found in outcomes),
        sets=tuple(outcomes),
    )


@functools.cache
def code_version() -> str:
    """The package's version and a digest of the code that decides values: the same in one checkout, whoever asks.

    A commit id would change with every unrelated commit, and is not there in an installed package.
    """
    try:
        released = version("tomking")
    except PackageNotFoundError:
        released = "0"
    transforms = Path(__file__).parents[2] / "transforms"
    files = sorted(Path(next(iter(kernel.__path__))).rglob("*.py"))
    files += [
        transforms / f"{name}.py"
        for name in (
            "fees/levels",
            "fees/orf_evidence",
            "parameters/buying_power",
            "parameters/cache_lifetimes",
            "parameters/calibrating",
            "parameters/candidate_parts",
            "parameters/crisis_weights",
            "parameters/gate",
            "regimes/returns",
            "regimes/thresholds",
        )
    ]
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return f"{released}+code.{digest.hexdigest()[:12]}"


def _newest_session(session: WriteSession, settings: Settings) -> dt.date | None:
    """The newest session that every symbol of the calibrated universe has a price of; else that of any fill."""
    universe = calibration_universe(settings)
    if universe is not None:
        returns, _ = universe_returns(session, universe)
        if returns is not None:
            return returns.dates[-1]
    newest: dt.date | None = session.rows("SELECT max(session_date) FROM records.statement_rows")[0][0]
    return newest


def calibration_universe(settings: Settings) -> UniverseSettings | None:
    """The universe that regime thresholds are calibrated on, if any is configured."""
    named = settings.calibration.universe
    found = [universe for universe in settings.universes if named in (None, universe.name)]
    return found[0] if found else None


def _in_force(session: WriteSession, deployment: str, effective_from: dt.date) -> ParameterSet | None:
    """What the candidate would replace: the set of the day before; where that one was taken back, its successor."""
    history = history_of(session, deployment)
    stored = {found.sha256: found for found in sets_of(session, deployment)}
    entry = history.effective_on(effective_from - dt.timedelta(days=1))
    if entry is not None and stored[entry.sha256].state == "rolled_back":
        entry = history.effective_on(effective_from)
    if entry is None:
        return None
    return parse(stored[entry.sha256].document.encode("utf-8"), sha256=entry.sha256)


def _parts(
    session: WriteSession, settings: Settings, deployment: str, before: ParameterSet | None, through: dt.date
) -> list[Part]:
    parts = []
    universe = calibration_universe(settings)
    if universe is not None:
        regime = _regime_part(session, universe, deployment, before, through)
        if regime is not None:
            parts.append(regime)
    for plan in _fee_accounts(session, settings, deployment):
        # Rates that were learnt after the day are not known to the set.
        schedule = schedule_for(plan.broker, plan.plan).known_on(through)
        seen = account_evidence(session, plan, schedule).observations
        found = orf_part(seen, functools.partial(scheduled_orf, schedule), plan.account, through)
        if found is not None:
            decided = with_decision(found, rate_decisions(session, plan.account, ORF, PRODUCT, through))
            parts += [] if decided is None else [decided]
            break
    return [*parts, *slow_parts(session, deployment, before, through)]


def _regime_part(
    session: WriteSession, universe: UniverseSettings, deployment: str, before: ParameterSet | None, through: dt.date
) -> Part | None:
    returns, _ = universe_returns(session, universe, through)
    if returns is None:
        return None
    previous = None if before is None else regime_calibration(before)
    candidate = calibrate_thresholds(
        returns,
        through,
        previous=previous,
        previous_through=None
        if before is None or previous is None
        else _thresholds_through(session, deployment, before),
    )
    return None if candidate is None else regime_part(candidate, universe.name)


def _thresholds_through(session: WriteSession, deployment: str, before: ParameterSet) -> dt.date:
    """The end of the data that the thresholds of a set rest on.

    A set may carry on the thresholds of the one before beside a fee level of newer data, so the earliest set that has
    them says it.
    """
    names = FAMILIES["regime"]
    through = before.data_through
    for stored in sets_of(session, deployment):
        values = json.loads(stored.document)["values"]
        if stored.data_through is not None and all(values.get(name) == before.values[name] for name in names):
            through = min(through, stored.data_through)
    return through


def _fee_accounts(session: WriteSession, settings: Settings, deployment: str) -> list[AccountPlan]:
    """The account whose charges a deployment's fee forecast follows: its own, the one it rehearses, else none."""
    configured = settings.deployment(deployment)
    name = configured.account or configured.rehearses
    found = []
    for plan in accounts(session, settings):
        if plan.account == name:
            try:
                schedule_for(plan.broker, plan.plan)
            except UnknownSchedule:
                continue
            found.append(plan)
    return found


def _document(
    made: Assembled,
    deployment: str,
    effective_from: dt.date,
    data_through: dt.date,
    before: ParameterSet | None,
    *,
    taken: bool,
) -> ParameterSet:
    """The candidate's document; one that is refused as a whole shows the values it would have had."""
    values = dict(made.values)
    if not taken:
        for found in made.judged:
            values.update(found.part.values)
    document = dump(
        values,
        effective_from=effective_from,
        data_through=data_through,
        code_version=code_version(),
        evidence={"parts": dict(made.evidence), "replaces": None if before is None else before.id},
        deployment=deployment,
    )
    return parse(document)


def _store(session: WriteSession, candidate: ParameterSet) -> bool:
    row = {
        "sha256": candidate.sha256,
        "parameter_set_id": candidate.id,
        "deployment": candidate.deployment,
        "schema_version": candidate.schema,
        "document": candidate.document.decode("utf-8"),
        "effective_from": candidate.effective_from,
        "data_through": candidate.data_through,
        "code_version": candidate.code_version,
        "evidence": json.dumps(candidate.evidence, sort_keys=True),
        "created_at": session.now,
    }
    return session.insert_new(ParameterSetRow, frame(ParameterSetRow, [row])) > 0


def _first_states(
    session: WriteSession,
    settings: Settings,
    candidate: ParameterSet,
    judged: Sequence[JudgedPart],
    *,
    taken: bool,
    actor: str,
) -> None:
    """Proposed by whoever asked; then approved by the gate (where the configuration lets it) or refused."""
    told = "; ".join(f"{found.part.name}: {found.decision.reason}" for found in judged) or "the default values"
    resting = resting_since(session, str(candidate.deployment), candidate.effective_from, settings.rollback.rest_days)
    waits = None if resting is None or not taken else f"waits for a person: {resting}"
    add_event(session, candidate.sha256, "proposed", actor=actor, note=waits)
    if not taken:
        add_event(session, candidate.sha256, "refused", actor=GATE, note=told)
    elif settings.calibration.approve_by_rule and waits is None:
        add_event(session, candidate.sha256, "approved", actor=GATE, note=told)
