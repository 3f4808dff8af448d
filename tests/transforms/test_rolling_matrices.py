"""Packed matrices of whole histories: what the kernel gives window by window, whatever the data hold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipelines.transforms.regimes.rolling_matrices import packed_matrices, unpack
from tests.kernel.test_recent_means import spoiled
from tomking.kernel.correlation import correlation_matrix


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(20, 260), st.integers(1, 7))
@example(110, 110, 4)  # a column that stands still once a huge tick and, after it, a gap have left
def test_every_window_is_the_kernel_s_matrix(seed: int, days: int, columns: int) -> None:
    rows = spoiled(seed, days, columns)
    upper = np.triu_indices(columns, 1)
    for day, packed in enumerate(packed_matrices(rows)):
        expected = correlation_matrix(rows[day : day + 20])[upper]
        assert np.allclose(packed, expected, rtol=0, atol=1e-11, equal_nan=True)


def test_a_packed_day_becomes_a_matrix_again() -> None:
    rows = 0.01 * np.random.default_rng(3).standard_normal((20, 4))
    rows[:, 1] = 0.0
    matrix = unpack(packed_matrices(rows)[0], 4)
    assert np.allclose(matrix, correlation_matrix(rows), rtol=0, atol=1e-12, equal_nan=True)


def test_memory_can_be_handed_in_and_must_fit() -> None:
    rows = spoiled(4, 40, 3)
    out = np.empty((21, 3))
    assert packed_matrices(rows, out=out) is out
    with pytest.raises(ValueError, match=r"rows of shape \(21, 3\)"):
        packed_matrices(rows, out=np.empty((20, 3)))
    with pytest.raises(ValueError, match="a window of two days"):
        packed_matrices(rows, window=1)
    with pytest.raises(ValueError, match="4 columns have 6 pairs"):
        unpack([1.0], 4)
    assert packed_matrices(rows[:10]).shape == (0, 3)
