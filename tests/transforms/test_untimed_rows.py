"""Statements that print the day only, no order number and one charge: what still finds its order, and its cause."""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.transforms.fees.explanation import Explained, Schedules, Terms, explain
from pipelines.transforms.matching.fills import BrokerFill, LeanFill, Leg
from pipelines.transforms.matching.leg_matching import match_trades
from tests.transforms.account_maker import CONTRACTS, OPENING
from tomking.kernel.fees import FeeFill, FeeSchedule, schedule_for

DAY = OPENING.date()
MIDNIGHT = dt.datetime.combine(DAY, dt.time(5), dt.UTC)
SCHWAB = schedule_for("schwab")
TERMS = Terms("equity_option", Decimal(100), "SPY")
Parts = Counter[Decimal]


def lean_fills(order: int, key: str, parts: list[tuple[int, int]], group: int | None) -> list[LeanFill]:
    """The fills of one order: (contracts, price in cents), a minute apart."""
    return [
        LeanFill(
            reference=f"run/{order:04}/{place}",
            run_id="run",
            order_id=order,
            instrument_key=key,
            leg_class="trade",
            occurred_at=OPENING + dt.timedelta(minutes=7 * order + place),
            session_date=DAY,
            quantity=Decimal(contracts),
            price=Decimal(cents) / 100,
            fee=Decimal("0.65") * abs(contracts),
            group_id=group,
        )
        for place, (contracts, cents) in enumerate(parts)
    ]


def row(name: str, key: str, quantity: Decimal | int, price: Decimal | str, **more: object) -> BrokerFill:
    quantity = Decimal(quantity)
    fill = BrokerFill(
        row_id=name,
        instrument_key=key,
        leg_class="trade",
        occurred_at=MIDNIGHT,
        session_date=DAY,
        quantity=quantity,
        price=Decimal(price),
        commission=Decimal(0),
        fees=Decimal(0),
        effect="open",
        has_time=False,
        all_in=True,
    )
    return replace(fill, **more)  # type: ignore[arg-type]


def merged(fills: list[LeanFill], random_names: random.Random) -> list[BrokerFill]:
    """The broker's rows of one order: one per price."""
    parts: Counter[Decimal] = Counter()
    for fill in fills:
        parts[fill.price] += fill.quantity  # type: ignore[assignment]
    return [
        row(f"{random_names.random():.12f}", fills[0].instrument_key, Decimal(size), price)
        for price, size in parts.items()
    ]


def parts_of(fills: tuple[LeanFill, ...] | tuple[BrokerFill, ...]) -> dict[Decimal | None, Decimal]:
    found: dict[Decimal | None, Decimal] = {}
    for fill in fills:
        found[fill.price] = found.get(fill.price, Decimal(0)) + fill.quantity
    return found


@given(st.integers(0, 10**6), st.integers(1, 12))
def test_every_order_of_a_day_finds_the_rows_of_its_quantities_and_prices(seed: int, orders: int) -> None:
    chance = random.Random(seed)
    fills: list[LeanFill] = []
    rows: list[BrokerFill] = []
    for order in range(orders):
        side = chance.choice((1, -1))
        group = chance.choice((None, order // 2))
        key = CONTRACTS[order % 2] if group is not None else chance.choice(CONTRACTS[:3])
        prices = chance.sample(range(100, 130), chance.randint(1, 3))
        own = lean_fills(order, key, [(side * chance.randint(1, 3), cents) for cents in prices], group)
        fills += own
        rows += merged(own, chance)
    chance.shuffle(rows)
    legs = match_trades(fills, rows)
    assert [leg.deviations for leg in legs if leg.deviations] == []
    assert len(legs) == orders
    for leg in legs:
        assert parts_of(leg.lean) == parts_of(leg.broker)
    again = match_trades(reversed(fills), rows)
    assert [_names(leg) for leg in legs] == [_names(leg) for leg in again]


def _names(leg: Leg) -> tuple[object, ...]:
    return [fill.reference for fill in leg.lean], [found.row_id for found in leg.broker]


def test_the_row_that_is_missing_is_that_of_the_other_price() -> None:
    fills = [*lean_fills(1, CONTRACTS[0], [(-2, 100)], None), *lean_fills(2, CONTRACTS[0], [(-2, 180)], None)]
    alone, matched = sorted(match_trades(fills, [row("a", CONTRACTS[0], -2, "1.80")]), key=lambda leg: len(leg.rows))
    assert (alone.lean[0].order_id, alone.broker) == (1, ())
    assert (matched.lean[0].order_id, matched.tier, matched.score) == (2, "fill", Decimal("0.9900"))


def one_leg(quantity: int, charged: str, *, price: str = "1.58", effect: str = "open") -> Explained:
    cents = int(Decimal(price) * 100)
    fills = lean_fills(1, CONTRACTS[0], [(quantity, cents)], None)
    (leg,) = match_trades(fills, [row("a", CONTRACTS[0], quantity, price, commission=Decimal(charged), effect=effect)])
    return explain(leg, TERMS, Schedules(SCHWAB))


def causes(found: Explained) -> dict[tuple[str, str], str]:
    return {
        (part.component, part.cause): str(part.amount.normalize()) + ("!" if part.faulty else "")
        for part in found.parts
    }


def test_a_charge_that_is_expected_is_made_of_its_components() -> None:
    assert causes(one_leg(-2, "1.39")) == {
        ("orf", "component_not_modelled"): "0.08",
        ("sec", "component_not_modelled"): "0.01",
    }


@pytest.mark.parametrize(("charged", "excess"), [("1.59", "0.2!"), ("1.40", "0.01!"), ("0.09", "-1.3!")])
def test_what_is_charged_beyond_the_passed_on_fees_is_commission(charged: str, excess: str) -> None:
    assert causes(one_leg(-2, charged))["commission", "commission_rate"] == excess


def test_a_waived_commission_is_a_price_lean_does_not_know_and_no_fault() -> None:
    found = one_leg(2, "0.08", price="0.05", effect="close")
    assert causes(found) == {("commission", "commission_rate"): "-1.3", ("orf", "component_not_modelled"): "0.08"}


def test_a_level_that_the_rows_show_is_believed_before_a_wrong_commission() -> None:
    rate = SCHWAB.rate("orf", "equity_option", DAY)
    assert rate is not None
    shown = SCHWAB.with_rates([replace(rate, amount=Decimal("0.0500"), effective_from=DAY)])
    fills = lean_fills(1, CONTRACTS[0], [(2, 158)], None)
    (leg,) = match_trades(fills, [row("a", CONTRACTS[0], 2, "1.58", commission=_total(shown))])
    assert causes(explain(leg, TERMS, Schedules(SCHWAB, shown))) == {
        ("orf", "component_not_modelled"): "0.08",
        ("orf", "pass_through_rate_change"): "0.02",
    }


def _total(schedule: FeeSchedule) -> Decimal:
    fill = FeeFill("equity_option", "buy", "open", Decimal(2), Decimal("1.58"), Decimal(100), DAY, "SPY")
    return schedule.fees_for_leg([fill])[0].total
