"""Sizes by regime against full sizes: one market and one seed, and nothing else differs."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest

from tests.algorithm.sizing_backtest import (
    Market,
    changes_of,
    difference_intervals,
    equity_curve,
    figures,
    recorded_market,
)
from tomking.kernel.parameters import default_values
from tomking.kernel.regime_sizing import RegimeSizing

VALUES = default_values()


@pytest.fixture(scope="module")
def spring() -> Market:
    return recorded_market("2019-12-02", "2020-06-30")


def test_full_shares_are_the_run_without_sizing_to_the_cent(spring: Market) -> None:
    ones = RegimeSizing(Decimal(1), Decimal(1), Decimal(1), Decimal(1))
    assert np.array_equal(equity_curve(spring, ones, VALUES), equity_curve(spring, None, VALUES))


@pytest.mark.slow
def test_in_the_spring_of_2020_sizes_by_regime_lose_less_on_the_worst_days(spring: Market) -> None:
    assert set(spring.regimes) >= {"Stressed", "Crisis"}
    sized = changes_of(equity_curve(spring, RegimeSizing.from_values(VALUES), VALUES))
    full = changes_of(equity_curve(spring, None, VALUES))
    assert figures(sized).tail_loss < figures(full).tail_loss
    assert figures(sized).deepest < figures(full).deepest
    low, high = difference_intervals(sized, full)["tail_loss"]
    assert low <= figures(sized).tail_loss - figures(full).tail_loss <= high


def test_figures_of_known_changes() -> None:
    changes = np.array([0.01, -0.02, -0.03, 0.05] + [0.0] * 36)
    found = figures(changes)
    assert found.gained == pytest.approx(0.01 / 40 * 252)
    assert found.tail_loss == pytest.approx(0.025)
    assert found.deepest == pytest.approx(0.05)
    assert difference_intervals(changes, changes)["tail_loss"] == (0.0, 0.0)
