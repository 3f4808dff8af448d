"""Mean correlations of whole histories: the same as window by window, whatever the data hold."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.transforms.regimes.rolling_means import history_means, label_history, rolling_means
from tests.kernel.regime_days import assert_same_days
from tests.kernel.test_recent_means import spoiled
from tomking.kernel.correlation import mean_correlation, rolling_mean_correlation
from tomking.kernel.regime_settings import RegimeSettings
from tomking.kernel.regimes import label_days


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


def test_a_history_labelled_at_once_has_the_labels_of_its_days_one_by_one() -> None:
    rows = spoiled(7, 2100, 4)
    rows[900] = np.nan
    dates = [dt.date(2001, 1, 1) + dt.timedelta(days=day) for day in range(len(rows))]
    quick = RegimeSettings(forecast_start=300, quantile_days=400, quantile_minimum=100)
    assert_same_days(label_days(dates, rows, quick), label_history(dates, rows, quick))
    assert np.isnan(history_means(rows, quick)[900]).all()
    given = history_means(rows, quick)
    assert label_history(dates, rows, quick) == label_history(dates, rows, quick, means=given)
