"""Shadow runs: candidates label and size the newest sessions beside the set in force, without being applied.

Holds: which candidates are followed, and the sessions that neither set has seen.
Belongs here: the order of read, label, size, store.
Never here: the model (`tomking.kernel.regimes`), the gate, publishing.

The labels are made by the code that the algorithm and the nightly loop run, from the returns known that evening; a
session is written down once, as it came out, so a later correction of prices does not change what a candidate said.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from pipelines.config import Settings, UniverseSettings
from pipelines.steps.parameters.calibrate import calibration_universe
from pipelines.steps.parameters.log import StoredSet, history_of, sets_of
from pipelines.steps.regimes.labels import universe_returns
from pipelines.transforms.regimes.returns import AlignedReturns
from tomking.kernel.parameters import ParameterSet, parse
from tomking.kernel.regime_parameters import regime_calibration
from tomking.kernel.regime_sizing import RegimeSizing
from tomking.kernel.regimes import RegimeSettings, label_days
from warehouse.access import WriteSession
from warehouse.frames import frame
from warehouse.models.records.shadow_days import ShadowDay

FOLLOWED = ("proposed", "approved", "refused")
"""States of candidates that run in the shadow: what waits, and what the gate refused, so that it can be checked too."""
MOST = 5
"""Candidates followed for each deployment, the newest."""


@dataclass(frozen=True, slots=True)
class ShadowOutcome:
    """Counts of one pass: candidates followed, and sessions that were new."""

    candidates: int
    new_days: int


def run_shadows(session: WriteSession, settings: Settings) -> ShadowOutcome:
    """Evaluate every followed candidate on the sessions since its data ended; doing it again adds nothing.

    A deployment without a set in force, or a set without regime thresholds, has no shadow.
    """
    universe = calibration_universe(settings)
    if universe is None:
        return ShadowOutcome(0, 0)
    returns, _ = universe_returns(session, universe)
    if returns is None:
        return ShadowOutcome(0, 0)
    followed = new = 0
    with session.transaction():
        for deployment in settings.deployments:
            live, candidates = _sets(session, deployment.name)
            if live is not None:
                followed += len(candidates)
                new += sum(_evaluate(session, universe, returns, candidate, live) for candidate in candidates)
    return ShadowOutcome(followed, new)


def _sets(session: WriteSession, deployment: str) -> tuple[ParameterSet | None, list[ParameterSet]]:
    """The set in force and the newest candidates beside it."""
    history = history_of(session, deployment)
    stored = sets_of(session, deployment)
    if not history.entries:
        return None, []
    live = history.entries[-1]
    beside = [one for one in stored if one.state in FOLLOWED and one.sha256 != live.sha256][-MOST:]
    [present] = [one for one in stored if one.sha256 == live.sha256]
    return _read(present), [_read(one) for one in beside]


def _read(stored: StoredSet) -> ParameterSet:
    return parse(stored.document.encode("utf-8"), sha256=stored.sha256)


def _evaluate(
    session: WriteSession,
    universe: UniverseSettings,
    returns: AlignedReturns,
    candidate: ParameterSet,
    live: ParameterSet,
) -> int:
    unseen = max(candidate.data_through, live.data_through)
    days = [day for day in returns.dates if day > unseen]
    known = session.rows(
        "SELECT count(*) FROM records.shadow_days WHERE sha256 = ? AND live_sha256 = ? AND universe = ?",
        [candidate.sha256, live.sha256, universe.name],
    )
    if known[0][0] == len(days):
        return 0
    ours, theirs = labels(returns, candidate), labels(returns, live)
    if ours is None or theirs is None:
        return 0
    sizing = RegimeSizing.from_values(candidate.values_with_defaults())
    live_sizing = RegimeSizing.from_values(live.values_with_defaults())
    rows = [
        {
            "sha256": candidate.sha256,
            "live_sha256": live.sha256,
            "universe": universe.name,
            "session_date": day,
            "regime": ours[day],
            "live_regime": theirs[day],
            "size_share": float(sizing.multiplier(ours[day])),
            "live_size_share": float(live_sizing.multiplier(theirs[day])),
            "evaluated_at": session.now,
        }
        for day in days
    ]
    return session.insert_new(ShadowDay, frame(ShadowDay, rows))


def labels(returns: AlignedReturns, parameters: ParameterSet) -> dict[dt.date, str | None] | None:
    """The label of each session by the thresholds of a set, every session by the past alone; None without thresholds."""
    calibration = regime_calibration(parameters)
    if calibration is None:
        return None
    return {day.date: day.regime for day in label_days(returns.dates, returns.rows, RegimeSettings(), calibration)}
