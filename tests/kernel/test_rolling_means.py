"""Mean correlations of whole histories: the same as window by window, whatever the data hold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tomking.kernel.correlation import mean_correlation, rolling_mean_correlation
from tomking.kernel.rolling_means import rolling_means

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


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(30, 220), st.integers(1, 9))
def test_whole_histories_give_what_single_windows_give(seed: int, days: int, columns: int) -> None:
    rows = spoiled(seed, days, columns)
    found = rolling_means(rows, (5, 20))
    for place, window in enumerate((5, 20)):
        assert np.allclose(found[:, place], rolling_mean_correlation(rows, window), rtol=0, atol=1e-12, equal_nan=True)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6), st.integers(30, 200))
def test_a_history_cut_short_gives_the_same_bits(seed: int, cut: int) -> None:
    rows = spoiled(seed, 200, 5)
    assert rolling_means(rows[:cut], (20,)).tobytes() == rolling_means(rows, (20,))[:cut].tobytes()


def test_too_few_pairs_are_missing() -> None:
    rows = 0.01 * np.random.default_rng(1).standard_normal((40, 3))
    rows[:, 2] = 0.0
    assert mean_correlation(rows[-20:]).pairs == 1
    assert np.isfinite(rolling_means(rows, (20,))[-1, 0])
    assert np.isnan(rolling_means(rows, (20,), least_pairs=2)[-1, 0])


def test_windows_of_one_day_and_single_rows_are_refused() -> None:
    with pytest.raises(ValueError, match="windows of two days at least"):
        rolling_means(np.zeros((5, 2)), (1,))
    with pytest.raises(ValueError, match="rows, columns"):
        rolling_means(np.zeros(5), (2,))
