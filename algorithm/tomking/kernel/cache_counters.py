"""Counters of a cache: hits, misses by kind, provider calls, by day and by kind of key.

Holds: the counts and their sums.
Belongs here: counting, in the terms of the journal's `cache` line.
Never here: the caches, or where counts are written.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Final, Literal, get_args

Miss = Literal["first_touch", "expired", "evicted", "invalidated", "wider"]
"""Why a request was not served from the cache; `wider`: what is there covers only a part of it."""

MISSES: Final[tuple[Miss, ...]] = get_args(Miss)


@dataclass(slots=True)
class Counts:
    """What happened to the requests of one kind on one day.

    `hits` includes `filtered` (answered out of a wider entry) and `known_missing` (it is known that there is nothing).
    `provider_calls` includes `failures`; `stale_served` counts failures that the last good answer stood in for.
    """

    hits: int = 0
    filtered: int = 0
    known_missing: int = 0
    misses: dict[Miss, int] = field(default_factory=dict)
    provider_calls: int = 0
    failures: int = 0
    stale_served: int = 0
    evictions: int = 0

    @property
    def requests(self) -> int:
        """How often something was asked for."""
        return self.hits + sum(self.misses.values())

    @property
    def hit_rate(self) -> float | None:
        """Hits as a share of requests; None before the first request."""
        return self.hits / self.requests if self.requests else None

    def miss(self, kind: Miss) -> None:
        """Count a miss."""
        self.misses[kind] = self.misses.get(kind, 0) + 1

    def add(self, other: Counts) -> None:
        """Add another's counts to these."""
        for one in fields(self):
            if one.name != "misses":
                setattr(self, one.name, getattr(self, one.name) + getattr(other, one.name))
        for kind, count in other.misses.items():
            self.misses[kind] = self.misses.get(kind, 0) + count


class CacheCounters:
    """Counts by day and kind of key."""

    def __init__(self) -> None:
        self._counts: dict[tuple[date, str], Counts] = {}

    def of(self, day: date, kind: str) -> Counts:
        """The counts of one day and kind, to count in."""
        found = self._counts.get((day, kind))
        if found is None:
            found = self._counts[day, kind] = Counts()
        return found

    def by_day_and_kind(self) -> tuple[tuple[date, str, Counts], ...]:
        """Every row, by day and kind."""
        return tuple((day, kind, self._counts[day, kind]) for day, kind in sorted(self._counts))

    def total(self, day: date | None = None) -> Counts:
        """The sum over all kinds, of one day or of all."""
        return _sum(counts for (one, _), counts in self._counts.items() if day in (None, one))

    def take(self, before: date) -> tuple[tuple[date, str, Counts], ...]:
        """Hand over and forget the days before `before`, so that a long run does not collect them."""
        taken = tuple(row for row in self.by_day_and_kind() if row[0] < before)
        for day, kind, _ in taken:
            del self._counts[day, kind]
        return taken


def _sum(parts: Iterable[Counts]) -> Counts:
    total = Counts()
    for part in parts:
        total.add(part)
    return total
