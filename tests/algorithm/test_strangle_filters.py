"""What keeps a strangle from being sold: a wide range of the last sessions, an announcement that is near."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from tests.algorithm.support import clock, values, view
from tomking.kernel.event_days import events_ahead, events_of
from tomking.kernel.indicators import price_range
from tomking.strategies.book import Book
from tomking.strategies.intents import PassEntry
from tomking.strategies.market_view import Chain, DailyBar, MarketView
from tomking.strategies.strangle import Strangle

NOON = clock("2020-01-14T12:00")


def bars(high: str, low: str, *, count: int = 20) -> tuple[DailyBar, ...]:
    calm = [DailyBar(date(2019, 12, 1) + timedelta(days=n), *(Decimal(100),) * 4) for n in range(count - 1)]
    return (*calm, DailyBar(date(2019, 12, 31), Decimal(100), Decimal(high), Decimal(low), Decimal(100)))


def passed(view: MarketView, **changes: str) -> str:
    (found,) = Strangle.from_values(values(**changes)).propose(Chain(()), view, Book())
    assert isinstance(found, PassEntry)
    return found.reason


@pytest.mark.parametrize(("high", "reason"), [("104.01", "range_wide"), ("104", "no_chain")])
def test_a_range_above_eight_percent_of_the_price_stops_it_and_one_of_eight_does_not(high: str, reason: str) -> None:
    assert passed(replace(view(NOON), daily_bars=bars(high, "96"))) == reason


def test_a_range_that_is_not_known_or_older_than_its_sessions_stops_nothing() -> None:
    few = bars("150", "50", count=19)
    assert price_range(few, 20) is None
    assert passed(replace(view(NOON), daily_bars=few)) == "no_chain"
    old = (*bars("150", "50"), *bars("101", "99"))
    assert passed(replace(view(NOON), daily_bars=old)) == "no_chain"


@pytest.mark.parametrize(("days", "reason"), [("0", "no_chain"), ("2", "event_near"), ("1", "no_chain")])
def test_the_eve_of_a_rate_decision_counts_where_two_days_have_to_be_free(days: str, reason: str) -> None:
    eve = replace(view(NOON), announced=((NOON.date() + timedelta(days=1), "FOMC"),))
    assert passed(eve, event_days=days) == reason


def test_only_announcements_of_the_named_kinds_count() -> None:
    today = replace(view(NOON), announced=((NOON.date(), "CPI"),))
    assert passed(today) == "no_chain"
    assert passed(today, event_names="FOMC+CPI") == "event_near"


def test_the_calendar_looks_ahead_to_what_was_scheduled_that_day_and_to_nothing_else() -> None:
    assert (date(2020, 3, 18), "FOMC") in events_ahead(date(2020, 3, 2))
    assert all(day != date(2020, 3, 3) for day, _ in events_ahead(date(2020, 3, 2)))
    assert (date(2020, 3, 3), "FOMC") in events_ahead(date(2020, 3, 3))
    assert all(name == "CPI" for day, name in events_ahead(date(2020, 3, 16), days=14))
    assert events_of(date(2020, 3, 18)) == ()
    assert events_of(date(2020, 3, 3)) == ("FOMC",)
    assert events_ahead(date(2026, 5, 1), {date(2026, 5, 12): ("CPI",)}) == ((date(2026, 5, 12), "CPI"),)
