"""Entries happen inside their windows: weekdays, holidays, half days, both changes of the clock."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tomking.kernel.parameters import default_values
from tomking.kernel.sessions import NEW_YORK, close_time_utc, is_half_day, is_session, next_session, sessions_between
from tomking.strategies.book import Book
from tomking.strategies.entry import EntryWindow, on_session
from tomking.strategies.friday0dte import Friday0dte
from tomking.strategies.intents import WatchQuotes
from tomking.strategies.market_view import Chain, MarketView
from tomking.strategies.registry import STRATEGIES, make_strategies
from tomking.strategies.strategy import Strategy

SESSIONS = sessions_between(date(2018, 1, 2), date(2025, 12, 30))


def at(day: date, clock: time) -> MarketView:
    local = datetime.combine(day, clock)
    now = local.replace(tzinfo=NEW_YORK).astimezone(UTC)
    is_open = is_session(day) and time(9, 30) <= clock and now < close_time_utc(day)
    return MarketView(now, local, next_session(day), is_open, "SPY", price=Decimal(300), equity=Decimal(250_000))


def window(weekday: str = "friday", week: int = 0) -> EntryWindow:
    return EntryWindow(weekday, week, time(10, 30), time(15, 30))


def only_watches(strategy: Strategy, seen: MarketView) -> bool:
    """Whether the chain is asked for in order to watch quotes before the window."""
    return all(isinstance(one, WatchQuotes) for one in strategy.propose(Chain(()), seen, Book()))


@given(st.sampled_from(SESSIONS), st.times(time(0), time(23, 59)))
def test_no_strategy_asks_for_a_chain_outside_its_window(day: date, clock: time) -> None:
    seen = at(day, clock)
    for strategy in make_strategies(tuple(STRATEGIES), default_values()):
        if strategy.chain_request(seen, Book()) is not None and not only_watches(strategy, seen):
            entry = strategy.entry  # type: ignore[attr-defined]
            assert seen.is_open
            assert entry.entry_from <= clock <= entry.entry_until


@pytest.mark.parametrize("day", [date(2019, 3, 8), date(2019, 3, 15), date(2019, 11, 1), date(2019, 11, 8)])
def test_hours_are_new_yorks_on_both_sides_of_a_change_of_the_clock(day: date) -> None:
    rules = Friday0dte.from_values(default_values())
    assert only_watches(rules, at(day, time(10, 29)))
    assert rules.chain_request(at(day, time(10, 30)), Book()) is not None
    assert not only_watches(rules, at(day, time(10, 30)))
    early = at(day, time(10, 30))
    assert early.now.astimezone(NEW_YORK).time() == time(10, 30)
    assert {at(d, time(10, 30)).now.hour for d in (date(2019, 3, 8), date(2019, 3, 15))} == {14, 15}


def test_a_half_day_ends_every_clock_three_hours_earlier() -> None:
    friday = date(2019, 11, 29)
    assert is_half_day(friday)
    rules = Friday0dte.from_values(default_values())
    assert on_session(rules.close_at, at(friday, time(11))) == time(12)
    assert rules.chain_request(at(friday, time(11)), Book()) is not None
    assert rules.chain_request(at(friday, time(11, 1)), Book()) is None
    assert not window().is_hour(at(friday, time(12, 31)))
    assert window().is_hour(at(friday, time(12, 30)))


def test_a_friday_that_is_closed_moves_the_0dte_to_the_day_before_and_other_entries_to_the_day_after() -> None:
    assert window().is_day(date(2020, 4, 9), holiday="before")
    assert not window().is_day(date(2020, 4, 13), holiday="before")
    assert window().is_day(date(2020, 4, 13), holiday="after")
    assert window("monday").is_day(date(2020, 1, 21))


@given(st.sampled_from(SESSIONS), st.sampled_from(["monday", "wednesday", "friday"]), st.integers(1, 4))
def test_a_week_of_the_month_is_met_once_and_its_holiday_is_not_lost(day: date, weekday: str, week: int) -> None:
    month = [
        one for one in sessions_between(day.replace(day=1), next_session(day.replace(day=28))) if one.month == day.month
    ]
    met = [one for one in month if window(weekday, week).is_day(one)]
    # A holiday of the first four weeks moves to a session of the same month.
    assert len(met) == 1


def test_a_clock_beyond_the_session_counts_as_over() -> None:
    assert window().is_over(replace(at(date(2020, 1, 17), time(15, 31))))
