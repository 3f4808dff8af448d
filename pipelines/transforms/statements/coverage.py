"""What the files at hand can speak about at all.

Holds: the time an account's statements cover, and the sessions LEAN traded.
Belongs here: telling "the other side does not have it" from "the other side has not been heard yet".
Never here: matching.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

_NEW_YORK = ZoneInfo("America/New_York")
_PERIOD = re.compile(r"_(\d{6})_to_(\d{6})(?!\d)")
QUIET_DAYS = 7
"""Exports follow each other without a gap if no more than a quiet week lies between their rows."""


@dataclass(frozen=True, slots=True)
class Export:
    """A statement: the days of its rows, its newest row, and its name (which may state the period)."""

    file_name: str
    first_day: dt.date
    last_day: dt.date
    newest: dt.datetime

    @property
    def span(self) -> tuple[dt.datetime, dt.datetime]:
        """From when to when the export shows everything.

        A period in the name counts from its first day. Its last day, and the last day of rows without a period, are
        complete only up to the newest row: the export may have been made during that day.
        """
        match = _PERIOD.search(self.file_name)
        first, last = self.first_day, self.last_day
        if match is not None:
            first, last = min(first, _day(match[1]) or first), max(last, _day(match[2]) or last)
        return _midnight(first), max(self.newest, _midnight(last))


@dataclass(frozen=True, slots=True)
class Coverage:
    """Spans in order of time that do not touch."""

    spans: tuple[tuple[dt.datetime, dt.datetime], ...]

    def includes(self, first: dt.datetime, last: dt.datetime) -> bool:
        """Whether a span holds all from `first` to `last`."""
        return any(begin <= first and last <= finish for begin, finish in self.spans)


def coverage_of(exports: Iterable[Export]) -> Coverage:
    """The spans of several exports, joined where less than `QUIET_DAYS` lie between them."""
    merged: list[tuple[dt.datetime, dt.datetime]] = []
    for begin, finish in sorted(export.span for export in exports):
        if merged and begin - merged[-1][1] <= dt.timedelta(days=QUIET_DAYS):
            merged[-1] = (merged[-1][0], max(merged[-1][1], finish))
        else:
            merged.append((begin, finish))
    return Coverage(tuple(merged))


@dataclass(frozen=True, slots=True)
class Trading:
    """The time one run of LEAN traded."""

    run_id: str
    first: dt.datetime
    last: dt.datetime


def run_of(moment: dt.datetime, runs: Sequence[Trading]) -> str | None:
    """The run that was trading then; with several the one that started last, None before the first.

    A run that has ended answers for the rest of its last session, and for the time until another run starts.
    """
    started = [run for run in runs if run.first <= moment]
    active = [run for run in started if moment <= run.last] or started
    return max(active, key=lambda run: (run.first, run.run_id)).run_id if active else None


def within_trading(day: dt.date, runs: Sequence[Trading]) -> bool:
    """Whether `day` lies between the first and the last session of any run."""
    if not runs:
        return False
    first = min(run.first for run in runs).astimezone(_NEW_YORK).date()
    last = max(run.last for run in runs).astimezone(_NEW_YORK).date()
    return first <= day <= last


def _midnight(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), _NEW_YORK).astimezone(dt.UTC)


def _day(text: str) -> dt.date | None:
    try:
        return dt.date(2000 + int(text[:2]), int(text[2:4]), int(text[4:]))
    except ValueError:
        return None
