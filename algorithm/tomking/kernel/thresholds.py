"""Thresholds of a slowly changing series and the state machine that enters high and leaves low.

Holds: rolling quantiles, the walk-forward correlation forecast, the two-sided hysteresis, and the numbers that a
    calibration hands from the nightly batch to a live algorithm.
Belongs here: one-dimensional pieces of the regime model that can be tested alone.
Never here: returns, correlations, regime names.
"""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tomking.kernel.correlation import Array

FISHER_LOWEST, FISHER_HIGHEST = -0.90, 0.98
"""Mean correlations are held between these before `atanh`, which is infinite at 1."""

_MAXIMUM_LEVEL = 2
_EVER = 1 << 62
"""Days no history has."""


@dataclass(frozen=True, slots=True)
class AxisThresholds:
    """Where an axis goes up (at or above) and where it comes down again (below), in the axis's own unit."""

    enter_stressed: float
    enter_crisis: float
    leave_stressed: float
    leave_crisis: float

    def __post_init__(self) -> None:
        """Raise ValueError for thresholds that are not finite or not in sequence."""
        values = (self.leave_stressed, self.enter_stressed, self.leave_crisis, self.enter_crisis)
        if not all(math.isfinite(value) for value in values):
            raise ValueError(f"thresholds are finite numbers, got {values}")
        if not self.leave_stressed <= self.enter_stressed <= self.enter_crisis:
            raise ValueError("leave_stressed <= enter_stressed <= enter_crisis does not hold")
        if not self.leave_stressed <= self.leave_crisis <= self.enter_crisis:
            raise ValueError("leave_stressed <= leave_crisis <= enter_crisis does not hold")


@dataclass(frozen=True, slots=True)
class ForecastWeights:
    """Weights of the correlation forecast on Fisher's scale: constant, then the three windows, short to long."""

    constant: float
    short: float
    middle: float
    long: float

    def as_tuple(self) -> tuple[float, float, float, float]:
        """Constant, short, middle, long."""
        return self.constant, self.short, self.middle, self.long


@dataclass(frozen=True, slots=True)
class Calibration:
    """What a live model needs instead of five years of history.

    `danger` is in semi-volatility a year (0.20 = 20 %), `diversification` in mean correlation.
    """

    danger: AxisThresholds
    diversification: AxisThresholds
    forecast_weights: ForecastWeights


class RollingQuantiles:
    """Quantiles of the values of the last `days` days, linearly interpolated between neighbours.

    Missing days count as days but not as values; below `minimum` values there is no threshold.
    """

    def __init__(self, days: int, minimum: int, quantiles: tuple[float, float, float, float]) -> None:
        self._days: deque[float] = deque()
        self._length, self._minimum, self._quantiles = days, minimum, quantiles
        self._sorted: list[float] = []

    def step(self, value: float) -> AxisThresholds | None:
        """Add a day (NaN where missing) and return the thresholds that include it."""
        self.add(value)
        return self.thresholds()

    def add(self, value: float) -> None:
        """Add a day, NaN where missing."""
        self._days.append(value)
        if not math.isnan(value):
            insort(self._sorted, value)
        if len(self._days) > self._length:
            leaving = self._days.popleft()
            if not math.isnan(leaving):
                del self._sorted[bisect_left(self._sorted, leaving)]

    def thresholds(self) -> AxisThresholds | None:
        """The thresholds as of the last day added; None with too few values."""
        found = self.values()
        return None if found is None else AxisThresholds(*found)

    def values(self) -> tuple[float, ...] | None:
        """The four quantiles as of the last day added; None with too few values."""
        if len(self._sorted) < self._minimum:
            return None
        return tuple(self._at(quantile) for quantile in self._quantiles)

    def _at(self, quantile: float) -> float:
        place = quantile * (len(self._sorted) - 1)
        below = math.floor(place)
        above = min(below + 1, len(self._sorted) - 1)
        low, high = self._sorted[below], self._sorted[above]
        return min(high, low + (high - low) * (place - below))


class BlendedQuantiles:
    """Thresholds that follow the last `days` days and are drawn towards those of the whole past.

    Each threshold is ``share`` of the recent quantile and ``1 - share`` of the one of all days so far. Five calm years
    would otherwise lower the thresholds until an ordinary autumn counts as a crisis.
    """

    def __init__(
        self, days: int, minimum: int, quantiles: tuple[float, float, float, float], recent_share: float
    ) -> None:
        self._recent = RollingQuantiles(days, minimum, quantiles)
        self._all = RollingQuantiles(_EVER, minimum, quantiles) if recent_share < 1.0 else None
        self._share = recent_share

    def step(self, value: float) -> AxisThresholds | None:
        """Add a day (NaN where missing) and return the thresholds that include it."""
        self._recent.add(value)
        if self._all is not None:
            self._all.add(value)
        return self.thresholds()

    def thresholds(self) -> AxisThresholds | None:
        """The thresholds as of the last day added; None with too few values in the recent days."""
        recent = self._recent.values()
        ever = None if self._all is None else self._all.values()
        if recent is None or ever is None:
            return None if recent is None else AxisThresholds(*recent)
        share = self._share
        return AxisThresholds(*(share * one + (1.0 - share) * other for one, other in zip(recent, ever, strict=True)))


