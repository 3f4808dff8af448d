"""Mean correlations of a live model: what single windows give, whatever the data hold and wherever the feed began."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tomking.kernel.correlation import mean_correlation, rolling_mean_correlation
from tomking.kernel.recent_means import RecentMeans

Rows = NDArray[np.float64]


def spoiled(seed: int, days: int, columns: int) -> Rows:
    """Returns with holes, still stretches, huge ticks and copies of one another."""
    random = np.random.default_rng(seed)
    rows: Rows = 0.01 * (random.standard_t(4, (days, columns)) + random.standard_normal((days, 1)))
    for _ in range(random.integers(0, 6)):
        first, column = int(random.integers(0, days)), int(random.integers(0, columns))
        kind = int(random.integers(0, 4))
        if kind == 0:
            rows[first : first + 3, column] = np.nan
        elif kind == 1:
            rows[first : first + 70, column] = random.choice([0.0, 1e-4])
        elif kind == 2:
            rows[first, column] = 100.0
        else:
            rows[:, column] = rows[:, 0]
    return rows


def fed(rows: Rows, windows: tuple[int, ...], first: int = 0, least_pairs: int = 1) -> Rows:
    """The means of each day from `first` on, weekends left out of the calendar."""
    recent = RecentMeans(rows.shape[1], windows, least_pairs)
    start = dt.date(2001, 1, 1)
    days = [start + dt.timedelta(days=day + 2 * (day // 5)) for day in range(len(rows))]
    return np.array([recent.push(date, row) for date, row in zip(days[first:], rows[first:], strict=True)])


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(30, 420), st.integers(1, 9))
def test_each_day_gives_what_its_windows_give(seed: int, days: int, columns: int) -> None:
    rows = spoiled(seed, days, columns)
    found = fed(rows, (5, 20, 70))
    for place, window in enumerate((5, 20, 70)):
        assert np.allclose(found[:, place], rolling_mean_correlation(rows, window), rtol=0, atol=1e-12, equal_nan=True)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 200))
def test_a_feed_that_began_later_comes_to_the_same_bits(seed: int, first: int) -> None:
    rows = spoiled(seed, 400, 4)
    whole, late = fed(rows, (20, 70)), fed(rows, (20, 70), first)
    assert late[70:].tobytes() == whole[first + 70 :].tobytes()


def test_a_huge_tick_leaves_no_trace_once_it_has_left() -> None:
    rows = 0.01 * np.random.default_rng(3).standard_normal((200, 5))
    marked = rows.copy()
    marked[50, 1] = 1e9
    assert np.array_equal(fed(rows, (20,))[70:], fed(marked, (20,))[70:])


def test_too_few_pairs_are_missing() -> None:
    rows = 0.01 * np.random.default_rng(1).standard_normal((40, 3))
    rows[:, 2] = 0.0
    assert mean_correlation(rows[-20:]).pairs == 1
    assert np.isfinite(fed(rows, (20,))[-1, 0])
    assert np.isnan(fed(rows, (20,), least_pairs=2)[-1, 0])


def test_windows_of_one_day_are_refused() -> None:
    with pytest.raises(ValueError, match="windows have two days at least"):
        RecentMeans(3, (1, 20))
