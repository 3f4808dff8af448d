"""Regime thresholds for the next parameter set, with the evidence for them.

Holds: fitting thresholds and forecast weights on data through a date, and measuring them out of sample.
Belongs here: arithmetic from returns to a candidate.
Never here: the gate that judges a candidate, prices, parameter documents.

What is measured. Labels are made walk-forward: the thresholds of each day rest on that day and the past. A label is
worth something when volatility after it differs from volatility after other labels, so each day's log volatility of
the next 20 days is forecast by the mean that followed earlier days of the same label, using only days whose 20 days
were over. `r_squared` is one minus its squared error over that of the forecast "always Normal", the mean that followed
all earlier days: 0 means that the label says nothing. Two ways of labelling are compared on the days that both have
labelled, and learn their means from those days alone.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.transforms.regimes.returns import AlignedReturns
from pipelines.transforms.regimes.rolling_means import label_history
from tomking.kernel.regimes import SESSIONS_PER_YEAR, RegimeDay, RegimeModel, RegimeSettings
from tomking.kernel.thresholds import Calibration

METRIC = "out-of-sample R2 of log 20-day volatility by regime"
FEWEST_BEFORE = 250
"""Finished forward windows before the first day is scored."""
FEWEST_OF_LABEL = 20
"""Finished forward windows of a label before its own mean is used; until then the mean of all days stands in."""
FIXED_WATCH, FIXED_SAME_GROUP = 0.50, 0.70
"""The rule set's fixed thresholds on the 20-day mean correlation, which calibrated ones have to beat."""

_LEVELS = {"Normal": 0, "Stressed": 1, "Crisis": 2}

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class RegimeMeasure:
    """One way of labelling, measured on one span of days; volatilities in fractions a year, None where too few days.

    `r_squared` as above over `scored` of the days, the first of them `scored_from`: those whose 20 days are over and
    that had enough days before them. None with fewer than two.
    """

    days: int
    scored: int
    scored_from: str | None
    first_day: str | None
    last_day: str | None
    r_squared: float | None
    share: Mapping[str, float]
    forward_volatility: Mapping[str, float | None]
    switches_per_year: float | None


@dataclass(frozen=True, slots=True)
class ThresholdEvidence:
    """Why the candidate should be believed, ready for JSON.

    `walk_forward`: the candidate's method over all days with a label. `fixed`: the rule set's fixed thresholds on the
    20-day mean correlation over the same days. `forecast_r_squared`: of the mean-correlation forecast against the mean of its past.
    `candidate_since` and `previous_since`: the method and the previous set, both on the days after the previous set's
    data ended (None without a previous set). `days` counts the returns used, `left_out` the sessions some symbol lacks.
    """

    symbols: tuple[str, ...]
    days: int
    left_out: int
    first_session: str
    data_through: str
    walk_forward: RegimeMeasure
    fixed: RegimeMeasure
    forecast_r_squared: float | None
    candidate_since: RegimeMeasure | None
    previous_since: RegimeMeasure | None


@dataclass(frozen=True, slots=True)
class ThresholdCandidate:
    """Thresholds and forecast weights as of `data_through`, the last session they rest on, with their evidence."""

    calibration: Calibration
    data_through: dt.date
    evidence: ThresholdEvidence


def calibrate_thresholds(
    returns: AlignedReturns,
    through: dt.date,
    *,
    settings: RegimeSettings | None = None,
    previous: Calibration | None = None,
    previous_through: dt.date | None = None,
) -> ThresholdCandidate | None:
    """Fit thresholds on the sessions up to and including `through`; None where the history is too short.

    Nothing after `through` is looked at. `previous` is the set in force and `previous_through` the last session its
    values rest on; the comparison with it uses later sessions only, so neither side has seen them. Raises ValueError
    for a previous set without its date.
    """
    if (previous is None) != (previous_through is None):
        raise ValueError("a previous set comes with the date its data ended, and the other way round")
    settings = settings or RegimeSettings()
    known = returns.through(through)
    if not known.dates:
        return None
    model = RegimeModel(len(known.symbols), settings)
    days = [model.step(date, row) for date, row in zip(known.dates, known.rows, strict=True)]
    calibration = model.learnt()
    if calibration is None:
        return None
    scene = _Scene(known.dates, log_volatility_ahead(known.rows, settings.horizon), settings.horizon)
    learnt = _levels(days)
    everything = np.ones(len(days), dtype=bool)
    walk_forward, fixed = _compare(scene, learnt, _fixed_levels(days), everything)
    since = before = None
    if previous is not None and previous_through is not None:
        later = np.array([date > previous_through for date in known.dates])
        previous_days = label_history(known.dates, known.rows, settings, previous)
        since, before = _compare(scene, learnt, _levels(previous_days), later)
    evidence = ThresholdEvidence(
        symbols=known.symbols,
        days=len(days),
        left_out=known.left_out,
        first_session=known.dates[0].isoformat(),
        data_through=known.dates[-1].isoformat(),
        walk_forward=walk_forward,
        fixed=fixed,
        forecast_r_squared=_forecast_r_squared(days, settings.horizon),
        candidate_since=since,
        previous_since=before,
    )
    return ThresholdCandidate(calibration, known.dates[-1], evidence)


