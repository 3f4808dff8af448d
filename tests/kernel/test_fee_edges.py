"""Edges of the fee rules: last days, lowest tiers, what is not said, and what no row proves."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from tomking.kernel.fee_forecasts import BOUND
from tomking.kernel.fees import FeeFill, UnknownRate, schedule_for
from tomking.kernel.routing import SIZES
from tomking.kernel.schedules.td_ameritrade import MOVED
from tomking.kernel.schedules.venues import venue_band

DAY = date(2025, 7, 14)
CALL = FeeFill("equity_option", "buy", "open", Decimal(1), Decimal(2), Decimal(100), DAY, "SPY")


def test_only_rows_without_evidence_are_told_as_unproven() -> None:
    [fees] = schedule_for("schwab").fees_for_leg([CALL])
    assert {rate.component for rate in fees.unproven} == {"orf"}
    [proven] = schedule_for("ibkr").fees_for_leg([CALL])
    assert proven.unproven == ()


def test_the_first_day_after_the_accounts_moved_has_no_price_and_the_last_one_before_has() -> None:
    schedule = schedule_for("tdameritrade")
    share = replace(CALL, product="equity", multiplier=Decimal(1))
    with pytest.raises(UnknownRate, match="no fee for equity") as told:
        schedule.fees_for_leg([replace(share, session_date=MOVED)])
    assert (told.value.component, told.value.day) == (None, MOVED)
    schedule.fees_for_leg([replace(share, session_date=MOVED - timedelta(days=1))])
    assert schedule.rate("commission", "equity", MOVED) is None
    assert schedule.rate("commission", "equity", MOVED - timedelta(days=1)) is not None


def test_a_price_that_asks_for_open_or_close_is_unknown_where_neither_is_said() -> None:
    with pytest.raises(UnknownRate, match="opens or closes"):
        schedule_for("tastytrade").fees_for_leg([replace(CALL, effect=None)])
    schedule_for("ibkr").fees_for_leg([replace(CALL, effect=None)])


def test_a_single_tier_prices_only_what_reaches_it() -> None:
    vix = FeeFill("index_option", "buy", "open", Decimal(1), Decimal(2), Decimal(100), date(2025, 4, 7), "VIX")
    schedule = schedule_for("ibkr")
    assert schedule.fees_for_leg([vix])[0].amount("index") == Decimal("0.45")
    with pytest.raises(UnknownRate, match="index"):
        schedule.fees_for_leg([replace(vix, price=Decimal("1.99"))])


def test_a_rate_is_asked_by_root_side_and_effect_or_without() -> None:
    ibkr, tastytrade = schedule_for("ibkr"), schedule_for("tastytrade")
    es = ibkr.rate("exchange", "future", date(2019, 2, 12), "ES")
    assert es is not None
    assert es.amount == Decimal("1.18")
    assert ibkr.rate("exchange", "future", date(2019, 2, 12), "QQ") is None
    for effect, amount in (("open", "1.00"), ("close", "0")):
        rate = tastytrade.rate("commission", "equity_option", DAY, "SPY", "buy", effect)
        assert rate is not None
        assert rate.amount == Decimal(amount)
    assert tastytrade.rate("taf", "equity_option", DAY, side="buy") is None


def test_a_future_without_a_listed_exchange_fee_has_no_price() -> None:
    micro = FeeFill("micro_future_option", "buy", "open", Decimal(1), Decimal(20), Decimal(5), DAY, "MES EX")
    with pytest.raises(UnknownRate, match="no exchange rate for micro_future_option") as told:
        schedule_for("ibkr").fees_for_leg([micro])
    assert told.value.component == "exchange"
    schedule_for("ibkr").fees_for_leg([replace(micro, event="expiration")])


# Dollars a point or a unit, as the exchange lists its contracts.
_POINTS = {
    "ES": "50", "MES": "5", "NQ": "20", "MNQ": "2", "RTY": "50", "M2K": "5", "YM": "5", "MYM": "0.5",
    "CL": "1000", "MCL": "100", "GC": "100", "MGC": "10",
}  # fmt: skip


def test_contracts_of_another_size_are_as_many_as_the_exchange_says() -> None:
    assert {root for _, root in SIZES} == set(_POINTS)
    for (_, root), (own, other) in SIZES.items():
        assert own.root == root
        ratio = Decimal(_POINTS[other.root]) / Decimal(_POINTS[root])
        assert max(ratio, 1 / ratio) == own.per_full == other.per_full


def test_sizing_may_use_a_forecast_from_twenty_legs_on() -> None:
    assert BOUND.least_legs == 20


@pytest.mark.parametrize(
    ("amount", "quantity", "price", "admitted"),
    [
        ("-0.32", "100", "10", True),
        ("-0.33", "100", "10", False),
        ("0.30", "100", "10", True),
        ("0.31", "100", "10", False),
        ("0.30", "100", "1", True),
        ("0.30", "100", "0.99", False),
        ("0.0015", "0.5", "10", False),
        ("0.21003", "100", "10", False),
        ("0.2100001", "100", "10", True),
    ],
)
def test_venues_ask_inside_their_limits_in_steps_and_of_whole_shares(
    amount: str, quantity: str, price: str, admitted: bool
) -> None:
    band = venue_band("ibkr", "tiered", "equity")
    assert band is not None
    assert band.admits(Decimal(amount), Decimal(quantity), Decimal(price)) is admitted


def test_only_plans_that_pass_venues_on_have_limits_for_them() -> None:
    assert venue_band("ibkr", "fixed", "equity") is None
    assert venue_band("schwab", "standard", "equity_option") is None
    assert venue_band("ibkr", "fixed", "equity_option") is not None
