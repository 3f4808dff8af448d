"""Fee rows as data: dates, knowledge, minimums, rounding scopes and tiers.

Holds: what a schedule does with rows, on small made-up plans.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from tomking.kernel.fees import FeeFill, FeeSchedule, FillFees, schedule_for
from tomking.kernel.money import Rounding, add
from tomking.kernel.schedules.rates import FeeRate
from tomking.kernel.schedules.tastytrade import PROPOSED_RATES

TASTYTRADE = schedule_for("tastytrade")


def option(
    side: str = "sell", effect: str = "open", quantity: int = 1, price: str = "1.00", day: date = date(2026, 8, 3)
) -> FeeFill:
    """One option fill with defaults."""
    return FeeFill("equity_option", side, effect, Decimal(quantity), Decimal(price), Decimal(100), day, "SPY")


def one(fill: FeeFill, schedule: FeeSchedule) -> FillFees:
    """The fees of a leg with a single fill."""
    return schedule.fees_for_leg([fill])[0]


# --- dates, both of them -----------------------------------------------------------------------------------------------


def _rate(amount: str, start: date, learnt: date | None = None, **more: object) -> FeeRate:
    return FeeRate(
        "orf",
        "equity_option",
        Decimal(amount),
        start,
        "I",
        "made up",
        learnt_on=learnt,
        **more,  # type: ignore[arg-type]
    )


def test_an_accepted_row_counts_from_its_day_until_the_next_one() -> None:
    changed = TASTYTRADE.with_rates([_rate("0.0341", date(2020, 3, 2), rounding=Rounding("half_up", 2))])
    assert [
        one(option("buy", quantity=10, day=day), changed).amount("orf")
        for day in (date(2020, 2, 28), date(2020, 3, 2), date(2020, 8, 7), date(2020, 8, 10))
    ] == [Decimal("0.39"), Decimal("0.34"), Decimal("0.34"), Decimal("0.36")]
    assert TASTYTRADE.rate("orf", "equity_option", date(2020, 3, 2)) != changed.rate(
        "orf", "equity_option", date(2020, 3, 2)
    )


def test_a_row_is_used_only_by_those_who_could_know_it() -> None:
    schedule = FeeSchedule(
        [
            _rate("0.04", date(2018, 1, 1)),
            _rate("0.03", date(2020, 1, 1), date(2020, 6, 1)),
            _rate("0.035", date(2020, 1, 1), date(2020, 9, 1)),
        ],
        "made up",
    )

    def level(known: date) -> Decimal:
        return one(option(day=date(2020, 3, 2)), schedule.known_on(known)).total

    assert [level(day) for day in (date(2020, 5, 31), date(2020, 6, 1), date(2020, 9, 1))] == [
        Decimal("0.04"),
        Decimal("0.03"),
        Decimal("0.035"),
    ]


def test_prices_without_a_row_or_a_page_stay_out_of_the_accepted_schedule() -> None:
    assert not set(PROPOSED_RATES) & set(TASTYTRADE.rows)
    assert {row.evidence for row in PROPOSED_RATES} <= {"S", "I", "U"}


@pytest.mark.parametrize(
    ("day", "eight"),
    [
        (date(2025, 3, 31), "0.16"),
        (date(2025, 4, 1), "0.23"),
        (date(2025, 5, 1), "0.24"),
        (date(2025, 7, 1), "0.21"),
        (date(2025, 8, 1), "0.19"),
        (date(2025, 9, 1), "0.16"),
    ],
)
def test_levels_that_rows_of_two_accounts_prove_are_part_of_the_schedule(day: date, eight: str) -> None:
    assert one(option("buy", "close", 8, day=day), TASTYTRADE).amount("orf") == Decimal(eight)


def test_a_part_of_a_share_costs_one_price_per_transaction() -> None:
    def clearing(quantity: str) -> Decimal:
        fill = FeeFill("equity", "buy", "open", Decimal(quantity), Decimal(50), Decimal(1), date(2024, 5, 1), "SCHG")
        return one(fill, TASTYTRADE).amount("clearing")

    assert [clearing(quantity) for quantity in ("0.25", "3.5", "3")] == [
        Decimal("0.10"),
        Decimal("0.10"),
        Decimal("0.003"),
    ]


# --- what other brokers' rows need -------------------------------------------------------------------------------------


def _plan(**more: object) -> FeeSchedule:
    row = FeeRate("commission", "equity_option", Decimal("0.65"), date(2018, 1, 1), "P", "made up", **more)  # type: ignore[arg-type]
    return FeeSchedule([row], "made up")


def test_a_minimum_is_reached_over_the_fills_of_the_order() -> None:
    schedule = _plan(minimum=Decimal(1))
    fees = schedule.fees_for_leg([option(quantity=1), option(quantity=1), option(quantity=1)])
    assert [fill.total for fill in fees] == [Decimal(1), Decimal("0.30"), Decimal("0.65")]


def test_rounding_over_an_order_leg_adds_up_to_the_rounded_whole() -> None:
    schedule = _plan(rounding=Rounding("half_up", 0, "order_leg"))
    fees = schedule.fees_for_leg([option(quantity=1) for _ in range(4)])
    assert [fill.total for fill in fees] == [1, 0, 1, 1]
    assert add(fill.total for fill in fees) == one(option(quantity=4), schedule).total


def test_a_price_tier_is_chosen_by_the_fill() -> None:
    rows = [
        FeeRate(
            "commission", "equity_option", Decimal(amount), date(2018, 1, 1), "P", "made up", from_price=Decimal(start)
        )
        for start, amount in (("0", "0.25"), ("0.05", "0.50"), ("0.10", "0.65"))
    ]
    schedule = FeeSchedule(rows, "made up")
    assert [one(option(price=price), schedule).total for price in ("0.03", "0.05", "0.0999", "0.10", "2")] == [
        Decimal("0.25"),
        Decimal("0.50"),
        Decimal("0.50"),
        Decimal("0.65"),
        Decimal("0.65"),
    ]


@pytest.mark.parametrize(
    "wrong", [{"component": "tips"}, {"product": "bond"}, {"side": "short"}, {"events": ()}, {"events": ("party",)}]
)
def test_a_row_with_an_unknown_name_cannot_be_made(wrong: dict[str, object]) -> None:
    fields: dict[str, object] = {"component": "orf", "product": "equity_option", **wrong}
    with pytest.raises(ValueError, match="unknown"):
        FeeRate(amount=Decimal(1), effective_from=date(2018, 1, 1), evidence="U", source="made up", **fields)  # type: ignore[arg-type]
