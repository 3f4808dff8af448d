"""The trading-day partitions.

Holds: the one daily partition definition.
Belongs here: which days exist.
Never here: what is done on them.
"""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import dagster as dg

from tomking.kernel.sessions import is_session

NEW_YORK = "America/New_York"
FIRST_DAY = dt.date(2018, 1, 2)
LAST_HOLIDAY_YEAR = 2030
WEEKEND = ("0 0 * * 0", "0 0 * * 6")


def holidays() -> list[dt.datetime]:
    """Weekdays without a session, as New York midnights; past years never change, or partition keys would move."""
    days = (
        FIRST_DAY + dt.timedelta(days=offset)
        for offset in range((dt.date(LAST_HOLIDAY_YEAR, 12, 31) - FIRST_DAY).days + 1)
    )
    zone = ZoneInfo(NEW_YORK)
    return [
        dt.datetime(day.year, day.month, day.day, tzinfo=zone)
        for day in days
        if day.weekday() < 5 and not is_session(day)
    ]


def trading_days() -> dg.DailyPartitionsDefinition:
    """Daily partitions without weekends and holidays.

    A weekday cron would not do: its Friday window ends on Monday, so Friday would wait the whole weekend.
    """
    return dg.DailyPartitionsDefinition(
        start_date=FIRST_DAY.isoformat(), timezone=NEW_YORK, exclusions=[*WEEKEND, *holidays()]
    )


TRADING_DAYS = trading_days()