class CorrelationForecast:
    """Expected mean correlation of the next `horizon` days, its weights fitted on the past only.

    Every `refit` days from row `start` on, ``atanh(mean correlation in horizon days)`` is regressed on the ``atanh``
    of the short, middle and long mean correlations of every day whose outcome was known the day before.
    """

    def __init__(self, start: int, refit: int, horizon: int) -> None:
        self._start, self._refit, self._horizon = start, refit, horizon
        self._history: Array = np.empty((1024, 3), dtype=np.float64)
        self._days = 0
        self.weights: ForecastWeights | None = None

    def step(self, short: float, middle: float, long: float) -> float:
        """Add a day and return that evening's forecast; NaN before the first fit or where a window is missing."""
        today = self._days
        if today == len(self._history):
            self._history = np.concatenate([self._history, np.empty_like(self._history)])
        self._history[today] = _fisher(short), _fisher(middle), _fisher(long)
        self._days += 1
        if today >= self._start and (today - self._start) % self._refit == 0:
            self.weights = self._fit(today) or self.weights
        if self.weights is None:
            return math.nan
        return forecast_correlation(self.weights, (short, middle, long))

    def _fit(self, today: int) -> ForecastWeights | None:
        known = self._history[:today]
        features, outcome = known[: -self._horizon], known[self._horizon :, 0]
        usable = np.isfinite(features).all(axis=1) & np.isfinite(outcome)
        if usable.sum() <= features.shape[1] + 1:
            return None
        design = np.column_stack([np.ones(int(usable.sum())), features[usable]])
        solved = np.linalg.lstsq(design, outcome[usable], rcond=None)[0]
        return ForecastWeights(*(float(weight) for weight in solved))


def forecast_correlation(weights: ForecastWeights, means: Sequence[float]) -> float:
    """Forecast mean correlation from the short, middle and long means; NaN where one of them is missing."""
    constant, *slopes = weights.as_tuple()
    return math.tanh(constant + sum(slope * _fisher(mean) for slope, mean in zip(slopes, means, strict=True)))


class Hysteresis:
    """A level 0, 1 or 2 that goes up at once and comes down below a lower threshold after a minimum stay.

    `level` is None until the first day with thresholds. With `start_known` false (a feed that begins in the middle of
    history) every state the axis could have been in is followed along; `settled` says when they have met.
    """

    def __init__(self, minimum_stay: int, *, start_known: bool = True) -> None:
        self._stay = minimum_stay
        self._current = (0, minimum_stay)
        self._possible: set[tuple[int, int]] = set()
        if not start_known:
            self._possible = {(level, age) for level in range(_MAXIMUM_LEVEL + 1) for age in range(minimum_stay + 1)}
        self._started = False

    @property
    def level(self) -> int | None:
        """The level of the last day; None before thresholds existed."""
        return self._current[0] if self._started else None

    @property
    def settled(self) -> bool:
        """Whether every possible start would have led to the present state."""
        return len(self._possible) <= 1

    def step(self, value: float, thresholds: AxisThresholds | None) -> int | None:
        """Add a day and return its level; a missing value or threshold lets the level stand and a day pass."""
        usable = None if math.isnan(value) else thresholds
        self._started = self._started or usable is not None
        self._current = self._next(self._current, value, usable)
        if len(self._possible) > 1:
            self._possible = {self._next(state, value, usable) for state in self._possible}
        return self.level

    def _next(self, state: tuple[int, int], value: float, thresholds: AxisThresholds | None) -> tuple[int, int]:
        level, age = state[0], min(state[1] + 1, self._stay)
        if thresholds is None:
            return level, age
        reached = 2 if value >= thresholds.enter_crisis else 1 if value >= thresholds.enter_stressed else 0
        target = max(level, reached)
        if target == level and age >= self._stay:
            if level == 2 and value < thresholds.leave_crisis:
                target = 1 if value >= thresholds.leave_stressed else 0
            elif level == 1 and value < thresholds.leave_stressed:
                target = 0
        return (level, age) if target == level else (target, 0)


class Stay:
    """A level 0, 1 or 2 that something else decides, kept from flickering.

    It falls only after it has stood for `stay` days; after a change it rises to 1 only when `rest` days have passed.
    It rises to 2 at once, always. With `start_known` false every state it could have been in is followed along, as in
    `Hysteresis`.
    """

    def __init__(self, stay: int, rest: int = 0, *, start_known: bool = True) -> None:
        self._stay, self._rest = stay, rest
        self._longest = max(stay, rest)
        self._current: tuple[int, int] | None = None
        self._possible: set[tuple[int, int]] = set()
        if not start_known:
            ages = range(self._longest + 1)
            self._possible = {(level, age) for level in range(_MAXIMUM_LEVEL + 1) for age in ages}

    @property
    def settled(self) -> bool:
        """Whether every possible start would have led to the present state."""
        return len(self._possible) <= 1

    def step(self, level: int | None, *, certain: bool = True, shock: bool = False) -> int | None:
        """Add a day's level and return the one that holds; None lets the present one stand.

        `certain` false says that the level itself still depends on where the feed began: then nothing is ruled out.
        `shock` says that a rise from 0 to 1 goes on to 2.
        """
        if level is None:
            return None if self._current is None else self._current[0]
        self._current = (level, self._longest) if self._current is None else self._next(self._current, level, shock)
        if certain and len(self._possible) > 1:
            self._possible = {self._next(state, level, shock) for state in self._possible}
        return self._current[0]

    def _next(self, state: tuple[int, int], level: int, shock: bool) -> tuple[int, int]:
        held, age = state[0], min(state[1] + 1, self._longest)
        if shock and held == 0 and level == 1 and age >= self._rest:
            level = _MAXIMUM_LEVEL
        rises = level > held and (level == _MAXIMUM_LEVEL or age >= self._rest)
        falls = level < held and age >= self._stay
        return (level, 0) if rises or falls else (held, age)


def _fisher(mean: float) -> float:
    return mean if math.isnan(mean) else math.atanh(min(FISHER_HIGHEST, max(FISHER_LOWEST, mean)))