@dataclass(frozen=True, slots=True)
class _Scene:
    """What labels are measured against: the log volatility that followed each day, NaN while it is not over."""

    dates: Sequence[dt.date]
    outcome: Array
    horizon: int


def log_volatility_ahead(rows: Array, horizon: int) -> Array:
    """Log volatility a year of the equally weighted universe over the `horizon` rows after each row.

    NaN at the end, where one of those rows has no return, and where all of them are alike.
    """
    simple = np.expm1(rows)
    present = np.isfinite(simple).sum(axis=1)
    with np.errstate(invalid="ignore"):
        portfolio = np.log1p(np.nansum(simple, axis=1) / np.where(present, present, np.nan))
    found: Array = np.full(len(rows), np.nan)
    for day in range(len(rows) - horizon):
        spread = float(portfolio[day + 1 : day + 1 + horizon].std())
        if spread > 0.0:
            found[day] = math.log(spread * math.sqrt(SESSIONS_PER_YEAR))
    return found


def _levels(days: Sequence[RegimeDay]) -> NDArray[np.int64]:
    return np.array([_LEVELS[day.regime] if day.regime is not None else -1 for day in days], dtype=np.int64)


def _fixed_levels(days: Sequence[RegimeDay]) -> NDArray[np.int64]:
    means = [math.nan if day.mean_correlation is None else day.mean_correlation for day in days]
    return np.array([-1 if math.isnan(mean) else (mean >= FIXED_WATCH) + (mean >= FIXED_SAME_GROUP) for mean in means])


def _compare(
    scene: _Scene, first: NDArray[np.int64], second: NDArray[np.int64], chosen: NDArray[np.bool_]
) -> tuple[RegimeMeasure, RegimeMeasure]:
    """Measure two labellings on the chosen days, neither knowing a day that the other does not."""
    both = (first >= 0) & (second >= 0)
    return _measure(scene, np.where(both, first, -1), chosen), _measure(scene, np.where(both, second, -1), chosen)


def _measure(scene: _Scene, levels: NDArray[np.int64], chosen: NDArray[np.bool_]) -> RegimeMeasure:
    """Measure one labelling on the chosen days that have a label."""
    outcome = scene.outcome
    used = chosen & (levels >= 0)
    places = np.flatnonzero(used)
    share = {name: float((levels[used] == level).mean()) if len(places) else 0.0 for name, level in _LEVELS.items()}
    forward: dict[str, float | None] = {}
    for name, level in _LEVELS.items():
        followed = outcome[used & (levels == level) & np.isfinite(outcome)]
        forward[name] = float(np.exp(followed).mean()) if len(followed) >= FEWEST_OF_LABEL else None
    r_squared, scored = _out_of_sample_r_squared(outcome, levels, used, scene.horizon)
    switches = int((np.diff(levels[used]) != 0).sum())
    return RegimeMeasure(
        days=len(places),
        scored=len(scored),
        scored_from=scene.dates[scored[0]].isoformat() if scored else None,
        first_day=scene.dates[int(places[0])].isoformat() if len(places) else None,
        last_day=scene.dates[int(places[-1])].isoformat() if len(places) else None,
        r_squared=r_squared,
        share=share,
        forward_volatility=forward,
        switches_per_year=switches / (len(places) / SESSIONS_PER_YEAR) if len(places) > 1 else None,
    )


def _out_of_sample_r_squared(
    outcome: Array, levels: NDArray[np.int64], used: NDArray[np.bool_], horizon: int
) -> tuple[float | None, list[int]]:
    """One minus the squared error of the label's forecast over that of one that knows no label; what was scored."""
    sums, counts = np.zeros(len(_LEVELS)), np.zeros(len(_LEVELS))
    with_label = without = 0.0
    scored: list[int] = []
    for day in range(len(outcome)):
        over = day - horizon
        if over >= 0 and levels[over] >= 0 and math.isfinite(outcome[over]):
            sums[levels[over]] += outcome[over]
            counts[levels[over]] += 1
        if not used[day] or not math.isfinite(outcome[day]) or counts.sum() < FEWEST_BEFORE:
            continue
        level = levels[day]
        overall = sums.sum() / counts.sum()
        expected = sums[level] / counts[level] if counts[level] >= FEWEST_OF_LABEL else overall
        with_label += (outcome[day] - expected) ** 2
        without += (outcome[day] - overall) ** 2
        scored.append(day)
    return None if len(scored) < 2 or without == 0.0 else float(1.0 - with_label / without), scored


def _forecast_r_squared(days: Sequence[RegimeDay], horizon: int) -> float | None:
    """How much better the forecast of the mean correlation is than the mean of all outcomes known that evening."""
    with_forecast = without = 0.0
    total, count, scored = 0.0, 0, 0
    for place, day in enumerate(days):
        # What was forecast `horizon` days ago is known today.
        if place >= horizon and day.mean_correlation is not None:
            total, count = total + day.mean_correlation, count + 1
        later = days[place + horizon].mean_correlation if place + horizon < len(days) else None
        if day.forecast is None or later is None or count < FEWEST_BEFORE:
            continue
        with_forecast += (later - day.forecast) ** 2
        without += (later - total / count) ** 2
        scored += 1
    return None if scored < 2 or without == 0.0 else 1.0 - with_forecast / without
