"""Call spreads against a 1-1-2: off by default, after a month, above the long put, never a call alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from tests.algorithm.support import clock, view
from tomking.kernel.occ import occ_text, parse_occ
from tomking.kernel.parameters import default_values
from tomking.strategies.book import Book, Leg, Trade
from tomking.strategies.gate import judge
from tomking.strategies.intents import PlanTrade, SendOrder
from tomking.strategies.market_view import Chain, ChainRow, MarketView, Quote
from tomking.strategies.one_one_two import OneOneTwo
from tomking.strategies.one_one_two_calls import WEEKLY

ON = default_values() | {"one_one_two.weekly_calls": "true"}
RULES = OneOneTwo.from_values(ON)
WEDNESDAY = clock("2020-01-29T12:00")
FRIDAY, EXPIRY = date(2020, 2, 7), date(2020, 4, 17)


def put(strike: int) -> str:
    return occ_text("SPY", EXPIRY, "P", Decimal(strike))


def parent(days: int = 30, **changes: object) -> Trade:
    opened = WEDNESDAY.replace(tzinfo=UTC) + timedelta(hours=5) - timedelta(days=days)
    legs = (Leg(put(325), 2, "hedge"), Leg(put(320), -2, "hedge"), Leg(put(270), -4, "naked"))
    trade = Trade("one_one_two-20191230-1", "one_one_two", "SPY", "open", legs, EXPIRY, opened.date(), opened)
    return replace(trade, **changes)  # type: ignore[arg-type]


def rows(*strikes: int) -> tuple[ChainRow, ...]:
    return tuple(
        ChainRow(occ_text("SPY", FRIDAY, "C", Decimal(one)), Decimal(one), "C", FRIDAY, Decimal("0.2"))
        for one in strikes
    )


def asked(trade: Trade, rules: OneOneTwo = RULES, when: datetime = WEDNESDAY) -> bool:
    book = Book({trade.id: trade})
    book.consider("one_one_two", "SPY", when.date())
    request = rules.chain_request(view(when), book)
    assert request is None or request.call_put == "C"
    return request is not None


def planned(book: Book, market: MarketView, *strikes: int) -> PlanTrade | str:
    book.consider("one_one_two", "SPY", market.day)
    (found,) = RULES.propose(Chain(rows(*strikes)), market, book)
    return found if isinstance(found, PlanTrade) else getattr(found, "reason", "")


def test_calls_are_looked_for_on_its_weekday_against_a_trade_of_a_month_whose_spread_is_whole() -> None:
    assert asked(parent())
    assert not asked(parent(29))
    assert not asked(parent(), OneOneTwo.from_values(default_values()))
    assert not asked(parent(), when=WEDNESDAY + timedelta(days=1))
    assert not asked(parent(legs=(Leg(put(325), 2, "hedge"), Leg(put(270), -4, "naked"))))


def test_a_spread_above_the_long_put_and_the_price_is_sold_as_often_as_there_are_spreads() -> None:
    below = replace(view(WEDNESDAY), price=Decimal("320.3"))
    found = planned(Book({parent().id: parent()}), below, 320, 325, 326, 330, 331, 335)
    assert isinstance(found, PlanTrade)
    assert [(parse_occ(leg.key).strike, leg.quantity) for leg in found.legs] == [(Decimal(326), -2), (Decimal(331), 2)]
    assert (found.part, found.parent, found.stance) == (WEEKLY, parent().id, "short")
    above = replace(view(WEDNESDAY), price=Decimal("329.5"))
    found = planned(Book({parent().id: parent()}), above, 326, 330, 335)
    assert isinstance(found, PlanTrade)
    assert parse_occ(found.legs[0].key).strike == Decimal(330)
    assert planned(Book({parent().id: parent()}), above, 326, 330) == "no_strike"


def test_the_gate_takes_the_spread_and_refuses_its_call_alone() -> None:
    market = replace(view(WEDNESDAY), price=Decimal("320.3"))
    book = Book({parent().id: parent()})
    found = planned(book, market, 326, 331)
    assert isinstance(found, PlanTrade)
    limits = {"one_one_two": 1}
    assert judge([found], book, {"SPY": market}, ON, max_open=limits).refused == ()
    alone = replace(found, legs=found.legs[:1])
    assert judge([alone], book, {"SPY": market}, ON, max_open=limits).refused[0].refusal.rule == "naked_call"


def test_one_call_spread_lives_against_a_trade_and_leaves_at_its_target_or_when_touched() -> None:
    legs = (Leg(rows(326)[0].key, -2), Leg(rows(331)[0].key, 2))
    calls = Trade(
        "one_one_two-20200129-2", "one_one_two", "SPY", "open", legs, FRIDAY, WEDNESDAY.date(), credit=Decimal("0.80"),
        part=WEEKLY, parent=parent().id,
    )  # fmt: skip
    book = Book({one.id: one for one in (parent(), calls)})
    book.consider("one_one_two", "SPY", WEDNESDAY.date())
    assert RULES.chain_request(view(WEDNESDAY), book) is None
    now = WEDNESDAY.replace(tzinfo=UTC)

    def reason(sold: str, price: str) -> set[str]:
        quotes = {
            legs[0].key: Quote(Decimal(sold), Decimal(sold), now),
            legs[1].key: Quote(Decimal(0), Decimal("0.02"), now),
        }
        market = replace(view(WEDNESDAY), quotes=quotes, price=Decimal(price))
        return {one.action for one in RULES.manage(market, book) if isinstance(one, SendOrder)}

    assert reason("0.40", "320") == set()
    assert reason("0.20", "320") == {"close:target"}
    assert reason("0.90", "326") == {"close:touched"}
