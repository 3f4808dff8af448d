"""The one-dimensional pieces of the regime model.

Covers: rolling quantiles against numpy, the forecast's weights and that they see the past only, entering high and
leaving low, the minimum stay, and how far back a state can reach.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tomking.kernel.thresholds import (
    AxisThresholds,
    CorrelationForecast,
    ForecastWeights,
    Hysteresis,
    RollingQuantiles,
    forecast_correlation,
)

QUANTILES = (0.75, 0.92, 0.65, 0.85)
LIMITS = AxisThresholds(enter_stressed=2.0, enter_crisis=4.0, leave_stressed=1.0, leave_crisis=3.0)


def levels(values: list[float], stay: int = 0) -> list[int | None]:
    axis = Hysteresis(stay)
    return [axis.step(value, LIMITS) for value in values]


@given(st.lists(st.one_of(st.floats(-1e3, 1e3), st.just(math.nan)), max_size=60), st.integers(2, 12))
def test_thresholds_are_the_quantiles_of_the_last_days(values: list[float], days: int) -> None:
    rolling = RollingQuantiles(days, 2, QUANTILES)
    for day, value in enumerate(values):
        found = rolling.step(value)
        known = [kept for kept in values[max(0, day - days + 1) : day + 1] if not math.isnan(kept)]
        if len(known) < 2:
            assert found is None
            continue
        assert found is not None
        expected = np.quantile(known, QUANTILES)
        assert (found.enter_stressed, found.enter_crisis, found.leave_stressed, found.leave_crisis) == pytest.approx(
            tuple(expected), abs=1e-9
        )


def test_an_axis_enters_high_and_leaves_low() -> None:
    assert levels([0.5, 1.5, 2.0, 1.5, 1.0, 0.9, 1.9]) == [0, 0, 1, 1, 1, 0, 0]
    assert levels([4.0, 3.5, 3.0, 2.9, 1.0, 0.5]) == [2, 2, 2, 1, 1, 0]
    assert levels([4.0, 0.5]) == [2, 0]


def test_going_up_is_never_delayed_and_coming_down_waits_out_the_minimum_stay() -> None:
    assert levels([2.0, 0.0, 4.0, 0.0, 0.0, 0.0, 0.0], stay=3) == [1, 1, 2, 2, 2, 0, 0]


def test_a_missing_value_leaves_the_level_and_lets_a_day_pass() -> None:
    assert levels([4.0, math.nan, math.nan, 0.0], stay=3) == [2, 2, 2, 0]


def test_no_level_is_known_before_the_first_thresholds() -> None:
    axis = Hysteresis(10)
    assert axis.level is None
    assert axis.step(9.0, None) is None
    assert axis.step(9.0, LIMITS) == 2
    assert axis.step(9.0, None) == 2


@given(st.lists(st.floats(0.0, 5.0), min_size=1, max_size=80), st.integers(0, 60), st.integers(0, 6))
def test_once_settled_a_feed_that_began_later_has_the_same_levels(values: list[float], start: int, stay: int) -> None:
    whole, late = Hysteresis(stay), Hysteresis(stay, start_known=False)
    for day, value in enumerate(values):
        level = whole.step(value, LIMITS)
        if day >= start and late.step(value, LIMITS) is not None and late.settled:
            assert late.level == level


def test_a_feed_settles_at_the_first_calm_spell_longer_than_the_minimum_stay() -> None:
    axis = Hysteresis(10, start_known=False)
    settled = []
    for value in [3.5] * 30 + [0.5] * 11:
        axis.step(value, LIMITS)
        settled.append(axis.settled)
    assert not any(settled[:30])
    assert settled[-1]


def test_the_forecast_finds_the_weights_that_made_the_data() -> None:
    truth = ForecastWeights(0.05, 0.3, 0.4, 0.2)
    random = np.random.default_rng(1)
    means = random.uniform(0.1, 0.6, (400, 3))
    for day in range(20, 400):
        means[day, 0] = forecast_correlation(truth, means[day - 20])
    forecast = CorrelationForecast(start=300, refit=21, horizon=20)
    found = [forecast.step(*row) for row in means]
    assert forecast.weights is not None
    assert forecast.weights.as_tuple() == pytest.approx(truth.as_tuple(), abs=1e-9)
    assert all(math.isnan(value) for value in found[:300])
    assert found[300] == pytest.approx(forecast_correlation(truth, means[300]), abs=1e-9)


def test_weights_do_not_depend_on_days_whose_outcome_was_not_known() -> None:
    means = np.random.default_rng(2).uniform(0.1, 0.6, (330, 3))
    changed = means.copy()
    changed[300:] = 0.9
    weights = []
    for rows in (means, changed):
        forecast = CorrelationForecast(start=300, refit=50, horizon=20)
        for row in rows:
            forecast.step(*row)
        weights.append(forecast.weights)
    assert weights[0] is not None
    assert weights[0] == weights[1]


def test_a_forecast_with_a_missing_window_is_missing() -> None:
    weights = ForecastWeights(0.0, 0.3, 0.4, 0.2)
    assert math.isnan(forecast_correlation(weights, (0.2, math.nan, 0.3)))
    forecast = CorrelationForecast(start=5, refit=1, horizon=1)
    assert all(math.isnan(forecast.step(math.nan, math.nan, math.nan)) for _ in range(9))
    assert forecast.weights is None


@pytest.mark.parametrize(
    "values", [(2.0, 1.0, 0.5, 0.7), (1.0, 2.0, 1.5, 1.8), (1.0, 2.0, 0.5, 2.5), (1.0, math.inf, 0.5, 0.9)]
)
def test_thresholds_out_of_sequence_are_refused(values: tuple[float, float, float, float]) -> None:
    with pytest.raises(ValueError, match=r"does not hold|finite numbers"):
        AxisThresholds(*values)
