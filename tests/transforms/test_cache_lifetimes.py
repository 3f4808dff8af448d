"""Life times of caches: replays count what a cache would, and a learnt one is adopted only where it beats hindsight."""

from __future__ import annotations

import datetime as dt
from datetime import UTC, timedelta
from decimal import Decimal
from functools import partial
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.transforms.parameters.cache_lifetimes import (
    CALL_PRICE,
    CHOICES,
    PURGE,
    WINDOW,
    Trace,
    calibrate_lifetime,
    replay,
    staleness_curve,
)
from tomking.kernel.greeks import Greeks
from tomking.kernel.greeks_cache import GreeksCache

FIRST = dt.date(2026, 1, 5)
OPEN = 14 * 3600 + 1800


def walks(days: int, roughness: list[float], *, seed: int = 1, step: int = 5) -> list[Trace]:
    """Random walks asked for every `step` seconds; `roughness` is the move of a step on each day, repeated."""
    random = np.random.default_rng(seed)
    found = []
    for day in range(days):
        values = np.cumsum(random.normal(0, roughness[day % len(roughness)], 300))
        seconds = tuple(OPEN + step * place for place in range(300))
        readings = dict(zip(seconds, map(float, values), strict=True))
        found.append(Trace(FIRST + timedelta(days=day), "k", seconds, readings))
    return found


@given(
    st.lists(st.integers(0, 4000), min_size=1, max_size=60, unique=True).map(sorted),
    st.sampled_from(CHOICES["greeks"]),
    st.randoms(use_true_random=False),
)
def test_a_replay_counts_the_calls_and_errors_of_the_real_cache(seconds: list[int], ttl: int, random: object) -> None:
    values = {second: Decimal(n * n % 17) for n, second in enumerate(seconds)}
    cache = GreeksCache(timedelta(seconds=ttl), 10)
    day = dt.datetime(2026, 1, 5, tzinfo=UTC)
    error = Decimal(0)

    def provide(_key: str, at: int) -> Greeks:
        return Greeks(delta=values[at])

    for second in seconds:
        answer = cache.get("k", "SPY", day + timedelta(seconds=second), partial(provide, at=second))
        assert answer.greeks is not None
        assert answer.greeks.delta is not None
        error += abs(answer.greeks.delta - values[second])
    usage = replay(Trace(FIRST, "k", tuple(seconds), {second: float(value) for second, value in values.items()}), ttl)
    assert usage.calls == cache.counters.total().provider_calls
    assert usage.error == pytest.approx(float(error))
    assert usage.errors == usage.requests == len(seconds)


def test_a_request_without_a_fresh_reading_counts_for_the_calls_alone() -> None:
    usage = replay(Trace(FIRST, "k", (0, 10, 20, 30), {0: 1.0, 20: 1.5}), 15)
    # Read at 0, served at 10, read at 20, served at 30; the errors of the last two pairs are not known.
    assert (usage.requests, usage.calls, usage.errors, usage.error) == (4, 2, 2, 0.0)
    assert replay(Trace(FIRST, "k", (0, 10), {}), 15).cost(1.0) is None


def test_the_best_life_is_the_one_the_costs_say_and_every_way_is_reported() -> None:
    found = calibrate_lifetime(walks(60, [0.0005]), "greeks", 30)
    assert found is not None
    assert found.days == 60 - WINDOW - PURGE
    assert found.by_lifetime[found.fixed_best_seconds] == found.fixed_best == min(found.by_lifetime.values())
    assert set(found.by_lifetime) == set(CHOICES["greeks"])
    assert found.in_force == found.by_lifetime[30]
    assert found.fixed_best <= found.fixed_ahead
    # Nothing to learn where every day is alike: hindsight stays ahead.
    assert not found.is_learnt_better


def test_where_days_differ_for_long_a_learnt_life_beats_the_best_fixed_one() -> None:
    calm, rough = walks(100, [0.00005]), walks(200, [0.003], seed=2)[100:]
    found = calibrate_lifetime([*calm, *rough], "greeks", 30)
    assert found is not None
    assert found.is_learnt_better
    assert found.learnt < found.fixed_best
    assert found.next_learnt == min(CHOICES["greeks"])


def test_no_choice_rests_on_the_day_it_is_scored_on_or_on_the_one_before() -> None:
    traces = walks(40, [0.0005])
    last = traces[-1]
    wild = Trace(last.day, last.key, last.requests, {second: value * 50 for second, value in last.readings.items()})
    changed = calibrate_lifetime([*traces[:-1], wild], "greeks", 30)
    before = calibrate_lifetime(traces[:-1], "greeks", 30)
    known = calibrate_lifetime(traces[: -1 - PURGE], "greeks", 30)
    assert changed is not None
    assert before is not None
    assert known is not None
    for name, choice in (("learnt", known.next_learnt), ("fixed_ahead", known.next_fixed)):
        usage = replay(wild, choice)
        total = getattr(before, name) * before.requests + usage.error + CALL_PRICE["greeks"] * usage.calls
        assert getattr(changed, name) * changed.requests == pytest.approx(total)


def test_too_few_sessions_give_no_evidence() -> None:
    assert calibrate_lifetime(walks(WINDOW + PURGE, [0.001]), "greeks", 30) is None
    assert calibrate_lifetime([], "chains", 300) is None


def test_the_curve_of_a_random_walk_rises_with_the_root_of_age() -> None:
    curve = staleness_curve(walks(40, [0.001]), (5, 20, 80))
    assert [edge for edge, _, _ in curve] == [5, 20, 80]
    assert all(later[2] > before[2] for before, later in pairwise(curve))
    assert curve[0][2] == pytest.approx(0.001 * (2 / np.pi) ** 0.5, rel=0.05)
