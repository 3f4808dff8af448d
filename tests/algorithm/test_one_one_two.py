"""The 1-1-2 on paper: when it is opened, its legs, and how naked puts and spread leave apart."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from tests.algorithm.paper import PaperAccount, hourly, sessions
from tomking.kernel.occ import parse_occ
from tomking.kernel.parameters import default_values
from tomking.kernel.sessions import next_session
from tomking.strategies.book import Leg, Trade
from tomking.strategies.intents import PassEntry, PlanTrade, ReportLate, SendOrder
from tomking.strategies.market_view import Quote
from tomking.strategies.one_one_two import OneOneTwo

DAYS = sessions("2019-03-01", "2019-12-31")


def account(**changes: str) -> PaperAccount:
    values = default_values() | {f"one_one_two.{name}": text for name, text in changes.items()}
    return PaperAccount([OneOneTwo.from_values(values)], values)


def falling_then_still(days: list[date]) -> list[tuple[float, float, float | None]]:
    """A dip away from the high, then calm: naked puts decay to their target."""
    return [(300 - 12 * min(1, n / 150) + 2 * math.sin(n / 9), 0.18, 18.0) for n in range(len(days) * 7)]


def plans(one: PaperAccount) -> list[PlanTrade]:
    return [intent for _, intent in one.done if isinstance(intent, PlanTrade)]


@pytest.fixture(scope="module")
def traded() -> PaperAccount:
    one = account()
    for _ in one.run(hourly(DAYS, falling_then_still(DAYS))):
        pass
    return one


def test_a_trade_has_one_put_bought_one_sold_below_and_two_far_below(traded: PaperAccount) -> None:
    assert plans(traded)
    for plan in plans(traded):
        (long, short, naked) = plan.legs
        assert [leg.quantity for leg in plan.legs] == [1, -1, -2]
        assert [leg.role for leg in plan.legs] == ["hedge", "hedge", "naked"]
        strikes = [parse_occ(leg.key).strike for leg in (long, short, naked)]
        assert strikes[0] - strikes[1] == 5
        assert strikes[2] < strikes[1]
        assert len({parse_occ(leg.key).expiry for leg in plan.legs}) == 1


def test_entries_come_on_the_first_four_wednesdays_of_a_large_account_and_one_of_a_small(traded: PaperAccount) -> None:
    weeks = {
        (when.day - 1) // 7 + 1
        for when, intent in traded.done
        if isinstance(intent, PlanTrade | PassEntry) and when.weekday() == 2
    }
    assert weeks <= {1, 2, 3, 4}
    days = {when.date().weekday() for when, intent in traded.done if isinstance(intent, PlanTrade)}
    assert days <= {2, 3}
    rules = OneOneTwo.from_values(default_values())
    wednesdays = [date(2019, 5, day) for day in (1, 8, 15, 22, 29)]
    for equity, many in ((74_999, 1), (75_000, 2), (100_000, 3), (150_000, 4)):
        assert [rules.may_enter_on(day, Decimal(equity)) for day in wednesdays] == [n < many for n in range(5)]


def test_naked_puts_leave_at_ninety_percent_and_the_spread_stays_as_an_exception_on_record(
    traded: PaperAccount,
) -> None:
    closings = [intent for _, intent in traded.done if isinstance(intent, SendOrder) and intent.action != "open"]
    assert any(one.action == "close:target" for one in closings)
    targets = [one for one in closings if one.action == "close:target"]
    assert all(len(one.legs) == 1 and one.legs[0][1] == 2 for one in targets)
    assert any(isinstance(one, ReportLate) and one.reason == "spread_kept_as_hedge" for _, one in traded.done)


def test_at_a_high_nothing_is_opened() -> None:
    one = account()
    days = DAYS[:80]
    rising = [(300 + n / 20, 0.18, 18.0) for n in range(len(days) * 7)]
    for _ in one.run(hourly(days, rising)):
        pass
    reasons = {intent.reason for _, intent in one.done if isinstance(intent, PassEntry)}
    assert reasons == {"no_history", "at_high"}


def test_the_calendarised_variant_sells_nearer_puts_and_counts_to_their_expiry() -> None:
    one = account(calendarised="true", min_credit="0.01")
    days = DAYS[:140]
    wild = [(300 - 15 * min(1, n / 150) + math.sin(n / 9), 0.35, 25.0) for n in range(len(days) * 7)]
    for _ in one.run(hourly(days, wild)):
        pass
    assert plans(one)
    for plan in plans(one):
        spread, naked = (parse_occ(plan.legs[n].key).expiry for n in (0, 2))
        assert naked < spread
        assert plan.expiry == naked


def test_the_naked_puts_leave_by_stop_loss_distance_and_date(traded: PaperAccount) -> None:
    rules = OneOneTwo.from_values(default_values())
    plan, view = plans(traded)[0], traded.view()
    naked = replace(plan.legs[2], opened=Decimal(2))
    key, strike = naked.key, parse_occ(naked.key).strike

    trade = Trade("one_one_two-1-1", "one_one_two", "SPY", "open", (*plan.legs[:2], naked), plan.expiry, view.day)
    early = replace(
        view, local=view.local.replace(year=2019, month=4, day=3), next_session=date(2019, 4, 4), price=strike + 50
    )

    def reason(worth: str, **changes: object) -> str | None:
        quote = Quote(Decimal(worth), Decimal(worth), view.now)
        return rules.naked_exit(trade, replace(early, quotes={key: quote}, **changes))  # type: ignore[arg-type]

    assert reason("1.00") is None
    assert reason("0.10") == "target"
    assert reason("3.00") == "stop"
    assert reason("2.50", equity=Decimal(10_000)) == "loss"
    assert reason("1.00", price=strike + Decimal("2.5")) == "distance"
    due = date.fromordinal(plan.expiry.toordinal() - 21)
    late = early.local.replace(year=due.year, month=due.month, day=due.day)
    assert reason("1.00", local=late, next_session=next_session(due)) == "dte"


def test_a_spread_in_the_money_is_closed_before_its_short_put_is_assigned(traded: PaperAccount) -> None:

    rules = OneOneTwo.from_values(default_values())
    plan, view = plans(traded)[0], traded.view()
    legs = tuple(Leg(leg.key, leg.quantity, "hedge") for leg in plan.legs[:2])
    trade = Trade("one_one_two-1-1", "one_one_two", "SPY", "open", legs, plan.expiry, view.day)
    early = replace(view, local=view.local.replace(year=2019, month=4, day=3), next_session=date(2019, 4, 4))
    short = parse_occ(legs[1].key).strike

    def reason(price: Decimal, worth: str) -> str | None:
        quotes = {leg.key: Quote(Decimal(worth), Decimal(worth), view.now) for leg in legs}
        return rules.spread_exit(trade, replace(early, price=price, quotes=quotes))

    assert reason(short + 10, "1") is None
    assert reason(short - 10, "11") is None
    assert reason(short - 10, "10.10") == "assignment"
