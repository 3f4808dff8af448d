"""How far forecast fees were off, and whether they are good enough to size by.

Holds: the error of forecasts against what was charged, and the bound inside which sizing may use them.
Belongs here: rules about trusting a forecast.
Never here: the forecast (`fees`), statements, sizes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from tomking.kernel.money import ZERO, add


@dataclass(frozen=True, slots=True)
class ForecastError:
    """Errors over the order legs of a product, in dollars per leg: charged less forecast.

    `bias` is their mean, `mae` the mean of their sizes; both None without a leg. `charged` is the mean charge.
    """

    legs: int
    bias: Decimal | None
    mae: Decimal | None
    charged: Decimal | None


@dataclass(frozen=True, slots=True)
class SizingBound:
    """How far off forecasts may be before sizing leaves them out, as shares of the mean charge of a leg."""

    most_bias: Decimal = Decimal("0.02")
    most_error: Decimal = Decimal("0.05")
    least_legs: int = 20


@dataclass(frozen=True, slots=True)
class SizingFee:
    """The fee that sizing may count with, None where it may not, and the reason."""

    amount: Decimal | None
    reason: str


BOUND: Final = SizingBound()


def forecast_error(pairs: Iterable[tuple[Decimal, Decimal]]) -> ForecastError:
    """The error of (forecast, charged) per leg."""
    found = list(pairs)
    if not found:
        return ForecastError(0, None, None, None)
    errors = [add((charged, -forecast)) for forecast, charged in found]
    count = len(found)
    return ForecastError(
        legs=count,
        bias=add(errors) / count,
        mae=add(abs(error) for error in errors) / count,
        charged=add(charged for _, charged in found) / count,
    )


def fee_for_sizing(forecast: Decimal, error: ForecastError, bound: SizingBound = BOUND) -> SizingFee:
    """The forecast, where the errors seen so far lie inside the bound; without enough of them it is not used."""
    if error.bias is None or error.mae is None or error.charged is None or error.legs < bound.least_legs:
        return SizingFee(None, f"{error.legs} legs were charged so far, {bound.least_legs} are needed")
    if error.charged <= ZERO:
        return SizingFee(None, f"legs were charged {error.charged} on average: nothing to measure an error by")
    bias, size = abs(error.bias) / error.charged, error.mae / error.charged
    if bias > bound.most_bias:
        return SizingFee(None, f"bias {bias:.4f} of the charge is above {bound.most_bias}")
    if size > bound.most_error:
        return SizingFee(None, f"mean error {size:.4f} of the charge is above {bound.most_error}")
    return SizingFee(forecast, f"bias {bias:.4f} and mean error {size:.4f} of the charge over {error.legs} legs")
