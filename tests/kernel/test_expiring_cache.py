"""The bounded cache against a plain list that does the same slowly, after any sequence of uses.

Holds: order of use, life time, bound, reasons of absence.
Belongs here: `tomking.kernel.expiring_cache`.
Never here: chains and Greeks.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tomking.kernel.expiring_cache import Absence, ExpiringCache

START = datetime(2020, 3, 16, 13, 30, tzinfo=UTC)
TTL = timedelta(minutes=5)
KEYS = st.sampled_from("abcdefgh")


class AgainstAList(RuleBasedStateMachine):
    """`self.used` is the reference: keys with value and time of reading, the least recently used first."""

    @initialize(capacity=st.integers(1, 5), retire=st.booleans())
    def begin(self, capacity: int, retire: bool) -> None:
        self.cache: ExpiringCache[str, int] = ExpiringCache(TTL, capacity, retire=retire)
        self.now = START
        self.used: list[tuple[str, int, datetime]] = []
        self.why: dict[str, Absence] = {}

    def age(self) -> None:
        for key, _, read_at in self.used:
            if self.now - read_at >= TTL:
                self.why[key] = "expired"
        self.used = [one for one in self.used if self.now - one[2] < TTL]

    @rule(seconds=st.integers(0, 400))
    def wait(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)
        self.age()

    @rule()
    def turn_the_clock_back(self) -> None:
        self.now -= timedelta(seconds=1)
        self.cache.size(self.now)
        self.why.update({key: "invalidated" for key, _, _ in self.used})
        self.used = []

    @rule(key=KEYS, value=st.integers())
    def put(self, key: str, value: int) -> None:
        evicted = self.cache.put(key, value, self.now)
        expected = None
        if key in [one for one, _, _ in self.used]:
            self.used = [one for one in self.used if one[0] != key]
        elif len(self.used) == self.cache.capacity:
            expected = self.used.pop(0)[0]
            self.why[expected] = "evicted"
        self.used.append((key, value, self.now))
        self.why.pop(key, None)
        assert evicted == expected

    @rule(key=KEYS)
    def get(self, key: str) -> None:
        found = self.cache.get(key, self.now)
        there = next((one for one in self.used if one[0] == key), None)
        if there is None:
            assert found is None
            assert self.cache.absence(key) == self.why.get(key, "first_touch")
        else:
            assert found is not None
            assert (found.value, found.read_at) == there[1:]
            self.used.remove(there)
            self.used.append(there)

    @rule(keys=st.sets(KEYS))
    def invalidate(self, keys: set[str]) -> None:
        there = {one for one, _, _ in self.used} & keys
        assert self.cache.invalidate(iter(sorted(keys))) == len(there)
        self.why.update(dict.fromkeys(there, "invalidated"))
        self.used = [one for one in self.used if one[0] not in keys]

    @rule(keys=st.sets(KEYS))
    def forget(self, keys: set[str]) -> None:
        self.cache.forget(keys)
        assert not keys & set(self.cache.retired())

    @invariant()
    def the_same_keys_are_there_and_never_too_many(self) -> None:
        if hasattr(self, "cache"):
            assert list(self.cache.keys(self.now)) == [key for key, _, _ in reversed(self.used)]
            assert self.cache.size(self.now) == len(self.used)
            assert len(self.used) <= self.cache.held <= self.cache.capacity


TestAgainstAList = AgainstAList.TestCase
TestAgainstAList.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)


def test_an_entry_of_exactly_the_life_time_is_expired() -> None:
    cache: ExpiringCache[str, int] = ExpiringCache(TTL, 2)
    cache.put("a", 1, START)
    assert cache.get("a", START + TTL - timedelta(microseconds=1)) is not None
    assert cache.size(START + TTL) == 0
    assert cache.get("a", START + TTL) is None
    assert cache.absence("a") == "expired"


def test_what_has_retired_gives_way_before_anything_alive() -> None:
    cache: ExpiringCache[str, int] = ExpiringCache(TTL, 2, retire=True)
    cache.put("old", 1, START)
    cache.put("young", 2, START + timedelta(minutes=3))
    later = START + TTL
    assert cache.size(later) == 1
    assert cache.held == 2
    assert cache.put("new", 3, later) is None
    assert {key for key, _ in cache.entries(later)} == {"young", "new"}


@pytest.mark.parametrize(("ttl", "capacity"), [(timedelta(), 1), (timedelta(seconds=-1), 1), (TTL, 0)])
def test_a_cache_without_place_or_life_is_refused(ttl: timedelta, capacity: int) -> None:
    with pytest.raises(ValueError, match="place and a life time"):
        ExpiringCache(ttl, capacity)


def test_the_memory_of_reasons_is_bounded_too() -> None:
    cache: ExpiringCache[int, int] = ExpiringCache(TTL, 1)
    for number in range(100):
        cache.put(number, number, START)
    assert cache.absence(98) == "evicted"
    assert cache.absence(0) == "first_touch"
    assert cache.evictions == 99
