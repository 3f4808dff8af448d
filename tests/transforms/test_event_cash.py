"""The cash of one fill."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.transforms.accounting.event_cash import fill_cash, intrinsic_value

HUNDRED = Decimal(100)
prices = st.decimals(min_value=0, max_value=100_000, places=4)
quantities = st.integers(min_value=-1000, max_value=1000).filter(bool).map(Decimal)


def cash(**given: Any) -> Decimal | None:
    known: dict[str, Any] = {
        "kind": "trade",
        "delivers": False,
        "quantity": Decimal(1),
        "price": Decimal(0),
        "multiplier": HUNDRED,
    }
    return fill_cash(**known | given)


@given(quantity=quantities, price=prices)
def test_what_is_bought_and_sold_at_one_price_leaves_no_cash(quantity: Decimal, price: Decimal) -> None:
    there, back = cash(quantity=quantity, price=price), cash(quantity=-quantity, price=price)
    assert there is not None
    assert back is not None
    assert there + back == 0
    assert (there < 0) == (quantity > 0 and price > 0)


@given(quantity=quantities, first=prices, second=prices)
def test_a_round_trip_leaves_price_difference_times_multiplier(
    quantity: Decimal, first: Decimal, second: Decimal
) -> None:
    there, back = cash(quantity=quantity, price=first), cash(quantity=-quantity, price=second)
    assert there is not None
    assert back is not None
    assert there + back == (second - first) * quantity * HUNDRED


@given(strike=prices, underlying=prices, quantity=quantities)
def test_cash_settlement_and_delivery_of_a_call_are_worth_the_same(
    strike: Decimal, underlying: Decimal, quantity: Decimal
) -> None:
    """Delivered shares bought at the strike and sold at the market leave what a cash settlement pays."""
    if underlying <= strike:
        return
    option = {"quantity": quantity, "strike": strike, "call_put": "C", "underlying_price": underlying}
    settled = cash(kind="exercise", **option)
    leg = cash(kind="exercise", delivers=True, **option)
    bought = cash(kind="delivery", quantity=-quantity * HUNDRED, price=strike, multiplier=Decimal(1))
    sold = cash(quantity=quantity * HUNDRED, price=underlying, multiplier=Decimal(1))
    assert leg is not None
    assert bought is not None
    assert sold is not None
    assert settled == leg + bought + sold


@given(strike=prices, underlying=prices)
def test_a_call_less_a_put_is_a_forward(strike: Decimal, underlying: Decimal) -> None:
    call = intrinsic_value(call_put="C", strike=strike, underlying_price=underlying)
    put = intrinsic_value(call_put="P", strike=strike, underlying_price=underlying)
    assert call is not None
    assert put is not None
    assert call - put == underlying - strike
    assert min(call, put) == 0


def test_an_expiry_moves_nothing_even_where_the_multiplier_is_unknown() -> None:
    assert cash(kind="expiry", multiplier=None) == 0


@pytest.mark.parametrize(
    "given",
    [
        {"multiplier": None},
        {"kind": "assignment"},
        {"kind": "assignment", "strike": Decimal(100), "call_put": "P"},
        {"kind": "assignment", "strike": Decimal(100), "call_put": "P", "underlying_price": Decimal(101)},
    ],
    ids=["no multiplier", "no contract", "no underlying price", "a strike that denies the exercise"],
)
def test_what_is_not_certain_is_unknown(given: dict[str, Any]) -> None:
    assert cash(**given) is None
