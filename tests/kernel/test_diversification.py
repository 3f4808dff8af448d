"""The diversification score.

Covers: its ends 0 and 100, hedges, the split of lost points, missing figures, the slope against differences, resizing,
the bootstrap error bar, and agreement with the diversification ratio it is made from.
"""

from __future__ import annotations

import math
from dataclasses import astuple

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tomking.kernel.correlation import Array, correlation_matrix
from tomking.kernel.diversification import (
    DiversificationScore,
    book_volatility,
    resize,
    score_book,
    score_gradient,
    score_interval,
    score_window,
)


def score(exposures: object, volatilities: object, correlations: object) -> DiversificationScore:
    found = score_book(exposures, volatilities, correlations)  # type: ignore[arg-type]
    assert found is not None
    return found


def uniform(count: int, correlation: float) -> Array:
    matrix = np.full((count, count), correlation)
    np.fill_diagonal(matrix, 1.0)
    return matrix


def random_book(seed: int, count: int) -> tuple[Array, Array, Array]:
    random = np.random.default_rng(seed)
    rows = random.normal(0, 1, (60, count)) + random.normal(0, 1, (60, 1))
    exposures: Array = random.normal(0, 10, count)
    return exposures, random.uniform(0.05, 0.5, count), correlation_matrix(rows)


def test_one_bet_scores_nothing() -> None:
    assert score([7.0], [0.2], [[1.0]]).score == 0.0
    alone = score([7.0, 0.0, 0.0], [0.2, 0.3, 0.1], uniform(3, 0.2))
    assert (alone.score, alone.lost_to_concentration, alone.lost_to_correlation) == (0.0, 100.0, 0.0)


def test_the_same_bet_in_many_places_scores_nothing() -> None:
    found = score([1.0] * 5, [0.2] * 5, uniform(5, 1.0))
    assert found.score == pytest.approx(0.0, abs=1e-12)
    assert found.lost_to_correlation == pytest.approx(100.0)
    assert found.lost_to_concentration == pytest.approx(0.0, abs=1e-12)


def test_equal_uncorrelated_bets_score_a_hundred() -> None:
    for count in (2, 5, 40):
        found = score([1.0] * count, [0.2] * count, uniform(count, 0.0))
        assert found.score == pytest.approx(100.0)
        assert found.concentration == pytest.approx(1.0 / count)


def test_equal_risk_counts_and_not_equal_money() -> None:
    assert score([1.0, 4.0], [0.4, 0.1], uniform(2, 0.0)).score == pytest.approx(100.0)
    assert score([1.0, 1.0], [0.4, 0.1], uniform(2, 0.0)).score < 70.0


def test_a_hedge_raises_the_score() -> None:
    volatilities, correlations = [0.2, 0.2, 0.2], uniform(3, 0.8)
    unhedged = score([1.0, 1.0, 0.0], volatilities, correlations)
    hedged = score([1.0, 1.0, -0.6], volatilities, correlations)
    added = score([1.0, 1.0, 0.6], volatilities, correlations)
    assert hedged.score > unhedged.score
    assert hedged.score > added.score
    assert hedged.lost_to_correlation < 0.0 < unhedged.lost_to_correlation


def test_a_book_hedged_beyond_independence_is_held_at_a_hundred() -> None:
    found = score([1.0, -1.0], [0.2, 0.2], uniform(2, 0.9))
    assert found.unclipped == pytest.approx(190.0)
    assert found.score == 100.0


@given(st.integers(0, 2**32 - 1), st.integers(2, 8))
def test_a_small_hedge_in_an_empty_place_always_raises_the_score(seed: int, count: int) -> None:
    exposures, volatilities, correlations = random_book(seed, count)
    exposures[0] = 0.0
    pull = float((correlations[0] * exposures * volatilities).sum())
    before = score_book(exposures, volatilities, correlations)
    assume(before is not None and abs(pull) > 1e-3)
    assert before is not None
    hedge = exposures.copy()
    hedge[0] = -1e-4 * np.sign(pull) * np.abs(exposures).sum()
    assert score(hedge, volatilities, correlations).unclipped > before.unclipped


@given(st.integers(0, 2**32 - 1), st.integers(2, 10))
def test_lost_points_add_up_and_the_score_is_the_diversification_ratio(seed: int, count: int) -> None:
    exposures, volatilities, correlations = random_book(seed, count)
    found = score(exposures, volatilities, correlations)
    assert found.lost_to_concentration + found.lost_to_correlation == pytest.approx(100.0 - found.unclipped, abs=1e-8)
    assert 0.0 <= found.score <= 100.0
    assert found.lost_to_concentration >= -1e-9
    ratio = float((np.abs(exposures) * volatilities).sum()) / book_volatility(exposures, volatilities, correlations)
    assert found.unclipped == pytest.approx(100.0 * (1.0 - ratio**-2) / (1.0 - 1.0 / count), abs=1e-8)


