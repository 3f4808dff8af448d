"""The option-chain cache: a chain is read from the engine once and then served from memory for some minutes.

Holds: look-up, filtering out of a wider chain, what happens when reading fails, and what events drop.
Belongs here: whether a chain may be served, and how old it is.
Never here: LEAN objects (rows are plain data, converted once by the provider), choosing contracts.

Age goes by the algorithm's clock. An answer says how it came about and how old it is, so that a decision can record the
age of its input. Three outcomes are kept apart: contracts, no contracts (an empty answer, which is one), and no answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Generic, Literal

from tomking.kernel.cache_counters import CacheCounters, Counts
from tomking.kernel.expiring_cache import Entry, ExpiringCache
from tomking.kernel.market_events import MarketEvent
from tomking.kernel.option_chain import ChainRequest, OptionChain, Row
from tomking.kernel.parameter_specs import SPECS

Source = Literal["read", "cached", "filtered", "last_good", "none"]


@dataclass(frozen=True, slots=True)
class ChainAnswer(Generic[Row]):
    """What is known of a chain.

    `rows` is None where nothing is known and empty where it is known that nothing is listed. `source`: `read` now,
    `cached`, `filtered` out of a wider chain, `last_good` (the provider failed, this is what it last said) or `none`.
    `failure` says what went wrong.
    """

    rows: tuple[Row, ...] | None
    source: Source
    read_at: datetime | None
    age: timedelta | None
    failure: str | None = None

    @property
    def is_stale(self) -> bool:
        """Whether this is an old answer in place of one that could not be had."""
        return self.source == "last_good"


Provider = Callable[[ChainRequest], Iterable[Row] | None]
"""Reads a chain; raises or returns None where it could not be read."""


class ChainCache(Generic[Row]):
    """Chains by request.

    Parameters
    ----------
    ttl : timedelta
        Life of a chain by the algorithm's clock (5 minutes): at exactly that age it is expired.
    capacity : int
        Chains held at most, at any moment and those kept as last good ones included (100).
    enabled : bool
        False reads every time: the answers are the same, only slower.
    reads_whole : bool
        True where the provider can only read whole chains anyhow (LEAN): windows are then cut out of one reading.

    Raises ValueError for a capacity below 1 or a life time that is not positive.
    """

    def __init__(self, ttl: timedelta, capacity: int, *, enabled: bool = True, reads_whole: bool = False) -> None:
        self._cache: ExpiringCache[ChainRequest, OptionChain[Row]] = ExpiringCache(ttl, capacity, retire=True)
        self._enabled, self._reads_whole = enabled, reads_whole
        self._day: date | None = None
        self.counters = CacheCounters()

    @classmethod
    def from_values(
        cls, values: Mapping[str, str], *, enabled: bool = True, reads_whole: bool = False
    ) -> ChainCache[Row]:
        """The cache with life time and capacity of a complete table of parameters."""
        ttl, capacity = (
            int(SPECS[name].value(values[name])) for name in ("caches.chain_ttl_seconds", "caches.chain_entries")
        )
        return cls(timedelta(seconds=ttl), capacity, enabled=enabled, reads_whole=reads_whole)

    def get(self, request: ChainRequest, now: datetime, provider: Provider[Row]) -> ChainAnswer[Row]:
        """The contracts of a request, read by `provider` where memory cannot serve them. `now` is UTC."""
        self._begin(request.day, now)
        counts = self.counters.of(request.day, request.kind)
        if self._enabled:
            exact = self._cache.get(request, now)
            if exact is not None:
                counts.hits += 1
                return ChainAnswer(exact.value.rows, "cached", exact.read_at, now - exact.read_at)
            wider = self._wider(request, now)
            if wider is not None:
                counts.hits += 1
                counts.filtered += 1
                rows = wider.value.select(request)
                return ChainAnswer(rows, "filtered", wider.read_at, now - wider.read_at)
        self._count_miss(request, counts, now)
        return self._read(request, counts, now, provider)

    def on_event(self, event: MarketEvent, now: datetime) -> int:
        """Drop what an event makes worthless; returns how many chains that were.

        A chain dropped so may still stand in, marked as stale, for one that cannot be read; not after an event that
        changed what is listed.
        """
        dropped = self._cache.invalidate(key for key in self._cache.keys(now) if event.root in (None, key.root))
        if event.relists:
            self._cache.forget(key for key in self._cache.retired() if event.root in (None, key.root))
        return dropped

    @property
    def made_with(self) -> dict[str, int]:
        """Life time in seconds and capacity, by their parameters."""
        return {
            "caches.chain_ttl_seconds": int(self._cache.ttl.total_seconds()),
            "caches.chain_entries": self._cache.capacity,
        }

    def size(self, now: datetime) -> int:
        """Chains that could be served now."""
        return self._cache.size(now)

    @property
    def held(self) -> int:
        """Chains in memory, last good ones included."""
        return self._cache.held

    def _begin(self, day: date, now: datetime) -> None:
        """With a new session the chains of earlier ones can stand in for nothing any more."""
        if day != self._day:
            self._day = day
            self._cache.size(now)  # lets what has expired retire
            self._cache.forget(key for key in self._cache.retired() if key.day != day)

    def _wider(self, request: ChainRequest, now: datetime) -> Entry[OptionChain[Row]] | None:
        whole = self._cache.get(request.whole(), now)
        if whole is not None:
            return whole
        for key in self._cache.keys(now):
            if key.covers(request):
                return self._cache.get(key, now)
        return None

    def _count_miss(self, request: ChainRequest, counts: Counts, now: datetime) -> None:
        absence = self._cache.absence(request)
        if absence == "first_touch" and self._reads_whole:
            absence = self._cache.absence(request.whole())
        narrower = absence == "first_touch" and any(
            request.covers(key) for key in self._cache.keys(now) if key != request
        )
        counts.miss("wider" if narrower else absence)

    def _read(self, request: ChainRequest, counts: Counts, now: datetime, provider: Provider[Row]) -> ChainAnswer[Row]:
        asked = request.whole() if self._reads_whole else request
        counts.provider_calls += 1
        try:
            rows = provider(asked)
            # Converting may fail as well: rows can be a generator over the engine's objects.
            chain = None if rows is None else OptionChain(rows)
            failure = "the provider has no answer"
        except Exception as error:  # noqa: BLE001 - an engine raises what it likes, and trading must go on
            chain, failure = None, f"{type(error).__name__}: {error}"[:300]
        if chain is None:
            counts.failures += 1
            return self._last_good(request, counts, now, failure)
        if not asked.is_whole:
            chain = OptionChain(chain.select(asked))
        evicted = self._cache.put(asked, chain, now)
        if evicted is not None:
            self.counters.of(request.day, evicted.kind).evictions += 1
        rows = chain.rows if asked == request else chain.select(request)
        return ChainAnswer(rows, "read", now, timedelta())

    def _last_good(self, request: ChainRequest, counts: Counts, now: datetime, failure: str) -> ChainAnswer[Row]:
        known = [entry for key, entry in self._cache.entries(now) if key.covers(request)]
        found = max(known, key=lambda entry: entry.read_at, default=None)
        if found is None:
            return ChainAnswer(None, "none", None, None, failure)
        counts.stale_served += 1
        rows = found.value.select(request)
        return ChainAnswer(rows, "last_good", found.read_at, now - found.read_at, failure)
