"""The compiled loops behind `rolling_means`.

Holds: the loops alone; `rolling_means` imports them when a history is computed.
Belongs here: what numba compiles.
Never here: what is done with missing values and doubtful days, anything that is imported at start-up.

How it works. With unit columns ``z_i = (x_i - m_i) / q_i`` of one window, the mean needs ``sum_i z_i`` for each of the
window's rows, which is ``X (1/q) - sum_i m_i / q_i``: a product of the rows with the inverse lengths. Means and lengths
come from sums over the part of a window that lies in the span of days before and the part in the span that is open, as
in `recent_means`; nothing is ever taken away. Each row is read once for four days.

A matrix product would do the same work, but it starts threads of its own, and on a machine that is busy those wait for
one another: ten times the time was seen. These loops use one.
"""

from __future__ import annotations

import numpy as np
from numba import njit

_TOGETHER = 4
"""Days that share the reading of a row; `_add_squares` is written for this many."""


@njit(cache=True, nogil=True)
def fill(values, known, window, least, tiny, means, pairs, doubtful):  # type: ignore[no-untyped-def]  # noqa: PLR0917  # pragma: no cover
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
