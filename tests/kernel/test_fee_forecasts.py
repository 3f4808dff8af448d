"""Forecast fees are used for sizing only while they were right so far."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tomking.kernel.fee_forecasts import BOUND, ForecastError, SizingBound, fee_for_sizing, forecast_error

amounts = st.integers(0, 5_000).map(lambda cents: Decimal(cents) / 100)


def error(forecast: str, charged: str, legs: int = 30) -> ForecastError:
    return forecast_error([(Decimal(forecast), Decimal(charged))] * legs)


def test_bias_and_mean_error_are_those_of_the_legs() -> None:
    found = forecast_error([(Decimal(1), Decimal("1.10")), (Decimal(2), Decimal("1.95"))])
    assert (found.legs, found.bias, found.mae) == (2, Decimal("0.025"), Decimal("0.075"))


def test_without_a_leg_there_is_no_error_and_no_fee() -> None:
    assert forecast_error([]) == ForecastError(0, None, None, None)
    assert fee_for_sizing(Decimal(1), forecast_error([])).amount is None


@pytest.mark.parametrize(
    ("found", "used", "said"),
    [
        (error("1.14", "1.14"), True, "over 30 legs"),
        (error("1.14", "1.14", BOUND.least_legs - 1), False, "are needed"),
        (error("1.00", "1.14"), False, "bias"),
        (error("0", "0"), False, "nothing to measure"),
        (
            forecast_error([(Decimal(1), Decimal("1.1")), (Decimal("1.2"), Decimal("1.1"))] * 15),
            False,
            "mean error",
        ),
    ],
)
def test_a_forecast_counts_only_inside_the_bound(found: ForecastError, used: bool, said: str) -> None:
    answer = fee_for_sizing(Decimal("2.28"), found)
    assert answer.amount == (Decimal("2.28") if used else None)
    assert said in answer.reason


def test_exactly_at_the_bound_is_inside() -> None:
    bound = SizingBound(most_bias=Decimal("0.1"), most_error=Decimal("0.1"), least_legs=1)
    assert fee_for_sizing(Decimal(1), error("0.90", "1.00", 1), bound).amount == 1
    assert fee_for_sizing(Decimal(1), error("0.8999", "1.00", 1), bound).amount is None


@given(st.lists(st.tuples(amounts, amounts), min_size=1, max_size=40))
def test_the_bias_is_never_larger_than_the_mean_error(pairs: list[tuple[Decimal, Decimal]]) -> None:
    found = forecast_error(pairs)
    assert found.bias is not None
    assert found.mae is not None
    assert abs(found.bias) <= found.mae
