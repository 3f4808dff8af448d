"""How Interactive Brokers writes numbers, dates and times in its exports.

Holds: one reader per kind of value, and telling which of two slashed date orders a file uses.
Belongs here: a notation that statements of this broker share, XML or CSV.
Never here: what an attribute means.

Date and time formats are a setting of the query: `20250807;104523`, `2025-10-17;14:23:46`, `20260419 144528`,
`2017-01-02, 090000`, `2022-02-1510:20:26` (no separator at all), a day alone, `01/15/2025`, `15-JAN-25`. Times are those
of New York, without saying so, unless `EST`, `EDT` or an offset follows.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from zoneinfo import ZoneInfo

from pipelines.parsing.statements.csv_columns import FRACTION_DIGITS, INTEGER_DIGITS, CellError
from tomking.kernel.money import MoneyError, decimal_from_text

NEW_YORK = ZoneInfo("America/New_York")
ABSENT = frozenset({"", "-", "--", "N/A"})
"""Spellings of "does not apply"."""

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_MOMENT = re.compile(
    r"(?:(?P<year>[0-9]{4})-?(?P<month>[0-9]{2})-?(?P<day>[0-9]{2})"
    r"|(?P<first>[0-9]{1,2})/(?P<second>[0-9]{1,2})/(?P<slashed>[0-9]{4}|[0-9]{2})"
    r"|(?P<dashed_day>[0-9]{1,2})-(?P<name>[A-Za-z]{3})-(?P<dashed>[0-9]{4}|[0-9]{2}))"
    r"(?:[;,T ]*(?P<hour>[0-9]{2}):?(?P<minute>[0-9]{2}):?(?P<seconds>[0-9]{2})(?:\.[0-9]+)?"
    r"(?: ?(?P<zone>EST|EDT|UTC|Z|[+-][0-9]{2}:?[0-9]{2}))?)?"
)
_ZONES = {"EST": "-05:00", "EDT": "-04:00", "UTC": "+00:00", "Z": "+00:00"}


def amount(text: str) -> Decimal:
    """A decimal number as printed; scientific notation occurs (`-2.637591265E-4`).

    Raises:
        CellError: no number, or more digits than the warehouse holds.
    """
    try:
        value = decimal_from_text(text)
    except MoneyError as error:
        raise CellError("expected a decimal number") from error
    _, digits, exponent = value.as_tuple()
    shift = exponent if isinstance(exponent, int) else 0
    if -shift > FRACTION_DIGITS or len(digits) + shift > INTEGER_DIGITS:
        raise CellError(f"expected at most {INTEGER_DIGITS} digits before and {FRACTION_DIGITS} after the point")
    # Minus zero would hash and print differently from zero.
    return value if value else abs(value)


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant in UTC; without a time of day it is New York's midnight of the day."""

    instant: dt.datetime
    has_time: bool

    @property
    def day(self) -> dt.date:
        """The day on New York's clocks."""
        return self.instant.astimezone(NEW_YORK).date()


class Dates:
    """Reads the dates of one file; `days_first` says whether `02/03/2025` is in March (None: the file does not tell)."""

    def __init__(self, texts: Iterable[str] = ()) -> None:
        """Looks for the one order that all slashed dates allow."""
        slashed = [found for text in texts if (found := _MOMENT.fullmatch(text.strip())) and found["first"]]
        days_first = any(int(found["first"]) > 12 for found in slashed)
        months_first = any(int(found["second"]) > 12 for found in slashed)
        self.days_first = None if days_first == months_first else days_first

    def moment(self, text: str, clock: str = "") -> Moment:
        """A date, with its time where there is one; `clock` is a time of day printed apart from it.

        Raises:
            CellError: not a date, one that does not exist, or one whose day and month cannot be told apart.
        """
        found = _MOMENT.fullmatch(f"{text} {clock}".strip())
        if found is None:
            raise CellError("expected a date, with or without a time")
        try:
            day = self._day(found)
            if found["hour"] is None:
                return Moment(dt.datetime.combine(day, dt.time(), NEW_YORK).astimezone(dt.UTC), has_time=False)
            time = dt.time(int(found["hour"]), int(found["minute"]), int(found["seconds"]))
            zone = found["zone"]
            if zone is None:
                instant = dt.datetime.combine(day, time, NEW_YORK)
            else:
                instant = dt.datetime.fromisoformat(f"{day}T{time}{_ZONES.get(zone, zone)}")
        except ValueError as error:
            raise CellError(f"no such date or time: {error}") from error
        return Moment(instant.astimezone(dt.UTC), has_time=True)

    def day(self, text: str) -> dt.date:
        """A day. Raises: CellError."""
        return self.moment(text).day

    def _day(self, found: re.Match[str]) -> dt.date:
        if found["year"]:
            day = dt.date(int(found["year"]), int(found["month"]), int(found["day"]))
        elif found["name"]:
            # A name that is no month gives month 0, which no date has.
            name = found["name"].upper()
            month = _MONTHS.index(name) + 1 if name in _MONTHS else 0
            day = dt.date(_year(found["dashed"]), month, int(found["dashed_day"]))
        else:
            first, second = int(found["first"]), int(found["second"])
            if self.days_first is None and first != second:
                raise CellError("day and month of this date cannot be told apart; use the format yyyyMMdd in the query")
            day = dt.date(_year(found["slashed"]), *((second, first) if self.days_first else (first, second)))
        if not 1990 <= day.year <= 2100:
            raise CellError("expected a year between 1990 and 2100")
        return day


def _year(text: str) -> int:
    return int(text) + (2000 if len(text) == 2 else 0)
