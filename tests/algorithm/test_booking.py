"""Booking where a contract stands in several legs: fills are divided whole, holdings take away and never add."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from tests.algorithm.support import CALL, PUT, open_trade
from tomking.strategies.book import Leg
from tomking.strategies.booking import Filled, divide_holding, opened_legs, traded_legs
from tomking.strategies.rolls import ROLL, is_unfilled_roll

KEYS = st.sampled_from([PUT, CALL])
SIZES = st.integers(-5, 5).filter(bool)
LEGS = st.lists(st.builds(Leg, KEYS, SIZES, st.sampled_from(["", "hedge", "naked"])), min_size=1, max_size=6)
PRICES = st.decimals("0.01", "50", places=2)


def sums(legs: list[Leg] | tuple[Leg, ...]) -> Counter[str]:
    found: Counter[str] = Counter()
    for leg in legs:
        found[leg.key] += leg.quantity
    return found


@given(LEGS, PRICES)
def test_an_opening_of_a_contract_in_several_legs_gives_each_its_own_and_the_cash_adds_up(
    legs: list[Leg], price: Decimal
) -> None:
    alike = [leg for leg in legs if leg.quantity < 0]
    fills = {key: Filled(quantity, price) for key, quantity in sums(alike).items()}
    opened = opened_legs(alike, fills)
    assert [(leg.key, leg.quantity, leg.role) for leg in opened] == [(leg.key, leg.quantity, leg.role) for leg in alike]
    cash = sum((leg.opened or Decimal(0) for leg in opened), Decimal(0))
    assert cash == -price * sum(one.quantity for one in fills.values())


@given(LEGS, st.data())
def test_a_closing_is_divided_over_the_legs_it_stands_against_and_leaves_no_cent(
    legs: list[Leg], data: st.DataObject
) -> None:
    sold = [leg for leg in legs if leg.quantity < 0]
    fills = {
        key: Filled(data.draw(st.integers(1, -held)), data.draw(PRICES)) for key, held in sums(sold).items() if held < 0
    }
    after = traded_legs(sold, fills)
    for key, fill in fills.items():
        assert sums(after)[key] == sums(sold)[key] + fill.quantity
        brought = sum((leg.closed or Decimal(0) for leg in after if leg.key == key), Decimal(0))
        assert brought == -fill.price * fill.quantity
    assert all(leg.quantity <= 0 for leg in after)


def test_a_hedge_is_closed_last_where_another_leg_is_of_the_same_contract() -> None:
    legs = (Leg(PUT, -1, "hedge"), Leg(PUT, -2, "naked"))
    assert [leg.quantity for leg in traded_legs(legs, {PUT: Filled(2, Decimal(1))})] == [-1, 0]
    assert [leg.quantity for leg in traded_legs(legs, {PUT: Filled(3, Decimal(1))})] == [0, 0]


def test_the_fill_of_a_roll_closes_one_leg_and_opens_the_other() -> None:
    legs = (Leg(PUT, -2, opened=Decimal(3)), Leg(CALL, 0, ROLL))
    after = traded_legs(legs, {PUT: Filled(2, Decimal("0.5")), CALL: Filled(-2, Decimal("0.9"))})
    assert [(leg.quantity, leg.opened, leg.closed) for leg in after] == [
        (0, Decimal(3), Decimal("-1.0")),
        (-2, Decimal("1.8"), Decimal(0)),
    ]
    assert is_unfilled_roll(legs[1])
    assert not is_unfilled_roll(after[1])


@given(st.lists(SIZES, min_size=1, max_size=6), st.integers(-20, 20))
def test_a_holding_takes_away_from_legs_and_what_no_leg_explains_is_named(quantities: list[int], held: int) -> None:
    kept, unexplained = divide_holding(quantities, held)
    assert sum(kept) + unexplained == held
    for before, after in zip(quantities, kept, strict=True):
        assert abs(after) <= abs(before)
        assert after * before >= 0
    # Only one side is taken from.
    assert not (any(b > a for b, a in zip(quantities, kept, strict=True)) and any(
        b < a for b, a in zip(quantities, kept, strict=True)))  # fmt: skip
    if unexplained:
        assert all(one * unexplained >= 0 for one in kept)


def test_the_newest_of_two_trades_loses_first_and_opposite_ones_do_not_cancel_each_other_out() -> None:
    assert divide_holding([-1, -1], -1) == ([-1, 0], 0)
    assert divide_holding([1, -1], -1) == ([0, -1], 0)
    assert divide_holding([1, -1], 0) == ([1, -1], 0)
    assert divide_holding([-1], -3) == ([-1], -2)


def test_an_order_names_a_contract_of_two_legs_once() -> None:
    legs = (Leg(PUT, -1, "hedge"), Leg(CALL, 0), Leg(PUT, -2, "naked"))
    assert replace(open_trade(), legs=legs).pairs == ((PUT, -3),)
