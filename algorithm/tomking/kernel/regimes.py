"""The correlation regime of a universe of assets: Normal, Stressed or Crisis.

Holds: the settings, the causal state machine that labels one day after another, and what it says about each day.
Belongs here: everything a label depends on, so that the nightly batch and the live algorithm cannot differ.
Never here: where returns come from, where labels are stored, what a strategy does with a label.

How a day is labelled
---------------------
Two axes, each with the levels 0, 1 and 2:

* *danger* looks at the semi-volatility of the equally weighted universe,
  ``sqrt(2 * 252 * sum_k w_k * min(r_{t-k}, 0)^2)`` with weights ``w_k`` proportional to ``0.94^k``: volatility counted
  on falling days only, in fractions a year (0.20 = 20 %).
* *diversification* looks at the forecast of the mean pairwise correlation over the next 20 days. The forecast is a
  regression on the mean correlations of the last 20, 60 and 250 days (a heterogeneous autoregression, Corsi 2009) on
  Fisher's scale ``atanh``. A 20-day mean alone has a standard deviation of about 0.08 and makes a poor forecast.

Each axis goes up at once when its value reaches an upper threshold and comes down only below a lower one, after a
minimum stay. Thresholds are quantiles of the axis's own values over the five years up to that day.

    Crisis    danger 2, or danger 1 with diversification 2
    Stressed  danger 1 otherwise, or diversification 2
    Normal    the rest

The label of a day uses nothing later than that day's close. It recognises stress early and steadily; it does not
predict it.

Missing data: a series without a return on some day is left out of every window that contains the day, and out of that
day's portfolio mean. A day without any return leaves the state as it is. A value that cannot be computed leaves its
axis as it is; an axis that has no thresholds yet is unknown (None), and no label is given before danger is known.
"""

from __future__ import annotations

import datetime as dt
import math
from collections import deque
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from tomking.kernel.correlation import Array, RollingCorrelation, mean_correlation
from tomking.kernel.thresholds import (
    AxisThresholds,
    Calibration,
    CorrelationForecast,
    Hysteresis,
    RollingQuantiles,
    forecast_correlation,
)

__all__ = [
    "CRISIS",
    "NORMAL",
    "STRESSED",
    "AxisThresholds",
    "Calibration",
    "CorrelationForecast",
    "RegimeDay",
    "RegimeModel",
    "RegimeSettings",
    "label_days",
]

Regime = Literal["Normal", "Stressed", "Crisis"]
NORMAL: Regime = "Normal"
STRESSED: Regime = "Stressed"
CRISIS: Regime = "Crisis"

SESSIONS_PER_YEAR = 252


@dataclass(frozen=True, slots=True)
class RegimeSettings:
    """Every number of the state machine.

    Attributes
    ----------
    window, middle_window, long_window : int
        Days of the three mean correlations: 20 (a month), 60 (a quarter), 250 (a year). The first is also shown.
    decay : float
        Daily weight decay of the semi-volatility: 0.94 halves a day's weight after 11 days.
    decay_days : int
        Days the decaying sum reaches back; 500 days at 0.94 leave out 4e-14 of the weight, so the value is a function
        of a finite buffer and a restarted model computes the same one.
    decay_minimum : int
        Returns needed before a semi-volatility exists.
    horizon : int
        Days ahead that the correlation forecast looks.
    forecast_start, forecast_refit : int
        Rows of history before the first forecast, and days between two fits of its weights.
    quantile_days, quantile_minimum : int
        Days of values that thresholds are quantiles of (1,260 = five years), and the fewest that give a threshold.
    enter_stressed, enter_crisis, leave_stressed, leave_crisis : float
        The quantiles: enter high, leave low, so that noise around one level does not flip the state.
    minimum_stay : int
        Days an axis stays before it may come down; going up is never delayed.
    minimum_assets : int
        Series needed for a mean correlation.
    """

    window: int = 20
    middle_window: int = 60
    long_window: int = 250
    decay: float = 0.94
    decay_days: int = 500
    decay_minimum: int = 61
    horizon: int = 20
    forecast_start: int = 1260
    forecast_refit: int = 21
    quantile_days: int = 1260
    quantile_minimum: int = 750
    enter_stressed: float = 0.75
    enter_crisis: float = 0.92
    leave_stressed: float = 0.65
    leave_crisis: float = 0.85
    minimum_stay: int = 10
    minimum_assets: int = 2

    def __post_init__(self) -> None:
        """Raise ValueError, naming the field, for numbers that contradict each other."""
        if not 2 <= self.window < self.middle_window < self.long_window:
            raise ValueError("window, middle_window and long_window must grow from 2 upwards")
        if not 0.0 < self.decay < 1.0:
            raise ValueError(f"decay lies between 0 and 1, got {self.decay}")
        if not 0.0 < self.leave_stressed <= self.enter_stressed < self.enter_crisis < 1.0:
            raise ValueError("enter_stressed must lie below enter_crisis and not below leave_stressed")
        if not self.leave_stressed <= self.leave_crisis <= self.enter_crisis:
            raise ValueError("leave_crisis must lie between leave_stressed and enter_crisis")
        if not 1 < self.decay_minimum <= self.decay_days:
            raise ValueError("decay_minimum must lie between 2 and decay_days")
        if not 1 < self.quantile_minimum <= self.quantile_days:
            raise ValueError("quantile_minimum must lie between 2 and quantile_days")
        if min(self.horizon, self.forecast_refit, self.minimum_assets - 1) < 1 or self.minimum_stay < 0:
            raise ValueError("horizon and forecast_refit start at 1, minimum_assets at 2, minimum_stay at 0")
        if self.forecast_start < self.long_window + 2 * self.horizon:
            raise ValueError("forecast_start must leave the long window and twice the horizon before it")

    @property
    def quantiles(self) -> tuple[float, float, float, float]:
        """The four quantiles as `AxisThresholds` takes them."""
        return self.enter_stressed, self.enter_crisis, self.leave_stressed, self.leave_crisis

    @property
    def buffer_days(self) -> int:
        """Rows of returns that every feature of a day is a function of."""
        return max(self.decay_days, self.long_window)


