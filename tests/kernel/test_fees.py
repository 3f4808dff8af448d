"""Fees of one order leg: selection of rows, caps over fills, rounding, and what is unknown.

Holds: rules of the calculation on small made-up rows and on the accepted tastytrade schedule.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tomking.kernel.fees import (
    FeeFill,
    FeeSchedule,
    FillFees,
    UnknownRate,
    UnknownSchedule,
    schedule_for,
)
from tomking.kernel.money import add, could_print

TASTYTRADE = schedule_for("tastytrade")
DAYS = st.dates(date(2018, 1, 1), date(2026, 12, 31))
PRICES = st.decimals(min_value=0, max_value=500, places=2)


def option(  # noqa: PLR0917
    side: str = "sell",
    effect: str = "open",
    quantity: int | str = 1,
    price: str | Decimal = "1.00",
    day: date = date(2026, 8, 3),
    product: str = "equity_option",
    root: str = "SPY",
    event: str = "trade",
) -> FeeFill:
    """One option fill with defaults."""
    return FeeFill(product, side, effect, Decimal(quantity), Decimal(price), Decimal(100), day, root, event)


def shares(  # noqa: PLR0917
    side: str, quantity: int, price: str, day: date, event: str = "trade", effect: str = "open"
) -> FeeFill:
    """One fill or delivery of shares."""
    return FeeFill("equity", side, effect, Decimal(quantity), Decimal(price), Decimal(1), day, "SPY", event)


def parts(fees: FillFees) -> dict[str, str]:
    """The components that cost something, as text."""
    return {fee.component: str(fee.amount) for fee in fees.fees if fee.amount}


def one(fill: FeeFill, schedule: FeeSchedule = TASTYTRADE) -> FillFees:
    """The fees of a leg with a single fill."""
    return schedule.fees_for_leg([fill])[0]


# --- the published worked example and the prices in force --------------------------------------------------------------


@pytest.mark.parametrize("day", [date(2018, 5, 22), date(2018, 12, 3), date(2019, 4, 15)])
def test_selling_three_options_at_five_dollars_gives_the_published_cents(day: date) -> None:
    fees = one(option(quantity=3, price="5", day=day))
    assert parts(fees) == {"commission": "3", "clearing": "0.30", "orf": "0.12", "sec": "0.02", "taf": "0.006"}
    # The page prints the TAF to the cent; statements keep its third decimal.
    assert could_print(fees.amount("taf"), Decimal("0.01"))
    assert fees.total == Decimal("3.446")


def test_the_same_sale_was_dearer_before_and_after_that_sec_rate() -> None:
    assert one(option(quantity=3, price="5", day=date(2018, 5, 21))).amount("sec") == Decimal("0.04")
    assert one(option(quantity=3, price="5", day=date(2019, 4, 16))).amount("sec") == Decimal("0.04")


@pytest.mark.parametrize(
    ("day", "level"),
    [
        (date(2018, 2, 1), "0.0388"),
        (date(2019, 12, 2), "0.0388"),
        (date(2020, 6, 30), "0.0388"),
        (date(2020, 8, 7), "0.0388"),
        (date(2020, 8, 10), "0.0360"),
        (date(2022, 2, 2), "0.0291"),
        (date(2025, 6, 2), "0.0294"),
        (date(2026, 11, 16), "0.0200"),
    ],
)
def test_the_accepted_regulatory_fee_passed_on(day: date, level: str) -> None:
    rate = TASTYTRADE.rate("orf", "equity_option", day)
    assert rate is not None
    assert rate.amount == Decimal(level)


def test_the_trading_activity_fee_was_passed_on_late_in_2022_and_not_at_all_in_its_holiday() -> None:
    def levels(product: str, day: date) -> tuple[Decimal, Decimal]:
        official = TASTYTRADE.rate("taf", product, day, series="official")
        passed_on = TASTYTRADE.rate("taf", product, day)
        assert official is not None
        assert passed_on is not None
        return official.amount, passed_on.amount

    assert levels("equity_option", date(2022, 6, 10)) == (Decimal("0.00218"), Decimal("0.00200"))
    assert levels("equity_option", date(2022, 7, 14)) == (Decimal("0.00218"), Decimal("0.00218"))
    assert levels("equity", date(2022, 4, 19)) == (Decimal("0.000130"), Decimal("0.000119"))
    assert levels("equity", date(2022, 6, 10)) == (Decimal("0.000130"), Decimal("0.000130"))
    assert levels("equity_option", date(2026, 9, 30)) == (Decimal("0.00329"), Decimal("0.00329"))
    assert levels("equity_option", date(2026, 10, 1)) == (Decimal(0), Decimal(0))
    assert levels("equity_option", date(2027, 1, 4)) == (Decimal("0.00329"), Decimal("0.00329"))


def test_index_options_have_their_exchange_fee_no_cap_and_no_sec_fee() -> None:
    fees = one(option(quantity=25, product="index_option", root="SPXW", price="3.20"))
    assert parts(fees) == {
        "commission": "25",
        "clearing": "2.50",
        "orf": "0.50",
        "taf": "0.082",
        "index": "15.00",
    }
    assert one(option(product="index_option", root="VIX", day=date(2020, 7, 2))).amount("index") == Decimal("0.65")
    assert one(option(product="index_option", root="VIXW")).amount("index") == Decimal("0.35")


def test_the_small_index_is_free_below_ten_contracts_however_they_fill() -> None:
    def leg(*quantities: int) -> Decimal:
        fills = [option(quantity=quantity, product="index_option", root="XSP") for quantity in quantities]
        return add(fees.amount("index") for fees in TASTYTRADE.fees_for_leg(fills))

    assert leg(9) == 0
    assert leg(10) == leg(4, 6) == Decimal("0.70")


def test_a_condor_of_25_lots_is_capped_per_leg() -> None:
    legs = [option(side, quantity=25, price="0.80") for side in ("buy", "sell", "sell", "buy")]
    total = add(add((fees.amount("commission"), fees.amount("clearing"))) for fees in map(one, legs))
    assert total == 4 * (Decimal(10) + Decimal("2.50"))


def test_closing_is_free_of_commission_and_says_so() -> None:
    fees = one(option("buy", "close", quantity=5))
    free = next(fee for fee in fees.fees if fee.component == "commission")
    assert free.amount == 0
    assert free.rate is not None
    assert free.rate.effect == "close"


@pytest.mark.parametrize("product", ["equity_option", "index_option"])
@pytest.mark.parametrize("event", ["expiration", "assignment", "exercise"])
def test_options_leave_the_account_without_a_fee(product: str, event: str) -> None:
    root = "SPY" if product == "equity_option" else "SPX"
    assert one(option("buy", "close", product=product, root=root, event=event, price="0")).total == 0


def test_settling_an_index_option_in_cash_costs_five_dollars() -> None:
    fees = one(option("buy", "close", product="index_option", root="XSP", event="cash_settlement"))
    assert parts(fees) == {"settlement": "5"}


@pytest.mark.parametrize(
    ("side", "quantity", "price", "day", "total"),
    [
        ("buy", 700, "12.50", date(2021, 9, 17), "5"),
        ("sell", 700, "7.50", date(2021, 10, 15), "5.113"),
        ("sell", 800, "17", date(2020, 5, 26), "5.405"),
        ("sell", 300, "10.50", date(2020, 12, 11), "5.106"),
        ("sell", 100, "314", date(2019, 12, 6), "5.662"),
    ],
)
def test_delivered_shares_pay_the_event_and_regulators_on_sales(
    side: str, quantity: int, price: str, day: date, total: str
) -> None:
    assert one(shares(side, quantity, price, day, "assignment")).total == Decimal(total)


@pytest.mark.parametrize(
    ("side", "quantity", "price", "day", "total"),
    [
        ("buy", 29, "2.956", date(2020, 12, 9), "0.024"),
        ("buy", 71, "2.96", date(2020, 12, 9), "0.057"),
        ("sell", 48, "10.14", date(2021, 1, 21), "0.065"),
        ("sell", 52, "10.14", date(2021, 1, 21), "0.068"),
        ("sell", 200, "10.17", date(2020, 10, 6), "0.234"),
    ],
)
def test_traded_shares_pay_clearing_up_to_the_tenth_of_a_cent(
    side: str, quantity: int, price: str, day: date, total: str
) -> None:
    assert one(shares(side, quantity, price, day, effect="close")).total == Decimal(total)


def test_opening_shares_once_cost_five_dollars_per_order() -> None:
    old = [shares("buy", quantity, "20", date(2018, 6, 1)) for quantity in (60, 40)]
    assert [fees.amount("commission") for fees in TASTYTRADE.fees_for_leg(old)] == [5, 0]
    assert one(shares("buy", 100, "20", date(2020, 7, 2))).amount("commission") == 0


def test_the_activity_fee_on_shares_stops_at_its_limit_per_trade() -> None:
    assert one(shares("sell", 100_000, "1", date(2020, 7, 2), effect="close")).amount("taf") == Decimal("5.950")


def test_futures_options_follow_the_page_and_then_the_statements() -> None:
    fill = FeeFill(
        "micro_future_option", "sell", "close", Decimal(2), Decimal(21), Decimal(5), date(2025, 10, 24), "MES EXX5"
    )
    assert parts(one(fill)) == {"commission": "1.50", "clearing": "0.60", "exchange": "0.28", "nfa": "0.04"}
    before = TASTYTRADE.rate("commission", "future_option", date(2024, 6, 3), effect="open")
    assert before is not None
    assert before.amount == Decimal("2.50")
    side = TASTYTRADE.rate("commission", "future", date(2024, 6, 3), effect="close")
    assert side is not None
    assert side.amount == Decimal("1.25")


# --- caps over fills ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("quantities", "charged"), [((7, 5), (7, 3)), ((9, 2, 4), (9, 1, 0)), ((12,), (10,)), ((10, 1), (10, 0))]
)
def test_the_limit_is_used_up_over_the_fills(quantities: tuple[int, ...], charged: tuple[int, ...]) -> None:
    fees = TASTYTRADE.fees_for_leg([option(quantity=quantity) for quantity in quantities])
    assert tuple(int(fill.amount("commission")) for fill in fees) == charged


def test_closing_the_rest_after_a_capped_opening_stays_free() -> None:
    fees = TASTYTRADE.fees_for_leg([option(quantity=12), option(effect="close", quantity=5), option(quantity=3)])
    assert [fill.amount("commission") for fill in fees] == [10, 0, 0]


@given(st.lists(st.integers(1, 12), min_size=1, max_size=6), DAYS, st.sampled_from(["buy", "sell"]), PRICES)
def test_splitting_a_leg_into_fills_never_changes_its_commission(
    quantities: list[int], day: date, side: str, price: Decimal
) -> None:
    split = TASTYTRADE.fees_for_leg([option(side, quantity=quantity, price=price, day=day) for quantity in quantities])
    whole = one(option(side, quantity=sum(quantities), price=price, day=day))
    assert add(fees.amount("commission") for fees in split) == whole.amount("commission")
    assert add(fees.amount("clearing") for fees in split) == whole.amount("clearing")
    # Rounding up per fill can only add, and less than a cent each.
    excess = add(fees.amount("sec") for fees in split) - whole.amount("sec")
    assert 0 <= excess < Decimal("0.01") * len(quantities)


@given(
    st.integers(1, 60),
    DAYS,
    st.sampled_from(["buy", "sell"]),
    st.sampled_from(["open", "close"]),
    PRICES,
    st.sampled_from([("equity_option", "SPY"), ("index_option", "SPX"), ("index_option", "XSP")]),
)
def test_more_contracts_never_cost_less_and_no_fee_is_negative(  # noqa: PLR0917
    quantity: int, day: date, side: str, effect: str, price: Decimal, listed: tuple[str, str]
) -> None:
    product, root = listed
    less = one(option(side, effect, quantity, price, day, product, root))
    more = one(option(side, effect, quantity + 1, price, day, product, root))
    assert more.total >= less.total
    assert all(fee.amount >= 0 for fee in more.fees)


@given(st.integers(1, 60), DAYS, PRICES, st.sampled_from(["equity_option", "equity"]))
def test_buys_pay_neither_sec_nor_activity_fee(quantity: int, day: date, price: Decimal, product: str) -> None:
    fill = FeeFill(product, "buy", "open", Decimal(quantity), price, Decimal(100), day, "SPY")
    assert not {fee.component for fee in one(fill).fees} & {"sec", "taf"}


@given(st.integers(1, 60), DAYS, PRICES)
def test_every_amount_is_explained_by_a_row_in_force(quantity: int, day: date, price: Decimal) -> None:
    for fee in one(option(quantity=quantity, price=price, day=day)).fees:
        assert fee.rate is not None
        assert fee.rate.component == fee.component
        assert fee.rate.effective_from <= day
        assert fee.rate.series == "pass_through"


# --- unknown is not zero ------------------------------------------------------------------------------------------------


def test_an_unknown_plan_is_named() -> None:
    with pytest.raises(UnknownSchedule, match=r"'nobody'.*'standard'"):
        schedule_for("nobody")


@pytest.mark.parametrize(
    "fill",
    [
        option(day=date(2017, 12, 29)),
        option(product="index_option", root="NDX", day=date(2024, 1, 2)),
        option(product="index_option", root="MRUT"),
        FeeFill("future", "buy", None, Decimal(1), Decimal(70), Decimal(1000), date(2026, 8, 3), "CL"),
        FeeFill("future", "buy", None, Decimal(1), Decimal(4000), Decimal(50), date(2022, 8, 3), "ES"),
        FeeFill(
            "future_option",
            "buy",
            "close",
            Decimal(1),
            Decimal(1),
            Decimal(50),
            date(2026, 8, 3),
            "ES E2BX5",
            "assignment",
        ),
        FeeFill("equity", "buy", "open", Decimal(1), Decimal(1), Decimal(1), date(2026, 8, 3), "SPY", "expiration"),
    ],
)
def test_what_the_schedule_does_not_say_is_refused_by_name(fill: FeeFill) -> None:
    with pytest.raises(UnknownRate) as caught:
        one(fill)
    assert fill.product in str(caught.value)
    assert str(fill.session_date) in str(caught.value)


def test_an_option_whose_effect_is_not_known_has_no_fee() -> None:
    fill = FeeFill("equity_option", "sell", None, Decimal(1), Decimal(1), Decimal(100), date(2026, 8, 3), "SPY")
    with pytest.raises(UnknownRate, match="opens or closes"):
        one(fill)


def test_fills_of_different_legs_are_refused() -> None:
    with pytest.raises(ValueError, match="one leg"):
        TASTYTRADE.fees_for_leg([option("buy"), option("sell")])


@pytest.mark.parametrize(
    ("quantity", "price", "multiplier"), [("0", "1", "100"), ("-1", "1", "100"), ("1", "NaN", "100"), ("1", "1", "0")]
)
def test_a_fill_without_a_size_or_price_cannot_be_made(quantity: str, price: str, multiplier: str) -> None:
    with pytest.raises(ValueError, match="must be"):
        FeeFill(
            "equity_option",
            "buy",
            "open",
            Decimal(quantity),
            Decimal(price),
            Decimal(multiplier),
            date(2026, 8, 3),
            "SPY",
        )
