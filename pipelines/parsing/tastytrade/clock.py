"""Whose clock the old tastytrade export was printed on: it shows local times and no zone.

Holds: finding how many hours the clock of a file runs ahead of New York's, from the trades in it.
Belongs here: what the times of a file say about its clock.
Never here: reading cells, and what a row is.

The customer's clock differs from New York's by whole hours (half hours in a few countries), for a few weeks a year by
one hour more or less, because countries move their clocks on different days. Shares and options trade from 9:30 to
16:15, so of all differences the true one puts nearly every trade inside a session, and expirations after its end. A
file with a handful of trades leaves several differences open: then only its days are known.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from tomking.kernel.sessions import NEW_YORK, CalendarRange, is_session, session_on_or_before

_STEP = dt.timedelta(minutes=30)
_DIFFERENCES = tuple(_STEP * count for count in range(-12, 37))
"""From Hawaii, six hours behind New York, to New Zealand, up to eighteen ahead; half an hour apart. These two ends are a
day apart: a file that fits both tells its days only."""
_OPENS, _CLOSES = dt.time(9, 30), dt.time(16, 15)
_BOOKED_FROM, _BOOKED_TO = dt.time(16), dt.time(18)


@dataclass(frozen=True, slots=True)
class Clock:
    """How far a file's clock is ahead of New York's. Without `is_certain` it stands for the day only."""

    ahead: dt.timedelta
    is_certain: bool

    def instant(self, printed: dt.datetime) -> dt.datetime:
        """The instant (UTC) of a printed local time; New York's midnight of its day where the clock is not certain."""
        local = (printed - self.ahead).replace(tzinfo=NEW_YORK)
        if not self.is_certain:
            local = local.replace(hour=0, minute=0, second=0)
        return local.astimezone(dt.UTC)


def clock_of(trades: Sequence[dt.datetime], booked: Sequence[dt.datetime]) -> Clock:
    """The clock that `trades` of shares and options, and rows `booked` at the end of a day, were printed on.

    Order does not matter. A file without either says nothing: New York's own clock, days only.
    """
    in_session = {ahead: sum(_in_session(printed - ahead) for printed in trades) for ahead in _DIFFERENCES}
    most = max(in_session.values())
    left = [ahead for ahead, count in in_session.items() if count == most]
    after_close = {ahead: sum(_after_close(printed - ahead) for printed in booked) for ahead in left}
    most_booked = max(after_close.values())
    left = [ahead for ahead in left if after_close[ahead] == most_booked]
    if len(left) > 1:
        # Half hours are rare: of differences that fit equally a whole one is meant.
        left = [ahead for ahead in left if not ahead % (2 * _STEP)] or left
    return Clock(min(left, key=abs), is_certain=len(left) == 1)


def _in_session(local: dt.datetime) -> bool:
    return _OPENS <= local.time() <= _CLOSES and _is_session(local.date())


def _after_close(local: dt.datetime) -> bool:
    return _BOOKED_FROM <= local.time() <= _BOOKED_TO and _is_session(local.date())


def _is_session(day: dt.date) -> bool:
    try:
        return is_session(day)
    except CalendarRange:
        return False


def third_friday(day: dt.date) -> dt.date:
    """The session on which the month's standard options expire, for the month of `day`."""
    first = day.replace(day=1)
    friday = first + dt.timedelta(days=(4 - first.weekday()) % 7 + 14)
    return session_on_or_before(friday)