@dataclass(frozen=True, slots=True)
class RegimeDay:
    """One labelled day with everything the label came from.

    `regime`, `danger` and `diversification` are None while unknown. `semi_volatility` is in fractions a year,
    `mean_correlation` that of the 20-day window, `forecast` the expected mean correlation of the next 20 days.
    """

    date: dt.date
    regime: Regime | None
    danger: int | None
    diversification: int | None
    semi_volatility: float | None
    mean_correlation: float | None
    forecast: float | None
    danger_thresholds: AxisThresholds | None
    diversification_thresholds: AxisThresholds | None
    reason: str

    def thresholds(self) -> dict[str, Any]:
        """The thresholds in force, ready for JSON; an axis without them is null."""
        return {
            "danger": asdict(self.danger_thresholds) if self.danger_thresholds else None,
            "diversification": asdict(self.diversification_thresholds) if self.diversification_thresholds else None,
        }


class RegimeModel:
    """Labels one day after another; the batch is a loop over `step`.

    Parameters
    ----------
    columns : int
        Number of series in the universe.
    settings : RegimeSettings
        The numbers.
    calibration : Calibration, optional
        Thresholds and forecast weights from a published parameter set. Without it the model learns them from the
        days it has seen (walk-forward); with it they are fixed until `recalibrate`, a label exists once the windows
        are full, and a restart needs the recent past only.

    A restarted model with a calibration is fed the last `settings.buffer_days` rows plus a few months. Once `settled`
    is true its state no longer depends on where the feed began: it has been followed from every state it could have
    been in, and all of them have met.
    """

    def __init__(
        self, columns: int, settings: RegimeSettings | None = None, calibration: Calibration | None = None
    ) -> None:
        self.settings = settings or RegimeSettings()
        if columns < self.settings.minimum_assets:
            raise ValueError(f"{self.settings.minimum_assets} series are needed at least, got {columns}")
        self.columns = columns
        self.calibration = calibration
        s = self.settings
        self._recent = RollingCorrelation(columns, s.long_window)
        self._falls: deque[float] = deque(maxlen=s.decay_days)
        self._weights = s.decay ** np.arange(s.decay_days, dtype=np.float64)[::-1]
        self._forecast = CorrelationForecast(s.forecast_start, s.forecast_refit, s.horizon)
        self._quantiles = (
            RollingQuantiles(s.quantile_days, s.quantile_minimum, s.quantiles),
            RollingQuantiles(s.quantile_days, s.quantile_minimum, s.quantiles),
        )
        known = calibration is None
        self._danger = Hysteresis(s.minimum_stay, start_known=known)
        self._diversification = Hysteresis(s.minimum_stay, start_known=known)
        self._last_date: dt.date | None = None

    @property
    def settled(self) -> bool:
        """Whether the state of both axes is the same wherever the feed had begun."""
        return self._danger.settled and self._diversification.settled

    def recalibrate(self, calibration: Calibration) -> None:
        """Use other thresholds and forecast weights from the next day on. Raises ValueError for a learning model."""
        if self.calibration is None:
            raise ValueError("a model that learns its thresholds cannot be given fixed ones half-way")
        self.calibration = calibration

    def learnt(self) -> Calibration | None:
        """What a learning model would hand to a live one tonight; None while either axis lacks thresholds."""
        danger, diversification = (axis.thresholds() for axis in self._quantiles)
        weights = self._forecast.weights
        if danger is None or diversification is None or weights is None:
            return None
        return Calibration(danger, diversification, weights)

    def step(self, date: dt.date, returns: ArrayLike) -> RegimeDay:
        """Label one day from its log returns (one a series, NaN where missing).

        Raises ValueError for another number of series or a date that is not later than the last one.
        """
        row = np.array(returns, dtype=np.float64)
        if row.shape != (self.columns,):
            raise ValueError(f"a day has {self.columns} returns, got shape {row.shape}")
        if self._last_date is not None and date <= self._last_date:
            raise ValueError(f"days come in sequence: {date} is not after {self._last_date}")
        self._last_date = date
        present = row[np.isfinite(row)]
        if len(present) == 0:
            return self._unchanged(date)
        self._recent.push(row)
        portfolio = math.log1p(float(np.expm1(present).sum()) / len(present))
        self._falls.append(min(portfolio, 0.0) ** 2)
        return self._label(date)

    def _label(self, date: dt.date) -> RegimeDay:
        short, middle, long = self._mean_correlations()
        volatility = self._semi_volatility()
        if self.calibration is None:
            forecast = self._forecast.step(short, middle, long)
            danger_thresholds = self._quantiles[0].step(volatility)
            diversification_thresholds = self._quantiles[1].step(forecast)
        else:
            forecast = forecast_correlation(self.calibration.forecast_weights, (short, middle, long))
            danger_thresholds = self.calibration.danger
            diversification_thresholds = self.calibration.diversification
        danger = self._danger.step(volatility, danger_thresholds)
        diversification = self._diversification.step(forecast, diversification_thresholds)
        regime = _combine(danger, diversification)
        return RegimeDay(
            date=date,
            regime=regime,
            danger=danger,
            diversification=diversification,
            semi_volatility=_known(volatility),
            mean_correlation=_known(short),
            forecast=_known(forecast),
            danger_thresholds=danger_thresholds,
            diversification_thresholds=diversification_thresholds,
            reason=_reason(
                regime,
                _axis_reason("semi-volatility", volatility, danger, danger_thresholds, percent=True),
                _axis_reason("forecast correlation", forecast, diversification, diversification_thresholds),
            ),
        )

    def _unchanged(self, date: dt.date) -> RegimeDay:
        danger, diversification = self._danger.level, self._diversification.level
        regime = _combine(danger, diversification)
        return RegimeDay(
            date, regime, danger, diversification, None, None, None, None, None,
            _reason(regime, "no series has a return, the state stays as it was"),
        )  # fmt: skip

    def _mean_correlations(self) -> tuple[float, float, float]:
        s = self.settings
        rows = self._recent.rows()
        return (
            self._mean_over(rows, s.window),
            self._mean_over(rows, s.middle_window),
            self._mean_over(rows, s.long_window),
        )

    def _mean_over(self, rows: Array, days: int) -> float:
        if len(rows) < days:
            return math.nan
        found = mean_correlation(rows[-days:])
        enough = self.settings.minimum_assets * (self.settings.minimum_assets - 1) // 2
        return found.mean if found.pairs >= enough else math.nan

    def _semi_volatility(self) -> float:
        count = len(self._falls)
        if count < self.settings.decay_minimum:
            return math.nan
        weights = self._weights[-count:]
        variance = float((weights * np.array(self._falls)).sum() / weights.sum())
        return math.sqrt(2.0 * SESSIONS_PER_YEAR * variance)


