"""A bounded cache whose entries live for a set time, by a clock that the caller brings.

Holds: least-recently-used order, life time, and why a key is not there.
Belongs here: what the caches of chains and of Greeks share.
Never here: what is cached, where it comes from, counters.

The clock is the algorithm's: a backtest of a year must age its entries by a year. An entry read `ttl` ago is expired;
five minutes of life end at exactly 5:00. A clock that runs backwards makes every entry worthless, so all are dropped.

Entries that expired or were invalidated may be retired instead of forgotten: they are never returned by `get`, do not
count as entries, and give way to any entry that needs their place. Live and retired together never exceed `capacity`.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, Literal, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")

Absence = Literal["first_touch", "expired", "evicted", "invalidated"]
"""Why a key is not there: never seen, too old, made room for another, or dropped by an event."""

REMEMBERED_PER_ENTRY = 10
"""Keys whose absence is remembered, per place of the cache; an older one counts as never seen."""


@dataclass(frozen=True, slots=True)
class Entry(Generic[Value]):
    """A value and the instant at which it was read."""

    value: Value
    read_at: datetime


class ExpiringCache(Generic[Key, Value]):
    """At most `capacity` entries, the least recently used one leaving first, each at most `ttl` old.

    Every method takes `now`, UTC. Raises ValueError for a capacity below 1 or a life time that is not positive.
    """

    def __init__(self, ttl: timedelta, capacity: int, *, retire: bool = False) -> None:
        if capacity < 1 or ttl <= timedelta():
            raise ValueError(f"a cache needs a place and a life time, got {capacity} and {ttl}")
        self.ttl, self.capacity, self._retire = ttl, capacity, retire
        self._live: OrderedDict[Key, Entry[Value]] = OrderedDict()
        # The same keys by age. All live equally long, so the first of them is always the first to expire.
        self._by_age: OrderedDict[Key, datetime] = OrderedDict()
        self._retired: OrderedDict[Key, Entry[Value]] = OrderedDict()
        self._left: OrderedDict[Key, Absence] = OrderedDict()
        self._now: datetime | None = None
        self.evictions = 0

    def get(self, key: Key, now: datetime) -> Entry[Value] | None:
        """The entry of a key, which is then the most recently used; None where there is none that is young enough."""
        self._advance(now)
        found = self._live.get(key)
        if found is not None:
            self._live.move_to_end(key)
        return found

    def put(self, key: Key, value: Value, now: datetime) -> Key | None:
        """Store a value read at `now`; returns the key that had to leave for it, if one had to."""
        self._advance(now)
        evicted = None
        if key not in self._live and len(self._live) == self.capacity:
            evicted, _ = self._live.popitem(last=False)
            del self._by_age[evicted]
            self._remember(evicted, "evicted")
            self.evictions += 1
        self._retired.pop(key, None)
        if key not in self._live and len(self._live) + len(self._retired) == self.capacity:
            self._retired.popitem(last=False)
        self._live[key] = Entry(value, now)
        self._live.move_to_end(key)
        self._by_age[key] = now
        self._by_age.move_to_end(key)
        self._left.pop(key, None)
        return evicted

    def invalidate(self, keys: Iterable[Key]) -> int:
        """Drop entries that are there; returns how many."""
        there = [key for key in keys if key in self._live]
        for key in there:
            self._leave(key, "invalidated")
        return len(there)

    def forget(self, keys: Iterable[Key]) -> None:
        """Let go of the retired entries of these keys."""
        for key in list(keys):
            self._retired.pop(key, None)

    def absence(self, key: Key) -> Absence:
        """Why a key that `get` did not find is not there."""
        return self._left.get(key, "first_touch")

    def keys(self, now: datetime) -> Iterator[Key]:
        """The keys of live entries, the most recently used first."""
        self._advance(now)
        return reversed(list(self._live))

    def entries(self, now: datetime) -> Iterator[tuple[Key, Entry[Value]]]:
        """Keys and entries, retired ones included; looking at them is no use of them."""
        self._advance(now)
        return iter([*self._live.items(), *self._retired.items()])

    def retired(self) -> tuple[Key, ...]:
        """The keys of retired entries, the first one retired first."""
        return tuple(self._retired)

    def size(self, now: datetime) -> int:
        """How many live entries there are."""
        self._advance(now)
        return len(self._live)

    @property
    def held(self) -> int:
        """Live and retired entries: what the cache takes in memory; never above `capacity`."""
        return len(self._live) + len(self._retired)

    def _advance(self, now: datetime) -> None:
        if self._now is not None and now < self._now:
            for key in list(self._live):
                self._leave(key, "invalidated")
            self._retired.clear()
        self._now = now
        while self._by_age:
            oldest = next(iter(self._by_age))
            if now - self._by_age[oldest] < self.ttl:
                break
            self._leave(oldest, "expired")

    def _leave(self, key: Key, why: Absence) -> None:
        entry = self._live.pop(key)
        del self._by_age[key]
        self._remember(key, why)
        if self._retire:
            self._retired[key] = entry
            self._retired.move_to_end(key)

    def _remember(self, key: Key, why: Absence) -> None:
        self._left[key] = why
        self._left.move_to_end(key)
        if len(self._left) > REMEMBERED_PER_ENTRY * self.capacity:
            self._left.popitem(last=False)
