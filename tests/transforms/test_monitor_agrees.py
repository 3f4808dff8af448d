"""What the warehouse computes at night and what the monitor inside LEAN says from the same closes is the same.

Holds: alignment, labels, means and scores of both on closes with holidays and a hole.
Belongs here: agreement between the two.
Never here: whether either is right.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from pipelines.transforms.regimes.returns import LONG_SCHEMA, aligned_returns
from tests.transforms.market import market_returns
from tomking.kernel.correlation import group_correlations
from tomking.kernel.correlation_monitor import SCORE_DAYS, CorrelationMonitor
from tomking.kernel.diversification import score_window
from tomking.kernel.parameters import default_values
from tomking.kernel.regimes import RegimeSettings, label_days
from tomking.kernel.thresholds import AxisThresholds, Calibration, ForecastWeights

FIXED = Calibration(
    danger=AxisThresholds(0.12, 0.2, 0.1, 0.16),
    diversification=AxisThresholds(0.40, 0.70, 0.35, 0.60),
    forecast_weights=ForecastWeights(0.02, 0.2, 0.4, 0.3),
)


def test_the_monitor_and_the_warehouse_say_the_same_of_every_session() -> None:
    made = market_returns(900)
    closes = 100.0 * np.exp(np.cumsum(made.rows, axis=0))
    rows = [
        (day, symbol, float(closes[place, column]))
        for place, day in enumerate(made.dates)
        for column, symbol in enumerate(made.symbols)
        # Holidays of the second market, and a hole in all of them.
        if not (column == 1 and place % 37 == 5) and not 500 <= place < 512
    ]
    prices = pl.DataFrame(rows, schema=LONG_SCHEMA, orient="row")
    batch = aligned_returns(prices, made.symbols)
    labels = label_days(batch.dates, batch.rows, RegimeSettings(), FIXED)
    monitor = CorrelationMonitor(made.symbols, default_values(), FIXED, dict.fromkeys(made.symbols, "one"))
    live = []
    for day in made.dates:
        found = monitor.observe(day, {symbol: close for on, symbol, close in rows if on == day})
        if found is not None:
            live.append(found)
    assert [day.date for day in live] == list(batch.dates)
    assert [(day.regime, day.danger, day.diversification) for day in live] == [
        (day.regime, day.danger, day.diversification) for day in labels
    ]
    assert len({day.regime for day in live}) == 4
    for name in ("semi_volatility", "mean_correlation", "forecast"):
        ours, theirs = ([getattr(day, name) for day in days] for days in (live, labels))
        assert np.allclose(
            np.array(ours, dtype=float), np.array(theirs, dtype=float), rtol=0, atol=1e-12, equal_nan=True
        )
    [mean] = monitor.group_means()
    [expected] = group_correlations(batch.rows[-20:], ["one"] * 3)
    assert abs(mean.mean - expected.mean) < 1e-12
    score, stored = monitor.universe_score(), score_window(batch.rows[-SCORE_DAYS:])
    assert score is not None
    assert stored is not None
    assert abs(score.score - stored.score) < 1e-9