def label_days(
    dates: Sequence[dt.date],
    returns: ArrayLike,
    settings: RegimeSettings | None = None,
    calibration: Calibration | None = None,
) -> list[RegimeDay]:
    """Label a whole history: `RegimeModel.step` over its days, so a live model gives the same labels by construction.

    `returns` has one row of log returns a date. Raises ValueError when the numbers of dates and rows differ.
    """
    rows = np.asarray(returns, dtype=np.float64)
    if rows.ndim != 2 or len(rows) != len(dates):
        raise ValueError(f"{len(dates)} dates need as many rows of returns, got shape {rows.shape}")
    model = RegimeModel(rows.shape[1], settings, calibration)
    return [model.step(date, row) for date, row in zip(dates, rows, strict=True)]


def _combine(danger: int | None, diversification: int | None) -> Regime | None:
    if danger is None:
        return None
    if danger == 2 or (danger == 1 and diversification == 2):
        return CRISIS
    if danger == 1 or diversification == 2:
        return STRESSED
    return NORMAL


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value


def _reason(regime: Regime | None, *parts: str) -> str:
    return f"{regime or 'not known'}: " + "; ".join(parts)


def _axis_reason(
    name: str, value: float, level: int | None, thresholds: AxisThresholds | None, *, percent: bool = False
) -> str:
    """What one axis contributed, in words a trader can check."""

    def show(number: float) -> str:
        return f"{100.0 * number:.1f} %" if percent else f"{number:.2f}"

    if thresholds is None or level is None:
        return f"{name} has too little history for thresholds"
    if math.isnan(value):
        return f"{name} is missing, level {level} stays"
    if value >= thresholds.enter_crisis:
        place = f"at or above {show(thresholds.enter_crisis)}"
    elif value >= thresholds.enter_stressed:
        place = f"at or above {show(thresholds.enter_stressed)}"
    else:
        place = f"below {show(thresholds.enter_stressed)}"
    reached = 2 if value >= thresholds.enter_crisis else 1 if value >= thresholds.enter_stressed else 0
    held = f", still held at level {level}" if level > reached else f", level {level}"
    return f"{name} {show(value)} is {place}{held}"
