"""Days on which something is announced that moves the whole market: rate decisions and consumer prices.

Holds: the dates of both, and the span of years for which the tables are complete.
Belongs here: a scheduled announcement that a rule waits out.
Never here: earnings of companies; what a strategy does about a day.

Rate decisions: the second day of each meeting in the Federal Reserve's calendar
(https://www.federalreserve.gov/monetarypolicy/fomccalendars.htm), and the two decisions of March 2020 that were not in
it; those, and the meeting that the second of them replaced, are told apart, because nobody could look ahead to them.
Consumer prices: release dates of the Bureau of Labor Statistics (https://www.bls.gov/schedule/news_release/cpi.htm), with
the two that its closure of 2025 moved (24 October: https://www.bls.gov/bls/092025-cpi-reschedule-notice.htm; 18 December,
with October's release cancelled: its announcement of 2025-11-21). Both tables were held against transcriptions of these calendars by others,
without a difference but for the releases that the closure moved; the agencies' own pages of past years were not to be
had, so a date here is as good as those transcriptions. Beyond the tables the days are unknown, which is not the same as empty; `extra`
days (a parameter) extend them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from functools import lru_cache
from typing import Final

FIRST_DAY: Final = date(2018, 1, 1)
LAST_DAY: Final = date(2025, 12, 31)
"""The tables are complete between these days."""

LOOKING_AHEAD: Final = 60
"""So many days are looked ahead at most."""

_FOMC: Final[dict[int, str]] = {
    2018: "01-31 03-21 05-02 06-13 08-01 09-26 11-08 12-19",
    2019: "01-30 03-20 05-01 06-19 07-31 09-18 10-30 12-11",
    2020: "01-29 04-29 06-10 07-29 09-16 11-05 12-16",
    2021: "01-27 03-17 04-28 06-16 07-28 09-22 11-03 12-15",
    2022: "01-26 03-16 05-04 06-15 07-27 09-21 11-02 12-14",
    2023: "02-01 03-22 05-03 06-14 07-26 09-20 11-01 12-13",
    2024: "01-31 03-20 05-01 06-12 07-31 09-18 11-07 12-18",
    2025: "01-29 03-19 05-07 06-18 07-30 09-17 10-29 12-10",
}

_UNSCHEDULED: Final = {date(2020, 3, 3): "FOMC", date(2020, 3, 15): "FOMC"}
"""Decisions that were announced on the day itself."""

_CANCELLED: Final = {date(2020, 3, 18): (date(2020, 3, 15), "FOMC")}
"""Meetings that were in the calendar until the day named first; they did not take place."""

_CPI: Final[dict[int, str]] = {
    2018: "01-12 02-14 03-13 04-11 05-10 06-12 07-12 08-10 09-13 10-11 11-14 12-12",
    2019: "01-11 02-13 03-12 04-10 05-10 06-12 07-11 08-13 09-12 10-10 11-13 12-11",
    2020: "01-14 02-13 03-11 04-10 05-12 06-10 07-14 08-12 09-11 10-13 11-12 12-10",
    2021: "01-13 02-10 03-10 04-13 05-12 06-10 07-13 08-11 09-14 10-13 11-10 12-10",
    2022: "01-12 02-10 03-10 04-12 05-11 06-10 07-13 08-10 09-13 10-13 11-10 12-13",
    2023: "01-12 02-14 03-14 04-12 05-10 06-13 07-12 08-10 09-13 10-12 11-14 12-12",
    2024: "01-11 02-13 03-12 04-10 05-15 06-12 07-11 08-14 09-11 10-10 11-13 12-11",
    2025: "01-15 02-12 03-12 04-10 05-13 06-11 07-15 08-12 09-11 10-24 12-18",
}


def events_of(day: date, extra: Mapping[date, tuple[str, ...]] | None = None) -> tuple[str, ...] | None:
    """What is announced on a day (`FOMC`, `CPI`), nothing included; None where it is not known.

    `extra` adds days; up to its last day the calendar then counts as known.
    """
    added = extra or {}
    if not FIRST_DAY <= day <= max((LAST_DAY, *added)):
        return None
    return tuple(dict.fromkeys((*_table().get(day, ()), *added.get(day, ()))))


def events_ahead(
    day: date, extra: Mapping[date, tuple[str, ...]] | None = None, *, days: int = LOOKING_AHEAD
) -> tuple[tuple[date, str], ...]:
    """What the calendar of that day says of the next `days` days, the day itself included, oldest first."""
    last = day + timedelta(days=days)
    found = [
        (when, name)
        for when, names in (*_table().items(), *(extra or {}).items())
        if day <= when < last and (when == day or when not in _UNSCHEDULED)
        for name in names
    ]
    found += [(when, name) for when, (until, name) in _CANCELLED.items() if day <= when < last and day < until]
    return tuple(sorted(set(found)))


def days_from_text(text: str) -> dict[date, tuple[str, ...]]:
    """Extra days from `2026-01-28:FOMC+2026-01-13:CPI`; ValueError for what is no such text, {} for an empty one."""
    found: dict[date, tuple[str, ...]] = {}
    for part in filter(None, text.split("+")):
        day, _, name = part.partition(":")
        known = date.fromisoformat(day)
        found[known] = (*found.get(known, ()), name)
    return found


@lru_cache(maxsize=1)
def _table() -> dict[date, tuple[str, ...]]:
    found: dict[date, tuple[str, ...]] = {}
    for day, name in _UNSCHEDULED.items():
        found[day] = (name,)
    for name, years in (("FOMC", _FOMC), ("CPI", _CPI)):
        for year, days in years.items():
            for text in days.split():
                day = date.fromisoformat(f"{year}-{text}")
                found[day] = (*found.get(day, ()), name)
    return found
