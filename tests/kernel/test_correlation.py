"""Correlation of one window and of every window.

Covers: figures worked out exactly (golden file, with the degenerate cases), the means against the full matrix, the
live ring buffer against the batch bit for bit, a rebuilt buffer, spectra of Gram and full matrices, invariants.
"""

from __future__ import annotations

import json
import math
import runpy
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tomking.kernel.correlation import (
    RollingCorrelation,
    correlation,
    correlation_matrix,
    fisher_interval,
    group_correlations,
    mean_correlation,
    rolling_matrices,
    rolling_mean_correlation,
    rolling_spectrum,
    spectrum,
    unit_columns,
)

DATA = Path(__file__).parent.parent / "data" / "correlation"
GOLDEN: list[dict[str, Any]] = json.loads((DATA / "golden.json").read_text(encoding="utf-8"))
TOLERANCE = 1e-12


def matrix_of(case: dict[str, Any]) -> np.ndarray[Any, np.dtype[np.float64]]:
    columns = [[math.nan if value is None else value for value in series] for series in case["columns"].values()]
    return np.array(columns, dtype=np.float64).T


def same(found: float, expected: str | None) -> bool:
    return math.isnan(found) if expected is None else abs(found - float(expected)) <= TOLERANCE


@pytest.mark.parametrize("case", GOLDEN, ids=lambda case: case["name"])
def test_every_pair_is_what_exact_arithmetic_gives(case: dict[str, Any]) -> None:
    rows, names = matrix_of(case), list(case["columns"])
    matrix = correlation_matrix(rows)
    for first, second, expected in case["pairs"]:
        i, j = names.index(first), names.index(second)
        assert same(matrix[i, j], expected), (first, second, matrix[i, j], expected)
        assert same(correlation(rows[:, i], rows[:, j]), expected)


@pytest.mark.parametrize("case", GOLDEN, ids=lambda case: case["name"])
def test_means_over_all_pairs_and_over_groups_are_what_exact_arithmetic_gives(case: dict[str, Any]) -> None:
    rows = matrix_of(case)
    mean = mean_correlation(rows)
    assert mean.pairs == case["defined_pairs"]
    assert same(mean.mean, case["mean"])
    found = {(row.first, row.second): row for row in group_correlations(rows, list(case["groups"].values()))}
    for first, second, expected, pairs in case["group_means"]:
        assert found[first, second].pairs == pairs
        assert same(found[first, second].mean, expected)


def test_the_golden_file_is_what_its_script_makes() -> None:
    made = runpy.run_path(str(DATA / "make_golden.py"))["cases"]()
    assert json.loads(json.dumps(made)) == GOLDEN


def test_a_flat_series_is_missing_and_never_infinite_or_zero() -> None:
    rows = np.random.default_rng(1).normal(0, 0.01, (20, 4))
    for flat in (0.0, 0.0001, -3.0):
        rows[:, 2] = flat
        matrix = correlation_matrix(rows)
        assert np.isnan(matrix[2]).all()
        assert np.isnan(matrix[:, 2]).all()
        assert np.isfinite(np.delete(np.delete(matrix, 2, 0), 2, 1)).all()
        assert mean_correlation(rows).pairs == 3


def test_a_cash_account_with_only_rounding_in_its_growth_is_flat() -> None:
    cash = 0.0001 + 2e-16 * np.arange(20)
    assert np.ptp(cash) > 0.0
    rows = np.column_stack([cash, np.random.default_rng(2).normal(0, 0.01, 20)])
    assert np.isnan(correlation_matrix(rows)[0, 1])


def test_a_series_missing_one_day_is_left_out_of_that_window_only() -> None:
    returns = np.random.default_rng(3).normal(0, 0.01, (60, 3))
    returns[25, 1] = np.nan
    pairs = [mean_correlation(returns[last - 19 : last + 1]).pairs for last in range(19, 60)]
    assert pairs == [3] * 6 + [1] * 20 + [3] * 15
    returns[25, 1] = np.inf
    assert pairs == [mean_correlation(returns[last - 19 : last + 1]).pairs for last in range(19, 60)]


