"""Candidates for a parameter set: what the data say each calibrated value should be, and how well that did.

Holds: the regime thresholds with their walk-forward score, the ORF level with the fills behind it, putting a set
    together from the parts that passed the gate.
Belongs here: a fit that ends in parameter values.
Never here: reading the warehouse, approving, publishing.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Decimal

import numpy as np
from numpy.typing import NDArray

from pipelines.transforms.gate import Candidate, GateDecision, GateLimits, Score, judge
from pipelines.transforms.levels import LevelObservation, fit_levels
from pipelines.transforms.returns import AlignedReturns
from tomking.kernel.parameter_specs import SPECS
from tomking.kernel.regime_parameters import calibration_values
from tomking.kernel.regimes import RegimeDay, RegimeModel, RegimeSettings, label_days
from tomking.kernel.thresholds import Calibration

METRIC = "share of the variance of log volatility over the next 20 sessions that the labels explain"
SCORED_SESSIONS = 1260
"""Sessions that a regime candidate is scored on: five years."""

_PLACES = Decimal("0.0001")
_SAMPLE = 20


@dataclass(frozen=True, slots=True)
class Part:
    """Some values of a candidate set with the evidence for them; judged, taken or left as one."""

    name: str
    values: Mapping[str, str]
    evidence: Mapping[str, object]
    score: Score | None = None
    fills: int | None = None
    evidence_through: dt.date | None = None


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


@dataclass(frozen=True, slots=True)
class RegimeFit:
    """Thresholds learnt through the last day, and how the labels of the days before did."""

    calibration: Calibration
    score: Score
    labels: Mapping[str, int] = field(default_factory=dict)


def fit_regime(
    returns: AlignedReturns,
    in_force: Calibration | None,
    *,
    settings: RegimeSettings | None = None,
    scored_sessions: int = SCORED_SESSIONS,
) -> RegimeFit | None:
    """Thresholds and forecast weights learnt through the last day; None with too little history.

    The score is walk-forward: each scored session was labelled from the sessions before it, and is compared with the
    volatility of the sessions after it. `in_force` is scored on the same sessions as the baseline, with its thresholds
    held fixed.
    """
    model = RegimeModel(len(returns.symbols), settings)
    days = [model.step(day, row) for day, row in zip(returns.dates, returns.rows, strict=True)]
    learnt = model.learnt()
    if learnt is None:
        return None
    ahead = forward_log_volatility(returns.rows, model.settings.horizon)
    usable = [place for place, day in enumerate(days) if day.regime is not None and math.isfinite(ahead[place])]
    scored = usable[-scored_sessions:]
    if not scored:
        return None
    baseline = None
    if in_force is not None:
        fixed = label_days(returns.dates, returns.rows, settings, in_force)
        baseline = _score(fixed, ahead, scored)
    score = Score(
        metric=METRIC,
        candidate=_score(days, ahead, scored),
        baseline=baseline,
        first_day=days[scored[0]].date,
        # The outcome of the last scored session ends with the data.
        last_day=returns.dates[-1],
        days=len(scored),
        in_sample=False,
    )
    counts: dict[str, int] = {}
    for place in scored:
        name = str(days[place].regime)
        counts[name] = counts.get(name, 0) + 1
    return RegimeFit(learnt, score, dict(sorted(counts.items())))


def forward_log_volatility(rows: NDArray[np.float64], horizon: int) -> NDArray[np.float64]:
    """Log of the volatility of the equally weighted portfolio over the `horizon` rows after each row; NaN at the end.

    A row without any return, or a span of none but equal returns, has no such figure.
    """
    found = np.full(len(rows), np.nan)
    with np.errstate(invalid="ignore"):
        simple = np.expm1(rows)
    present = np.isfinite(simple)
    counts = present.sum(axis=1)
    sums = np.where(present, simple, 0.0).sum(axis=1)
    portfolio = np.full(len(rows), np.nan)
    portfolio[counts > 0] = np.log1p(sums[counts > 0] / counts[counts > 0])
    for place in range(len(rows) - horizon):
        ahead = portfolio[place + 1 : place + 1 + horizon]
        spread = float(ahead.std(ddof=1)) if np.isfinite(ahead).all() else 0.0
        if spread > 0.0:
            found[place] = math.log(spread)
    return found


def explained_share(groups: Sequence[object], values: Sequence[float]) -> float:
    """The share of the variance of `values` that lies between groups (0 to 1); 0 where nothing varies."""
    if len(groups) != len(values):
        raise ValueError(f"{len(groups)} groups for {len(values)} values")
    table = np.asarray(values, dtype=np.float64)
    if not len(table):
        return 0.0
    total = float(((table - table.mean()) ** 2).sum())
    if total <= 0.0:
        return 0.0
    between = 0.0
    for name in sorted({str(group) for group in groups}):
        inside = table[[str(group) == name for group in groups]]
        between += len(inside) * float(inside.mean() - table.mean()) ** 2
    return min(1.0, between / total)


def _score(days: Sequence[RegimeDay], ahead: NDArray[np.float64], scored: Sequence[int]) -> Decimal:
    share = explained_share([days[place].regime for place in scored], [float(ahead[place]) for place in scored])
    return Decimal(repr(share)).quantize(_PLACES, rounding=ROUND_HALF_EVEN)


def regime_part(fit: RegimeFit, universe: str, returns: AlignedReturns) -> Part:
    """The part of a set that carries regime thresholds."""
    score = fit.score
    return Part(
        name="regime",
        values=calibration_values(fit.calibration),
        score=score,
        evidence_through=score.last_day,
        evidence={
            "universe": universe,
            "symbols": list(returns.symbols),
            "sessions": len(returns.dates),
            "first_session": returns.dates[0].isoformat(),
            "last_session": returns.dates[-1].isoformat(),
            "metric": score.metric,
            "score": str(score.candidate),
            "baseline": None if score.baseline is None else str(score.baseline),
            "scored_from": score.first_day.isoformat(),
            "scored_sessions": score.days,
            "in_sample": score.in_sample,
            "labels": dict(fit.labels),
        },
    )


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
        decision = judge(candidate, in_force, limits)
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
