"""Hard limits: each rule refuses a synthetic breach by name; exits are never held back by a limit on risk."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.algorithm.support import CALL, EXPIRY, PUT, clock, open_trade, values, view
from tomking.kernel.limits import (
    Account,
    Exposure,
    Proposal,
    Refusal,
    buying_power_ceiling,
    check_crossing,
    check_open,
    check_planned_loss,
)
from tomking.kernel.occ import occ_text
from tomking.kernel.readings import Reading
from tomking.strategies.book import Book, Leg, Trade
from tomking.strategies.gate import Verdict, judge
from tomking.strategies.intents import PlanTrade, SendOrder

DAY = date(2020, 2, 28)
RICH = Account(Decimal(250_000), Decimal(0), Decimal(15))


def exposures(*products: str, expiry: date = date(2020, 3, 20)) -> list[Exposure]:
    return [Exposure(f"t{n}", "other", product, expiry) for n, product in enumerate(products)]


def proposal(max_open: int = 3) -> Proposal:
    return Proposal("strangle", "SPY", DAY, max_open)


@pytest.mark.parametrize(
    ("rule", "wanted", "live", "account"),
    [
        ("max_open", proposal(1), [Exposure("t", "strangle", "SPY", date(2020, 3, 20))], RICH),
        ("short_volatility", proposal(), exposures("CL", "GC", "6E", "ZC", "LE"), RICH),
        ("group_positions", proposal(), exposures("SPY", "QQQ", "IWM"), RICH),
        ("same_expiry", proposal(), exposures("QQQ", expiry=DAY), RICH),
        ("reserve", proposal(), [], Account(Decimal(100_000), Decimal(81_000), Decimal(15))),
        ("buying_power_ceiling", proposal(), [], Account(Decimal(100_000), Decimal(46_000), Decimal(12))),
    ],
)
def test_a_breach_is_refused_by_its_rule(rule: str, wanted: Proposal, live: list[Exposure], account: Account) -> None:
    answer = check_open(wanted, live, account, values())
    assert answer.refusal is not None
    assert answer.refusal.rule == rule


def test_a_rule_without_its_input_is_named_and_refuses_nothing() -> None:
    answer = check_open(proposal(), [], Account(Decimal(100), Decimal(0), None), values())
    assert answer.refusal is None
    assert answer.not_judged == (
        "correlation_age: correlation_day",
        "entry_share: margin",
        "buying_power_ceiling: vix",
    )
    blind = check_open(proposal(), [], Account(None, None, None), values())
    assert blind.not_judged == (
        "account_trades: equity",
        "correlation_age: correlation_day",
        "reserve: margin_used",
        "buying_power_ceiling: margin_used",
    )


def test_the_ceiling_follows_the_bands_of_vix() -> None:
    shares = [buying_power_ceiling(Decimal(vix), values()) for vix in ("12.99", "13", "18", "25", "30", "80")]
    assert shares == [Decimal(text) for text in ("0.45", "0.60", "0.60", "0.40", "0.25", "0.25")]


def test_a_trade_may_risk_two_percent_and_an_unknown_equity_refuses() -> None:
    account = Account(Decimal(10_000), None, None)
    assert check_planned_loss(Decimal(200), account, values()) is None
    refusal = check_planned_loss(Decimal("200.01"), account, values())
    assert refusal is not None
    assert refusal.rule == "risk_per_trade"
    assert check_planned_loss(Decimal(1), Account(None, None, None), values()) is not None


@given(st.integers(-5, 5), st.integers(-5, 5).filter(bool))
def test_an_order_is_refused_exactly_when_it_would_change_the_sign_of_a_holding(held: int, quantity: int) -> None:
    refusal = check_crossing([("SPY", quantity)], {"SPY": held})
    assert (refusal is not None) == (held * (held + quantity) < 0)


def judged(
    *intents: PlanTrade | SendOrder,
    book: Book | None = None,
    held: dict[str, int] | None = None,
    equity: str = "250000",
) -> Verdict:
    seen = view(clock("2020-01-14T12:00"), holdings=held, equity=equity)
    return judge(intents, book or Book(), {"SPY": seen}, values(), max_open={"strangle": 1})


def test_an_opening_against_a_smaller_holding_is_refused() -> None:
    order = SendOrder("t", "strangle", "open", ((PUT, -2), (CALL, -2)), 2, Decimal(-2), "entry", Decimal(4))
    assert [one.refusal.rule for one in judged(order, held={PUT: 1}).refused] == ["crosses_zero"]


def closing(quantity: int = 1) -> SendOrder:
    legs = ((PUT, quantity), (CALL, quantity))
    return SendOrder("strangle-20200114-1", "strangle", "close:dte", legs, quantity, Decimal(2), "dte")


def test_an_exit_passes_even_where_every_limit_on_risk_is_broken() -> None:
    verdict = judged(closing(), held={PUT: -1, CALL: -1}, equity="1")
    assert verdict.allowed == (closing(),)


def test_an_exit_for_more_than_is_held_is_refused() -> None:
    verdict = judged(closing(2), held={PUT: -1, CALL: -2})
    assert [one.refusal.rule for one in verdict.refused] == ["more_than_held"]


def test_a_second_closing_of_the_same_holding_in_one_pass_is_refused() -> None:
    verdict = judged(closing(), closing(), held={PUT: -1, CALL: -1})
    assert len(verdict.allowed) == len(verdict.refused) == 1


def test_an_entry_counts_the_trades_that_live() -> None:
    one = open_trade()
    plan = PlanTrade("strangle", "SPY", one.legs, DAY, "a test")
    assert judged(plan).allowed == (plan,)
    verdict = judged(plan, book=Book({one.id: one}))
    assert [refused.refusal.rule for refused in verdict.refused] == ["max_open"]


def test_what_stops_every_entry_stops_no_exit() -> None:
    stop = Refusal("pause", "no new trades")
    seen = view(clock("2020-01-14T12:00"), holdings={PUT: -1, CALL: -1})
    plan = PlanTrade("strangle", "SPY", open_trade().legs, DAY, "a test")
    verdict = judge([plan, closing()], Book(), {"SPY": seen}, values(), max_open={"strangle": 1}, stop=stop)
    assert verdict.allowed == (closing(),)
    assert [one.refusal for one in verdict.refused] == [stop]


def ratio(**changes: object) -> Trade:
    legs = (Leg(SPREAD[0], 1, "hedge"), Leg(SPREAD[1], -1, "hedge"), Leg(PUT, -2, "naked"))
    trade = Trade("one_one_two-20200114-1", "one_one_two", "SPY", "open", legs, EXPIRY, date(2020, 1, 14))
    return replace(trade, **changes)  # type: ignore[arg-type]


SPREAD = (occ_text("SPY", EXPIRY, "P", Decimal(310)), occ_text("SPY", EXPIRY, "P", Decimal(305)))


def test_a_hedge_is_not_sold_while_what_it_protects_stands() -> None:
    trade = ratio()
    held = {leg.key: leg.quantity for leg in trade.legs}
    hedge = ((SPREAD[0], -1), (SPREAD[1], 1))
    alone = SendOrder(trade.id, "one_one_two", "close:expiry", hedge, 1, Decimal(-1), "expiry")
    book = Book({trade.id: trade})
    assert [one.refusal.rule for one in judged(alone, book=book, held=held).refused] == ["hedge"]
    whole = replace(alone, legs=trade.closing_pairs)
    assert judged(whole, book=book, held=held).allowed == (whole,)
    naked = replace(alone, legs=((PUT, 2),), net=Decimal(1))
    assert judged(naked, book=book, held=held).allowed == (naked,)


def test_a_plan_of_naked_puts_without_their_spread_is_refused() -> None:
    plan = PlanTrade("strangle", "SPY", ratio().legs[2:], EXPIRY, "a test")
    assert [one.refusal.rule for one in judged(plan).refused] == ["hedge"]


def test_a_call_is_sold_only_against_one_that_is_held_and_that_one_is_not_sold_first() -> None:
    deep = occ_text("SPY", date(2021, 1, 15), "C", Decimal(250))
    leap = Trade(
        "ipmcc-20200114-1", "ipmcc", "SPY", "open", (Leg(deep, 1),), date(2021, 1, 15), DAY, stance="long", part="leap"
    )
    plan = PlanTrade("ipmcc", "SPY", (Leg(CALL, -1),), EXPIRY, "a test", "covered", "weekly", leap.id)

    def rules(book: Book, *intents: PlanTrade | SendOrder, held: dict[str, int] | None = None) -> list[str]:
        seen = view(clock("2020-01-14T12:00"), holdings=held or {})
        verdict = judge(intents, book, {"SPY": seen}, values(), max_open={"ipmcc": 1})
        return [one.refusal.rule for one in verdict.refused]

    assert rules(Book({leap.id: leap}), plan) == []
    assert rules(Book(), plan) == ["cover"]
    assert rules(Book({leap.id: leap}), replace(plan, legs=(Leg(CALL, -2),))) == ["cover"]
    weekly = Trade(
        "ipmcc-20200117-2", "ipmcc", "SPY", "open", (Leg(CALL, -1),), EXPIRY, DAY, stance="covered", part="weekly",
        parent=leap.id,
    )  # fmt: skip
    sale = SendOrder(leap.id, "ipmcc", "close:dte", ((deep, -1),), 1, Decimal(-70), "dte")
    both = Book({leap.id: leap, weekly.id: weekly})
    assert rules(both, sale, held={deep: 1, CALL: -1}) == ["cover"]


def test_an_entry_takes_its_margin_from_the_next_one_of_the_same_pass() -> None:
    first = PlanTrade("strangle", "SPY", open_trade(quantity=9).legs, DAY, "a test")
    second = replace(first, expiry=date(2020, 3, 20))
    seen = view(clock("2020-01-14T12:00"), equity="250000")
    verdict = judge([first, second], Book(), {"SPY": seen}, values(), max_open={"strangle": 3})
    assert verdict.allowed == (first, second)
    used = replace(seen, margin_used=Decimal(100_000), vix=Reading(Decimal(16), seen.now, "index"))
    verdict = judge([first, second], Book(), {"SPY": used}, values(), max_open={"strangle": 3})
    assert verdict.allowed == (first,)
    assert [one.refusal.rule for one in verdict.refused] == ["buying_power_ceiling"]


def test_an_opening_that_risks_too_much_is_refused() -> None:
    order = SendOrder("t", "strangle", "open", ((PUT, -1), (CALL, -1)), 1, Decimal(-2), "entry", Decimal(4))
    assert judged(order).allowed == (order,)
    assert [one.refusal.rule for one in judged(order, equity="10000").refused] == ["risk_per_trade"]
