"""Every 20-day correlation matrix of a history, packed, at the speed of writing it down.

Holds: the compiled loop and its packed layout.
Belongs here: full matrices of whole histories, which the batch alone needs.
Never here: one window (`tomking.kernel.correlation`), mean correlations, which need no matrix.

Layout: one row a day, the pairs of the upper triangle in the sequence (0, 1), (0, 2) … (0, N-1), (1, 2) …, so half of
the full matrix and no diagonal. `unpack` makes a matrix of a row.

How it works. The sums of products of all pairs are kept from day to day: the new day is added, the day that leaves is
taken away, and each pair is divided by its two lengths while it is written. Every `_RENEW` days the sums are made
anew from the window, so rounding never lives longer than that; a column whose length has lost digits (it hardly moves
beside a huge tick that has just left) makes them anew at once. Flat and missing columns are NaN, as in the kernel.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from tomking.kernel.correlation import FLAT_RANGE, WINDOW, Array

_RENEW = 100
_LEAST_SHARE = 1e-4
"""A sum of squares below this share of the largest since the sums were made has lost too many digits."""


def packed_matrices(returns: ArrayLike, window: int = WINDOW, out: Array | None = None) -> Array:
    """The correlations of every pair over every complete window, packed.

    `returns` has a row a day and a column a series. `out` may hand in memory of the right shape: for wide universes
    most of the time goes into touching new memory. Raises ValueError for a window under two days, or an `out` that
    does not fit.
    """
    values = np.ascontiguousarray(returns, dtype=np.float64)
    if values.ndim != 2 or window < 2:
        raise ValueError(f"rows, columns and a window of two days at least are needed, got {values.shape} and {window}")
    days, columns = max(0, len(values) - window + 1), values.shape[1]
    shape = (days, columns * (columns - 1) // 2)
    if out is None:
        out = np.empty(shape)
    if out.shape != shape or out.dtype != np.float64 or not out.flags.c_contiguous:
        raise ValueError(f"out must be float64 in rows of shape {shape}")
    if days and columns > 1:
        _fill(values, window, FLAT_RANGE, out)
    return out


def unpack(packed: ArrayLike, columns: int) -> Array:
    """The full symmetric matrix of one packed day; 1 on the diagonal of columns that have a correlation."""
    row = np.asarray(packed, dtype=np.float64)
    if row.shape != (columns * (columns - 1) // 2,):
        raise ValueError(f"{columns} columns have {columns * (columns - 1) // 2} pairs, got shape {row.shape}")
    matrix: NDArray[np.float64] = np.full((columns, columns), np.nan)
    upper = np.triu_indices(columns, 1)
    matrix[upper] = row
    matrix.T[upper] = row
    np.fill_diagonal(matrix, np.where(np.isfinite(matrix).any(axis=1), 1.0, np.nan))
    return matrix


@njit(cache=True, nogil=True)
def _is_flat(values, first, window, column, flat):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Whether a whole column does not move within one window, by the kernel's rule."""
    low, high = np.inf, -np.inf
    for row in range(first, first + window):
        low, high = min(low, values[row, column]), max(high, values[row, column])
    return not high - low > flat * max(high, -low, 1.0)


