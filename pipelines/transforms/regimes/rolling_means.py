"""Mean pairwise correlations of every day of a history and of several windows at once, compiled, for the batch.

Holds: the compiled loops, their exact fallback, and labels of a history made with them.
Belongs here: what makes a whole history fast without another result.
Never here: definitions (`tomking.kernel.correlation`), one new day after another (`tomking.kernel.recent_means`).

How it works. With unit columns ``z_i = (x_i - m_i) / q_i`` of one window, the mean needs ``sum_i z_i`` for each of the
window's rows, which is ``X (1/q) - sum_i m_i / q_i``: a product of the rows with the inverse lengths. Means and lengths
come from sums over the part of a window that lies in the span of days before and the part in the span that is open, as
in `recent_means`; nothing is ever taken away. Each row is read once for four days.

A matrix product would do the same work, but it starts threads of its own, and on a machine that is busy those wait for
one another: ten times the time was seen. These loops use one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np
from numba import njit
from numpy.typing import ArrayLike

from tomking.kernel.correlation import Array, mean_correlation
from tomking.kernel.recent_means import LEAST_SHARE, TINY
from tomking.kernel.regime_settings import RegimeSettings
from tomking.kernel.regimes import RegimeDay, label_days
from tomking.kernel.thresholds import Calibration

_TOGETHER = 4
"""Days that share the reading of a row; `_add_squares` is written for this many."""


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
    for place, window in enumerate(windows):
        means, pairs, doubtful = np.full(len(values), np.nan), np.zeros(len(values)), np.zeros(len(values), dtype=bool)
        _fill(values, known, window, LEAST_SHARE, TINY, means, pairs, doubtful)
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


@njit(cache=True, nogil=True)
def _fill(values, known, window, least, tiny, means, pairs, doubtful):  # type: ignore[no-untyped-def]  # noqa: PLR0917  # pragma: no cover
    """The mean of each day, the pairs behind it, and whether it has to be computed exactly instead."""
    days, columns = values.shape
    behind, ahead = np.zeros((window + 1, 2, columns)), np.zeros((2, columns))
    inverse, shift = np.zeros((_TOGETHER, columns)), np.zeros(_TOGETHER)
    total, count = np.zeros(_TOGETHER), np.zeros(_TOGETHER)
    waiting = 0
    for day in range(days):
        place = day % window
        if place == 0:
            if day > 0:
                _turn(values, day - window, window, behind)
            ahead[:] = 0.0
        for column in range(columns):
            value = values[day, column]
            ahead[0, column] += value
            ahead[1, column] += value * value
        if day < window - 1:
            continue
        shift[waiting], count[waiting], doubtful[day] = _lengths(
            behind[place + 1], ahead, window, least, tiny, inverse[waiting]
        )
        total[waiting] = 0.0
        waiting += 1
        if waiting == _TOGETHER or day == days - 1:
            first = day - waiting + 1
            # Days that are not there are taken for the last one; what they amount to is not looked at.
            for rest in range(waiting, _TOGETHER):
                inverse[rest] = 0.0
                shift[rest] = 0.0
            _add_squares(known, first - window + 1, window, inverse, shift, total)
            for one in range(waiting):
                pair = count[one] * (count[one] - 1) / 2
                pairs[first + one] = pair
                if pair > 0:
                    means[first + one] = (total[one] - count[one]) / (2 * pair)
            waiting = 0


@njit(cache=True, nogil=True)
def _turn(values, first, window, behind):  # type: ignore[no-untyped-def]  # pragma: no cover
    """What each row of a span and all later ones of it add up to."""
    for row in range(window - 1, -1, -1):
        for column in range(values.shape[1]):
            value = values[first + row, column]
            behind[row, 0, column] = behind[row + 1, 0, column] + value
            behind[row, 1, column] = behind[row + 1, 1, column] + value * value


@njit(cache=True, nogil=True)
def _lengths(behind, ahead, window, least, tiny, inverse):  # type: ignore[no-untyped-def]  # noqa: PLR0917  # pragma: no cover
    """Inverse lengths into `inverse`; the shift, how many columns have a correlation, whether one is in doubt."""
    shift, count, doubtful = 0.0, 0, False
    for column in range(len(inverse)):
        total, squares = behind[0, column] + ahead[0, column], behind[1, column] + ahead[1, column]
        mean = total / window
        length = squares - mean * total
        limit = least * squares + tiny
        has = length > limit
        doubtful |= length <= limit
        scale = 1.0 / np.sqrt(length) if has else 0.0
        inverse[column] = scale
        shift += mean * scale if has else 0.0
        count += has
    return shift, count, doubtful


@njit(cache=True, nogil=True, fastmath={"contract", "reassoc"})
def _add_squares(known, first, window, inverse, shift, total):  # type: ignore[no-untyped-def]  # noqa: PLR0917  # pragma: no cover
    """For four days in sequence, the squares of ``sum_i z_i`` over the rows of each one's window."""
    one, two, three, four = inverse[0], inverse[1], inverse[2], inverse[3]
    for ahead in range(min(window + _TOGETHER - 1, len(known) - first)):
        row = known[first + ahead]
        a, b, c, d = 0.0, 0.0, 0.0, 0.0
        for column in range(len(row)):
            value = row[column]
            a += value * one[column]
            b += value * two[column]
            c += value * three[column]
            d += value * four[column]
        if ahead < window:
            total[0] += (a - shift[0]) ** 2
        if 1 <= ahead < window + 1:
            total[1] += (b - shift[1]) ** 2
        if 2 <= ahead < window + 2:
            total[2] += (c - shift[2]) ** 2
        if ahead >= 3:
            total[3] += (d - shift[3]) ** 2
