"""Which orders are one trade: combos, legging in, additions, partial closings, foreign tags, several runs."""

from __future__ import annotations

from decimal import Decimal

from pipelines.transforms.trades.strategy_trades import Trade, agreement, strategy_trades
from tests.transforms.trade_maker import EXPIRY, SHARE, Maker, option, reversed_legs, times

D = Decimal
PUT, CALL = option("P", 290), option("C", 310)
STRANGLE = [(PUT, -1), (CALL, -1)]
CONDOR = [(option("P", 280), 1), (PUT, -1), (CALL, -1), (option("C", 320), 1)]
FLY = [(option("C", 290), 1), (option("C", 300), -2), (option("C", 310), 1)]
SPREAD = [(option("P", 280), 1), (PUT, -1)]


def found(make: Maker, *, use_tags: bool = True) -> list[Trade]:
    return strategy_trades(make.orders, make.fills, use_tags=use_tags)


def ids(trade: Trade) -> list[int]:
    return [number for number, _ in trade.orders]


def test_four_single_orders_of_one_bar_are_one_condor() -> None:
    make = Maker()
    make.singles("t", times(CONDOR, 3))
    (trade,) = found(make)
    assert (trade.trade_id, trade.label, trade.quantity, ids(trade)) == ("o1", "iron condor", D(3), [1, 2, 3, 4])
    assert {part.joined_by for part in trade.parts} == {"template"}


def test_shares_bought_a_minute_after_the_call_was_sold_make_a_covered_call() -> None:
    make = Maker()
    make.singles("t", [(CALL, -5), (SHARE, 500)], seconds=60)
    (trade,) = found(make)
    assert (trade.kind, trade.label, trade.quantity) == ("covered", "covered call", D(5))


def test_legs_that_come_an_hour_apart_are_trades_of_their_own() -> None:
    make = Maker()
    make.singles("t", STRANGLE, seconds=3600)
    assert [trade.label for trade in found(make)] == ["short put", "short call"]


def test_a_chain_bought_strike_by_strike_is_no_strategy() -> None:
    make = Maker()
    make.singles("t", [(option("C", strike), 1) for strike in (300, 310)] + [(option("P", k), 1) for k in (300, 310)])
    assert [trade.kind for trade in found(make)] == ["single"] * 4


def test_two_spreads_sent_leg_by_leg_in_one_bar_make_a_condor_if_they_fit_and_stay_apart_if_not() -> None:
    fits, apart = Maker(), Maker()
    fits.singles("t", CONDOR)
    far = [(option("C", 400, EXPIRY.replace(month=6)), 1), (option("C", 410, EXPIRY.replace(month=6)), -1)]
    apart.singles("t", [*SPREAD, *far])
    assert [trade.label for trade in found(fits)] == ["iron condor"]
    assert [trade.label for trade in found(apart)] == ["bull put spread", "bull call spread"]


def test_a_spread_and_two_puts_sold_below_it_are_a_1_1_2() -> None:
    make = Maker()
    make.combo("t", [(option("P", 310), 1), (option("P", 300), -1)])
    make.later(minutes=2)
    make.singles("t", [(option("P", 280), -2)])
    (trade,) = found(make)
    assert (trade.trade_id, trade.label, trade.quantity) == ("g1", "1-1-2", D(1))


def test_what_was_closed_before_the_next_leg_came_is_not_joined_with_it() -> None:
    make = Maker()
    for name in ("a", "b"):
        make.combo(name, STRANGLE)
        make.later(minutes=1)
        make.singles(name, reversed_legs(STRANGLE), tag="Liquidated")
        make.later(minutes=1)
    assert [ids(trade) for trade in found(make)] == [[1, 2, 3, 4], [5, 6, 7, 8]]


def test_combos_of_the_same_legs_add_to_one_position() -> None:
    make = Maker()
    for _ in range(3):
        make.combo("t", times(STRANGLE, 2))
        make.later(hours=1)
    (trade,) = found(make)
    assert (trade.trade_id, trade.quantity, trade.opened_quantity) == ("g1", D(2), D(6))


def test_a_partial_closing_leaves_the_trade_open() -> None:
    make = Maker()
    make.combo("t", times(STRANGLE, 5))
    make.later(hours=1)
    make.combo("t", reversed_legs(times(STRANGLE, 2)))
    (trade,) = found(make)
    assert (trade.ended_by, trade.quantity, ids(trade)) == ("open", D(5), [1, 2, 3, 4])


