"""Why a leg was charged what it was charged."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.transforms.fees.explanation import ROUTINE, Explained, Schedules, Terms, explain
from pipelines.transforms.matching.fills import BrokerFill, LeanFill, Leg
from pipelines.transforms.matching.leg_matching import match_trades
from tests.transforms.account_maker import CONTRACTS, DAY, OPENING, SCHEDULE, booked, make_account
from tomking.kernel.fees import FeeSchedule

PUT = CONTRACTS[3]
TERMS = Terms("equity_option", Decimal(100), "SPY")
ACCEPTED = Schedules(SCHEDULE)


def lean(quantity: str = "-2", price: str = "1.58", fee: str | None = "2.0") -> LeanFill:
    return LeanFill(
        reference="run/1",
        run_id="run",
        order_id=1,
        instrument_key=PUT,
        leg_class="trade",
        occurred_at=OPENING,
        session_date=DAY,
        quantity=Decimal(quantity),
        price=Decimal(price),
        fee=None if fee is None else Decimal(fee),
    )


def leg_of(fill: LeanFill, rows: list[BrokerFill]) -> Leg:
    (leg,) = match_trades([fill], rows)
    return leg


def whole(fill: LeanFill, effect: str = "open", schedule: FeeSchedule = SCHEDULE) -> list[BrokerFill]:
    """One row for the whole fill, as the schedule charges it."""
    for seed in range(50):
        rows = booked(fill, "84", random.Random(seed), effect=effect, schedule=schedule)
        if len(rows) == 1:
            return rows
    raise AssertionError("no seed leaves the fill whole")


def causes(found: Explained) -> dict[tuple[str, str], Decimal]:
    return {(part.component, part.cause): part.amount for part in found.parts}


def orf_of(amount: str) -> FeeSchedule:
    rate = SCHEDULE.rate("orf", "equity_option", DAY)
    assert rate is not None
    return SCHEDULE.with_rates([replace(rate, amount=Decimal(amount), effective_from=DAY)])


def test_a_sale_is_what_the_model_says_and_what_it_leaves_out() -> None:
    fill = lean()
    found = explain(leg_of(fill, whole(fill)), TERMS, ACCEPTED)
    assert (found.modelled, found.expected, found.charged) == (Decimal("2.0"), Decimal("2.294"), Decimal("2.29"))
    assert causes(found) == {
        ("clearing", "component_not_modelled"): Decimal("0.20"),
        ("orf", "component_not_modelled"): Decimal("0.08"),
        ("sec", "component_not_modelled"): Decimal("0.01"),
        ("taf", "component_not_modelled"): Decimal("0.004"),
        ("fees", "rounding"): Decimal("-0.004"),
    }
    assert not any(part.faulty for part in found.parts)


def test_an_absent_model_fee_is_not_zero() -> None:
    fill = lean(fee=None)
    found = explain(leg_of(fill, whole(fill)), TERMS, ACCEPTED)
    assert found.modelled is None
    assert causes(found)["commission", "component_not_modelled"] == 2


def test_the_cap_of_the_broker_is_no_fault() -> None:
    fill = lean(quantity="-15", fee="15")
    found = explain(leg_of(fill, whole(fill)), TERMS, ACCEPTED)
    assert causes(found)["commission", "cap"] == -5
    assert all(part.cause in ROUTINE for part in found.parts)


def test_a_missing_cap_is_a_fault() -> None:
    fill = lean(quantity="-15", fee="15")
    (row,) = whole(fill)
    found = explain(leg_of(fill, [replace(row, commission=Decimal(15))]), TERMS, ACCEPTED)
    faults = [part for part in found.parts if part.faulty]
    assert [(part.component, part.cause, part.amount) for part in faults] == [("commission", "cap", Decimal(5))]


def test_a_cap_shared_out_in_another_order_is_no_fault() -> None:
    fill = lean(quantity="-12", fee="12")
    (row,) = whole(fill)
    first = replace(row, row_id="x|0", quantity=Decimal(-5), commission=Decimal(3), fees=Decimal("0.72"))
    second = replace(row, row_id="x|1", quantity=Decimal(-7), commission=Decimal(7), fees=Decimal("1.00"))
    found = explain(leg_of(fill, [first, second]), TERMS, ACCEPTED)
    assert not any(part.faulty and part.component == "commission" for part in found.parts)


@pytest.mark.parametrize(
    ("effect", "fee", "quantity", "charged", "cause"),
    [
        ("close", "0", "2", "2", "open_close_class"),
        ("open", "2", "-2", "0", "open_close_class"),
        ("open", "2", "-2", "3", "commission_rate"),
        ("close", "0", "2", "1", "commission_rate"),
    ],
)
def test_a_wrong_commission_is_told_by_what_it_would_be_right_for(
    effect: str, fee: str, quantity: str, charged: str, cause: str
) -> None:
    fill = lean(quantity=quantity, fee=fee)
    (row,) = whole(fill, effect)
    found = explain(leg_of(fill, [replace(row, commission=Decimal(charged))]), TERMS, ACCEPTED)
    (fault,) = (part for part in found.parts if part.faulty)
    assert (fault.component, fault.cause, fault.amount) == ("commission", cause, Decimal(charged) - Decimal(fee))


def test_a_class_that_lean_judged_wrongly_is_explained_and_no_fault() -> None:
    fill = lean(quantity="2", fee="2")
    found = explain(leg_of(fill, whole(fill, "close")), TERMS, ACCEPTED)
    assert causes(found)["commission", "open_close_class"] == -2
    assert not any(part.faulty for part in found.parts)


def test_another_quantity_costs_what_the_schedule_says() -> None:
    fill = lean()
    rows = whole(replace(fill, quantity=Decimal(-1)))
    found = explain(leg_of(fill, rows), TERMS, ACCEPTED)
    by_cause = {key: amount for key, amount in causes(found).items() if key[1] == "quantity"}
    assert by_cause == {
        ("commission", "quantity"): Decimal(-1),
        ("clearing", "quantity"): Decimal("-0.1"),
        ("orf", "quantity"): Decimal("-0.04"),
        ("taf", "quantity"): Decimal("-0.002"),
    }


def test_a_level_the_statements_show_explains_the_printed_cents() -> None:
    fill = lean(quantity="2", price="0.31", fee="0")
    rows = whole(fill, "close", orf_of("0.0341"))
    assert explain(leg_of(fill, rows), TERMS, ACCEPTED).parts[-1].cause == "component_not_modelled"
    unexplained = explain(leg_of(fill, rows), TERMS, ACCEPTED)
    assert causes(unexplained)["fees", "unknown"] == Decimal("-0.01")
    explained = explain(leg_of(fill, rows), TERMS, Schedules(SCHEDULE, orf_of("0.0341")))
    assert causes(explained)["orf", "pass_through_rate_change"] == Decimal("-0.01")
    assert not any(part.faulty for part in explained.parts)


def test_a_side_that_is_missing_counts_as_nothing_and_says_so() -> None:
    fill = lean()
    gone = explain(leg_of(fill, []), TERMS, ACCEPTED)
    assert (gone.charged, gone.difference) == (None, Decimal("-2.0"))
    assert causes(gone) == {("commission", "missing_at_broker"): Decimal("-2.0")}
    (leg,) = match_trades([], whole(fill))
    strange = explain(leg, TERMS, ACCEPTED)
    assert (strange.modelled, strange.difference) == (None, Decimal("2.29"))
    assert causes(strange)["orf", "missing_in_lean"] == Decimal("0.08")


def test_a_duplicate_is_charged_once_too_often() -> None:
    fill = lean()
    (row,) = whole(fill)
    found = explain(leg_of(fill, [row, replace(row, row_id="again")]), TERMS, ACCEPTED)
    assert causes(found)["commission", "duplicate"] == 2
    assert causes(found)["fees", "duplicate"] == Decimal("0.29")


def test_what_no_schedule_prices_is_unknown() -> None:
    fill = lean()
    rows = whole(fill)
    for terms, schedules in ((None, ACCEPTED), (TERMS, None), (replace(TERMS, product="future"), ACCEPTED)):
        found = explain(leg_of(fill, rows), terms, schedules)
        assert found.expected is None
        assert causes(found) == {("fees", "unknown"): Decimal("0.29")}


@given(st.integers(0, 10**6))
def test_the_parts_always_add_up_to_the_difference(seed: int) -> None:
    chance = random.Random(seed)
    account = make_account(chance, 12, step=lambda: dt.timedelta(minutes=2))
    rows = []
    for row in account.broker:
        changes: dict[str, Any] = {
            "commission": Decimal(chance.randint(0, 2000)) / 100,
            "fees": Decimal(chance.randint(0, 300)) / 100,
            "price": Decimal(chance.randint(1, 900)) / 100,
            "effect": chance.choice(("open", "close")),
            "quantity": row.quantity * chance.randint(1, 3),
        }
        if chance.random() < 0.9:
            rows.append(replace(row, **{name: value for name, value in changes.items() if chance.random() < 0.25}))
    for leg in match_trades(account.lean, rows):
        for schedules in (ACCEPTED, Schedules(SCHEDULE, orf_of("0.0341")), None):
            found = explain(leg, TERMS, schedules)
            assert sum(part.amount for part in found.parts) == found.difference
            assert found.tolerance == Decimal("0.005") * len(leg.rows)


def charged_by(fill: LeanFill, effect: str, parts: list[tuple[str, str]]) -> Explained:
    """Rows of one second: contracts and commission each, their other fees as the schedule has them."""
    (pattern,) = whole(fill, effect)
    rows = []
    for place, (quantity, commission) in enumerate(parts):
        part = replace(fill, quantity=Decimal(quantity).copy_sign(fill.quantity))
        (booked_part,) = whole(part, effect)
        rows.append(
            replace(
                booked_part,
                row_id=f"{place}",
                occurred_at=pattern.occurred_at,
                order_number="84",
                commission=Decimal(commission),
            )
        )
    return explain(leg_of(fill, rows), TERMS, ACCEPTED)


def faults_of(found: Explained) -> set[str]:
    return {part.cause for part in found.parts if part.faulty}


def test_a_close_charged_as_a_capped_open_is_one_fault_in_whatever_order_the_cap_was_used() -> None:
    closing = lean(quantity="14", fee="0.0")
    for parts in ([("8", "8"), ("6", "2")], [("8", "4"), ("6", "6")], [("14", "10")]):
        found = charged_by(closing, "close", parts)
        assert faults_of(found) == {"open_close_class"}
        assert causes(found)["commission", "open_close_class"] == 10


def test_a_rate_that_uses_the_cap_up_sooner_is_a_rate_and_no_class() -> None:
    found = charged_by(lean(quantity="-8", fee="8.0"), "open", [("3", "4.50"), ("4", "5.50"), ("1", "0")])
    assert faults_of(found) == {"commission_rate"}
    assert causes(found)["commission", "commission_rate"] == 2


def test_one_row_at_another_rate_under_a_shared_cap_is_a_rate_and_no_class() -> None:
    parts = [("5", "5"), ("4", "4"), ("2", "3"), ("3", "0")]
    found = charged_by(lean(quantity="-14", fee="14.0"), "open", parts)
    assert faults_of(found) == {"commission_rate"}
    assert causes(found)["commission", "commission_rate"] == 2