def test_fewer_than_two_series_have_no_mean() -> None:
    rows = np.random.default_rng(4).normal(0, 0.01, (20, 1))
    mean = mean_correlation(rows)
    assert math.isnan(mean.mean)
    assert mean.pairs == 0
    assert math.isnan(spectrum(np.zeros((20, 3))).top_share)


def test_the_mean_without_a_matrix_equals_the_mean_of_the_matrix() -> None:
    returns = np.random.default_rng(5).standard_t(4, (80, 17)) * 0.01
    for last, matrix in rolling_matrices(returns):
        upper = [matrix[i, j] for i, j in combinations(range(17), 2)]
        assert mean_correlation(returns[last - 19 : last + 1]).mean == pytest.approx(np.mean(upper), abs=TOLERANCE)


@pytest.mark.parametrize("columns", [2, 7, 20, 45])
def test_a_live_buffer_gives_the_bits_of_the_batch_every_day(columns: int) -> None:
    returns = np.random.default_rng(6).normal(0, 0.01, (75, columns))
    returns[30, 1] = np.nan
    returns[40:65, 0] = 0.0
    groups = [("x", "y", "z")[place % 3] for place in range(columns)]
    batch = rolling_mean_correlation(returns)
    matrices = dict(rolling_matrices(returns))
    live = RollingCorrelation(columns)
    for day, row in enumerate(returns):
        live.push(row)
        if day < 19:
            assert not live.full
            assert math.isnan(live.mean().mean)
            assert np.isnan(live.matrix()).all()
            assert live.groups(groups) == ()
            continue
        assert np.array_equal([live.mean().mean], [batch[day]], equal_nan=True)
        assert np.array_equal(live.matrix(), matrices[day], equal_nan=True)
        of_the_window = group_correlations(returns[day - 19 : day + 1], groups)
        assert [(row.first, row.second, row.pairs) for row in live.groups(groups)] == [
            (row.first, row.second, row.pairs) for row in of_the_window
        ]
        assert np.array_equal(
            [row.mean for row in live.groups(groups)], [row.mean for row in of_the_window], equal_nan=True
        )


def test_a_buffer_rebuilt_from_its_rows_goes_on_with_the_same_bits() -> None:
    returns = np.random.default_rng(7).normal(0, 0.01, (70, 5))
    live = RollingCorrelation(5)
    for row in returns[:37]:
        live.push(row)
    again = RollingCorrelation.from_rows(live.rows())
    assert again.full
    for row in returns[37:]:
        live.push(row)
        again.push(row)
        assert live.mean() == again.mean()
        assert np.array_equal(live.matrix(), again.matrix())
    short = RollingCorrelation.from_rows(returns[:4])
    assert np.array_equal(short.rows(), returns[:4])


def test_the_gram_matrix_has_the_spectrum_of_the_full_matrix() -> None:
    returns = np.random.default_rng(8).normal(0, 0.01, (60, 31)) + np.random.default_rng(9).normal(0, 0.01, (60, 1))
    batch = rolling_spectrum(returns, block=7)
    assert batch[:19] == (None,) * 19
    for last in range(19, 60):
        rows = returns[last - 19 : last + 1]
        values = np.clip(np.linalg.eigvalsh(correlation_matrix(rows)), 0.0, None) / 31
        found, again = spectrum(rows), batch[last]
        assert again is not None
        positive = values[values > 1e-13]
        assert found.top_share == pytest.approx(values[-1], abs=TOLERANCE)
        assert found.participation == pytest.approx(1.0 / (values**2).sum(), abs=1e-10)
        assert found.effective_rank == pytest.approx(math.exp(-(positive * np.log(positive)).sum()), abs=1e-9)
        assert again.columns == found.columns == 31
        assert again.top_share == pytest.approx(found.top_share, abs=TOLERANCE)
        assert again.effective_rank == pytest.approx(found.effective_rank, abs=1e-10)
        assert again.participation == pytest.approx(found.participation, abs=1e-10)


