"""Indicators, announcement days, and what may be a vehicle."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tomking.kernel.event_days import LAST_DAY, days_from_text, events_of
from tomking.kernel.indicators import average_true_range, exponential_average, highest_price, realised_volatility
from tomking.kernel.sessions import is_session
from tomking.kernel.vehicles import VehicleRefused, find_vehicle, pair_vehicles


@dataclass(frozen=True)
class Day:
    high: Decimal
    low: Decimal
    close: Decimal


def days(*closes: int) -> list[Day]:
    return [Day(Decimal(close + 1), Decimal(close - 1), Decimal(close)) for close in closes]


def test_a_true_range_reaches_to_the_close_before() -> None:
    assert average_true_range(days(100, 100, 110), 2) == (2 + 11) / Decimal(2)
    assert average_true_range(days(100, 100), 2) is None


def test_an_exponential_average_begins_with_the_mean_and_gives_the_newest_close_its_weight() -> None:
    assert exponential_average(days(10, 20), 2) == 15
    assert exponential_average(days(10, 20, 30), 2) == Decimal(15) + Decimal(2) / 3 * 15
    assert exponential_average(days(10), 2) is None


@given(st.lists(st.integers(50, 150), min_size=21, max_size=300))
def test_an_average_lies_between_the_lowest_and_the_highest_close(closes: list[int]) -> None:
    average = exponential_average(days(*closes), 21)
    assert average is not None
    assert min(closes) <= average <= max(closes)
    assert highest_price(days(*closes)) == max(closes[-252:]) + 1


def test_the_highest_price_needs_a_month_and_volatility_its_whole_window() -> None:
    assert highest_price(days(*[100] * 19)) is None
    assert realised_volatility(days(*[100] * 20)) is None
    assert realised_volatility(days(*[100] * 21)) == 0
    swing = realised_volatility(days(*[100, 101] * 11))
    assert swing is not None
    assert Decimal("0.15") < swing < Decimal("0.18")


def test_announcements_are_known_within_the_tables_and_unknown_beyond() -> None:
    assert events_of(date(2020, 3, 15)) == ("FOMC",)
    assert events_of(date(2022, 6, 10)) == ("CPI",)
    assert events_of(date(2024, 6, 12)) == ("FOMC", "CPI")
    assert events_of(date(2020, 1, 2)) == ()
    assert events_of(date(2017, 12, 29)) is None
    assert events_of(date(2026, 1, 13)) is None


def test_every_announcement_of_the_tables_is_on_a_weekday_but_the_one_of_a_sunday() -> None:
    found = [date.fromordinal(n) for n in range(date(2018, 1, 1).toordinal(), LAST_DAY.toordinal() + 1)]
    announced = [day for day in found if events_of(day)]
    assert [day for day in announced if not is_session(day)] == [date(2020, 3, 15), date(2020, 4, 10)]
    for year in range(2018, 2025):
        assert sum("CPI" in (events_of(day) or ()) for day in announced if day.year == year) == 12
        assert sum("FOMC" in (events_of(day) or ()) for day in announced if day.year == year) >= 8


def test_extra_days_extend_the_calendar_up_to_their_last() -> None:
    extra = days_from_text("2026-01-13:CPI+2026-01-28:FOMC")
    assert events_of(date(2026, 1, 13), extra) == ("CPI",)
    assert events_of(date(2026, 1, 14), extra) == ()
    assert events_of(date(2026, 1, 29), extra) is None
    assert days_from_text("") == {}


@pytest.mark.parametrize("symbol", ["MES", "MCL", "MGC", "MNQ", "VX", "NOSUCH"])
def test_a_vehicle_that_the_engine_cannot_trade_is_refused_by_name(symbol: str) -> None:
    with pytest.raises(VehicleRefused, match=symbol):
        find_vehicle(symbol, "ES")


def test_vehicles_carry_their_own_multiplier_and_stand_for_another_product() -> None:
    spy, oil = pair_vehicles("SPY+CL", "MES+MCL")
    assert (spy.kind, spy.multiplier, spy.stands_for) == ("equity", Decimal(100), "MES")
    assert (oil.kind, oil.multiplier, oil.stands_for) == ("future", Decimal(1000), "MCL")
    assert find_vehicle("SPXW", "ES").is_cash_settled
    for symbols, names in (("SPY+QQQ", "ES"), ("SPY+SPY", "ES+MES")):
        with pytest.raises(VehicleRefused):
            pair_vehicles(symbols, names)
