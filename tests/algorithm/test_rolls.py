"""A tested strangle: the other side comes nearer, once a day, for a credit, within the limits, and in the book."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.algorithm.support import CALL, EXPIRY, PUT, clock, open_trade, values, view
from tomking.kernel.limits import check_roll
from tomking.kernel.limits.margin import OptionLeg
from tomking.kernel.limits.terms import Refusal
from tomking.kernel.occ import occ_text
from tomking.strategies.book import Book, Leg, Trade, Working
from tomking.strategies.gate import judge
from tomking.strategies.intents import CancelOrder, Intent, PassEntry, PlanRoll, SendOrder
from tomking.strategies.market_view import Chain, ChainRow, MarketView, Quote
from tomking.strategies.rolls import ROLL, roll_pair
from tomking.strategies.strangle import Strangle
from tomking.strategies.working_orders import ROLLING

RULES = Strangle.from_values(values())
DAY = clock("2020-01-28T12:00")
NEARER = occ_text("SPY", EXPIRY, "P", Decimal(310))


def seen(put: str = "-0.08", call: str = "0.21", **changes: object) -> MarketView:
    made = view(DAY, holdings={PUT: -1, CALL: -1})
    made = replace(made, deltas={PUT: Decimal(put), CALL: Decimal(call)})
    return replace(made, **changes)  # type: ignore[arg-type]


def chain(strike: str = "310", side: str = "P", delta: str = "-0.16") -> Chain:
    key = occ_text("SPY", EXPIRY, side, Decimal(strike))
    return Chain((ChainRow(key, Decimal(strike), side, EXPIRY, Decimal(delta)),))


def rolled() -> Trade:
    trade = open_trade()
    return replace(trade, legs=(*trade.legs, Leg(NEARER, 0, ROLL)))


def book_of(trade: Trade, *, today: bool = True) -> Book:
    book = Book({trade.id: trade})
    if today:
        book.consider("strangle", "SPY", DAY.date(), ROLL)
    return book


def quoted(bid: str) -> MarketView:
    quote = Quote(Decimal(bid), Decimal(bid) + Decimal("0.04"), DAY.replace(tzinfo=UTC))
    return replace(seen(), quotes={**seen().quotes, NEARER: quote})


@pytest.mark.parametrize(
    ("put", "call", "wanted"),
    [("-0.08", "0.19", None), ("-0.08", "0.20", PUT), ("-0.24", "0.05", CALL), ("-0.08", "0.25", None),
     ("-0.17", "0.22", None)],
)  # fmt: skip
def test_the_side_that_is_not_tested_is_rolled_between_its_two_deltas_where_it_has_lost_delta(
    put: str, call: str, wanted: str | None
) -> None:
    book = book_of(open_trade(), today=False)
    request = RULES.chain_request(seen(put, call), book)
    assert (request is None) == (wanted is None)
    if wanted is None:
        return
    offer = chain() if wanted == PUT else chain("330", "C", "0.16")
    (found,) = RULES.propose(offer, seen(put, call), book)
    assert isinstance(found, PlanRoll)
    assert (found.replaces, found.leg.quantity, found.leg.role) == (wanted, 0, ROLL)


def test_nothing_is_rolled_on_its_last_day_nor_by_a_delta_that_is_not_known() -> None:
    book = book_of(open_trade(), today=False)
    last = replace(seen(), local=clock("2020-02-07T12:00"))
    assert RULES.chain_request(last, book) is None
    assert RULES.chain_request(replace(seen(), deltas={CALL: Decimal("0.21")}), book) is None


@pytest.mark.parametrize("strike", ["295", "300", "340", "345"])
def test_a_roll_never_goes_further_out_nor_over_the_other_strike(strike: str) -> None:
    (found,) = RULES.propose(chain(strike), seen(), book_of(open_trade(), today=False))
    assert isinstance(found, PassEntry)
    assert found.part == ROLL


def test_each_product_is_looked_at_once_a_day_and_not_while_an_order_rests() -> None:
    assert RULES.chain_request(seen(), book_of(open_trade())) is None
    resting = Working("close:target", datetime(2020, 1, 28, 16, tzinfo=UTC), Decimal(1), 1, (1, 2))
    assert RULES.chain_request(seen(), book_of(replace(open_trade(), working=resting), today=False)) is None


def orders(view: MarketView, book: Book) -> list[Intent]:
    return [one for one in RULES.manage(view, book) if isinstance(one, SendOrder | CancelOrder)]


def test_one_order_buys_the_old_contract_back_and_sells_the_nearer_one_for_a_credit() -> None:
    (order,) = orders(quoted("1.60"), book_of(rolled()))
    assert isinstance(order, SendOrder)
    assert (order.action, order.legs, order.units) == (ROLLING, ((PUT, 1), (NEARER, -1)), 1)
    assert order.net == Decimal("-0.60")
    assert orders(quoted("0.50"), book_of(rolled())) == []
    assert orders(quoted("1.60"), book_of(rolled(), today=False)) == []


def test_an_exit_takes_a_resting_roll_back_first() -> None:
    sent = DAY.replace(tzinfo=UTC) + timedelta(hours=5)
    trade = replace(rolled(), working=Working(ROLLING, sent, Decimal("-0.6"), 1, (7, 8)))
    tested = replace(quoted("1.60"), deltas={PUT: Decimal("-0.08"), CALL: Decimal("0.31")}, now=sent)
    (found,) = orders(tested, book_of(trade))
    assert found == CancelOrder(trade.id, "defence")


def test_the_gate_lets_a_roll_pass_and_stops_it_like_an_entry() -> None:
    book, limits = book_of(rolled()), {"strangle": 1}
    (order,) = orders(quoted("1.60"), book)
    market = {"SPY": quoted("1.60")}
    assert judge([order], book, market, values(), max_open=limits).refused == ()
    plan = PlanRoll("strangle-20200114-1", "strangle", "SPY", Leg(NEARER, 0, ROLL), PUT, "a test")
    stop = Refusal("vix_stop", "a test")
    assert judge([plan], book_of(open_trade()), market, values(), max_open=limits).refused == ()
    assert judge([plan], book_of(open_trade()), market, values(), max_open=limits, stop=stop).refused[0].refusal == stop


def test_a_roll_that_would_reach_into_the_reserve_is_refused() -> None:
    plan = PlanRoll("strangle-20200114-1", "strangle", "SPY", Leg(NEARER, 0, ROLL), PUT, "a test")
    full = {"SPY": replace(quoted("1.60"), margin_used=Decimal(199_990))}
    verdict = judge([plan], book_of(open_trade()), full, values(), max_open={"strangle": 1})
    assert [one.refusal.rule for one in verdict.refused] == ["reserve"]


@given(st.lists(st.tuples(st.sampled_from("PC"), st.integers(-3, 3).filter(bool)), max_size=6))
def test_no_order_that_passes_as_a_roll_sells_more_of_a_side_than_it_buys(legs: list[tuple[str, int]]) -> None:
    made = [OptionLeg(side, Decimal(300), EXPIRY, quantity) for side, quantity in legs]
    if check_roll(made) is None:
        assert all(sum(one.quantity for one in made if one.call_put == side) >= 0 for side in "PC")


def test_a_leg_that_came_by_a_roll_is_rolled_again_and_closed_like_any_other() -> None:
    trade = open_trade()
    done = replace(
        trade, legs=(Leg(PUT, 0), Leg(CALL, -1), Leg(NEARER, -1, ROLL, opened=Decimal("1.6"))), proceeds=Decimal("0.6")
    )
    assert roll_pair(done) == ()
    assert done.closing_pairs == ((CALL, 1), (NEARER, 1))
