"""The exchange calendar and which session an instant belongs to.

Holds: single days that history fixed, properties of stepping, and agreement with LEAN's own calendar file.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.shared import shared_path
from tomking.kernel import sessions

DAYS = st.dates(date(1990, 2, 1), date(2030, 11, 30))


@pytest.mark.parametrize(
    "day",
    [
        date(1994, 4, 27),
        date(2001, 9, 11),
        date(2001, 9, 14),
        date(2004, 6, 11),
        date(2007, 1, 2),
        date(2012, 10, 29),
        date(2012, 10, 30),
        date(2018, 12, 5),
        date(2025, 1, 9),
        date(2020, 4, 10),
        date(2022, 6, 20),
        date(2023, 6, 19),
        date(2021, 12, 24),
        date(2023, 1, 2),
        date(2026, 7, 3),
    ],
)
def test_the_exchange_was_closed_on(day: date) -> None:
    assert not sessions.is_session(day)
    assert day in sessions.holidays(day.year)


@pytest.mark.parametrize(
    "day",
    [
        date(2021, 12, 31),
        date(2010, 12, 31),
        date(2021, 6, 18),
        date(1997, 1, 20),
        date(2001, 9, 10),
        date(2001, 9, 17),
    ],
)
def test_the_exchange_was_open_on(day: date) -> None:
    assert sessions.is_session(day)


@pytest.mark.parametrize(
    ("day", "close"),
    [
        (date(2020, 11, 27), datetime(2020, 11, 27, 18, tzinfo=UTC)),
        (date(2013, 7, 3), datetime(2013, 7, 3, 17, tzinfo=UTC)),
        (date(2002, 7, 5), datetime(2002, 7, 5, 17, tzinfo=UTC)),
        (date(2003, 12, 26), datetime(2003, 12, 26, 18, tzinfo=UTC)),
        (date(1992, 12, 24), datetime(1992, 12, 24, 19, tzinfo=UTC)),
        (date(2020, 3, 6), datetime(2020, 3, 6, 21, tzinfo=UTC)),
        (date(2020, 3, 9), datetime(2020, 3, 9, 20, tzinfo=UTC)),
    ],
)
def test_a_session_closes_at(day: date, close: datetime) -> None:
    assert sessions.close_time_utc(day) == close


def test_a_closed_day_has_no_close() -> None:
    with pytest.raises(ValueError, match="not a session"):
        sessions.close_time_utc(date(2020, 4, 10))


@given(DAYS)
def test_stepping_forth_and_back_returns(day: date) -> None:
    after, before = sessions.next_session(day), sessions.previous_session(day)
    assert before < day < after
    assert sessions.sessions_between(before, after) == [before, *([day] if sessions.is_session(day) else []), after]
    assert sessions.previous_session(after) == sessions.session_on_or_before(day)
    assert sessions.next_session(before) == sessions.session_on_or_after(day)


@given(st.integers(1990, 2030))
def test_a_year_has_about_252_sessions_and_no_long_gap(year: int) -> None:
    days = sessions.sessions_between(date(year, 1, 1), date(year, 12, 31))
    assert 248 <= len(days) <= 254
    assert max(after - before for before, after in pairwise(days)) <= timedelta(days=7)


@pytest.mark.parametrize("day", [date(1989, 12, 29), date(2031, 1, 2)])
def test_days_outside_the_rules_are_refused(day: date) -> None:
    with pytest.raises(sessions.CalendarRange):
        sessions.is_session(day)
    with pytest.raises(sessions.CalendarRange):
        sessions.holidays(day.year)


@pytest.mark.parametrize(
    ("instant", "session"),
    [
        (datetime(2025, 8, 24, 22, 19, 27, tzinfo=UTC), date(2025, 8, 25)),  # Sunday evening futures
        (datetime(2020, 3, 3, 3, 0, tzinfo=UTC), date(2020, 3, 2)),  # still Monday in New York
        (datetime(2020, 3, 9, 3, 30, tzinfo=UTC), date(2020, 3, 9)),  # Sunday 23:30, the night clocks went forward
        (datetime(2020, 4, 10, 15, 0, tzinfo=UTC), date(2020, 4, 13)),  # Good Friday
        (datetime(2020, 3, 13, 14, 0, 19, tzinfo=ZoneInfo("America/New_York")), date(2020, 3, 13)),
    ],
)
def test_an_instant_belongs_to_the_session(instant: datetime, session: date) -> None:
    assert sessions.session_of(instant) == session


def test_an_evening_may_count_for_the_next_day() -> None:
    evening = datetime(2020, 3, 2, 23, 30, tzinfo=UTC)
    assert sessions.session_of(evening) == date(2020, 3, 2)
    assert sessions.session_of(evening, overnight=True) == date(2020, 3, 3)


@pytest.mark.parametrize(
    ("instant", "session"),
    [
        (datetime(2019, 12, 7, 5, 0, tzinfo=UTC), date(2019, 12, 6)),  # midnight after a Friday
        (datetime(2021, 7, 17, 4, 0, tzinfo=UTC), date(2021, 7, 16)),  # the same in summer time
        (datetime(2020, 6, 20, 5, 0, tzinfo=UTC), date(2020, 6, 19)),  # Chicago's midnight
        (datetime(2020, 4, 10, 4, 0, tzinfo=UTC), date(2020, 4, 9)),  # Thursday before Good Friday
        (datetime(2020, 2, 13, 20, 0, tzinfo=UTC), date(2020, 2, 13)),  # assigned during the day
        (datetime(2019, 12, 6, 22, 0, tzinfo=UTC), date(2019, 12, 6)),  # a broker's 17:00
        (datetime(2019, 12, 7, 17, 0, tzinfo=UTC), date(2019, 12, 6)),  # booked on Saturday
    ],
)
def test_an_expiry_belongs_to_the_session_that_ended(instant: datetime, session: date) -> None:
    assert sessions.expiry_session(instant) == session


def test_a_time_without_a_zone_is_refused() -> None:
    naive = datetime(2020, 3, 2, 12)  # noqa: DTZ001
    for function in (sessions.session_of, sessions.expiry_session, sessions.new_york_date):
        with pytest.raises(ValueError, match="zone"):
            function(naive)


def test_the_calendar_agrees_with_the_engine() -> None:
    path = shared_path("samples", "lean-data", "market-hours", "market-hours-database.json")
    entry = json.loads(path.read_bytes())["entries"]["Equity-usa-[*]"]

    def day_of(text: str) -> date:
        month, day, year = (int(part) for part in text.split("/"))
        return date(year, month, day)

    closed = {day_of(text) for text in entry["holidays"]}
    years = range(min(closed).year, max(closed).year + 1)
    assert {day for day in closed if day.weekday() < 5} == {day for year in years for day in sessions.holidays(year)}
    early = {day_of(text) for text in entry["earlyCloses"]}
    ours = {
        day
        for year in years
        for day in sessions.sessions_between(date(year, 1, 1), date(year, 12, 31))
        if sessions.is_half_day(day)
    }
    # The engine lists a Sunday, and lacks the short last day of 1999 and everything before its first entry.
    assert early - ours == {date(2017, 12, 24)}
    assert {day for day in ours - early if day > min(early)} == {date(1999, 12, 31)}
