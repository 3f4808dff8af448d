"""Rolls, the wheel and other trades that continue one another."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from pipelines.transforms.trades.strategy_trades import Trade, strategy_trades
from tests.transforms.trade_maker import EXPIRY, SHARE, Maker, option, reversed_legs, times

D = Decimal
LATER = EXPIRY + dt.timedelta(days=28)
OLD = [(option("P", 290), -1), (option("C", 310), -1)]
NEW = [(option("P", 285, LATER), -1), (option("C", 315, LATER), -1)]


def found(make: Maker) -> list[Trade]:
    return strategy_trades(make.orders, make.fills)


def chain(trades: list[Trade]) -> list[tuple[str, int, str | None, str]]:
    return [(trade.chain[1], trade.chain_position, trade.link, trade.ended_by) for trade in trades]


def test_a_combo_that_closes_one_and_opens_the_next_is_a_roll() -> None:
    make = Maker()
    make.combo("a", OLD)
    make.later(days=10)
    make.roll("a", reversed_legs(OLD), "b", NEW)
    first, second = found(make)
    assert chain([first, second]) == [("g1", 1, None, "rolled"), ("g1", 2, "roll", "open")]
    assert second.rolled_from == ("run", "g1")
    assert (first.profit_loss, first.label, second.label) == (D(0), "short strangle", "short strangle")


def test_a_roll_under_one_tag_makes_the_next_link_of_the_chain() -> None:
    make = Maker()
    make.combo("a", OLD, tag="tk1|strangle|s-1|open")
    make.later(days=10)
    make.roll("a", reversed_legs(OLD), "b", NEW, tag="tk1|strangle|s-1|roll:dte")
    make.later(days=10)
    make.combo("b", reversed_legs(NEW), tag="tk1|strangle|s-1|close:target")
    trades = found(make)
    assert [trade.trade_id for trade in trades] == ["s-1", "s-1#2"]
    assert chain(trades) == [("s-1", 1, None, "rolled"), ("s-1", 2, "roll", "closed")]
    assert [dict(trade.orders) for trade in trades] == [
        {1: "open", 2: "open", 3: "roll", 4: "roll"},
        {5: "open", 6: "open", 7: "close", 8: "close"},
    ]


def test_rolling_one_side_changes_the_trade_and_does_not_end_it() -> None:
    make = Maker()
    make.combo("a", OLD)
    make.later(days=10)
    make.roll("a", [(option("P", 290), 1)], "a", [(option("P", 300), -1)])
    make.later(days=5)
    make.combo("a", [(option("P", 300), 1), (option("C", 310), 1)])
    (trade,) = found(make)
    assert (trade.ended_by, trade.profit_loss, trade.label) == ("closed", D(0), "short strangle")
    assert [leg.ended_by for leg in trade.legs] == ["closed", "closed", "closed"]
    assert {part for number, part in trade.orders if number == 4} == {"roll"}


def test_closing_and_opening_the_like_of_it_minutes_later_is_a_roll_too() -> None:
    make = Maker()
    make.singles("a", [(option("P", 290), -2)])
    make.later(days=10)
    make.singles("a", [(option("P", 290), 2)])
    make.later(minutes=3)
    make.singles("b", [(option("P", 280, LATER), -2)])
    assert chain(found(make)) == [("o1", 1, None, "rolled"), ("o1", 2, "roll", "open")]


def test_the_same_contract_opened_again_is_no_roll_and_neither_is_a_closing_for_another_reason() -> None:
    again, target = Maker(), Maker()
    for _ in range(2):
        again.combo("a", OLD)
        again.later(minutes=1)
        again.combo("a", reversed_legs(OLD))
        again.later(minutes=1)
    target.combo("a", OLD, tag="tk1|strangle|s-1|open")
    target.later(days=1)
    target.combo("a", reversed_legs(OLD), tag="tk1|strangle|s-1|close:target")
    target.combo("b", NEW, tag="tk1|strangle|s-2|open")
    for make in (again, target):
        assert chain(found(make))[0][1:] == (1, None, "closed")
        assert all(trade.rolled_from is None for trade in found(make))


def test_a_future_is_rolled_into_the_next_month() -> None:
    march, june = (type(SHARE)(key, "future", multiplier=D(50)) for key in ("/ESH0", "/ESM0"))
    make = Maker()
    make.singles("a", [(march, 2)])
    make.later(days=30)
    make.singles("a", [(march, -2)])
    make.singles("b", [(june, 2)])
    assert chain(found(make)) == [("o1", 1, None, "rolled"), ("o1", 2, "roll", "open")]


def test_the_wheel_is_one_chain_from_the_put_to_the_next_put() -> None:
    put, first, second = option("P", 300), option("C", 305, LATER), option("C", 310, LATER + dt.timedelta(7))
    make = Maker()
    make.singles("put", [(put, -2)])
    make.later(days=40)
    make.settle("put", put, -2)
    make.later(days=3)
    make.singles("call", [(first, -2)])
    make.later(days=28)
    make.expire("call", [(first, -2)])
    make.later(days=3)
    make.singles("next call", [(second, -2)])
    make.later(days=7)
    make.settle("next call", second, -2)
    make.later(days=3)
    make.singles("next put", [(option("P", 300, LATER), -2)])
    trades = found(make)
    assert [trade.label for trade in trades] == ["short put", "covered call", "covered call", "short put"]
    assert chain(trades) == [
        ("o1", 1, None, "assigned"),
        ("o1", 2, "covered", "expired"),
        ("o1", 3, "covered", "assigned"),
        ("o1", 4, "wheel", "open"),
    ]
    # Premium, and shares bought at 300 and called away at 310.
    assert [trade.profit_loss for trade in trades] == [D(400) + D(2000), D(400), D(400), None]


def test_calls_sold_one_after_another_against_a_long_call_are_one_chain() -> None:
    leap, week = option("C", 280, EXPIRY.replace(year=2021)), option("C", 320, EXPIRY)
    make = Maker()
    make.combo("a", [(leap, 1), (week, -1)])
    make.later(days=40)
    make.expire("a", [(week, -1)])
    make.later(days=3)
    make.singles("b", [(option("C", 325, LATER), -1)])
    assert chain(found(make)) == [("g1", 1, None, "open"), ("g1", 2, "covered", "open")]


def test_a_margin_call_and_a_liquidation_end_a_link_but_are_no_roll() -> None:
    make = Maker()
    make.combo("a", OLD)
    make.later(days=10)
    make.roll("a", reversed_legs(OLD), "b", NEW)
    make.later(days=10)
    make.singles("b", reversed_legs(NEW), tag="Margin Call")
    make.later(minutes=1)
    make.combo("c", times(OLD, 2))
    assert chain(found(make)) == [
        ("g1", 1, None, "rolled"),
        ("g1", 2, "roll", "margin_call"),
        ("g3", 1, None, "open"),
    ]
