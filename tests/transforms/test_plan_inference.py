"""The plan of an account is the one that explains most of its orders, and changes only where orders say so."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import replace
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.transforms.fees.explanation import Terms
from pipelines.transforms.fees.plan_history import PlanHistory
from pipelines.transforms.fees.plan_inference import PlanPeriod, infer_plans
from pipelines.transforms.fees.statement_pricing import price_statements, statement_legs
from pipelines.transforms.matching.fills import BrokerFill
from tomking.kernel.fees import FeeFill, FeeSchedule, schedule_for
from tomking.kernel.schedules.rates import FeeRate

PLANS = {name: schedule_for("ibkr", name) for name in ("fixed", "tiered", "lite")}
TERMS = {"SPY": Terms("equity", Decimal(1), "SPY")}
MARCH = dt.date(2025, 3, 3)


def order(plan: str, number: int, day: dt.date, quantity: str, price: str, *, venue: str = "0") -> BrokerFill:
    """An order of shares charged by a plan, with what the venue took per share in the same figure."""
    units = Decimal(quantity)
    fill = FeeFill("equity", "buy" if units > 0 else "sell", None, abs(units), Decimal(price), Decimal(1), day, "SPY")
    [fees] = PLANS[plan].fees_for_leg([fill])
    charged = fees.total + Decimal(venue) * abs(units)
    return BrokerFill(
        row_id=f"row {number}",
        instrument_key="SPY",
        leg_class="trade",
        occurred_at=dt.datetime.combine(day, dt.time(15), dt.UTC) + dt.timedelta(minutes=number),
        session_date=day,
        quantity=units,
        price=Decimal(price),
        commission=charged,
        fees=Decimal(0),
        order_number=str(number),
        all_in=True,
    )


def found(rows: list[BrokerFill], configured: str | None = None) -> tuple[PlanPeriod, ...]:
    return infer_plans(statement_legs(rows), TERMS, PLANS, configured=configured)


def days(count: int) -> list[dt.date]:
    return [MARCH + dt.timedelta(days=7 * week) for week in range(count)]


def test_every_plan_is_told_by_its_own_charges() -> None:
    for plan in PLANS:
        rows = [order(plan, week, day, str(-40 - week), "21.5") for week, day in enumerate(days(5))]
        [period] = found(rows)
        assert (period.plan, period.first_day, period.orders, period.reproduced) == (plan, MARCH, 5, 5)


def test_a_change_of_plan_is_dated_by_the_first_order_that_shows_it() -> None:
    rows = [order("fixed" if week < 4 else "tiered", week, day, "100", "30") for week, day in enumerate(days(9))]
    assert [(period.plan, period.first_day) for period in found(rows)] == [("fixed", MARCH), ("tiered", days(9)[4])]


def test_one_order_alone_changes_no_plan() -> None:
    rows = [order("tiered" if week == 3 else "fixed", week, day, "100", "30") for week, day in enumerate(days(8))]
    [period] = found(rows)
    assert (period.plan, period.orders, period.reproduced) == ("fixed", 8, 7)


def test_a_configured_plan_stays_until_more_than_one_order_speaks_against_it() -> None:
    one = [order("tiered", 1, MARCH, "100", "30")]
    assert [period.plan for period in found(one)] == ["tiered"]
    assert [period.plan for period in found(one, "fixed")] == ["fixed"]
    several = [order("tiered", week, day, "100", "30") for week, day in enumerate(days(4))]
    assert [period.plan for period in found(several, "fixed")] == ["tiered"]


def test_orders_that_every_plan_prices_alike_say_nothing() -> None:
    terms = {"SPY": Terms("future", Decimal(50), "ES")}
    rows = [replace(order("fixed", 1, MARCH, "1", "5000"), commission=Decimal("2.05"))]
    assert infer_plans(statement_legs(rows), terms, PLANS, configured=None) == ()


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(sorted(PLANS)))
def test_a_plan_with_what_venues_took_is_found_whatever_the_orders(seed: int, plan: str) -> None:
    chance = random.Random(seed)
    rows = []
    for week, day in enumerate(days(12)):
        size = chance.choice([17, 100, 230, 400, -50, -300])
        price = Decimal(chance.randint(500, 30_000)) / 100
        venue = chance.choice(["-0.0032", "-0.0021", "-0.0016", "0.0030", "0"]) if plan == "tiered" else "0"
        rows.append(order(plan, week, day, str(size), str(price), venue=venue))
    chance.shuffle(rows)
    [period] = found(rows)
    assert (period.plan, period.reproduced + period.by_venue) == (plan, 12)


def test_a_history_of_plans_prices_each_day_by_its_own() -> None:
    change = dt.date(2025, 6, 2)
    history = PlanHistory([(MARCH, PLANS["fixed"]), (change, PLANS["tiered"])])
    rows = [order("fixed", 1, MARCH, "100", "30"), order("tiered", 2, change, "100", "30")]
    assert [leg.cause for leg in price_statements("main", rows, TERMS, history)] == [None, None]
    before, after = change - dt.timedelta(days=1), change
    assert [history.plan_on(day) for day in (dt.date(2019, 1, 2), before, after)] == ["fixed", "fixed", "tiered"]
    assert history.epoch(before) != history.epoch(after)
    cheaper: list[FeeRate] = []
    for day in (before, after):
        rate = history.rate("commission", "equity", day)
        assert rate is not None
        assert rate == history.on(day).rate("commission", "equity", day)
        cheaper.append(replace(rate, amount=Decimal(0), effective_from=day))
    changed: FeeSchedule = history.with_rates(cheaper)
    assert changed.known_on(after).plan_on(after) == "tiered"
    assert changed.plan_on(before) == "fixed"
