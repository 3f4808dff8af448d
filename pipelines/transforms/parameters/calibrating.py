"""Candidates for a parameter set: what the data say each calibrated value should be, and how well that did.

Holds: the regime thresholds as a part of a set, the ORF level with the fills behind it, putting a set together from
    the parts that passed the gate.
Belongs here: turning a fit into parameter values, and saying what it has to beat.
Never here: fitting and measuring thresholds (`regime_thresholds`), reading the warehouse, approving, publishing.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import ROUND_HALF_EVEN, Decimal

from pipelines.transforms.fees.levels import LevelObservation, fit_levels
from pipelines.transforms.parameters.gate import Candidate, GateDecision, GateLimits, Score, judge
from pipelines.transforms.regimes.thresholds import (
    FIXED_SAME_GROUP,
    FIXED_WATCH,
    METRIC,
    RegimeMeasure,
    ThresholdCandidate,
    ThresholdEvidence,
)
from tomking.kernel.parameter_specs import SPECS
from tomking.kernel.regime_parameters import calibration_values

_PLACES = Decimal("0.0001")
_SAMPLE = 20
_MEASURES = ("walk_forward", "fixed", "candidate_since", "previous_since", "forecast_r_squared")


@dataclass(frozen=True, slots=True)
class Part:
    """Some values of a candidate set with the evidence for them; judged, taken or left as one."""

    name: str
    values: Mapping[str, str]
    evidence: Mapping[str, object]
    score: Score | None = None
    fills: int | None = None
    evidence_through: dt.date | None = None
    limits: GateLimits | None = None
    """What this kind of part has to show, where it is not what every part has to."""


@dataclass(frozen=True, slots=True)
class JudgedPart:
    """A part and what the gate said of it."""

    part: Part
    decision: GateDecision


@dataclass(frozen=True, slots=True)
class Assembled:
    """The values of a set: those in force before, with every part that passed in place of its own.

    `evidence` says of each part what it rests on and what the gate decided. `moved` is true where a part that passed
    differs from the values in force.
    """

    values: Mapping[str, str]
    evidence: Mapping[str, object]
    judged: tuple[JudgedPart, ...]
    moved: bool


def regime_part(candidate: ThresholdCandidate, universe: str) -> Part:
    """The part of a set that carries regime thresholds.

    A first set is scored on every session that was labelled without knowing it, against the rule set's fixed
    thresholds, or against no label at all where those say less than that. A later one is scored against the set in
    force, on the sessions after the data of that set alone.
    """
    found = candidate.evidence
    score = _first_score(found) if found.previous_since is None else _later_score(found)
    return Part(
        name="regime",
        values=calibration_values(candidate.calibration),
        score=score,
        evidence_through=candidate.data_through,
        evidence={
            "universe": universe,
            "symbols": list(found.symbols),
            "sessions": found.days,
            "sessions_left_out": found.left_out,
            "first_session": found.first_session,
            "last_session": found.data_through,
            "metric": score.metric,
            "score": _plain(score.candidate),
            "baseline": _plain(score.baseline),
            "against": score.against,
            "scored_from": score.first_day.isoformat(),
            "scored_sessions": score.days,
            "in_sample": score.in_sample,
            **{name: _plain(getattr(found, name)) for name in _MEASURES},
        },
    )


def _first_score(found: ThresholdEvidence) -> Score:
    fixed = _rounded(found.fixed.r_squared)
    return _score(
        found,
        found.walk_forward,
        None if fixed is None else max(fixed, Decimal(0)),
        f"the fixed thresholds {FIXED_WATCH:.2f} and {FIXED_SAME_GROUP:.2f}, at least 0",
    )


def _later_score(found: ThresholdEvidence) -> Score:
    since, before = found.candidate_since, found.previous_since
    if since is None or before is None:
        raise ValueError("a comparison with the set in force has two sides")
    return _score(found, since, _rounded(before.r_squared), "the set in force, on sessions after its data")


def _score(found: ThresholdEvidence, measure: RegimeMeasure, baseline: Decimal | None, against: str) -> Score:
    last = dt.date.fromisoformat(found.data_through)
    return Score(
        metric=METRIC,
        candidate=_rounded(measure.r_squared),
        baseline=baseline,
        first_day=last if measure.scored_from is None else dt.date.fromisoformat(measure.scored_from),
        # The outcome of the last scored session ends with the data.
        last_day=last,
        days=measure.scored,
        # Each day's label rests on the days through it, and is compared with the days after it.
        in_sample=False,
        against=against,
    )


def _rounded(value: float | None) -> Decimal | None:
    # Adding nothing turns a negative zero into zero.
    return None if value is None else Decimal(repr(value)).quantize(_PLACES, rounding=ROUND_HALF_EVEN) + 0


def _plain(value: object) -> object:
    """Evidence as a document carries it: figures as text with four decimals, the same on every machine."""
    if isinstance(value, RegimeMeasure):
        return _plain(asdict(value))
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, float):
        return str(_rounded(value))
    return str(value) if isinstance(value, Decimal) else value


def orf_part(
    observations: Sequence[LevelObservation], scheduled: Callable[[dt.date], Decimal], account: str, through: dt.date
) -> Part | None:
    """The part of a set that carries the ORF level of the fills through a day; None without any fill.

    Where the fills agree with the schedule, the schedule's own rate is the level.
    """
    known = [seen for seen in observations if seen.session_date <= through]
    fit = fit_levels(known, scheduled)
    if not fit.levels:
        return None
    level = fit.levels[-1]
    return Part(
        name="fees.orf",
        values={"fees.orf_per_contract": format(level.estimate, "f")},
        fills=level.fills,
        evidence_through=level.last,
        evidence={
            "account": account,
            "low": format(level.low, "f"),
            "high": format(level.high, "f"),
            "as_scheduled": level.as_scheduled,
            "fills": level.fills,
            "first_fill": level.first.isoformat(),
            "last_fill": level.last.isoformat(),
            "rows": list(level.row_ids[-_SAMPLE:]),
            "rows_sha256": rows_digest(level.row_ids),
            "outliers": [outlier.row_id for outlier in fit.outliers],
        },
    )


def rows_digest(row_ids: Sequence[str]) -> str:
    """One hash for a list of row ids, whatever their order."""
    return hashlib.sha256("\n".join(sorted(row_ids)).encode()).hexdigest()


def assemble(
    parts: Sequence[Part],
    in_force: Mapping[str, str] | None,
    defaults: Mapping[str, str],
    *,
    effective_from: dt.date,
    data_through: dt.date,
    limits: GateLimits | None = None,
) -> Assembled:
    """Judge each part on top of the values in force, and put the set together from those that pass.

    Before the first set the defaults stand in for values in force. A part that says what is in force already passes
    without being judged by its score: there is nothing to improve on.
    """
    base = dict(in_force if in_force is not None else defaults)
    judged: list[JudgedPart] = []
    # A fee level that no fill supports any more gives way to the schedule's.
    values, evidence = {name: text for name, text in base.items() if SPECS[name].family != "fees.orf"}, {}
    for part in parts:
        same = in_force is not None and all(in_force.get(name) == text for name, text in part.values.items())
        candidate = Candidate(
            values={**base, **part.values},
            effective_from=effective_from,
            data_through=data_through,
            score=None if same else part.score,
            fills=part.fills,
            evidence_through=part.evidence_through,
        )
        decision = judge(candidate, in_force, part.limits or limits)
        judged.append(JudgedPart(part, decision))
        if decision.passed:
            values.update(part.values)
        evidence[part.name] = {
            **part.evidence,
            "taken": decision.passed,
            "proposed": dict(part.values),
            "checks": [{"name": c.name, "passed": c.passed, "detail": c.detail} for c in decision.checks],
        }
    return Assembled(values, evidence, tuple(judged), values != base)