def test_the_spectrum_in_bulk_leaves_out_undefined_series() -> None:
    returns = np.random.default_rng(10).normal(0, 0.01, (22, 4))
    returns[:, 3] = 0.0
    returns[20, 2] = np.nan
    last = rolling_spectrum(returns)[-1]
    assert last is not None
    assert last.columns == 2
    assert last == spectrum(returns[2:])


def test_independent_series_count_fully_and_one_common_movement_counts_once() -> None:
    common = np.tile(np.random.default_rng(11).normal(0, 0.01, (20, 1)), (1, 6))
    assert spectrum(common).top_share == pytest.approx(1.0)
    assert spectrum(common).effective_rank == pytest.approx(1.0)
    orthogonal = np.linalg.qr(np.column_stack([np.ones(20), np.random.default_rng(12).normal(size=(20, 4))]))[0][:, 1:]
    assert spectrum(orthogonal).effective_rank == pytest.approx(4.0)
    assert spectrum(orthogonal).participation == pytest.approx(4.0)


def test_a_fisher_interval_at_twenty_days_is_wide() -> None:
    # atanh(0.3) -+ 1.96 / sqrt(17), put back on the scale of a correlation
    assert fisher_interval(0.30, 20) == pytest.approx((-0.16434, 0.65550), abs=1e-4)
    assert fisher_interval(1.0, 20) == (1.0, 1.0)
    assert all(math.isnan(edge) for edge in fisher_interval(0.3, 3))
    assert all(math.isnan(edge) for edge in fisher_interval(math.nan, 20))
    with pytest.raises(ValueError, match="confidence lies between 0 and 1, got 95"):
        fisher_interval(0.3, 20, 95)


def test_wrong_shapes_are_refused_with_what_was_expected() -> None:
    with pytest.raises(ValueError, match=r"a window has rows and columns, this has 1 dimension"):
        unit_columns([0.1, 0.2])
    with pytest.raises(ValueError, match="two series of one length"):
        correlation([0.1, 0.2], [0.1])
    with pytest.raises(ValueError, match="2 columns need as many groups, got 1"):
        group_correlations(np.zeros((20, 2)), ["x"])
    with pytest.raises(ValueError, match="a window needs two days at least, got 1"):
        RollingCorrelation(3, window=1)
    with pytest.raises(ValueError, match="at least one series"):
        RollingCorrelation(0)
    with pytest.raises(ValueError, match=r"a day has 3 returns, got shape \(2,\)"):
        RollingCorrelation(3).push([0.1, 0.2])
    with pytest.raises(ValueError, match="saved rows have two dimensions"):
        RollingCorrelation.from_rows([0.1])


@given(
    st.integers(0, 2**32 - 1),
    st.integers(2, 40),
    st.integers(2, 12),
    st.floats(1e-6, 1e6),
    st.sampled_from(["normal", "ticks", "flat", "holes"]),
)
def test_a_matrix_is_symmetric_bounded_and_has_no_negative_eigenvalue(
    seed: int, days: int, columns: int, scale: float, kind: str
) -> None:
    random = np.random.default_rng(seed)
    rows = random.normal(0, scale, (days, columns))
    if kind == "ticks":
        rows[random.integers(days), random.integers(columns)] = 1e4 * scale
    if kind == "flat":
        rows[:, 0] = scale
    if kind == "holes":
        rows[0, 0] = np.nan
    matrix = correlation_matrix(rows)
    assert np.array_equal(matrix, matrix.T, equal_nan=True)
    defined = ~np.isnan(np.diag(matrix))
    inner = matrix[np.ix_(defined, defined)]
    assert (np.abs(inner) <= 1.0).all()
    assert not np.isinf(matrix).any()
    if defined.any():
        assert np.linalg.eigvalsh(inner).min() >= -1e-10


@given(st.integers(0, 2**32 - 1), st.floats(0.001, 1000.0), st.floats(-10.0, 10.0))
def test_scale_and_level_do_not_change_a_correlation(seed: int, scale: float, level: float) -> None:
    first, second = np.random.default_rng(seed).normal(0, 1, (2, 20))
    assert correlation(first * scale + level, second) == pytest.approx(correlation(first, second), abs=1e-9)
