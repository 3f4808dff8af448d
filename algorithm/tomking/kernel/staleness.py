"""What the age of a cached value costs: a few keys followed through each session.

Holds: which keys are followed, when they were asked for, and what a fresh reading said.
Belongs here: the observations from which life times are calibrated.
Never here: caches, choosing a life time (outside the algorithm).

Following a key changes no answer. Where a reading is cheap one is made at every request for a followed key; where it is
not, only the readings that the cache makes anyway are known.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Final

KEYS: Final = 2
"""Keys that are followed in a session: the first ones asked for."""
MOST_REQUESTS: Final = 200
"""Requests that are noted of a key and session; later ones are not: an object store has no room for every minute."""
_DIGITS: Final = Decimal("0.000001")


@dataclass(slots=True)
class StalenessTrace:
    """One key through one session: seconds of the UTC day at which it was asked for, and the fresh values known."""

    day: date
    key: str
    requests: list[int] = field(default_factory=list)
    readings: dict[int, Decimal] = field(default_factory=dict)


class StalenessTraces:
    """The traces of the running session and of those not yet handed over."""

    def __init__(self, keys: int = KEYS, most_requests: int = MOST_REQUESTS) -> None:
        self._most_keys, self._most_requests = keys, most_requests
        self._traces: dict[str, StalenessTrace] = {}
        self._done: list[StalenessTrace] = []
        self._day: date | None = None

    def wants(self, key: str, day: date) -> bool:
        """Whether a request for `key` in the session of `day` is to be noted."""
        if day != self._day:
            self._done += self._traces.values()
            self._day, self._traces = day, {}
        if key not in self._traces and len(self._traces) < self._most_keys:
            self._traces[key] = StalenessTrace(day, key)
        trace = self._traces.get(key)
        return trace is not None and len(trace.requests) < self._most_requests

    def note(self, key: str, now: datetime, value: Decimal | None) -> None:
        """A request at `now` (UTC), and what a fresh reading says, None where none was made or it says nothing.

        Several requests within one second are one.
        """
        trace = self._traces[key]
        second = now.hour * 3600 + now.minute * 60 + now.second
        if not trace.requests or trace.requests[-1] != second:
            trace.requests.append(second)
        if value is not None:
            trace.readings[second] = value.quantize(_DIGITS)

    def take(self, before: date) -> tuple[StalenessTrace, ...]:
        """Hand over and forget the traces of days before `before`."""
        found = [*self._done, *self._traces.values()]
        taken = tuple(one for one in found if one.day < before and one.requests)
        self._done = [one for one in self._done if one.day >= before]
        self._traces = {key: one for key, one in self._traces.items() if one.day >= before}
        return taken
