"""Trading sessions of the New York Stock Exchange, by rule, and which session an instant belongs to.

Holds: holidays and half days 1990 to 2030, stepping between sessions, New York dates of UTC instants.
Belongs here: the calendar every day column of the warehouse is kept in.
Never here: hours of single products; a wall clock.

A *session* is named by its New York date. Rules follow the exchange's own (Rule 7.2 and its yearly notices): fixed
holidays on a Sunday move to Monday, on a Saturday to Friday, except New Year's Day, which then is not kept at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

NEW_YORK: Final = ZoneInfo("America/New_York")
FIRST_YEAR: Final = 1990
LAST_YEAR: Final = 2030

_MONDAY, _THURSDAY, _FRIDAY, _SATURDAY, _SUNDAY = 0, 3, 4, 5, 6
_DAY: Final = timedelta(days=1)
_CLOSE: Final = time(16)
_HALF_DAY_CLOSE: Final = time(13)
_EARLY_HALF_DAY_CLOSE: Final = time(14)
# Before this hour no exchange of the country trades a session's shares or options: what is stamped earlier belongs to
# the day that ended at midnight (in New York or, an hour later on this clock, in Chicago).
_NIGHT_ENDS: Final = time(4)
# Futures exchanges begin the next trading day in the early evening.
_OVERNIGHT_BEGINS: Final = time(17)

SPECIAL_CLOSURES: Final[dict[date, str]] = {
    date(1994, 4, 27): "mourning for Richard Nixon",
    date(2001, 9, 11): "attacks on New York",
    date(2001, 9, 12): "attacks on New York",
    date(2001, 9, 13): "attacks on New York",
    date(2001, 9, 14): "attacks on New York",
    date(2004, 6, 11): "mourning for Ronald Reagan",
    date(2007, 1, 2): "mourning for Gerald Ford",
    date(2012, 10, 29): "hurricane Sandy",
    date(2012, 10, 30): "hurricane Sandy",
    date(2018, 12, 5): "mourning for George H. W. Bush",
    date(2025, 1, 9): "mourning for Jimmy Carter",
}
"""Full days the exchange did not open outside its yearly list."""

_SINGLE_HALF_DAYS: Final = frozenset({date(1997, 12, 26), date(1999, 12, 31), date(2003, 12, 26)})


class CalendarRange(ValueError):
    """A day outside the years whose rules are known."""


def is_session(day: date) -> bool:
    """Whether the exchange trades on this day. Raises: CalendarRange."""
    return day.weekday() < _SATURDAY and day not in _closed(_known(day).year)


def is_half_day(day: date) -> bool:
    """Whether the session closes early. Raises: CalendarRange."""
    return is_session(day) and day in _half_days(day.year)


def next_session(day: date) -> date:
    """The first session after `day`. Raises: CalendarRange."""
    day += _DAY
    while not is_session(day):
        day += _DAY
    return day


def previous_session(day: date) -> date:
    """The last session before `day`. Raises: CalendarRange."""
    day -= _DAY
    while not is_session(day):
        day -= _DAY
    return day


def session_on_or_after(day: date) -> date:
    """`day` itself if it is a session, else the next one. Raises: CalendarRange."""
    return day if is_session(day) else next_session(day)


def session_on_or_before(day: date) -> date:
    """`day` itself if it is a session, else the previous one. Raises: CalendarRange."""
    return day if is_session(day) else previous_session(day)


def sessions_between(first: date, last: date) -> list[date]:
    """Every session from `first` to `last`, both included; empty if `last` is earlier. Raises: CalendarRange."""
    return [day for day in _days(first, last) if is_session(day)]


def close_time_utc(day: date) -> datetime:
    """The instant the session ends: 16:00 in New York, 13:00 on half days (14:00 until 1992).

    Raises: ValueError if `day` is no session, CalendarRange outside the known years.
    """
    if not is_session(day):
        raise ValueError(f"{day} is not a session")
    close = _CLOSE
    if is_half_day(day):
        close = _HALF_DAY_CLOSE if day.year > 1992 else _EARLY_HALF_DAY_CLOSE
    return datetime.combine(day, close, NEW_YORK).astimezone(UTC)


def new_york_date(instant: datetime) -> date:
    """The date on New York's clocks. Raises: ValueError for a time without a zone."""
    return _local(instant).date()


