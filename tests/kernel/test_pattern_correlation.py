"""The correlations to expect: a correlation matrix at the forecast level, whatever days are missing."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tomking.kernel.pattern_correlation import LEAST_DAYS, moved_to, pattern_matrix

Rows = NDArray[np.float64]


def made(days: int = 600, seed: int = 0) -> Rows:
    random = np.random.default_rng(seed)
    rows: Rows = random.standard_normal((days, 1)) * [1.0, 0.8, 0.2, 0.0] + random.standard_normal((days, 4))
    return rows


def test_a_crisis_day_counts_for_its_direction_and_not_for_its_size() -> None:
    calm = made()
    shocked = calm.copy()
    shocked[-1] = -200.0
    assert np.abs(pattern_matrix(shocked) - pattern_matrix(calm)).max() < 0.4
    assert np.asarray(np.corrcoef(shocked[-20:], rowvar=False))[2, 3] > 0.98


def test_an_unweighted_pattern_of_steady_series_is_their_correlation() -> None:
    rows = made(20_000)
    found = pattern_matrix(rows, decay=0.9999)
    assert found == pytest.approx(np.corrcoef(rows, rowvar=False), abs=0.03)


@given(st.integers(0, 1000), st.floats(-0.2, 0.99))
def test_a_moved_matrix_has_the_mean_and_stays_a_correlation_matrix(seed: int, mean: float) -> None:
    matrix = pattern_matrix(made(200, seed))
    moved = moved_to(matrix, mean)
    assert np.linalg.eigvalsh(moved).min() > -1e-9
    assert np.array_equal(np.diag(moved), np.ones(4))
    upper = np.triu_indices(4, 1)
    present = matrix[upper].mean()
    if mean > present or present > 0.0:
        assert moved[upper].mean() == pytest.approx(max(mean, min(present, 0.0)), abs=1e-9)


def test_a_late_series_has_no_pattern_and_a_hole_is_left_out() -> None:
    rows = made(200)
    rows[: 200 - LEAST_DAYS + 1, 3] = np.nan
    rows[100, 1] = np.nan
    found = pattern_matrix(rows)
    assert np.isnan(found[3]).all()
    assert np.isfinite(found[:3, :3]).all()
    assert np.array_equal(moved_to(found, math.nan), found, equal_nan=True)
    assert np.isnan(moved_to(found, 0.9)[3]).all()
    with pytest.raises(ValueError, match="a decay between"):
        pattern_matrix(rows, decay=1.0)
