"""The correlation regime of a universe of assets: Normal, Stressed or Crisis.

Holds: the settings, the causal state machine that labels one day after another, and what it says about each day.
Belongs here: everything a label depends on, so that the nightly batch and the live algorithm cannot differ.
Never here: where returns come from, where labels are stored, what a strategy does with a label.

How a day is labelled
---------------------
Two axes, each with the levels 0, 1 and 2:

* *danger* looks at the semi-volatility of the equally weighted universe,
  ``sqrt(2 * 252 * sum_k w_k * min(r_{t-k}, 0)^2)``: volatility counted on falling days only, in fractions a year
  (0.20 = 20 %). The weights are the mean of a fast and a slow decay: the fast half notices a shock within the day, the
  slow half remembers it after the fast one has calmed down.
* *diversification* looks at the forecast of the mean pairwise correlation over the next 20 days. The forecast is a
  regression on the mean correlations of the last 20, 60 and 250 days (a heterogeneous autoregression, Corsi 2009) on
  Fisher's scale ``atanh``. A 20-day mean alone has a standard deviation of about 0.08 and makes a poor forecast.

Each axis goes up at once when its value reaches an upper threshold and comes down only below a lower one, after a
minimum stay. Thresholds are quantiles of the axis's own values over the five years up to that day, on the
diversification axis drawn towards those of the whole past. A milder label waits until the present one has stood for a
few days, and Stressed does not come back within a few days of having gone; Crisis never waits. Danger that comes most
of the way from the threshold of Stressed to that of Crisis in one day is a shock, and makes Crisis of Normal at once.

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
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from tomking.kernel.recent_means import RecentMeans
from tomking.kernel.regime_settings import RegimeSettings
from tomking.kernel.semi_volatility import SESSIONS_PER_YEAR, SemiVolatility
from tomking.kernel.thresholds import (
    AxisThresholds,
    BlendedQuantiles,
    Calibration,
    CorrelationForecast,
    Hysteresis,
    RollingQuantiles,
    Stay,
    forecast_correlation,
)

__all__ = [
    "CRISIS",
    "LEVELS",
    "NORMAL",
    "SESSIONS_PER_YEAR",
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

LEVELS: Mapping[str, int] = {NORMAL: 0, STRESSED: 1, CRISIS: 2}
"""Regimes by severity."""

_NAMES: tuple[Regime, ...] = (NORMAL, STRESSED, CRISIS)


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
        least_pairs = s.minimum_assets * (s.minimum_assets - 1) // 2
        self._recent = RecentMeans(columns, (s.window, s.middle_window, s.long_window), least_pairs)
        self._semi_volatility = SemiVolatility(s)
        self._forecast = CorrelationForecast(s.forecast_start, s.forecast_refit, s.horizon)
        self._quantiles = (
            RollingQuantiles(s.quantile_days, s.quantile_minimum, s.quantiles),
            BlendedQuantiles(s.quantile_days, s.quantile_minimum, s.correlation_quantiles, s.correlation_recent_share),
        )
        known = calibration is None
        self._danger = Hysteresis(s.minimum_stay, start_known=known)
        self._diversification = Hysteresis(s.correlation_stay, start_known=known)
        self._label_level = Stay(s.label_stay, s.label_rest, start_known=known)
        self._regime: Regime | None = None
        self._calm = False
        self._last_date: dt.date | None = None

    @property
    def settled(self) -> bool:
        """Whether the state is the same wherever the feed had begun."""
        return self._danger.settled and self._diversification.settled and self._label_level.settled

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

    def step(self, date: dt.date, returns: ArrayLike, means: Sequence[float] | None = None) -> RegimeDay:
        """Label one day from its log returns (one a series, NaN where missing).

        `means` hands in the three mean correlations where they were computed with the whole history; without them they
        are computed from the days held. Raises ValueError for another number of series or a date that is not later
        than the last one.
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
        portfolio = math.log1p(float(np.expm1(present).sum()) / len(present))
        volatility = self._semi_volatility.step(portfolio)
        return self._label(date, volatility, self._recent.push(date, row) if means is None else means)

    def _label(self, date: dt.date, volatility: float, means: Sequence[float]) -> RegimeDay:
        short, middle, long = means
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
        combined = _combine(danger, diversification if self.settings.use_correlation else None)
        shock = self._is_shock(volatility, danger_thresholds)
        regime = self._held(combined, shock=shock)
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
                *_difference(regime, combined, shock=shock),
            ),
        )

    def _unchanged(self, date: dt.date) -> RegimeDay:
        danger, diversification = self._danger.level, self._diversification.level
        regime = self._regime
        return RegimeDay(
            date, regime, danger, diversification, None, None, None, None, None,
            _reason(regime, "no series has a return, the state stays as it was"),
        )  # fmt: skip

    def _is_shock(self, volatility: float, thresholds: AxisThresholds | None) -> bool:
        """Whether danger came most of the way to Crisis today, from below Stressed the day before."""
        if thresholds is None or math.isnan(volatility):
            return False
        was_calm, self._calm = self._calm, volatility < thresholds.enter_stressed
        way = thresholds.enter_crisis - thresholds.enter_stressed
        return was_calm and volatility >= thresholds.enter_stressed + self.settings.shock_share * way

    def _held(self, regime: Regime | None, *, shock: bool) -> Regime | None:
        """The label of the day: the axes' own, or the present one where that has to wait."""
        known = self._danger.settled and self._diversification.settled
        level = self._label_level.step(None if regime is None else LEVELS[regime], certain=known, shock=shock)
        self._regime = None if level is None else _NAMES[level]
        return self._regime


def label_days(
    dates: Sequence[dt.date],
    returns: ArrayLike,
    settings: RegimeSettings | None = None,
    calibration: Calibration | None = None,
    means: Sequence[Sequence[float]] | None = None,
) -> list[RegimeDay]:
    """Label a whole history: `RegimeModel.step` over its days. `returns` has one row of log returns a date.

    `means` hands in the three mean correlations of each day where they were computed at once; labels are the same and
    features within 1e-12. Raises ValueError when the numbers of dates, rows and means differ.
    """
    rows = np.asarray(returns, dtype=np.float64)
    if rows.ndim != 2 or len(rows) != len(dates):
        raise ValueError(f"{len(dates)} dates need as many rows of returns, got shape {rows.shape}")
    model = RegimeModel(rows.shape[1], settings, calibration)
    known = [None] * len(dates) if means is None else means
    return [model.step(date, row, mean) for date, row, mean in zip(dates, rows, known, strict=True)]


def _combine(danger: int | None, diversification: int | None) -> Regime | None:
    if danger is None:
        return None
    if danger == 2 or (danger == 1 and diversification == 2):
        return CRISIS
    if danger == 1 or diversification == 2:
        return STRESSED
    return NORMAL


def _difference(regime: Regime | None, combined: Regime | None, *, shock: bool) -> tuple[str, ...]:
    """Why the label is not the one of the two axes, where it is not."""
    if regime is None or combined is None or regime == combined:
        return ()
    if LEVELS[regime] < LEVELS[combined]:
        return (f"{combined} rests a while after having gone",)
    if shock and combined == STRESSED:
        return ("a shock: most of the way to Crisis in one day",)
    return (f"{regime} stands a while before it is {combined}",)


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
