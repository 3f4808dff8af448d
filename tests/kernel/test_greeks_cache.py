"""The Greeks cache: half a minute, and what is not there is None.

Holds: life time, missing Greeks, failures, events, counters.
Belongs here: `tomking.kernel.greeks_cache`.
Never here: models of Greeks, sums over positions.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from tomking.kernel.greeks import SHARE, Greeks
from tomking.kernel.greeks_cache import GreeksCache
from tomking.kernel.market_events import UnderlyingMoved
from tomking.kernel.parameters import default_values

START = datetime(2020, 3, 16, 14, tzinfo=UTC)
PUT = Greeks(delta=Decimal("-0.16"), vega=Decimal("0.3"))
THIRTY = timedelta(seconds=30)


def known(greeks: Greeks | None) -> Callable[[str], Greeks | None]:
    return lambda _: greeks


def fails(_: str) -> Greeks | None:
    raise RuntimeError("no price model")


def test_greeks_are_served_for_half_a_minute_and_not_at_thirty_seconds() -> None:
    cache = GreeksCache.from_values(default_values())
    assert cache.get("P", "SPY", START, known(PUT)).source == "read"
    young = cache.get("P", "SPY", START + THIRTY - timedelta(microseconds=1), known(SHARE))
    assert (young.greeks, young.source) == (PUT, "cached")
    assert cache.get("P", "SPY", START + THIRTY, known(SHARE)).greeks is SHARE


@given(st.lists(st.integers(0, 40), min_size=1, max_size=30))
def test_greeks_of_thirty_seconds_or_more_are_never_returned(waits: list[int]) -> None:
    cache, now = GreeksCache(THIRTY, 3), START
    for seconds in waits:
        now += timedelta(seconds=seconds)
        read_at = now
        answer = cache.get("P", "SPY", now, lambda _, at=read_at: Greeks(delta=Decimal(at.timestamp())))  # type: ignore[misc]
        assert answer.greeks is not None
        assert answer.greeks.delta is not None
        assert now.timestamp() - float(answer.greeks.delta) < 30
        assert answer.age is not None
        assert answer.age < THIRTY


def test_missing_greeks_are_none_and_it_is_remembered_that_they_are_missing() -> None:
    cache = GreeksCache(THIRTY, 3)
    assert cache.get("P", "SPY", START, known(None)).greeks is None
    again = cache.get("P", "SPY", START + timedelta(seconds=1), fails)
    assert (again.greeks, again.source) == (None, "cached")
    total = cache.counters.total()
    assert (total.hits, total.known_missing, total.provider_calls) == (1, 1, 1)
    assert PUT.gamma is None
    assert PUT.missing == ("gamma", "theta", "rho", "implied_volatility")


def test_a_failure_is_unknown_is_not_kept_and_nothing_old_stands_in() -> None:
    cache = GreeksCache(THIRTY, 3)
    cache.get("P", "SPY", START, known(PUT))
    failed = cache.get("P", "SPY", START + THIRTY, fails)
    assert (failed.greeks, failed.source, failed.failure) == (None, "none", "RuntimeError: no price model")
    assert cache.get("P", "SPY", START + THIRTY, known(PUT)).greeks == PUT
    assert cache.counters.total().misses == {"first_touch": 1, "expired": 2}


def test_an_event_drops_the_greeks_of_its_root_only() -> None:
    cache = GreeksCache(THIRTY, 3)
    for key, root in (("a", "SPX"), ("b", "SPXW")):
        cache.get(key, root, START, known(PUT))
    assert cache.on_event(UnderlyingMoved("SPX", Decimal(1), Decimal(2)), START) == 1
    assert cache.get("a", "SPX", START, known(SHARE)).source == "read"
    assert cache.get("b", "SPXW", START, known(SHARE)).source == "cached"


def test_no_more_contracts_are_held_than_allowed() -> None:
    cache = GreeksCache(THIRTY, 2)
    for key in "abc":
        cache.get(key, "SPY", START, known(PUT))
        assert cache.size(START) <= 2
    assert cache.counters.total().evictions == 1


def test_with_the_cache_off_the_provider_is_asked_each_time() -> None:
    cache = GreeksCache(THIRTY, 2, enabled=False)
    for _ in range(3):
        assert cache.get("a", "SPY", START, known(PUT)).greeks == PUT
    assert cache.counters.total().hits == 0
    assert cache.counters.total().provider_calls == 3
