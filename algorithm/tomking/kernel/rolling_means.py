"""Mean pairwise correlations of every day of a history and of several windows at once, for the batch.

Holds: the blocked computation and its exact fallback.
Belongs here: what makes a whole history fast without another result.
Never here: definitions (`correlation` has them), thresholds.

How it works. With unit columns ``z_i = (x_i - m_i) / q_i`` of one window, the mean needs ``sum_i z_i`` for each of the
window's rows, which is ``X (1/q) - sum_i m_i / q_i``. For a block of days the first term is one matrix product of the
block's rows with the inverse lengths of all its days, of which each day uses its own window. Means and lengths come
from running sums that start anew with every block, on columns that were centred on the block's first window.

A day on which a running sum has lost digits (a column that hardly moves next to a huge tick) is computed from its
window by `correlation.mean_correlation` instead, so results agree with it to better than 1e-12 everywhere.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tomking.kernel.correlation import Array, mean_correlation

_BLOCK = 64
_LEAST_SHARE = 1e-2
"""A sum of squares below this share of what the block's running sum holds per window is computed exactly."""


def rolling_means(returns: ArrayLike, windows: Sequence[int], least_pairs: int = 1) -> Array:
    """Mean over the defined pairs of each window ending on each day, a row a day and a column a window.

    NaN before a window is complete and where fewer than `least_pairs` pairs are defined. Raises ValueError unless
    `returns` has rows and columns, and for a window under two days.
    """
    values = np.ascontiguousarray(returns, dtype=np.float64)
    if values.ndim != 2 or min(windows, default=2) < 2:
        raise ValueError(f"rows, columns and windows of two days at least are needed, got {values.shape}, {windows}")
    found = np.full((len(values), len(windows)), np.nan)
    for place, window in enumerate(windows):
        size = max(_BLOCK, window)
        for start in range(window - 1, len(values), size):
            rows = values[start - window + 1 : start + size]
            # A last block of full size, so that its days come out to the bit as they do in a longer history.
            padded = np.zeros((size + window - 1, values.shape[1]))
            padded[: len(rows)] = rows
            found[start : start + size, place] = _block(padded, window, least_pairs)[: len(values) - start]
    return found


def _block(rows: Array, window: int, least_pairs: int) -> Array:
    """The means of all windows within `rows`; the first ends on row ``window - 1``."""
    finite = np.isfinite(rows)
    is_whole = bool(finite.all())
    known = rows if is_whole else np.where(finite, rows, 0.0)
    centred = known - known[:window].sum(axis=0) / np.maximum(finite[:window].sum(axis=0), 1)
    whole = np.ones((len(rows) - window + 1, rows.shape[1]), dtype=bool)
    if not is_whole:
        centred = np.where(finite, centred, 0.0)
        whole = _moving((~finite).astype(np.float64), window)[0] == 0.0
    sums, _ = _moving(centred, window)
    squares, held = _moving(centred * centred, window)
    means = sums / window
    lengths = squares - means * sums
    doubtful = whole & (lengths <= _LEAST_SHARE * held * (window / len(rows)))
    defined = whole & ~doubtful
    inverse = np.where(defined, 1.0 / np.sqrt(np.where(defined, lengths, 1.0)), 0.0)
    count = defined.sum(axis=1)
    found = _means(centred, means, inverse, count, window)
    pairs = count * (count - 1) // 2
    for day in np.flatnonzero(doubtful.any(axis=1)):
        exact = mean_correlation(rows[day : day + window])
        found[day], pairs[day] = exact.mean, exact.pairs
    found[pairs < least_pairs] = np.nan
    return found


def _moving(values: Array, window: int) -> tuple[Array, Array]:
    """Sums over each window, and what the running sum held by its end."""
    running = np.cumsum(values, axis=0)
    sums = running[window - 1 :].copy()
    sums[1:] -= running[:-window]
    return sums, running[window - 1 :]


def _means(centred: Array, means: Array, inverse: Array, count: NDArray[np.int64], window: int) -> Array:
    days = len(means)
    projected = centred @ inverse.T
    offset = np.arange(len(centred))[:, None] - np.arange(days)[None, :]
    inside = (offset >= 0) & (offset < window)
    shifted = np.where(inside, projected - (means * inverse).sum(axis=1), 0.0)
    total = (shifted * shifted).sum(axis=0)
    pairs = np.where(count > 1, count * (count - 1.0), np.nan)
    found: Array = np.clip((total - count) / pairs, -1.0, 1.0)
    return found