@given(st.integers(0, 2**32 - 1), st.integers(2, 6), st.floats(0.01, 100.0))
def test_the_size_of_the_whole_book_does_not_matter(seed: int, count: int, factor: float) -> None:
    exposures, volatilities, correlations = random_book(seed, count)
    larger = score(exposures * factor, volatilities, correlations)
    assert larger.unclipped == pytest.approx(score(exposures, volatilities, correlations).unclipped, abs=1e-8)


@given(st.integers(0, 2**32 - 1), st.integers(2, 6))
def test_the_slope_is_that_of_small_differences(seed: int, count: int) -> None:
    exposures, volatilities, correlations = random_book(seed, count)
    assume(float(np.abs(exposures).min()) > 0.1)
    slope = score_gradient(exposures, volatilities, correlations)
    assert slope is not None
    for place in range(count):
        moved = []
        for change in (1e-5, -1e-5):
            book = exposures.copy()
            book[place] += change
            moved.append(score(book, volatilities, correlations).unclipped)
        assert slope[place] == pytest.approx((moved[0] - moved[1]) / 2e-5, abs=1e-4)


def test_resizing_states_what_it_changes() -> None:
    change = resize([3.0, 1.0], [0.2, 0.2], uniform(2, 0.5), place=0, factor=1.0 / 3.0)
    assert change is not None
    assert change.score_after > change.score_before
    assert change.score_after == pytest.approx(50.0)
    assert change.volatility_before == pytest.approx(0.2 * math.sqrt(9 + 1 + 3))
    assert change.volatility_after == pytest.approx(0.2 * math.sqrt(3))
    assert resize([3.0, 0.0], [0.2, 0.2], uniform(2, 0.5), place=0, factor=0.0) is None


def test_what_is_not_known_gives_no_score() -> None:
    assert score_book([1.0, 1.0], [0.2, math.nan], uniform(2, 0.5)) is None
    assert score_book([1.0, 1.0], [0.2, 0.2], uniform(2, math.nan)) is None
    assert score_book([0.0, 0.0], [0.2, 0.2], uniform(2, 0.5)) is None
    assert score_gradient([1.0, 1.0], [0.2, math.nan], uniform(2, 0.5)) is None
    assert score_gradient([1.0], [0.2], [[1.0]]) is None
    assert score_gradient([0.0, 0.0], [0.2, 0.2], uniform(2, 0.5)) is None
    assert math.isnan(book_volatility([1.0, 1.0], [0.2, math.nan], uniform(2, 0.5)))


def test_an_empty_place_may_have_missing_figures() -> None:
    correlations = uniform(3, 0.4)
    correlations[2, :] = correlations[:, 2] = math.nan
    found = score([1.0, 1.0, 0.0], [0.2, 0.2, math.nan], correlations)
    assert found.correlation == pytest.approx(0.4)
    assert found.places == 3


def test_shapes_and_values_that_cannot_be_are_refused() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        score_book([1.0, 1.0], [0.2], uniform(2, 0.5))
    with pytest.raises(ValueError, match="position of unknown size"):
        score_book([1.0, math.nan], [0.2, 0.2], uniform(2, 0.5))
    with pytest.raises(ValueError, match="a volatility is negative"):
        score_book([1.0, 1.0], [0.2, -0.2], uniform(2, 0.5))


def test_a_window_is_scored_with_its_own_volatilities_and_leaves_out_flat_series() -> None:
    rows = np.random.default_rng(1).normal(0, 0.01, (60, 5)) + np.random.default_rng(2).normal(0, 0.01, (60, 1))
    found = score_window(rows)
    expected = score(np.ones(5), rows.std(axis=0, ddof=1), correlation_matrix(rows))
    assert found is not None
    assert astuple(found) == pytest.approx(astuple(expected), abs=1e-10)
    with_flat = np.column_stack([rows, np.zeros(60)])
    assert score_window(with_flat) == found
    assert score_window(with_flat[:, -2:]) is None
    short = score_window(rows, [1.0, 1.0, -1.0, 1.0, -1.0])
    assert short is not None
    assert short.score > found.score


def test_the_error_bar_holds_the_score_repeats_itself_and_narrows_with_more_days() -> None:
    rows = np.random.default_rng(3).normal(0, 0.01, (500, 6)) + np.random.default_rng(4).normal(0, 0.008, (500, 1))
    wide, narrow = score_interval(rows[:20], draws=200), score_interval(rows, draws=200)
    found = score_window(rows)
    assert found is not None
    assert narrow[0] < found.score < narrow[1]
    assert narrow[1] - narrow[0] < wide[1] - wide[0]
    assert wide == score_interval(rows[:20], draws=200)
    assert all(math.isnan(edge) for edge in score_interval(np.zeros((20, 3)), draws=5))
    with pytest.raises(ValueError, match="two days are needed"):
        score_interval(rows[:1])
