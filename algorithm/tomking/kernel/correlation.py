"""Exact rolling correlations of daily returns.

Holds: the correlation of one window (pair, full matrix, mean over pairs, means within and between groups, spectrum),
    the same over every day of a history, and the ring buffer that a live algorithm feeds day by day.
Belongs here: arithmetic on windows of returns, numpy only.
Never here: prices, dates, alignment of calendars, thresholds or any opinion on what a correlation means.

Rules that every function keeps
-------------------------------
* A window is recomputed from its rows each time. Running sums would be faster on very wide universes, but they carry
  the rounding of every day that ever passed through them.
* Columns are demeaned and scaled to unit length, ``z = (x - mean(x)) / |x - mean(x)|``; the correlation of two columns
  is then ``z_i . z_j``.
* A column that does not move within its window has no correlation: the result is missing (NaN), neither 0 nor
  infinite. See `FLAT_RANGE`.
* A column with a missing (NaN or infinite) row inside the window is missing for that window. Means are taken over the
  pairs that are defined and say how many there were.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

WINDOW = 20
"""Trading days in the displayed window."""

FLAT_RANGE = 1e-14
"""A column is flat when highest minus lowest is at most this much of the larger of 1 and its largest magnitude.

A return is a ratio minus one, so its own rounding is about 2e-16 in absolute terms: a cash account that accrues the
same rate each day shows differences of that size, and they carry no information."""


@dataclass(frozen=True, slots=True)
class MeanCorrelation:
    """Mean over the defined pairs; `mean` is NaN when `pairs` is 0."""

    mean: float
    pairs: int


@dataclass(frozen=True, slots=True)
class GroupCorrelation:
    """Mean over the pairs within one group (`first == second`) or between two; NaN when `pairs` is 0."""

    first: str
    second: str
    mean: float
    pairs: int


@dataclass(frozen=True, slots=True)
class Spectrum:
    """What the eigenvalues of one correlation matrix say about the number of independent movements.

    `top_share` is the largest eigenvalue over the number of columns (1 = one common movement), `effective_rank` is
    exp(entropy of the eigenvalue shares) (Roy and Vetterli 2007), `participation` is N^2 / sum(eigenvalue^2).
    A window of w rows has at most w - 1 non-zero eigenvalues, so both counts are capped there whatever N is.
    """

    top_share: float
    effective_rank: float
    participation: float
    columns: int


def unit_columns(rows: ArrayLike) -> Array:
    """The window with every column demeaned and scaled to unit length; columns without a correlation are NaN.

    `rows` has one row a day (oldest first) and one column a series. Raises ValueError unless it is two-dimensional.
    """
    values = np.ascontiguousarray(rows, dtype=np.float64)
    if values.ndim != 2:
        raise ValueError(f"a window has rows and columns, this has {values.ndim} dimension(s)")
    if len(values) < 2:
        return np.full(values.shape, np.nan)
    finite = np.isfinite(values)
    if not finite.all():
        values = np.where(finite, values, np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        highest, lowest = values.max(axis=0), values.min(axis=0)
        moves = highest - lowest > FLAT_RANGE * np.maximum(np.maximum(highest, -lowest), 1.0)
        centred = values - values.sum(axis=0) / len(values)
        length = np.where(moves, np.sqrt((centred * centred).sum(axis=0)), np.nan)
        unit: Array = centred / length
    return unit


def correlation(first: ArrayLike, second: ArrayLike) -> float:
    """Pearson correlation of two series of equal length; NaN where either is flat, missing somewhere or too short.

    Two points give exactly -1 or 1 (they lie on a line); one point gives NaN. Raises ValueError for unequal lengths.
    """
    left, right = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    if left.shape != right.shape or left.ndim != 1:
        raise ValueError(f"two series of one length are needed, got shapes {left.shape} and {right.shape}")
    return float(correlation_matrix(np.column_stack([left, right]))[0, 1])


def correlation_matrix(rows: ArrayLike) -> Array:
    """The full symmetric matrix of one window: 1 on the diagonal of defined columns, NaN in row and column of others.

    Entries are clipped to [-1, 1], which rounding would otherwise leave by one unit in the last place.
    """
    unit = unit_columns(rows)
    defined = _defined(unit)
    with np.errstate(invalid="ignore"):
        matrix: Array = np.clip(unit.T @ unit, -1.0, 1.0)
    matrix[~defined, :] = np.nan
    matrix[:, ~defined] = np.nan
    np.fill_diagonal(matrix, np.where(defined, 1.0, np.nan))
    return matrix


def mean_correlation(rows: ArrayLike) -> MeanCorrelation:
    """Mean pairwise correlation of one window without forming the matrix.

    With n unit columns, ``|sum_i z_i|^2 = n + 2 * sum_{i<j} z_i . z_j``, hence
    ``mean = (|sum_i z_i|^2 - n) / (n * (n - 1))``: work grows with n, not with n squared.
    """
    unit = _compressed(unit_columns(rows))
    return _mean_of_unit(unit)


def group_correlations(rows: ArrayLike, groups: Sequence[str]) -> tuple[GroupCorrelation, ...]:
    """Means within each group and between each two groups of one window, with the number of pairs behind each.

    `groups` names the group of each column. With ``s_g`` the sum of the unit columns of group g:
    within ``(|s_g|^2 - n_g) / (n_g (n_g - 1))``, between ``s_g . s_h / (n_g n_h)``. Groups come in alphabetical order,
    each pair once with `first <= second`. Raises ValueError when a column has no group.
    """
    unit = unit_columns(rows)
    if len(groups) != unit.shape[1]:
        raise ValueError(f"{unit.shape[1]} columns need as many groups, got {len(groups)}")
    defined = _defined(unit)
    names = sorted(set(groups))
    sums: dict[str, tuple[Array, int]] = {}
    for name in names:
        chosen = defined & np.array([group == name for group in groups], dtype=bool)
        sums[name] = (np.ascontiguousarray(unit[:, chosen]).sum(axis=1), int(chosen.sum()))
    return tuple(
        _between(name, other, sums[name], sums[other]) for place, name in enumerate(names) for other in names[place:]
    )


def spectrum(rows: ArrayLike) -> Spectrum:
    """Eigenvalue summary of one window, from the Gram matrix of its rows.

    The w x w matrix ``Z Z'`` has the same non-zero eigenvalues as the N x N correlation matrix ``Z' Z``, so the cost
    does not depend on N squared. All values are NaN without a defined column.
    """
    unit = _compressed(unit_columns(rows))
    if unit.shape[1] == 0:
        return Spectrum(math.nan, math.nan, math.nan, 0)
    top, rank, participation = _spectrum_of_gram((unit @ unit.T)[None, :, :], np.array([float(unit.shape[1])]))
    return Spectrum(float(top[0]), float(rank[0]), float(participation[0]), unit.shape[1])


def fisher_interval(value: float, observations: int, confidence: float = 0.95) -> tuple[float, float]:
    """Interval of one correlation by Fisher's transformation, ``tanh(atanh(r) -+ z / sqrt(n - 3))``.

    At 20 observations and r = 0.30 it runs from -0.16 to 0.66: a single pair says little over 20 days.
    NaN for a missing value or for three observations or fewer. Raises ValueError for a confidence outside (0, 1).
    """
    if not 0.0 < confidence < 1.0:
        raise ValueError(f"confidence lies between 0 and 1, got {confidence}")
    if math.isnan(value) or observations <= 3:
        return math.nan, math.nan
    if abs(value) >= 1.0:
        return value, value
    reach = NormalDist().inv_cdf(0.5 + confidence / 2.0) / math.sqrt(observations - 3)
    return math.tanh(math.atanh(value) - reach), math.tanh(math.atanh(value) + reach)


def rolling_windows(returns: ArrayLike, window: int = WINDOW) -> Iterator[tuple[int, Array]]:
    """Every complete window of a history, as (row index of its last day, its rows), oldest first."""
    values = np.ascontiguousarray(returns, dtype=np.float64)
    _check_window(window)
    for last in range(window - 1, len(values)):
        yield last, values[last - window + 1 : last + 1]


def rolling_mean_correlation(returns: ArrayLike, window: int = WINDOW) -> Array:
    """Mean pairwise correlation of the `window` rows ending each day; NaN before the first complete window.

    Bit for bit what `RollingCorrelation` gives when fed the same rows one by one.
    """
    values = np.asarray(returns, dtype=np.float64)
    found = np.full(len(values), np.nan)
    for last, rows in rolling_windows(values, window):
        found[last] = mean_correlation(rows).mean
    return found


def rolling_matrices(returns: ArrayLike, window: int = WINDOW) -> Iterator[tuple[int, Array]]:
    """The full matrix of every complete window, one at a time (a long history of them rarely fits in memory)."""
    for last, rows in rolling_windows(returns, window):
        yield last, correlation_matrix(rows)


def rolling_spectrum(returns: ArrayLike, window: int = WINDOW, block: int = 32) -> tuple[Spectrum | None, ...]:
    """`spectrum` of every day, `block` windows at a time; None before the first complete window.

    Works on w x w Gram matrices throughout: 500 columns cost little more than 50.
    """
    values = np.ascontiguousarray(returns, dtype=np.float64)
    _check_window(window)
    found: list[Spectrum | None] = [None] * min(len(values), window - 1)
    for start in range(window - 1, len(values), block):
        stop = min(len(values), start + block)
        stacked = _unit_windows(values[start - window + 1 : stop], window)
        # A unit column has length one, an undefined one was set to zero: the sum of squares counts the defined ones.
        columns = np.rint(np.einsum("dwn,dwn->d", stacked, stacked))
        top, rank, participation = _spectrum_of_gram(stacked @ stacked.transpose(0, 2, 1), columns)
        found.extend(
            Spectrum(float(top[day]), float(rank[day]), float(participation[day]), int(columns[day]))
            for day in range(stop - start)
        )
    return tuple(found)


class RollingCorrelation:
    """The last `window` days of returns, fed one day at a time, and everything that can be asked of them.

    Parameters
    ----------
    columns : int
        Number of series, for example 20.
    window : int, default 20
        Trading days per window; 2 at least.

    The object is its buffer: `RollingCorrelation.from_rows(other.rows(), window)` gives an object that answers every
    question with the same bits, which is how a restarted algorithm continues.
    """

    def __init__(self, columns: int, window: int = WINDOW) -> None:
        _check_window(window)
        if columns < 1:
            raise ValueError(f"at least one series is needed, got {columns}")
        self.window, self.columns = window, columns
        self._ring = np.full((window, columns), np.nan)
        self._next = 0
        self._days = 0

    @classmethod
    def from_rows(cls, rows: ArrayLike, window: int = WINDOW) -> RollingCorrelation:
        """Rebuild from saved rows, oldest first; only the last `window` of them matter."""
        values = np.asarray(rows, dtype=np.float64)
        if values.ndim != 2:
            raise ValueError(f"saved rows have two dimensions, these have {values.ndim}")
        made = cls(values.shape[1], window)
        for row in values[-window:]:
            made.push(row)
        return made

    def push(self, returns: ArrayLike) -> None:
        """Add one day: one return a series, NaN where missing. Raises ValueError for another number of series."""
        row = np.asarray(returns, dtype=np.float64)
        if row.shape != (self.columns,):
            raise ValueError(f"a day has {self.columns} returns, got shape {row.shape}")
        self._ring[self._next] = row
        self._next = (self._next + 1) % self.window
        self._days = min(self._days + 1, self.window)

    @property
    def full(self) -> bool:
        """Whether a whole window has been seen; before that every answer is missing."""
        return self._days == self.window

    def rows(self) -> Array:
        """A copy of the days held, oldest first (fewer than `window` rows until full)."""
        if not self.full:
            return self._ring[: self._days].copy()
        return np.concatenate([self._ring[self._next :], self._ring[: self._next]])

    def matrix(self) -> Array:
        """The full matrix of the current window; all NaN until full."""
        if not self.full:
            return np.full((self.columns, self.columns), np.nan)
        return correlation_matrix(self.rows())

    def mean(self) -> MeanCorrelation:
        """Mean over the defined pairs of the current window; missing until full."""
        return mean_correlation(self.rows()) if self.full else MeanCorrelation(math.nan, 0)

    def groups(self, groups: Sequence[str]) -> tuple[GroupCorrelation, ...]:
        """`group_correlations` of the current window; empty until full."""
        return group_correlations(self.rows(), groups) if self.full else ()


def _check_window(window: int) -> None:
    if window < 2:
        raise ValueError(f"a window needs two days at least, got {window}")


def _defined(unit: Array) -> NDArray[np.bool_]:
    return ~np.isnan(unit[0]) if len(unit) else np.zeros(unit.shape[1], dtype=bool)


def _compressed(unit: Array) -> Array:
    """The defined columns only, in one memory layout so that sums always run in the same sequence."""
    defined = _defined(unit)
    return unit if defined.all() else np.ascontiguousarray(unit[:, defined])


def _unit_windows(rows: Array, window: int) -> Array:
    """`unit_columns` of every window within `rows`, stacked, undefined columns zero."""
    windows = np.array(sliding_window_view(rows, window, axis=0).transpose(0, 2, 1), order="C")
    finite = np.isfinite(windows)
    if not finite.all():
        windows = np.where(finite, windows, np.nan)
    with np.errstate(invalid="ignore"):
        highest, lowest = windows.max(axis=1), windows.min(axis=1)
        moves = highest - lowest > FLAT_RANGE * np.maximum(np.maximum(highest, -lowest), 1.0)
        windows -= windows.sum(axis=1, keepdims=True) / window
        squares = np.einsum("dwn,dwn->dn", windows, windows)
    inverse = np.where(moves, 1.0 / np.sqrt(np.where(moves, squares, 1.0)), 0.0)
    windows *= inverse[:, None, :]
    unit: Array = windows if finite.all() else np.where(moves[:, None, :], windows, 0.0)
    return unit


def _mean_of_unit(unit: Array) -> MeanCorrelation:
    count = unit.shape[1]
    if count < 2:
        return MeanCorrelation(math.nan, 0)
    total = unit.sum(axis=1)
    mean = (float((total * total).sum()) - count) / (count * (count - 1))
    return MeanCorrelation(min(1.0, max(-1.0, mean)), count * (count - 1) // 2)


def _between(name: str, other: str, one: tuple[Array, int], two: tuple[Array, int]) -> GroupCorrelation:
    (sum_one, count_one), (sum_two, count_two) = one, two
    product = float((sum_one * sum_two).sum())
    if name == other:
        pairs = count_one * (count_one - 1) // 2
        product = (product - count_one) / 2.0
    else:
        pairs = count_one * count_two
    mean = min(1.0, max(-1.0, product / pairs)) if pairs else math.nan
    return GroupCorrelation(name, other, mean, pairs)


def _spectrum_of_gram(gram: Array, columns: Array) -> tuple[Array, Array, Array]:
    """Top share, effective rank and participation of a stack of Gram matrices with `columns` defined series each."""
    count = np.where(columns > 0, columns, np.nan)
    shares = np.clip(np.linalg.eigvalsh(gram), 0.0, None) / count[:, None]
    # Shares below rounding are zero in exact arithmetic; p ln p tends to 0 there.
    positive = shares > 1e-14
    entropy = -np.where(positive, shares * np.log(np.where(positive, shares, 1.0)), 0.0).sum(axis=1)
    squares = (shares * shares).sum(axis=1)
    missing = np.isnan(count)
    with np.errstate(divide="ignore", invalid="ignore"):
        participation = np.where(missing, np.nan, 1.0 / squares)
    return shares[:, -1], np.where(missing, np.nan, np.exp(entropy)), participation
