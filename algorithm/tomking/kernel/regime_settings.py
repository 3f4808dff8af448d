"""Every number of the regime state machine, the reference it is measured against, and what each part of it adds.

Holds: the settings in force, those of the reference detector, and the settings in force with one part taken away.
Belongs here: numbers of the model that are the same for every universe.
Never here: thresholds fitted to one universe (`thresholds.Calibration`), the model (`regimes`).

The settings in force are frozen: they were chosen once, and a universe is scored with them as they stand.
`tomking regimes score` shows what they are worth, and what is lost without each part.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class RegimeSettings:
    """Every number of the state machine.

    Attributes
    ----------
    window, middle_window, long_window : int
        Days of the three mean correlations: 20 (a month), 60 (a quarter), 250 (a year). The first is also shown.
    decay, fast_decay : float
        Daily weight decay of the two halves of the semi-volatility: the slow one remembers, the fast one notices.
    fast_share : float
        Weight of the fast half within the semi-variance; 0 leaves the slow one alone.
    decay_days : int
        Days the decaying sums reach back, so that the value is a function of a finite buffer and a restarted model
        computes the same one.
    decay_minimum : int
        Returns needed before a semi-volatility exists.
    horizon : int
        Days ahead that the correlation forecast looks.
    forecast_start, forecast_refit : int
        Rows of history before the first forecast, and days between two fits of its weights.
    quantile_days, quantile_minimum : int
        Days of values that thresholds are quantiles of (1,260 = five years), and the fewest that give a threshold.
    correlation_recent_share : float
        Weight, on the diversification axis, of the quantiles of those days; the rest is the quantile of all days so
        far, which remembers earlier crises through a long calm. The danger axis looks at the recent days alone.
    enter_stressed, enter_crisis, leave_stressed, leave_crisis : float
        The quantiles of the danger axis: enter high, leave low, so that noise around one level does not flip it.
    correlation_quantiles : tuple
        The same four of the diversification axis.
    minimum_stay, correlation_stay : int
        Days the danger and the diversification axis stay before they may come down; going up is never delayed.
    label_stay : int
        Days a label stays before a milder one may replace it; 0 takes the axes as they are.
    label_rest : int
        Days that pass after a label became milder before it may become Stressed again; Crisis never waits.
    shock_share : float
        Share of the way from the danger axis's threshold of Stressed to that of Crisis. Danger that comes this far in
        one day, from below the former, is a shock: a Normal label becomes Crisis at once. 1 knows no shocks.
    use_correlation : bool
        Whether the diversification axis has a say in the label; it is followed and shown either way.
    minimum_assets : int
        Series needed for a mean correlation.
    """

    window: int = 20
    middle_window: int = 60
    long_window: int = 250
    decay: float = 0.94
    fast_decay: float = 0.80
    fast_share: float = 0.4
    decay_days: int = 500
    decay_minimum: int = 61
    horizon: int = 20
    forecast_start: int = 1260
    forecast_refit: int = 21
    quantile_days: int = 1260
    quantile_minimum: int = 750
    correlation_recent_share: float = 0.5
    enter_stressed: float = 0.83
    enter_crisis: float = 0.95
    leave_stressed: float = 0.40
    leave_crisis: float = 0.82
    correlation_quantiles: tuple[float, float, float, float] = (0.88, 0.96, 0.78, 0.85)
    minimum_stay: int = 15
    correlation_stay: int = 10
    label_stay: int = 10
    label_rest: int = 10
    shock_share: float = 0.7
    use_correlation: bool = True
    minimum_assets: int = 2

    def __post_init__(self) -> None:
        """Raise ValueError, naming the field, for numbers that contradict each other."""
        if not 2 <= self.window < self.middle_window < self.long_window:
            raise ValueError("window, middle_window and long_window must grow from 2 upwards")
        if not 0.0 < self.decay < 1.0 or not 0.0 < self.fast_decay < 1.0:
            raise ValueError(f"decay and fast_decay lie between 0 and 1, got {self.decay} and {self.fast_decay}")
        if not all(0.0 <= one <= 1.0 for one in (self.fast_share, self.correlation_recent_share, self.shock_share)):
            raise ValueError("fast_share, correlation_recent_share and shock_share lie between 0 and 1")
        for enter_stressed, enter_crisis, leave_stressed, leave_crisis in (self.quantiles, self.correlation_quantiles):
            if not 0.0 < leave_stressed <= enter_stressed < enter_crisis < 1.0:
                raise ValueError("enter_stressed must lie below enter_crisis and not below leave_stressed")
            if not leave_stressed <= leave_crisis <= enter_crisis:
                raise ValueError("leave_crisis must lie between leave_stressed and enter_crisis")
        if not 1 < self.decay_minimum <= self.decay_days:
            raise ValueError("decay_minimum must lie between 2 and decay_days")
        if not 1 < self.quantile_minimum <= self.quantile_days:
            raise ValueError("quantile_minimum must lie between 2 and quantile_days")
        if min(self.horizon, self.forecast_refit, self.minimum_assets - 1) < 1:
            raise ValueError("horizon and forecast_refit start at 1, minimum_assets at 2")
        if min(self.minimum_stay, self.correlation_stay, self.label_stay, self.label_rest) < 0:
            raise ValueError("minimum_stay, correlation_stay, label_stay and label_rest start at 0")
        if self.forecast_start < self.long_window + 2 * self.horizon:
            raise ValueError("forecast_start must leave the long window and twice the horizon before it")

    @property
    def quantiles(self) -> tuple[float, float, float, float]:
        """The four quantiles of the danger axis as `AxisThresholds` takes them."""
        return self.enter_stressed, self.enter_crisis, self.leave_stressed, self.leave_crisis

    @property
    def buffer_days(self) -> int:
        """Rows of returns that every feature of a day is a function of."""
        return max(self.decay_days, self.long_window)


REFERENCE = RegimeSettings(
    decay=0.94,
    fast_share=0.0,
    correlation_recent_share=1.0,
    enter_stressed=0.75,
    enter_crisis=0.92,
    leave_stressed=0.65,
    leave_crisis=0.85,
    correlation_quantiles=(0.75, 0.92, 0.65, 0.85),
    minimum_stay=10,
    correlation_stay=10,
    label_stay=0,
    label_rest=0,
    shock_share=1.0,
)
"""The best of 35 published detectors: one semi-volatility and the correlation forecast, quantiles of five years."""

_NOW = RegimeSettings()

ABLATIONS: Mapping[str, RegimeSettings] = {
    "without the fast half": replace(_NOW, fast_share=0.0, decay=REFERENCE.decay),
    "without earlier crises": replace(_NOW, correlation_recent_share=1.0),
    "with the reference's quantiles": replace(
        _NOW,
        enter_stressed=REFERENCE.enter_stressed,
        enter_crisis=REFERENCE.enter_crisis,
        leave_stressed=REFERENCE.leave_stressed,
        leave_crisis=REFERENCE.leave_crisis,
        correlation_quantiles=REFERENCE.correlation_quantiles,
    ),
    "with the reference's stays of the axes": replace(
        _NOW, minimum_stay=REFERENCE.minimum_stay, correlation_stay=REFERENCE.correlation_stay
    ),
    "without the label's own stay and rest": replace(_NOW, label_stay=0, label_rest=0),
    "without shocks": replace(_NOW, shock_share=1.0),
    "without correlation": replace(_NOW, use_correlation=False),
}
"""The settings in force with one part taken away."""
