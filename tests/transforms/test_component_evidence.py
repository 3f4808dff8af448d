"""Every pass-through component is learnt from the parts that a statement prints, or from all that is left of a charge."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest

from pipelines.transforms.fees.component_evidence import RateKey, component_evidence, rate_for
from pipelines.transforms.fees.explanation import Terms
from pipelines.transforms.fees.levels import fit_levels
from pipelines.transforms.fees.statement_pricing import statement_legs
from pipelines.transforms.matching.fills import BrokerFill
from tomking.kernel.fees import FeeSchedule, schedule_for

DAY = dt.date(2025, 3, 17)
TERMS = {
    "call": Terms("equity_option", Decimal(100), "SPY"),
    "SPY": Terms("equity", Decimal(1), "SPY"),
    "NG": Terms("future", Decimal(10_000), "NG"),
    "NDX": Terms("index_option", Decimal(100), "NDX"),
}
IBKR, SCHWAB, TASTYTRADE = schedule_for("ibkr"), schedule_for("schwab"), schedule_for("tastytrade")


def fill(key: str, number: int, quantity: str, charged: str, price: str = "2.5") -> BrokerFill:
    return BrokerFill(
        row_id=f"row {number}",
        instrument_key=key,
        leg_class="trade",
        occurred_at=dt.datetime(2025, 3, 17, 15, number, tzinfo=dt.UTC),
        session_date=DAY,
        quantity=Decimal(quantity),
        price=Decimal(price),
        commission=Decimal(charged),
        fees=Decimal(0),
        effect="open",
        order_number=str(number),
        all_in=True,
    )


@pytest.mark.parametrize(
    ("schedule", "key", "component", "each", "quantity"),
    [
        (IBKR, "call", "clearing", "0.03", "-7"),
        (IBKR, "call", "taf", "0.00341", "-7"),
        (IBKR, "SPY", "cat", "0.000048", "300"),
        (IBKR, "NG", "nfa", "0.03", "2"),
        (IBKR, "NG", "exchange", "1.62", "2"),
        (SCHWAB, "NG", "nfa", "0.03", "2"),
    ],
)
def test_a_printed_part_proposes_its_level_wherever_it_differs_from_the_schedule(
    schedule: FeeSchedule, key: str, component: str, each: str, quantity: str
) -> None:
    fills = [fill(key, number, quantity, "1") for number in range(1, 6)]
    printed = {row.row_id: {component: Decimal(each) * abs(row.quantity)} for row in fills}
    found = component_evidence(statement_legs(fills), TERMS, schedule, printed)
    root = TERMS[key].root if component == "exchange" else None
    observed = found[RateKey(component, TERMS[key].product, root)]
    assert all(seen.allows(Decimal(each)) for seen in observed)
    [change] = fit_levels(observed, lambda _: Decimal(0), component=component).changes
    assert (change.component, change.fills) == (component, 5)
    assert Fraction(change.low) <= Fraction(Decimal(each)) < Fraction(change.high)


def test_the_commissions_fee_is_per_million_of_what_was_sold() -> None:
    fills = [fill("SPY", number, f"-{number}00", "1", "500") for number in range(1, 6)]
    printed = {row.row_id: {"sec": Decimal(50_000) * number * 26 / 1_000_000} for number, row in enumerate(fills, 1)}
    observed = component_evidence(statement_legs(fills), TERMS, IBKR, printed)[RateKey("sec", "equity")]
    assert all(seen.allows(Decimal(26)) and not seen.allows(Decimal("27.8")) for seen in observed)


def test_what_a_regulator_takes_of_a_future_is_the_associations() -> None:
    fills = [fill("NG", 1, "3", "7.44")]
    printed = {"row 1": {"commission": Decimal("2.55"), "exchange": Decimal("4.80"), "regulatory": Decimal("0.09")}}
    found = component_evidence(statement_legs(fills), TERMS, IBKR, printed)
    assert set(found) == {RateKey("nfa", "future"), RateKey("exchange", "future", "NG")}


def test_the_one_rate_that_a_schedule_lacks_is_what_the_others_leave() -> None:
    # Schwab's 0.65 and regulatory fee of 0.012, TAF on the sale, and an index fee of 0.50 that is in no schedule.
    fills = [fill("NDX", number, "4", str(Decimal("2.65") + Decimal("2.00"))) for number in range(1, 5)]
    found = component_evidence(statement_legs(fills), TERMS, SCHWAB, {})
    key = RateKey("index", "index_option", "NDX")
    assert set(found) == {key}
    assert all(seen.allows(Decimal("0.50")) for seen in found[key])
    accepted = SCHWAB.with_rates([replace(rate_for(key, SCHWAB, Decimal("0.50")), effective_from=DAY)])
    [leg] = statement_legs(fills[:1])
    assert component_evidence([leg], TERMS, accepted, {}) == {}


def test_what_venues_take_from_shares_and_options_is_no_rate() -> None:
    fills = [fill("call", 1, "2", "2.2"), fill("SPY", 2, "100", "1.3")]
    printed = {row.row_id: {"exchange": Decimal("0.9"), "commission": Decimal(1)} for row in fills}
    assert component_evidence(statement_legs(fills), TERMS, IBKR, printed) == {}
