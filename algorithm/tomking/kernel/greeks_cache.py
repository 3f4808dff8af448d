"""The Greeks cache: what a model computed for a contract is used for half a minute, and never longer.

Holds: look-up by contract key, remembering that there is nothing, counters.
Belongs here: whether Greeks may be served, and how old they are.
Never here: LEAN objects, models, sums over positions.

Greeks move with the market, so there is no last good answer here: where they cannot be had they are unknown (None).
That the engine has none for a contract (no quote, no implied volatility) is an answer too and is kept as long as any
other. A failure is not kept; the next request asks again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from tomking.kernel.cache_counters import CacheCounters
from tomking.kernel.expiring_cache import ExpiringCache
from tomking.kernel.greeks import Greeks
from tomking.kernel.market_events import MarketEvent
from tomking.kernel.parameter_specs import SPECS

KIND = "contract"
"""The one kind of key, for counters."""


@dataclass(frozen=True, slots=True)
class GreeksAnswer:
    """Greeks of a contract, or None where they are not known; `failure` says so where asking failed."""

    greeks: Greeks | None
    source: Literal["read", "cached", "none"]
    age: timedelta | None
    failure: str | None = None


@dataclass(frozen=True, slots=True)
class _Known:
    root: str
    greeks: Greeks | None


GreeksProvider = Callable[[str], Greeks | None]
"""Computes the Greeks of a contract key; None where the engine has none; raises where asking failed."""


class GreeksCache:
    """Greeks by contract key, at most `capacity`, each less than `ttl` old by the algorithm's clock.

    Raises ValueError for a capacity below 1 or a life time that is not positive.
    """

    def __init__(self, ttl: timedelta, capacity: int, *, enabled: bool = True) -> None:
        self._cache: ExpiringCache[str, _Known] = ExpiringCache(ttl, capacity)
        self._enabled = enabled
        self.counters = CacheCounters()

    @classmethod
    def from_values(cls, values: Mapping[str, str], *, enabled: bool = True) -> GreeksCache:
        """The cache with life time and capacity of a complete table of parameters."""
        ttl, capacity = (
            int(SPECS[name].value(values[name])) for name in ("caches.greeks_ttl_seconds", "caches.greeks_entries")
        )
        return cls(timedelta(seconds=ttl), capacity, enabled=enabled)

    def get(self, key: str, root: str, now: datetime, provider: GreeksProvider) -> GreeksAnswer:
        """The Greeks of a contract of an option root; `now` is UTC, and its date the day of the counters."""
        counts = self.counters.of(now.date(), KIND)
        entry = self._cache.get(key, now) if self._enabled else None
        if entry is not None:
            counts.hits += 1
            counts.known_missing += entry.value.greeks is None
            return GreeksAnswer(entry.value.greeks, "cached", now - entry.read_at)
        counts.miss(self._cache.absence(key))
        counts.provider_calls += 1
        try:
            greeks = provider(key)
        except Exception as error:  # noqa: BLE001 - an engine raises what it likes, and trading must go on
            counts.failures += 1
            return GreeksAnswer(None, "none", None, f"{type(error).__name__}: {error}"[:300])
        if self._enabled and self._cache.put(key, _Known(root, greeks), now) is not None:
            counts.evictions += 1
        return GreeksAnswer(greeks, "read", timedelta())

    def on_event(self, event: MarketEvent, now: datetime) -> int:
        """Drop what an event makes worthless; returns how many contracts that were."""
        gone = [key for key, entry in self._cache.entries(now) if event.root in (None, entry.value.root)]
        return self._cache.invalidate(gone)

    @property
    def made_with(self) -> dict[str, int]:
        """Life time in seconds and capacity, by their parameters."""
        return {
            "caches.greeks_ttl_seconds": int(self._cache.ttl.total_seconds()),
            "caches.greeks_entries": self._cache.capacity,
        }

    def size(self, now: datetime) -> int:
        """Contracts whose Greeks could be served now."""
        return self._cache.size(now)
