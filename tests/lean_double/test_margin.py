"""Margin on constructed positions; the figures of the first three tests stand in refusals that the engine recorded."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from tests.lean_double.margin import needed, reserved, resolve
from tests.lean_double.names import OptionRight, OptionStyle
from tests.lean_double.symbols import Symbol

SPY = Symbol.equity("SPY")


def put(strike: int, expiry: str = "2020-04-09") -> Symbol:
    return _option(OptionRight.PUT, strike, expiry)


def call(strike: int, expiry: str = "2020-04-09") -> Symbol:
    return _option(OptionRight.CALL, strike, expiry)


def _option(right: OptionRight, strike: int, expiry: str) -> Symbol:
    return Symbol.create_option(SPY, "usa", OptionStyle.AMERICAN, right, strike, datetime.fromisoformat(expiry))


def test_a_short_strangle_needs_its_dearer_side_and_the_other_premium() -> None:
    short_put, short_call = put(315), call(350)
    prices = {SPY: Decimal("323.14"), short_put: Decimal("8.265"), short_call: Decimal("2.83")}
    groups = resolve({short_put: Decimal(-2), short_call: Decimal(-2)})
    assert [group.name for group in groups] == ["strangle"]
    assert needed(groups, prices) == Decimal("13516.6")


def test_a_put_ladder_needs_its_naked_put_and_the_premium_it_costs() -> None:
    legs = {put(276): Decimal(1), put(266): Decimal(-1), put(215): Decimal(-2)}
    prices = dict(zip(legs, map(Decimal, ("13.035", "10.15", "2.55")), strict=True)) | {SPY: Decimal(303)}
    groups = resolve(legs)
    assert [group.name for group in groups] == ["ladder", "single"]
    assert needed(groups, prices) == Decimal("4843.5")


def test_a_call_with_shares_behind_it_reserves_nothing() -> None:
    prices = {SPY: Decimal("255.31"), call(355): Decimal("0.01")}
    groups = resolve({SPY: Decimal(100), call(355): Decimal(-1)})
    assert sum(reserved(group, prices) for group in groups) == Decimal("12765.5")


def test_the_wider_wing_of_a_condor_is_its_margin() -> None:
    legs = {put(300): 1, put(305): -1, call(330): -1, call(340): 1}
    prices = dict.fromkeys(legs, Decimal(1)) | {SPY: Decimal(318)}
    (group,) = resolve({symbol: Decimal(quantity) for symbol, quantity in legs.items()})
    assert (group.name, reserved(group, prices)) == ("condor", Decimal(1000))


symbols = st.sampled_from([put(strike) for strike in (300, 310, 320)] + [call(strike) for strike in (310, 320, 330)])


@given(st.dictionaries(symbols, st.integers(-5, 5)))
def test_grouping_loses_and_invents_no_contract(positions: dict[Symbol, int]) -> None:
    found: dict[Symbol, int] = {}
    for group in resolve({symbol: Decimal(quantity) for symbol, quantity in positions.items()}):
        for symbol, ratio in group.legs:
            found[symbol] = found.get(symbol, 0) + ratio * group.units
    assert found == {symbol: quantity for symbol, quantity in positions.items() if quantity}
