"""Scheduled events: which days, which times, which function.

Holds: date rules, time rules and the list of what is due on a day.
Belongs here: times as the New York clock shows them.
Never here: the event loop.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from tests.lean_double.data import NEW_YORK
from tests.lean_double.names import DayOfWeek
from tests.lean_double.strict import strict
from tests.lean_double.symbols import Symbol
from tomking.kernel.sessions import close_time_utc, is_session, sessions_between

Days = Callable[[date], bool]
Times = Callable[[date], list[datetime]]
_OPENING = time(9, 30)


def instant(day: date, clock: time) -> datetime:
    """UTC of a time on New York's clocks."""
    return datetime.combine(day, clock, NEW_YORK).astimezone(UTC)


def is_market_open(local: datetime) -> bool:
    """Whether US shares trade at a time of New York's clocks (without a zone)."""
    day = local.date()
    if not is_session(day):
        return False
    close = close_time_utc(day).astimezone(NEW_YORK).replace(tzinfo=None)
    return local.time() >= _OPENING and local < close


@strict
class DateRules:
    """Days; a rule with a symbol keeps to the sessions of its exchange."""

    def every_day(self, symbol: Symbol | None = None) -> Days:
        return (lambda day: True) if symbol is None else is_session

    def every(self, weekday: DayOfWeek) -> Days:
        return lambda day: (day.weekday() + 1) % 7 == weekday

    def month_start(self, symbol: Symbol, days_offset: int = 0) -> Days:
        del symbol

        def rule(day: date) -> bool:
            sessions = sessions_between(day.replace(day=1), day)
            return is_session(day) and len(sessions) == days_offset + 1

        return rule


@strict
class TimeRules:
    """Times of a day."""

    def at(self, hour: int, minute: int) -> Times:
        return lambda day: [instant(day, time(hour, minute))]

    def every(self, interval: timedelta) -> Times:
        def rule(day: date) -> list[datetime]:
            start, following = instant(day, time()), instant(day + timedelta(days=1), time())
            count = -(-(following - start) // interval)
            return [start + step * interval for step in range(count)]

        return rule

    def after_market_open(self, symbol: Symbol, minutes: float = 0) -> Times:
        del symbol
        return lambda day: [instant(day, _OPENING) + timedelta(minutes=minutes)] if is_session(day) else []

    def before_market_close(self, symbol: Symbol, minutes: float = 0) -> Times:
        del symbol
        return lambda day: [close_time_utc(day) - timedelta(minutes=minutes)] if is_session(day) else []


@dataclass
class Schedule:
    """What the algorithm wants to be called for."""

    _events: list[tuple[Days, Times, Callable[[], object]]] = field(default_factory=list)

    def on(self, days: Days, times: Times, callback: Callable[[], object]) -> None:
        self._events.append((days, times, callback))

    def due(self, day: date) -> list[tuple[datetime, Callable[[], object]]]:
        """The calls of a day in order of time, then of registration."""
        found = [(moment, call) for days, times, call in self._events if days(day) for moment in times(day)]
        return sorted(found, key=lambda one: one[0])
