"""Expiries, assignments, exercises and deliveries of both sides."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from pipelines.transforms.fees.explanation import Schedules, Terms, explain
from pipelines.transforms.matching.event_matching import match_events
from pipelines.transforms.matching.fills import BrokerFill, LeanFill, LegClass
from tests.transforms.account_maker import SCHEDULE

CALL, PUT = "SPY   191206C00314000", "SPY   191206P00305000"
FRIDAY = dt.date(2019, 12, 6)
MIDNIGHT = dt.datetime(2019, 12, 7, 5, tzinfo=dt.UTC)
EVENING = dt.datetime(2019, 12, 6, 22, tzinfo=dt.UTC)


def lean(order: int, key: str, leg_class: LegClass, quantity: str, price: str = "0", **more: Any) -> LeanFill:
    defaults: dict[str, Any] = {"occurred_at": MIDNIGHT, "session_date": FRIDAY, **more}
    return LeanFill(
        reference=f"run/{order}/{key}",
        run_id="run",
        order_id=order,
        instrument_key=key,
        leg_class=leg_class,
        quantity=Decimal(quantity),
        price=Decimal(price),
        **defaults,
    )


def row(name: str, key: str, leg_class: LegClass, quantity: str, price: str | None = None, **more: Any) -> BrokerFill:
    defaults: dict[str, Any] = {
        "occurred_at": EVENING,
        "session_date": FRIDAY,
        "sided": False,
        "commission": None,
        "fees": Decimal(0),
        **more,
    }
    return BrokerFill(
        row_id=name,
        instrument_key=key,
        leg_class=leg_class,
        quantity=Decimal(quantity),
        price=None if price is None else Decimal(price),
        **defaults,
    )


def test_an_assignment_and_its_delivery_are_two_legs_of_one_order() -> None:
    fills = [lean(18, CALL, "assignment", "1"), lean(18, "SPY", "delivery", "-100", "314.0")]
    rows = [
        row("option", CALL, "assignment", "1"),
        row("shares", "SPY", "delivery", "-100", "314.00", sided=True, effect="open", fees=Decimal("5.66")),
    ]
    delivery, removal = match_events(fills, rows)
    assert [found.row_id for leg in (removal, delivery) for found in leg.rows] == ["option", "shares"]
    assert {fill.order_id for leg in (removal, delivery) for fill in leg.lean} == {18}
    charged = explain(delivery, Terms("equity", Decimal(1), "SPY"), Schedules(SCHEDULE))
    assert (charged.expected, charged.charged) == (Decimal("5.662"), Decimal("5.66"))
    assert {part.cause for part in charged.parts} == {"component_not_modelled", "rounding"}
    free = explain(removal, Terms("equity_option", Decimal(100), "SPY"), Schedules(SCHEDULE))
    assert not any((free.expected, free.charged, free.difference))


def test_an_expiry_without_a_side_takes_lean_s() -> None:
    (leg,) = match_events([lean(1, PUT, "expiration", "-2")], [row("a", PUT, "expiration", "2")])
    assert (leg.lean_quantity, leg.broker_quantity, leg.deviations) == (Decimal(-2), Decimal(-2), ())


def test_a_booking_on_the_next_business_day_is_a_matter_of_time() -> None:
    late = row("a", PUT, "expiration", "1", session_date=dt.date(2019, 12, 9))
    (leg,) = match_events([lean(1, PUT, "expiration", "1")], [late])
    assert leg.deviations == ("timing",)
    assert leg.session_date == FRIDAY


def test_a_booking_weeks_later_is_another_event() -> None:
    late = row("a", PUT, "expiration", "1", session_date=dt.date(2019, 12, 20))
    assert len(match_events([lean(1, PUT, "expiration", "1")], [late])) == 2


def test_deliveries_are_told_apart_by_strike() -> None:
    fills = [lean(1, "SPY", "delivery", "100", "320"), lean(2, "SPY", "delivery", "100", "315")]
    rows = [
        row("a", "SPY", "delivery", "100", "315.00", sided=True),
        row("b", "SPY", "delivery", "100", "320.00", sided=True),
    ]
    legs = match_events(fills, rows)
    assert {leg.lean[0].order_id: leg.rows[0].row_id for leg in legs} == {1: "b", 2: "a"}


def test_a_delivery_on_the_other_side_is_no_partner() -> None:
    fills = [lean(1, "SPY", "delivery", "100", "320")]
    assert len(match_events(fills, [row("a", "SPY", "delivery", "-100", "320.00", sided=True)])) == 2


def test_the_removal_and_the_cash_of_a_settlement_are_one_leg() -> None:
    key = "SPXW  230721P04400000"
    rows = [row("plain", key, "assignment", "2"), row("cash", key, "assignment", "2", settles_cash=True)]
    (leg,) = match_events([lean(1, key, "assignment", "2")], rows)
    assert (leg.broker_quantity, leg.deviations, len(leg.rows)) == (Decimal(2), (), 2)


def test_one_contract_of_two_runs_is_given_to_each_once() -> None:
    fills = [lean(1, PUT, "expiration", "1"), lean(2, PUT, "expiration", "1")]
    legs = match_events(fills, [row("a", PUT, "expiration", "1")])
    assert sorted(len(leg.rows) for leg in legs) == [0, 1]


def test_cash_that_comes_days_after_the_settlement_belongs_to_it() -> None:
    call = "SPXW  191206C03700000"
    later = dt.timedelta(days=3)
    cash = row(
        "cash", call, "assignment", "1", settles_cash=True, occurred_at=EVENING + later, session_date=FRIDAY + later
    )
    rows = [row("removal", call, "assignment", "1"), cash]
    (leg,) = match_events([lean(1, call, "assignment", "1")], rows)
    assert {found.row_id for found in leg.rows} == {"removal", "cash"}
    assert leg.deviations == ()