def test_a_combo_closes_the_trade_of_its_shape_though_an_older_one_holds_its_leg() -> None:
    make = Maker()
    make.combo("spread", SPREAD)
    make.later(hours=1)
    make.combo("strangle", STRANGLE)
    make.later(hours=1)
    make.combo("strangle", reversed_legs(STRANGLE))
    assert [ids(trade) for trade in found(make)] == [[1, 2], [3, 4, 5, 6]]


def test_one_order_that_closes_two_trades_closes_the_older_first() -> None:
    make = Maker()
    make.combo("a", [(PUT, -2), (CALL, -2)])
    make.later(hours=1)
    make.combo("b", SPREAD)
    make.later(hours=1)
    make.singles(("a", "b"), [(PUT, 3)])
    first, second = found(make)
    assert (ids(first), ids(second)) == ([1, 2, 5], [3, 4, 5])
    assert [fill.quantity for fill in (*first.fills, *second.fills) if fill.order_id == 5] == [D(2), D(1)]
    assert (first.fees, second.fees) == (D(3), D(2))


def test_an_order_that_crosses_zero_ends_one_trade_and_opens_the_next() -> None:
    make = Maker()
    make.singles("long", [(CALL, 10)])
    make.later(hours=1)
    make.singles("short", [(CALL, -25)])
    long, short = found(make)
    assert (long.ended_by, long.label, short.ended_by, short.label, short.quantity) == (
        "closed",
        "long call",
        "open",
        "short call",
        D(15),
    )


def test_legs_closed_in_one_moment_belong_to_the_trade_of_their_shape() -> None:
    make = Maker()
    make.singles("put", [(PUT, -1)])
    make.later(hours=1)
    make.combo("strangle", STRANGLE)
    make.later(hours=1)
    make.singles("strangle", reversed_legs(STRANGLE))
    assert [ids(trade) for trade in found(make)] == [[1], [2, 3, 4, 5]]


def test_a_lone_order_closes_the_lone_option_before_it_breaks_a_spread() -> None:
    make = Maker()
    make.combo("spread", SPREAD)
    make.later(hours=1)
    make.singles("put", [(PUT, -1)])
    make.later(hours=1)
    make.singles("put", [(PUT, 1)])
    assert [ids(trade) for trade in found(make)] == [[1, 2], [3, 4]]


def test_legs_that_carry_one_foreign_tag_are_one_trade_even_without_a_name() -> None:
    make = Maker()
    make.singles("t", [(PUT, -1), (option("P", 270), -3), (option("C", 350), 2)], tag="my odd idea")
    make.later(hours=5)
    make.singles("t", [(PUT, 1)], tag="my odd idea")
    (trade,) = found(make)
    assert (trade.label, ids(trade)) == ("custom", [1, 2, 3, 4])
    assert len(found(make, use_tags=False)) == 3


def test_the_name_in_a_foreign_tag_finds_its_trade_among_others_of_the_same_contract() -> None:
    make = Maker()
    for name in ("idea-17", "idea-18"):
        make.singles(name, [(PUT, -1)], tag=f"{name} entry")
        make.later(hours=1)
    make.singles("idea-18", [(PUT, 1)], tag="idea-18 exit")
    assert [ids(trade) for trade in found(make)] == [[1], [2, 3]]


def test_tags_of_the_engine_say_nothing_about_a_trade() -> None:
    make = Maker()
    make.combo("a", STRANGLE)
    make.combo("b", FLY)
    make.later(hours=1)
    make.singles("a", [(PUT, 1)], tag="Liquidated")
    make.later(hours=1)
    make.singles("b", [(FLY[0][0], -1)], tag="Liquidated")
    assert [ids(trade) for trade in found(make)] == [[1, 2, 6], [3, 4, 5, 7]]


def test_a_liquidation_opens_nothing_even_where_a_split_made_more_of_it() -> None:
    make = Maker()
    make.singles("t", [(SHARE, 100)])
    make.later(hours=1)
    make.singles("t", [(SHARE, -699)], tag="Liquidated")
    (trade,) = found(make)
    assert (trade.ended_by, trade.profit_loss, ids(trade)) == ("closed", None, [1, 2])