def session_of(instant_utc: datetime, *, overnight: bool = False) -> date:
    """The session an instant belongs to: its New York date, or the next session if that day has none.

    A futures fill on Sunday evening therefore belongs to Monday. With `overnight`, what happens from 17:00 on belongs
    to the next session, as futures exchanges count their trading days.

    Raises: ValueError for a time without a zone, CalendarRange outside the known years.
    """
    local = _local(instant_utc)
    if overnight and local.time() >= _OVERNIGHT_BEGINS:
        return next_session(local.date())
    return session_on_or_after(local.date())


def expiry_session(event_time_utc: datetime) -> date:
    """The session that an expiry, exercise or assignment belongs to.

    Engines stamp these with the midnight after the last trading day, so that Friday's carry Saturday's date: anything
    before four in the morning belongs to the session before. Other times belong to their day, or to the last session
    before it (a broker may book on Saturday).

    Raises: ValueError for a time without a zone, CalendarRange outside the known years.
    """
    local = _local(event_time_utc)
    if local.time() < _NIGHT_ENDS:
        return previous_session(local.date())
    return session_on_or_before(local.date())


def holidays(year: int) -> dict[date, str]:
    """Every weekday of a year on which the exchange is closed, with the reason. Raises: CalendarRange."""
    _known(date(min(max(year, 1), 9999), 1, 1))
    return dict(sorted(_closed(year).items()))


def _local(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        raise ValueError(f"a time without a zone: {instant}")
    return instant.astimezone(NEW_YORK)


def _known(day: date) -> date:
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise CalendarRange(f"the calendar covers {FIRST_YEAR} to {LAST_YEAR}, not {day}")
    return day


def _days(first: date, last: date) -> Iterator[date]:
    while first <= last:
        yield first
        first += _DAY


@lru_cache(maxsize=64)
def _closed(year: int) -> dict[date, str]:
    new_year = date(year, 1, 1)
    closed = {
        _nth_weekday(year, 2, _MONDAY, 3): "Washington's Birthday",
        _easter(year) - 2 * _DAY: "Good Friday",
        _last_monday_of_may(year): "Memorial Day",
        _observed(date(year, 7, 4)): "Independence Day",
        _nth_weekday(year, 9, _MONDAY, 1): "Labor Day",
        _nth_weekday(year, 11, _THURSDAY, 4): "Thanksgiving Day",
        _observed(date(year, 12, 25)): "Christmas Day",
    }
    if new_year.weekday() != _SATURDAY:
        closed[_observed(new_year)] = "New Year's Day"
    if year >= 1998:
        closed[_nth_weekday(year, 1, _MONDAY, 3)] = "Martin Luther King Jr. Day"
    if year >= 2022:
        closed[_observed(date(year, 6, 19))] = "Juneteenth"
    closed.update({day: reason for day, reason in SPECIAL_CLOSURES.items() if day.year == year})
    return closed


@lru_cache(maxsize=64)
def _half_days(year: int) -> frozenset[date]:
    found = {day for day in _SINGLE_HALF_DAYS if day.year == year}
    christmas_eve = date(year, 12, 24)
    if christmas_eve.weekday() <= _THURSDAY:
        found.add(christmas_eve)
    if year >= 1992:
        found.add(_nth_weekday(year, 11, _THURSDAY, 4) + _DAY)
    if year >= 1995:
        found |= _around_independence_day(year)
    return frozenset(found)


def _around_independence_day(year: int) -> set[date]:
    third, weekday = date(year, 7, 3), date(year, 7, 4).weekday()
    if weekday == _THURSDAY:  # until 2012 the Friday after was short, since then the Wednesday before
        return {third if year >= 2013 else date(year, 7, 5)}
    return {third} if _MONDAY < weekday <= _FRIDAY else set()


def _observed(day: date) -> date:
    return day - _DAY if day.weekday() == _SATURDAY else day + _DAY if day.weekday() == _SUNDAY else day


def _nth_weekday(year: int, month: int, weekday: int, nth: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (nth - 1))


def _last_monday_of_may(year: int) -> date:
    last = date(year, 5, 31)
    return last - timedelta(days=last.weekday())


def _easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar (the Meeus, Jones and Butcher method)."""
    golden, century, rest = year % 19, year // 100, year % 100
    leap, lean = divmod(century, 4)
    moon = (century - (century + 8) // 25 + 1) // 3
    epact = (19 * golden + century - leap - moon + 15) % 30
    quarter, spare = divmod(rest, 4)
    shift = (32 + 2 * lean + 2 * quarter - epact - spare) % 7
    correction = (golden + 11 * epact + 22 * shift) // 451
    month, day = divmod(epact + shift - 7 * correction + 114, 31)
    return date(year, month, day + 1)