@njit(cache=True, nogil=True)
def _centre(values, first, window, centre):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Mean of the known values of each column of one window."""
    for column in range(values.shape[1]):
        total, count = 0.0, 0
        for row in range(first, first + window):
            if np.isfinite(values[row, column]):
                total += values[row, column]
                count += 1
        centre[column] = total / max(1, count)


@njit(cache=True, nogil=True)
def _anew(values, first, window, centre, sums, totals, squares, missing, line):  # type: ignore[no-untyped-def]  # noqa: PLR0917  # pragma: no cover
    """Every sum of one window, from its rows."""
    columns = values.shape[1]
    sums[:] = 0.0
    totals[:] = 0.0
    squares[:] = 0.0
    missing[:] = 0
    for row in range(first, first + window):
        for column in range(columns):
            value = values[row, column]
            missing[column] += not np.isfinite(value)
            line[column] = value - centre[column] if np.isfinite(value) else 0.0
            totals[column] += line[column]
            squares[column] += line[column] * line[column]
        place = 0
        for one in range(columns - 1):
            factor, others, into = line[one], line[one + 1 :], sums[place : place + columns - 1 - one]
            for ahead in range(len(into)):
                into[ahead] += factor * others[ahead]
            place += columns - 1 - one


@njit(cache=True, nogil=True)
def _move(values, day, window, centre, totals, squares, missing, new, old):  # type: ignore[no-untyped-def]  # noqa: PLR0917  # pragma: no cover
    """Take in the newest day and let the oldest go, for all but the products."""
    for column in range(values.shape[1]):
        value, gone = values[day + window - 1, column], values[day - 1, column]
        came, went = np.isfinite(value), np.isfinite(gone)
        if came != went:
            missing[column] += 1 if went else -1
        new[column] = value - centre[column] if came else 0.0
        old[column] = gone - centre[column] if went else 0.0
        totals[column] += new[column] - old[column]
        squares[column] += new[column] * new[column] - old[column] * old[column]


@njit(cache=True, nogil=True)
def _lengths(values, day, window, flat, small, totals, squares, missing, largest, means, inverse):  # type: ignore[no-untyped-def]  # noqa: PLR0917  # pragma: no cover
    """Mean and inverse length of each column, NaN where flat or missing; whether a sum has lost its digits."""
    lost = False
    for column in range(values.shape[1]):
        means[column] = totals[column] / window
        length = squares[column] - means[column] * totals[column]
        if missing[column] > 0:
            # What the known values amount to counts even so: its rounding is still there when the gap has left.
            largest[column] = max(largest[column], squares[column])
            inverse[column] = np.nan
            continue
        has_lost = length <= _LEAST_SHARE * largest[column]
        if has_lost or length <= small[column]:
            if _is_flat(values, day, window, column, flat):
                inverse[column] = np.nan
                continue
            lost = lost or has_lost
        largest[column] = max(largest[column], squares[column])
        inverse[column] = 1.0 / np.sqrt(length) if length > 0.0 else np.nan
    return lost


@njit(cache=True, nogil=True)
def _flat_lengths(values, window, flat):  # type: ignore[no-untyped-def]  # pragma: no cover
    """For each column a sum of squares that no flat window of it exceeds: only below it has flatness to be looked for.

    A flat window spans `flat` of its largest magnitude (at least 1), so its squares add up to less than `window` of
    that span; twice the span leaves room for rounding.
    """
    small = np.empty(values.shape[1])
    for column in range(values.shape[1]):
        largest = 1.0
        for row in range(values.shape[0]):
            if np.isfinite(values[row, column]):
                largest = max(largest, abs(values[row, column]))
        small[column] = window * (2.0 * flat * largest) ** 2
    return small


@njit(cache=True, nogil=True)
def _fill(values, window, flat, out):  # type: ignore[no-untyped-def]  # pragma: no cover
    days, columns = out.shape[0], values.shape[1]
    sums = np.zeros(out.shape[1])
    centre, means, inverse = np.zeros(columns), np.zeros(columns), np.zeros(columns)
    totals, squares, largest = np.zeros(columns), np.zeros(columns), np.zeros(columns)
    new, old = np.zeros(columns), np.zeros(columns)
    missing = np.zeros(columns, np.int64)
    small = _flat_lengths(values, window, flat)
    renewed = -_RENEW
    for day in range(days):
        fresh = day - renewed >= _RENEW
        if not fresh:
            _move(values, day, window, centre, totals, squares, missing, new, old)
            fresh = _lengths(values, day, window, flat, small, totals, squares, missing, largest, means, inverse)
        if fresh:
            renewed = day
            _centre(values, day, window, centre)
            _anew(values, day, window, centre, sums, totals, squares, missing, new)
            largest[:] = 0.0
            _lengths(values, day, window, flat, small, totals, squares, missing, largest, means, inverse)
            new[:] = 0.0
            old[:] = 0.0
        _write(sums, new, old, means, inverse, window, out[day])


@njit(cache=True, nogil=True, fastmath={"contract"})
def _write(sums, new, old, means, inverse, window, row):  # type: ignore[no-untyped-def]  # noqa: PLR0917  # pragma: no cover
    """Bring the products up to the day and write the correlations.

    Indices are unsigned: a signed one might count from the end, and that question keeps the loop from becoming vectors.
    """
    columns = np.uint64(len(new))
    place, step = np.uint64(0), np.uint64(1)
    for one in range(columns - step):
        added, taken, shift, scale = new[one], old[one], window * means[one], inverse[one]
        first = np.uint64(one) + step
        for ahead in range(columns - first):
            pair, other = place + ahead, first + ahead
            total = sums[pair] + added * new[other] - taken * old[other]
            sums[pair] = total
            value = (total - shift * means[other]) * (scale * inverse[other])
            value = 1.0 if value > 1.0 else value
            row[pair] = -1.0 if value < -1.0 else value
        place += columns - first
