"""Parameters of the regime monitor.

Holds: `PARAMETERS`, and `ORDERED` where some may not exceed others.
Belongs here: a number that the regime monitor reads.
Never here: code that acts on a value.
"""

from __future__ import annotations

from tomking.kernel.parameter_specs.spec import ParameterSpec, number, whole


def _regime(name: str, span: str, about: str, step: str) -> ParameterSpec:
    source = "calibrated: two-axis state, thresholds of a rolling five years"
    return number(f"regime.{name}", None, span, about, source, step=step, family="regime")


def _axis(axis: str, span: str, value: str, step: str) -> tuple[ParameterSpec, ...]:
    return (
        _regime(f"{axis}_enter_stressed", span, f"{value} at which the axis goes to level 1.", step),
        _regime(f"{axis}_enter_crisis", span, f"{value} at which the axis goes to level 2.", step),
        _regime(f"{axis}_leave_stressed", span, f"{value} below which the axis leaves level 1.", step),
        _regime(f"{axis}_leave_crisis", span, f"{value} below which the axis leaves level 2.", step),
    )


PARAMETERS: tuple[ParameterSpec, ...] = (
    whole("regime.window", "20", "5 to 250 sessions", "Window of the displayed correlations.",
           "correlation monitor: window 20"),
    whole("regime.minimum_stay", "15", "0 to 60 sessions", "Sessions the danger axis stays before it may come down.",
           "two-axis state: no dwell on the way up, fifteen sessions on the way down"),
    *_axis("danger", "0.01 to 5 semi-volatility a year", "Semi-volatility", "0.10"),
    *_axis("diversification", "-0.2 to 1 correlation", "Forecast mean correlation", "0.10"),
    _regime("forecast_constant", "-2 to 2 Fisher scale", "Constant of the correlation forecast.", "0.10"),
    _regime("forecast_short", "-3 to 3 weight", "Weight of the 20-session mean in the forecast.", "0.25"),
    _regime("forecast_middle", "-3 to 3 weight", "Weight of the 60-session mean in the forecast.", "0.25"),
    _regime("forecast_long", "-3 to 3 weight", "Weight of the 250-session mean in the forecast.", "0.25"),
)  # fmt: skip


def _axis_order(axis: str) -> tuple[tuple[str, str], ...]:
    name = f"regime.{axis}"
    return (
        (f"{name}_leave_stressed", f"{name}_enter_stressed"),
        (f"{name}_enter_stressed", f"{name}_enter_crisis"),
        (f"{name}_leave_stressed", f"{name}_leave_crisis"),
        (f"{name}_leave_crisis", f"{name}_enter_crisis"),
    )


ORDERED: tuple[tuple[str, str], ...] = (*_axis_order("danger"), *_axis_order("diversification"))
