"""Error bars of group means: the known interval of one pair, coverage, and what has none."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tomking.kernel.correlation import fisher_interval, group_correlations
from tomking.kernel.group_intervals import group_intervals


def test_one_pair_of_many_days_has_fisher_s_interval() -> None:
    rows = np.random.default_rng(1).multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]], 4000)
    within, between = group_intervals(rows, "aa")[0], group_intervals(rows, "ab")[1]
    low, high = fisher_interval(within.group.mean, 4000, 0.90)
    assert (within.low, within.high) == pytest.approx((low, high), abs=3e-3)
    assert (between.low, between.high) == pytest.approx((within.low, within.high), abs=1e-12)


@pytest.mark.parametrize("days", [20, 60])
def test_the_true_mean_lies_within_as_often_as_is_said(days: int) -> None:
    random, held = np.random.default_rng(days), np.zeros(2)
    for _ in range(500):
        rows = np.sqrt(0.3) * random.standard_normal((days, 1)) + np.sqrt(0.7) * random.standard_normal((days, 8))
        found = group_intervals(rows, "aaaabbbb")
        held += [found[0].low <= 0.3 <= found[0].high, found[1].low <= 0.3 <= found[1].high]
    assert (held / 500 > 0.84).all()
    assert (held / 500 < 0.96).all()


@given(st.integers(0, 10**6), st.integers(2, 7))
def test_every_mean_lies_within_its_own_interval(seed: int, columns: int) -> None:
    random = np.random.default_rng(seed)
    rows = random.standard_normal((20, columns)) + random.standard_normal((20, 1))
    rows[random.integers(0, 20), 0] = random.choice([0.0, np.nan])
    groups = [str(one) for one in random.integers(0, 3, columns)]
    found = group_intervals(rows, groups)
    assert [one.group for one in found] == list(group_correlations(rows, groups))
    for one in found:
        assert one.low <= one.group.mean <= one.high or (one.group.pairs == 0 and math.isnan(one.low))


def test_copies_are_certain_and_a_wrong_confidence_is_refused() -> None:
    rows = np.repeat(np.random.default_rng(2).standard_normal((20, 1)), 2, axis=1)
    assert (group_intervals(rows, "aa")[0].low, group_intervals(rows, "aa")[0].high) == pytest.approx((1.0, 1.0))
    with pytest.raises(ValueError, match="confidence lies between"):
        group_intervals(rows, "aa", confidence=1.0)
