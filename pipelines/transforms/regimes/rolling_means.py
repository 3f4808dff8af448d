"""Mean pairwise correlations of every day of a history and of several windows at once, compiled, for the batch.

Holds: what goes into the compiled loops (`mean_loops`), their exact fallback, and labels of a history made with them.
Belongs here: what makes a whole history fast without another result.
Never here: definitions (`tomking.kernel.correlation`), one new day after another (`tomking.kernel.recent_means`).
"""

from __future__ import annotations

import datetime as dt
import importlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from tomking.kernel.correlation import Array, mean_correlation
from tomking.kernel.recent_means import LEAST_SHARE, TINY
from tomking.kernel.regime_settings import RegimeSettings
from tomking.kernel.regimes import RegimeDay, label_days
from tomking.kernel.thresholds import Calibration


def rolling_means(returns: ArrayLike, windows: Sequence[int], least_pairs: int = 1) -> Array:
    """Mean over the defined pairs of each window ending on each day, a row a day and a column a window.

    NaN before a window is complete and where fewer than `least_pairs` pairs are defined. Raises ValueError unless
    `returns` has rows and columns, and for a window under two days.
    """
    values = np.array(returns, dtype=np.float64, order="C")
    if values.ndim != 2 or min(windows, default=2) < 2:
        raise ValueError(f"rows, columns and windows of two days at least are needed, got {values.shape}, {windows}")
    finite = np.isfinite(values)
    values[~finite] = np.nan
    known = values if finite.all() else np.where(finite, values, 0.0)
    found = np.full((len(values), len(windows)), np.nan)
    # numba takes a quarter of a second to import, and most commands label no history.
    loops = importlib.import_module("pipelines.transforms.regimes.mean_loops")
    for place, window in enumerate(windows):
        means, pairs, doubtful = np.full(len(values), np.nan), np.zeros(len(values)), np.zeros(len(values), dtype=bool)
        loops.fill(values, known, window, LEAST_SHARE, TINY, means, pairs, doubtful)
        for day in np.flatnonzero(doubtful):
            exact = mean_correlation(values[day - window + 1 : day + 1])
            means[day], pairs[day] = exact.mean, exact.pairs
        means[pairs < least_pairs] = np.nan
        found[:, place] = np.clip(means, -1.0, 1.0)
    return found


def history_means(rows: Array, settings: RegimeSettings) -> list[list[float]]:
    """The regime's three mean correlations of each day; a day without any return counts as no day, as in the model."""
    counted = np.isfinite(rows).any(axis=1)
    found = np.full((len(rows), 3), np.nan)
    least = settings.minimum_assets * (settings.minimum_assets - 1) // 2
    windows = (settings.window, settings.middle_window, settings.long_window)
    found[counted] = rolling_means(rows[counted], windows, least)
    means: list[list[float]] = found.tolist()
    return means


def label_history(
    dates: Sequence[dt.date],
    rows: Array,
    settings: RegimeSettings | None = None,
    calibration: Calibration | None = None,
    means: Sequence[Sequence[float]] | None = None,
) -> list[RegimeDay]:
    """`label_days` of a whole history with its means computed at once, or given where they are known already."""
    return label_days(
        dates,
        rows,
        settings,
        calibration,
        history_means(rows, settings or RegimeSettings()) if means is None else means,
    )