def test_two_stocks_bought_and_sold_for_the_same_value_at_once_are_a_pair() -> None:
    other = type(SHARE)("QQQ", "equity", multiplier=D(1))
    make, unlike = Maker(), Maker()
    make.singles("t", [(SHARE, 100), (other, -110)])
    unlike.singles("t", [(SHARE, 100), (other, -300)])
    assert [trade.label for trade in found(make)] == ["stock pair"]
    assert [trade.label for trade in found(unlike)] == ["long stock", "short stock"]


def test_contracts_on_both_sides_in_two_trades_are_settled_each_as_it_stands() -> None:
    make = Maker()
    make.combo("a", [(PUT, -2), (CALL, -2)], tag="tk1|s|a|open")
    make.combo("b", [(PUT, 1), (option("P", 280), -1)], tag="tk1|s|b|open")
    make.later(days=46)
    make.expire(("a", "b"), [(PUT, -1)])
    assert [(5, "expiry") in trade.orders for trade in found(make)] == [True, True]


def test_a_trade_of_one_run_is_closed_by_the_next_run_of_the_deployment() -> None:
    first = Maker("first")
    first.combo("t", STRANGLE, tag="tk1|strangle|t|open")
    second = Maker("second", first.now)
    second.later(days=1)
    second.combo("t", reversed_legs(STRANGLE), tag="tk1|strangle|t|close")
    orders, fills = first.orders + second.orders, second.fills + first.fills
    for use_tags in (True, False):
        (trade,) = strategy_trades(orders, fills, use_tags=use_tags)
        assert (trade.run_id, trade.ended_by, trade.profit_loss) == ("first", "closed", D(0))
        assert [(part.run_id, part.order_id) for part in trade.parts] == [
            ("first", 1),
            ("first", 2),
            ("second", 1),
            ("second", 2),
        ]


def test_legs_that_are_entered_minutes_apart_are_one_trade() -> None:
    make = Maker()
    make.singles("t", CONDOR, seconds=280)
    make.later(days=3)
    make.combo("t", reversed_legs(CONDOR))
    (trade,) = found(make)
    assert (trade.label, trade.ended_by) == ("iron condor", "closed")
    apart = Maker()
    apart.singles("t", STRANGLE, seconds=16 * 60)
    assert [trade.label for trade in found(apart)] == ["short put", "short call"]


def test_one_side_of_a_condor_is_rolled_in_one_combo() -> None:
    lower = [(option("P", 260), 1), (option("P", 270), -1)]
    next_to = [(option("P", 270), 1), (option("P", 280), -1)]
    for new in (lower, next_to):
        make = Maker()
        make.combo("t", CONDOR)
        make.later(days=2)
        make.roll("t", reversed_legs(SPREAD), "t", new)
        make.later(days=2)
        make.combo("t", reversed_legs([*new, *CONDOR[2:]]))
        (trade,) = found(make)
        assert (trade.label, trade.ended_by, len(trade.orders)) == ("iron condor", "closed", 12)
        assert {part for _, part in trade.orders} == {"open", "close", "roll"}


def test_one_side_of_a_condor_is_rolled_by_two_orders_within_minutes() -> None:
    make = Maker()
    make.combo("t", CONDOR)
    make.later(days=2)
    make.combo("t", reversed_legs(SPREAD))
    make.later(minutes=3)
    make.combo("t", [(option("P", 260), 1), (option("P", 270), -1)])
    (trade,) = found(make)
    assert [part for _, part in trade.orders] == ["open"] * 4 + ["close"] * 2 + ["roll"] * 2
    make.later(days=1)
    make.combo("other", [(option("P", 250), 1), (option("P", 255), -1)])
    assert [trade.label for trade in found(make)] == ["iron condor", "bull put spread"]


def test_agreement_says_which_trades_the_rules_find_without_their_tags() -> None:
    make = Maker()
    make.singles("a", [(PUT, -1)], tag="tk1|s|a|open")
    make.later(hours=1)
    make.singles("b", [(PUT, -1)], tag="tk1|s|b|open")
    make.later(hours=1)
    make.combo("c", SPREAD, tag="tk1|s|c|open")
    says = agreement(found(make), found(make, use_tags=False))
    assert says == {("run", "a"): False, ("run", "b"): False, ("run", "c"): True}
