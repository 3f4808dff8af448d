"""The regime thresholds of a parameter set, to and from the form the regime model works with.

Holds: both directions of that conversion.
Belongs here: the names under which thresholds and forecast weights travel.
Never here: fitting or applying thresholds.
"""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

from tomking.kernel.parameters import ParameterSet
from tomking.kernel.thresholds import AxisThresholds, Calibration, ForecastWeights

PLACES = Decimal("0.000001")
"""Thresholds travel with six decimals: far below their own error, and the same on every machine that fits them."""


def _text(value: float) -> str:
    return format(Decimal(repr(float(value))).quantize(PLACES, rounding=ROUND_HALF_EVEN), "f")


def calibration_values(calibration: Calibration) -> dict[str, str]:
    """The parameters of the family `regime` that stand for `calibration`, as text."""
    values: dict[str, str] = {}
    for axis, thresholds in (("danger", calibration.danger), ("diversification", calibration.diversification)):
        for name in ("enter_stressed", "enter_crisis", "leave_stressed", "leave_crisis"):
            values[f"regime.{axis}_{name}"] = _text(getattr(thresholds, name))
    for name in ("constant", "short", "middle", "long"):
        values[f"regime.forecast_{name}"] = _text(getattr(calibration.forecast_weights, name))
    return values


def regime_calibration(parameters: ParameterSet) -> Calibration | None:
    """The calibration that a set carries, or None where it carries none."""
    if not parameters.has("regime.danger_enter_stressed"):
        return None

    def number(name: str) -> float:
        return float(parameters.number(f"regime.{name}"))

    def axis(name: str) -> AxisThresholds:
        return AxisThresholds(
            enter_stressed=number(f"{name}_enter_stressed"),
            enter_crisis=number(f"{name}_enter_crisis"),
            leave_stressed=number(f"{name}_leave_stressed"),
            leave_crisis=number(f"{name}_leave_crisis"),
        )

    weights = ForecastWeights(*(number(f"forecast_{name}") for name in ("constant", "short", "middle", "long")))
    return Calibration(danger=axis("danger"), diversification=axis("diversification"), forecast_weights=weights)
