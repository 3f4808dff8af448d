"""Charges that no rate explains: a cause counts where it gives the figure and more than chance speaks for it."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest

from pipelines.transforms.fees.explanation import Terms
from pipelines.transforms.fees.leg_fees import fee_fills
from pipelines.transforms.fees.statement_pricing import PricedLeg, price_statements, statement_legs
from pipelines.transforms.matching.fills import BrokerFill
from tomking.kernel.fees import FeeSchedule, schedule_for

SCHWAB, TIERED, FIXED = schedule_for("schwab"), schedule_for("ibkr", "tiered"), schedule_for("ibkr", "fixed")
SHARE = Terms("equity", Decimal(1), "SPY")
CALL = Terms("equity_option", Decimal(100), "SPY")
TERMS = {"HD": SHARE, "QQQ": SHARE, "SPY": SHARE, "MSFT": SHARE, "call": CALL}
MONDAY = dt.date(2025, 3, 17)


def row(
    key: str, quantity: str, price: str, charged: str, day: dt.date = MONDAY, *, number: str | None = None
) -> BrokerFill:
    size, multiplier = Decimal(quantity), TERMS[key].multiplier
    return BrokerFill(
        row_id=f"{key} {day} {quantity} {price} {charged} {number}",
        instrument_key=key,
        leg_class="trade",
        occurred_at=dt.datetime.combine(day, dt.time(15), dt.UTC),
        session_date=day,
        quantity=size,
        price=Decimal(price),
        commission=Decimal(charged),
        fees=Decimal(0),
        effect="open",
        value=-size * Decimal(price) * multiplier,
        all_in=bool(Decimal(charged)),
        order_number=number,
    )


def priced(rows: list[BrokerFill], schedule: FeeSchedule = SCHWAB) -> list[PricedLeg]:
    return price_statements("main", rows, TERMS, schedule)


def causes(rows: list[BrokerFill], schedule: FeeSchedule = SCHWAB) -> list[str | None]:
    return [leg.cause for leg in priced(rows, schedule)]


def test_the_official_rate_of_another_day_needs_two_sales_that_show_it() -> None:
    # Two sales that a statement books under 23.10 dollars a million, charged at 13.00.
    sold = row("HD", "-6", "169.55", "4.96", dt.date(2018, 1, 2))
    second = replace(row("QQQ", "-100", "130", "4.12", dt.date(2018, 2, 1)), leg_class="delivery")
    found = priced([sold, second])
    assert {(leg.cause, leg.level, leg.evidence, leg.left) for leg in found} == {
        ("pass_through_rate_change", Decimal("13.00"), 2, Decimal(0))
    }
    assert causes([sold]) == ["unknown"]


def test_one_amount_for_orders_of_different_size_is_a_price_per_order() -> None:
    found = priced([row("HD", "50", "27", "5.03"), row("QQQ", "104", "31", "5.03")])
    assert [(leg.cause, leg.level, leg.evidence) for leg in found] == [("commission_rate", Decimal("5.03"), 2)] * 2
    assert (
        causes([row("HD", "7", "27", "5.03", number="1"), row("HD", "7", "27", "5.03", number="2")])
        != ["commission_rate"] * 2
    )


def test_what_a_broker_left_out_is_named_where_nothing_was_charged_or_every_digit_says_so() -> None:
    assert causes([row("HD", "-5", "160", "0", dt.date(2024, 2, 20))]) == ["component_not_charged"]
    # A hundred shares without the audit trail's 0.0035.
    assert causes([row("SPY", "100", "150", "1")], FIXED) == ["component_not_charged"]
    assert causes([row("SPY", "100", "150", "1.0034")], FIXED) == ["unknown"]


def test_a_trade_on_a_day_without_a_session_is_not_judged() -> None:
    saturday = dt.date(2024, 5, 11)
    assert causes([row("HD", "3", "27", "1.77", saturday)]) == ["no_session"]
    assert causes([row("HD", "3", "27", "1.78", dt.date(2024, 5, 10))]) == ["unknown"]


def test_a_row_whose_price_is_not_its_value_is_not_judged() -> None:
    odd = replace(row("MSFT", "-10", "91.9514", "13.65", dt.date(2018, 1, 4)), value=Decimal("920.78"))
    assert causes([odd]) == ["row_contradicts_itself"]
    # A price printed with four places hides half a dollar on ten thousand shares.
    close = replace(row("MSFT", "-10000", "91.9514", "77.10", dt.date(2018, 1, 4)), value=Decimal("919514.49"))
    assert causes([close]) == ["unknown"]


def test_shares_listed_abroad_have_no_schedule_and_name_their_exchange() -> None:
    [leg] = priced([replace(row("SPY", "24", "33.2", "3"), listed_at="LSEETF")], FIXED)
    assert (leg.cause, leg.root, leg.expected) == ("no_schedule", "LSEETF", None)


def charged_by(schedule: FeeSchedule, rows: list[BrokerFill], venue: str) -> list[BrokerFill]:
    """The rows charged as one order, each with what its venue took per unit."""
    [leg] = statement_legs([replace(one, order_number="1") for one in rows])
    fees = schedule.fees_for_leg(fee_fills(leg, TERMS[rows[0].instrument_key]))
    by_id = {one.row_id: found for one, found in zip(leg.rows, fees, strict=True)}
    return [
        replace(one, commission=by_id[one.row_id].total + Decimal(venue) * abs(one.quantity), all_in=True)
        for one in rows
    ]


@pytest.mark.parametrize("venue", ["0.47", "-0.25", "0.0025", "0"])
def test_rows_of_one_order_without_a_number_are_put_together_by_its_minimum(venue: str) -> None:
    rows = charged_by(TIERED, [row("call", "1", price, "1") for price in ("0.20", "0.21", "0.14")], venue)
    found = priced(rows, TIERED)
    assert [len(leg.leg.rows) for leg in found] == [3]
    assert found[0].cause == (None if venue == "0" else "component_not_modelled")
    assert found[0].left == 0
    assert found[0].level == (None if venue == "0" else Decimal(venue))


def test_orders_that_each_paid_their_minimum_stay_apart() -> None:
    rows = [charged_by(TIERED, [row("call", "1", price, "1")], "0")[0] for price in ("0.20", "0.21")]
    assert [len(leg.leg.rows) for leg in priced(rows, TIERED)] == [1, 1]


@pytest.mark.parametrize(
    ("key", "venue", "cause"),
    [
        ("SPY", "-0.0021", "component_not_modelled"),
        ("SPY", "0.0030", "component_not_modelled"),
        ("SPY", "0.0031", "unknown"),
        ("SPY", "-0.0033", "unknown"),
        ("SPY", "-0.0021003", "unknown"),
        ("call", "0.97", "component_not_modelled"),
        ("call", "1.01", "unknown"),
        ("call", "0.4712", "unknown"),
    ],
)
def test_what_venues_took_is_named_inside_their_published_limits_and_steps(key: str, venue: str, cause: str) -> None:
    [charged] = charged_by(TIERED, [row(key, "100" if key == "SPY" else "3", "2.91", "1")], venue)
    assert causes([charged], TIERED) == [cause]


def test_shares_below_a_dollar_and_on_the_fixed_plan_have_no_venue_to_name() -> None:
    [cheap] = charged_by(TIERED, [row("SPY", "100", "0.91", "1")], "-0.0021")
    assert causes([cheap], TIERED) == ["unknown"]
    [fixed] = charged_by(FIXED, [row("SPY", "100", "2.91", "1")], "-0.0021")
    assert causes([fixed], FIXED) == ["unknown"]


def test_two_rows_are_enough_for_an_order_and_need_not_be_of_one_size() -> None:
    for sizes in (("1", "1"), ("1", "3")):
        rows = charged_by(TIERED, [row("call", size, f"0.2{place}", "1") for place, size in enumerate(sizes)], "0.25")
        [leg] = priced(rows, TIERED)
        assert (len(leg.leg.rows), leg.cause, leg.level) == (2, "component_not_modelled", Decimal("0.25"))


def test_rows_of_other_sides_sessions_and_contracts_stay_apart() -> None:
    first, second = charged_by(TIERED, [row("call", "1", "0.20", "1"), row("call", "1", "0.21", "1")], "0")
    day = dt.timedelta(days=1)
    later = replace(second, session_date=MONDAY + day, occurred_at=second.occurred_at + day)
    numbered = replace(second, order_number="8")
    for other in (later, numbered):
        assert [len(leg.leg.rows) for leg in priced([first, other], TIERED)] == [1, 1]
