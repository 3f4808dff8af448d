"""Statements priced by the schedule alone: a cause counts where applying it gives the cents."""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.transforms.fees.statement_pricing import PricedLeg, price_statements, statement_legs
from pipelines.transforms.matching.fills import BrokerFill
from tests.transforms.account_maker import TERMS, make_account
from tomking.kernel.fees import schedule_for

SCHEDULE = schedule_for("tastytrade")


def rows_of(seed: int = 3, orders: int = 40) -> list[BrokerFill]:
    return make_account(random.Random(seed), orders, step=lambda: dt.timedelta(minutes=7)).broker


def priced(rows: list[BrokerFill]) -> list[PricedLeg]:
    return price_statements("main", rows, TERMS, SCHEDULE)


def causes(found: list[PricedLeg]) -> Counter[str]:
    return Counter(leg.cause or "reproduced" for leg in found)


def one_leg(rows: list[BrokerFill], wanted: Callable[[list[BrokerFill]], bool]) -> list[BrokerFill]:
    return next(list(leg.rows) for leg in statement_legs(rows) if wanted(list(leg.rows)))


def with_changed(
    rows: list[BrokerFill], change: Callable[[BrokerFill], BrokerFill], leg: list[BrokerFill]
) -> list[BrokerFill]:
    return [change(row) if row in leg else row for row in rows]


def test_a_statement_charged_by_the_schedule_is_reproduced_leg_by_leg() -> None:
    found = priced(rows_of())
    assert set(causes(found)) == {"reproduced"}
    assert all(leg.expected is not None and abs(leg.left) <= Decimal("0.005") * len(leg.leg.rows) for leg in found)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000))
def test_the_order_of_rows_changes_nothing(seed: int) -> None:
    rows = rows_of(seed, 12)
    shuffled = list(rows)
    random.Random(seed).shuffle(shuffled)
    assert priced(shuffled) == priced(rows)


def test_an_opening_charged_as_a_closing_is_named() -> None:
    rows = rows_of()
    leg = one_leg(rows, lambda found: found[0].effect == "open")
    found = priced(with_changed(rows, lambda row: replace(row, commission=Decimal(0)), leg))
    assert causes(found) == Counter(reproduced=len(found) - 1, open_close_class=1)


def test_a_leg_charged_without_its_limit_is_named() -> None:
    rows = rows_of(5, 80)
    leg = one_leg(rows, lambda found: sum(abs(row.quantity) for row in found) > 10 and found[0].effect == "open")
    found = priced(with_changed(rows, lambda row: replace(row, commission=abs(row.quantity)), leg))
    assert causes(found)["cap"] == 1
    assert causes(found)["unknown"] == 0


def test_one_odd_fee_is_unknown() -> None:
    rows = rows_of()
    leg = one_leg(rows, lambda found: len(found) == 1)
    found = priced(with_changed(rows, lambda row: replace(row, fees=row.fees + Decimal("0.37")), leg))
    assert causes(found) == Counter(reproduced=len(found) - 1, unknown=1)
    [odd] = [one for one in found if one.cause == "unknown"]
    assert abs(odd.left - Decimal("0.37")) < Decimal("0.01")


def test_a_commission_rate_counts_when_more_than_one_contract_shows_it() -> None:
    rows = rows_of()
    opened = [list(leg.rows) for leg in statement_legs(rows) if leg.rows[0].effect == "open"]
    single = [leg for leg in opened if len(leg) == 1 and abs(leg[0].quantity) == 1][:2]
    several = next(leg for leg in opened if sum(abs(row.quantity) for row in leg) == 2)

    def at(rate: str, before: list[BrokerFill], leg: list[BrokerFill]) -> list[BrokerFill]:
        return with_changed(before, lambda row: replace(row, commission=abs(row.quantity) * Decimal(rate)), leg)

    assert causes(priced(at("1.13", rows, single[0])))["unknown"] == 1
    assert causes(priced(at("1.135", rows, several)))["unknown"] == 1
    assert causes(priced(at("1.50", rows, several)))["commission_rate"] == 1
    found = [
        leg for leg in priced(at("1.13", at("1.13", rows, single[0]), single[1])) if leg.cause == "commission_rate"
    ]
    assert [(leg.level, leg.evidence) for leg in found] == [(Decimal("1.13"), 2)] * 2


def test_another_regulatory_level_is_found_with_the_fills_that_show_it() -> None:
    rows = rows_of(9, 60)
    # Five cents per contract more than the schedule's level, on every row.
    dearer = [replace(row, fees=row.fees + Decimal("0.05") * abs(row.quantity)) for row in rows]
    found = priced(dearer)
    assert causes(found)["unknown"] == 0
    shown = [leg for leg in found if leg.cause == "pass_through_rate_change"]
    assert len(shown) == len(found)
    assert all(leg.evidence is not None and leg.evidence > 2 for leg in shown)


def test_without_a_schedule_or_a_price_nothing_is_expected() -> None:
    rows = rows_of(orders=3)
    assert set(causes(price_statements("main", rows, TERMS, None))) == {"no_schedule"}
    assert set(causes(price_statements("main", rows, {}, SCHEDULE))) == {"no_rate"}


@pytest.mark.parametrize("numbered", [True, False])
def test_rows_without_an_order_number_stand_alone(numbered: bool) -> None:
    rows = [row if numbered else replace(row, order_number=None) for row in rows_of()]
    assert (len(statement_legs(rows)) == len(rows)) is not numbered
