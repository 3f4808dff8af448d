"""Mean pairwise correlations of the newest days over several windows, one day after another.

Holds: the sums a live model keeps of the days it has seen, and the means they give.
Belongs here: what makes one new day cheap without another result.
Never here: definitions (`correlation` has them), whole histories (`pipelines.transforms.regimes.rolling_means`), thresholds.

How it works. With unit columns ``z_i = (x_i - m_i) / q_i`` of one window, the mean needs ``sum_i z_i`` for each of the
window's rows, which is ``X (1/q) - sum_i m_i / q_i``: one product of the rows with a vector. Means ``m`` and lengths
``q`` come from sums of ``x`` and ``x^2``, kept by spans of days: what a window needs of its oldest span, the whole
spans between, and the span that is still open are added up. Nothing is ever taken away, so a huge tick leaves no
trace once it has left the window, and a missing row is NaN in just the windows that hold it. Where a span ends is a
matter of the calendar, so a model that is fed its recent days again comes to the same bits.

A column that hardly moves about its mean has too few digits left in ``sum x^2 - (sum x)^2 / w``. Its day is computed
from the window by `correlation.mean_correlation`, so results agree with it to better than 1e-12 everywhere.
"""

from __future__ import annotations

import datetime as dt
import math
from collections import deque
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tomking.kernel.correlation import Array, mean_correlation

Flags = NDArray[np.bool_]

LEAST_SHARE = 1e-3
"""A sum of squares about the mean below this share of the one about zero is computed exactly."""
TINY = 1e-25
"""So is one below this: the column may be flat (a flat window of 1,000 rows amounts to less)."""
_SPAN_DAYS = 64
"""Calendar days of a span."""


class RecentMeans:
    """The last days of a universe and the mean correlations over their windows.

    Parameters
    ----------
    columns : int
        Number of series.
    windows : sequence of int
        Days of each window, 2 at least.
    least_pairs : int, default 1
        Pairs that must be defined for a mean.
    """

    def __init__(self, columns: int, windows: Sequence[int], least_pairs: int = 1) -> None:
        if min(windows) < 2:
            raise ValueError(f"windows have two days at least, got {tuple(windows)}")
        self._windows, self._columns, self._least_pairs = tuple(windows), columns, least_pairs
        self._longest = max(windows)
        # Twice the days, so that the newest ones always lie in one piece; what is missing is NaN here and 0 there.
        self._rows = np.empty((2 * self._longest, columns))
        self._known = np.empty_like(self._rows)
        self._end = 0
        self._days = 0
        self._span: int | None = None
        self._open_from = 0
        self._open = np.zeros((2, columns))
        self._closed: deque[tuple[int, Array]] = deque()
        self._sums = np.empty((len(windows), 2, columns))
        self._widths = np.array(windows, dtype=np.float64)[:, None]

    def push(self, date: dt.date, row: Array) -> tuple[float, ...]:
        """Add a day (one return a series, not finite where missing) and return the mean over each window.

        NaN before a window is complete and with fewer than `least_pairs` pairs.
        """
        span = date.toordinal() // _SPAN_DAYS
        if span != self._span:
            self._close()
            self._span = span
        if self._end == len(self._rows):
            kept = slice(self._end - self._longest + 1, self._end)
            self._end = self._longest - 1
            self._rows[: self._end], self._known[: self._end] = self._rows[kept].copy(), self._known[kept].copy()
        finite = np.isfinite(row)
        self._rows[self._end] = row if finite.all() else np.where(finite, row, math.nan)
        self._known[self._end] = row if finite.all() else np.where(finite, row, 0.0)
        newest = self._rows[self._end]
        self._open[0] += newest
        self._open[1] += newest * newest
        self._end += 1
        self._days += 1
        return self._means()

    def _close(self) -> None:
        """End the open span: what each of its days and all later ones add up to, and then forget it."""
        # Of a longer span only what a window can still reach back to.
        count = min(self._days - self._open_from, self._longest - 1)
        if count:
            rows = self._rows[self._end - count : self._end][::-1]
            behind = np.add.accumulate(np.stack([rows, rows * rows], axis=1), axis=0)[::-1]
            self._closed.append((self._days - count, behind))
        while self._closed and self._closed[0][0] + len(self._closed[0][1]) <= self._days - self._longest:
            self._closed.popleft()
        self._open_from = self._days
        self._open[:] = 0.0

    def _window_sums(self, window: int, out: Array) -> None:
        first = self._days - window
        if first >= self._open_from:
            rows = self._rows[self._end - window : self._end]
            np.add.reduce(rows, axis=0, out=out[0])
            np.einsum("dn,dn->n", rows, rows, out=out[1])
            return
        out[:] = 0.0
        for begin, behind in self._closed:
            if begin + len(behind) > first:
                out += behind[max(0, first - begin)]
        out += self._open

    def _means(self) -> tuple[float, ...]:
        complete = sum(self._days >= window for window in self._windows)
        if complete < len(self._windows):
            return tuple(self._exact(window) for window in self._windows)
        for place, window in enumerate(self._windows):
            self._window_sums(window, self._sums[place])
        sums, squares = self._sums[:, 0], self._sums[:, 1]
        means = sums / self._widths
        lengths = squares - means * sums
        with np.errstate(invalid="ignore"):
            defined = lengths > squares * LEAST_SHARE + TINY
            if not defined.all():
                return self._partly(means, lengths, defined, lengths <= squares * LEAST_SHARE + TINY)
        inverse = 1.0 / np.sqrt(lengths)
        shift = np.einsum("wn,wn->w", means, inverse)
        return tuple(
            self._mean(window, inverse[place], float(shift[place]), self._columns)
            for place, window in enumerate(self._windows)
        )

    def _partly(self, means: Array, lengths: Array, defined: Flags, doubtful: Flags) -> tuple[float, ...]:
        """The same where some columns have no correlation, or one that has to be computed exactly."""
        found = []
        for place, window in enumerate(self._windows):
            if doubtful[place].any():
                found.append(self._exact(window))
                continue
            has = defined[place]
            inverse = np.where(has, 1.0 / np.sqrt(np.where(has, lengths[place], 1.0)), 0.0)
            shift = float((np.where(has, means[place], 0.0) * inverse).sum())
            found.append(self._mean(window, inverse, shift, int(has.sum())))
        return tuple(found)

    def _mean(self, window: int, inverse: Array, shift: float, count: int) -> float:
        pairs = count * (count - 1) // 2
        if pairs < max(1, self._least_pairs):
            return math.nan
        # Not a matrix product: those start threads of their own, and a live algorithm shares its machine.
        total = np.einsum("dn,n->d", self._known[self._end - window : self._end], inverse)
        total -= shift
        return min(1.0, max(-1.0, (float(np.einsum("d,d->", total, total)) - count) / (2 * pairs)))

    def _exact(self, window: int) -> float:
        if self._days < window:
            return math.nan
        found = mean_correlation(self._rows[self._end - window : self._end])
        return found.mean if found.pairs >= self._least_pairs else math.nan
