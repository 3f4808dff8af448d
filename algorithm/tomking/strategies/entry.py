"""When a strategy may enter: weekday, which one of the month, and the hours.

Holds: `EntryWindow`.
Belongs here: calendar rules that several strategies share.
Never here: what is entered.

A day of the calendar that is no session moves to the session after it, or before it for what expires that week. Hours
are New York's; an end of hours comes earlier by as much as the session ends earlier. With hourly bars a beginning means
the first bar at or after it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from tomking.kernel.sessions import session_on_or_after, session_on_or_before
from tomking.strategies.market_view import MarketView

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday")
_REGULAR_CLOSE = time(16)


@dataclass(frozen=True, slots=True)
class EntryWindow:
    """The parameters of an entry calendar; `entry_week` is which such weekday of the month, 0 for each."""

    entry_weekday: str
    entry_week: int
    entry_from: time
    entry_until: time

    def is_day(self, day: date, *, weeks: Collection[int] | None = None, holiday: str = "after") -> bool:
        """Whether an entry is allowed on this session; `weeks` stands in for `entry_week`.

        `holiday` says where a day goes that is no session: to the session `after` or `before` it.
        """
        allowed = weeks if weeks is not None else (self.entry_week,)
        move = session_on_or_after if holiday == "after" else session_on_or_before
        for distance in range(-6, 7):
            named = day + timedelta(days=distance)
            if named.weekday() != _WEEKDAYS.index(self.entry_weekday) or move(named) != day:
                continue
            if 0 in allowed or (named.day - 1) // 7 + 1 in allowed:
                return True
        return False

    def is_hour(self, view: MarketView) -> bool:
        """Whether it is late enough and not too late in a session that is open."""
        return view.is_open and view.local.time() >= self.entry_from and not self.is_over(view)

    def is_open_for(self, planned_on: date, view: MarketView) -> bool:
        """Whether a trade planned on that day may still be opened."""
        return view.day == planned_on and view.is_open and not self.is_over(view)

    def is_over(self, view: MarketView) -> bool:
        """Whether the hours of this day have passed."""
        return view.local.time() > on_session(self.entry_until, view)


def on_session(clock: time, view: MarketView) -> time:
    """A time of a regular session, moved earlier by as much as this session ends earlier."""
    day = view.day
    early = datetime.combine(day, _REGULAR_CLOSE) - datetime.combine(day, view.close_time)
    return (datetime.combine(day, clock) - early).time()
