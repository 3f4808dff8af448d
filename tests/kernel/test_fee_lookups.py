"""What a schedule remembers changes no fee.

Holds: random legs of every plan, priced by the schedule and by the plain rules.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.kernel.plain_fees import fees_of_leg
from tomking.kernel.fees import FeeFill, UnknownRate, schedule_for
from tomking.kernel.schedules import PLANS
from tomking.kernel.schedules.rates import EVENTS, PRODUCTS

SCHEDULES = {plan: schedule_for(*plan) for plan in PLANS}
ROOTS = ("SPY", "SPX", "SPXW", "XSP", "RUT", "VIX", "ES", "MES", "ES E2B", "MES EX", "NQ QN", "6S SFV")
days = st.integers(0, 3300).map(lambda number: date(2018, 1, 1) + timedelta(days=number))
quantities = st.one_of(st.integers(1, 60).map(Decimal), st.integers(1, 60_000).map(Decimal), st.just(Decimal("2.5")))
cents = st.integers(-5, 60_000).map(lambda number: Decimal(number) / 100)


@st.composite
def legs(draw: Callable[..., object]) -> list[FeeFill]:
    day = draw(days)
    assert isinstance(day, date)
    shared = {
        "product": draw(st.sampled_from(PRODUCTS)),
        "side": draw(st.sampled_from(["buy", "sell"])),
        "effect": draw(st.sampled_from(["open", "close", None])),
        "multiplier": Decimal(100),
        "root": draw(st.sampled_from(ROOTS)),
        "event": draw(st.sampled_from(["trade", "trade", "trade", *EVENTS])),
        "month_quantity": draw(st.sampled_from([Decimal(0), Decimal(20_000), Decimal(200_000)])),
    }
    later = draw(st.lists(st.sampled_from([0, 0, 0, 1, 40]), min_size=1, max_size=4))
    assert isinstance(later, list)
    return [
        FeeFill(quantity=draw(quantities), price=draw(cents), session_date=day + timedelta(days=wait), **shared)  # type: ignore[arg-type]
        for wait in sorted(later)
    ]


@pytest.mark.parametrize("plan", PLANS, ids=" ".join)
@settings(max_examples=60)
@given(leg=legs())
def test_every_leg_costs_what_the_plain_rules_say(plan: tuple[str, str], leg: list[FeeFill]) -> None:
    schedule = SCHEDULES[plan]
    expected = fees_of_leg(schedule, leg)
    try:
        found = schedule.fees_for_leg(leg)
    except UnknownRate:
        assert expected is None
    else:
        assert [[(fee.component, fee.amount) for fee in fees.fees] for fees in found] == expected
