"""Every strategy that LEAN has a name for has one here, on both sides, and no other shape takes its name."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.transforms.trades.kinds import Contract, kind_of, template_of, units_of
from tests.transforms.trade_maker import FUTURE, SHARE, option

Shape = list[tuple[str, int, int, int]]
"""(right, strike, months to expiry, ratio); right S is the share."""


def legs_of(shape: Shape, times: int = 1) -> list[tuple[Contract, Decimal]]:
    legs = []
    for right, strike, months, ratio in shape:
        contract = SHARE if right == "S" else option(right, strike, dt.date(2020, months, 20))
        legs.append((contract, Decimal(ratio * times)))
    return legs


STRATEGIES: list[tuple[str, str, str, Shape]] = [
    ("single", "long call", "short call", [("C", 300, 3, 1)]),
    ("single", "long put", "short put", [("P", 300, 3, 1)]),
    ("vertical", "bull call spread", "bear call spread", [("C", 290, 3, 1), ("C", 300, 3, -1)]),
    ("vertical", "bear put spread", "bull put spread", [("P", 300, 3, 1), ("P", 290, 3, -1)]),
    ("straddle", "long straddle", "short straddle", [("C", 300, 3, 1), ("P", 300, 3, 1)]),
    ("strangle", "long strangle", "short strangle", [("C", 310, 3, 1), ("P", 290, 3, 1)]),
    ("strangle", "long guts", "short guts", [("C", 290, 3, 1), ("P", 310, 3, 1)]),
    ("butterfly", "call butterfly", "short call butterfly", [("C", 290, 3, 1), ("C", 300, 3, -2), ("C", 310, 3, 1)]),
    ("butterfly", "put butterfly", "short put butterfly", [("P", 290, 3, 1), ("P", 300, 3, -2), ("P", 310, 3, 1)]),
    (
        "butterfly",
        "broken wing put butterfly",
        "short broken wing put butterfly",
        [("P", 280, 3, 1), ("P", 300, 3, -2), ("P", 310, 3, 1)],
    ),
    ("calendar", "call calendar", "short call calendar", [("C", 300, 3, -1), ("C", 300, 4, 1)]),
    ("calendar", "put calendar", "short put calendar", [("P", 300, 3, -1), ("P", 300, 4, 1)]),
    ("diagonal", "call diagonal", "short call diagonal", [("C", 310, 3, -1), ("C", 300, 4, 1)]),
    (
        "iron_condor",
        "iron condor",
        "short iron condor",
        [("P", 280, 3, 1), ("P", 290, 3, -1), ("C", 310, 3, -1), ("C", 320, 3, 1)],
    ),
    (
        "iron_butterfly",
        "iron butterfly",
        "short iron butterfly",
        [("P", 290, 3, 1), ("P", 300, 3, -1), ("C", 300, 3, -1), ("C", 310, 3, 1)],
    ),
    ("condor", "call condor", "short call condor", [("C", k, 3, r) for k, r in ((1, 1), (2, -1), (3, -1), (4, 1))]),
    (
        "box",
        "box spread",
        "short box spread",
        [("C", 290, 3, 1), ("C", 310, 3, -1), ("P", 290, 3, -1), ("P", 310, 3, 1)],
    ),
    (
        "jelly_roll",
        "jelly roll",
        "short jelly roll",
        [("C", 300, 3, -1), ("P", 300, 3, 1), ("C", 300, 4, 1), ("P", 300, 4, -1)],
    ),
    ("ratio", "call backspread", "call ratio spread", [("C", 290, 3, -1), ("C", 300, 3, 2)]),
    ("ratio", "put backspread", "put ratio spread", [("P", 300, 3, -1), ("P", 290, 3, 2)]),
    ("jade_lizard", "jade lizard", "short jade lizard", [("P", 290, 3, -1), ("C", 310, 3, -1), ("C", 320, 3, 1)]),
    ("jade_lizard", "big lizard", "short big lizard", [("P", 300, 3, -1), ("C", 300, 3, -1), ("C", 320, 3, 1)]),
    (
        "jade_lizard",
        "reverse jade lizard",
        "short reverse jade lizard",
        [("P", 280, 3, 1), ("P", 290, 3, -1), ("C", 310, 3, -1)],
    ),
    ("seagull", "bull seagull", "short bull seagull", [("P", 290, 3, -1), ("C", 300, 3, 1), ("C", 310, 3, -1)]),
    ("seagull", "bear seagull", "short bear seagull", [("P", 290, 3, -1), ("P", 300, 3, 1), ("C", 310, 3, -1)]),
    ("strangle", "long ratio strangle", "short ratio strangle", [("C", 310, 3, 1), ("P", 290, 3, 2)]),
    (
        "christmas_tree",
        "call christmas tree",
        "short call christmas tree",
        [("C", 290, 3, 1), ("C", 310, 3, -3), ("C", 320, 3, 2)],
    ),
    (
        "butterfly",
        "unbalanced put butterfly",
        "short unbalanced put butterfly",
        [("P", 280, 3, 1), ("P", 300, 3, -3), ("P", 310, 3, 2)],
    ),
    (
        "iron_condor",
        "unbalanced iron condor",
        "short unbalanced iron condor",
        [("P", 280, 3, 1), ("P", 290, 3, -1), ("C", 310, 3, -2), ("C", 320, 3, 2)],
    ),
    ("diagonal", "call ratio diagonal", "short call ratio diagonal", [("C", 310, 3, -2), ("C", 300, 4, 1)]),
    ("covered", "stock repair", "", [("S", 0, 0, 100), ("C", 300, 3, 1), ("C", 310, 3, -2)]),
    (
        "collar",
        "put spread collar",
        "",
        [("S", 0, 0, 100), ("P", 280, 3, -1), ("P", 290, 3, 1), ("C", 310, 3, -1)],
    ),
    ("ladder", "bull call ladder", "bear call ladder", [("C", 290, 3, 1), ("C", 300, 3, -1), ("C", 310, 3, -1)]),
    ("ladder", "bear put ladder", "bull put ladder", [("P", 310, 3, 1), ("P", 300, 3, -1), ("P", 290, 3, -1)]),
    ("112", "1-1-2", "short 1-1-2", [("P", 310, 3, 1), ("P", 300, 3, -1), ("P", 280, 3, -2)]),
    ("covered", "covered call", "", [("S", 0, 0, 100), ("C", 310, 3, -1)]),
    ("covered", "covered put", "", [("S", 0, 0, -100), ("P", 290, 3, -1)]),
    ("protective", "protective put", "", [("S", 0, 0, 100), ("P", 290, 3, 1)]),
    ("protective", "protective call", "", [("S", 0, 0, -100), ("C", 310, 3, 1)]),
    ("collar", "protective collar", "reverse collar", [("S", 0, 0, 100), ("P", 290, 3, 1), ("C", 310, 3, -1)]),
    ("conversion", "conversion", "reverse conversion", [("S", 0, 0, 100), ("P", 300, 3, 1), ("C", 300, 3, -1)]),
    ("synthetic", "synthetic long stock", "synthetic short stock", [("C", 300, 3, 1), ("P", 300, 3, -1)]),
    ("risk_reversal", "long risk reversal", "short risk reversal", [("C", 310, 3, 1), ("P", 290, 3, -1)]),
    ("strap", "long strap", "short strap", [("C", 300, 3, 2), ("P", 300, 3, 1)]),
    (
        "calendar",
        "double calendar",
        "short double calendar",
        [("P", 290, 3, -1), ("C", 310, 3, -1), ("P", 290, 4, 1), ("C", 310, 4, 1)],
    ),
]


@pytest.mark.parametrize(("kind", "label", "reverse", "shape"), STRATEGIES, ids=[row[1] for row in STRATEGIES])
def test_a_strategy_has_its_name_on_both_sides_and_in_any_number(
    kind: str, label: str, reverse: str, shape: Shape
) -> None:
    for times in (1, 3):
        found = template_of(legs_of(shape, times)[::-1])
        assert (found.kind, found.label) == (kind, label)
        if reverse:
            assert template_of(legs_of(shape, -times)).label == reverse
        assert units_of(legs_of(shape, times)) == times


@given(st.data())
def test_the_order_of_the_legs_makes_no_difference(data: st.DataObject) -> None:
    *_, shape = data.draw(st.sampled_from(STRATEGIES))
    legs = data.draw(st.permutations(legs_of(shape)))
    assert template_of(legs) == template_of(legs_of(shape))


def test_other_things_than_options_have_names_too() -> None:
    other = Contract("QQQ", "equity", multiplier=Decimal(1))
    assert template_of([(SHARE, Decimal(5)), (other, Decimal(-7))]).label == "stock pair"
    assert template_of([(FUTURE, Decimal(-1))]).label == "short future"
    later = Contract("/ESM0", "future", dt.date(2020, 6, 19), multiplier=Decimal(50))
    assert template_of([(FUTURE, Decimal(1)), (later, Decimal(-1))]).label == "futures calendar"


def test_more_calls_than_shares_are_a_ratio_write() -> None:
    assert template_of([(SHARE, Decimal(100)), (option("C", 310), Decimal(-2))]).label == "ratio call write"
    assert template_of([(SHARE, Decimal(200)), (option("C", 310), Decimal(-2))]).label == "covered call"
    assert template_of([(SHARE, Decimal(300)), (option("C", 310), Decimal(-2))]).label == "covered call"


def test_legs_on_two_underlyings_are_no_spread() -> None:
    strange = Contract("QQQ   200320C00300000", "option", dt.date(2020, 3, 20), "C", Decimal(300), Decimal(100), "QQQ")
    assert kind_of([(option("C", 300), Decimal(1)), (strange, Decimal(-1))]) == "custom"
