"""Error bars of mean correlations within and between groups, from one window of returns.

Holds: the standard error of a mean over pairs, and its interval.
Belongs here: how sure one window is about its group means.
Never here: the means themselves (`correlation.group_correlations`), thresholds.

How it works. The pairs of a group share their days, so their errors do not average out: fifty pairs of one window are
hardly surer than five. What each day adds to the mean is known, though. With ``u`` the columns at unit variance, day
``t`` moves one correlation by ``u_it u_jt - r_ij (u_it^2 + u_jt^2) / 2`` (its influence), and the mean over pairs by
the mean of those; the variance of the mean is the mean square of what the days add, over their number. The interval is
laid on Fisher's scale. Over 20 days that is asymptotic at best: the tests hold its coverage to what they measure.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tomking.kernel.correlation import Array, GroupCorrelation, group_correlations, unit_columns


@dataclass(frozen=True, slots=True)
class GroupInterval:
    """A group mean and the interval it lies in; `low` and `high` are NaN where the mean is."""

    group: GroupCorrelation
    low: float
    high: float


def group_intervals(rows: ArrayLike, groups: Sequence[str], confidence: float = 0.90) -> tuple[GroupInterval, ...]:
    """`group_correlations` of one window, each with its interval.

    Raises ValueError when a column has no group, and for a confidence outside (0, 1).
    """
    if not 0.0 < confidence < 1.0:
        raise ValueError(f"confidence lies between 0 and 1, got {confidence}")
    means = group_correlations(rows, groups)
    unit = unit_columns(rows)
    days = len(unit)
    defined = ~np.isnan(unit[0]) if days else np.zeros(unit.shape[1], dtype=bool)
    parts = {
        name: _Part(np.ascontiguousarray(unit[:, defined & np.array([one == name for one in groups])]))
        for name in set(groups)
    }
    reach = _student(NormalDist().inv_cdf(0.5 + confidence / 2.0), max(1, days - 3))
    return tuple(GroupInterval(mean, *_interval(mean, parts, days, reach)) for mean in means)


def _student(normal: float, freedom: int) -> float:
    """The quantile of Student's t at that of the normal (Cornish and Fisher's expansion, two terms)."""
    first = (normal**3 + normal) / (4.0 * freedom)
    return normal + first + (5.0 * normal**5 + 16.0 * normal**3 + 3.0 * normal) / (96.0 * freedom**2)


class _Part:
    """The unit columns of one group, their sum, and their squares."""

    def __init__(self, columns: Array) -> None:
        self.columns, self.total, self.squares = columns, columns.sum(axis=1), columns * columns

    def pulled_by(self, other: NDArray[np.float64]) -> Array:
        """For each day, half of its squares weighted with each column's correlations with `other` in sum."""
        pulled: Array = 0.5 * self.squares @ (self.columns.T @ other)
        return pulled


def _interval(mean: GroupCorrelation, parts: dict[str, _Part], days: int, reach: float) -> tuple[float, float]:
    if not mean.pairs or days <= 3:
        return math.nan, math.nan
    if abs(mean.mean) >= 1.0:
        return mean.mean, mean.mean
    one, other = parts[mean.first], parts[mean.second]
    if mean.first == mean.second:
        # Every column pulls every other: what it does to itself is taken out.
        added = (
            (one.total**2 - one.squares.sum(axis=1)) / 2.0 - one.pulled_by(one.total) + one.squares.sum(axis=1) / 2.0
        )
    else:
        added = one.total * other.total - one.pulled_by(other.total) - other.pulled_by(one.total)
    # Unit columns have length one instead of variance one: `days` makes up for it, so the error is the root of
    # sum(added^2) / pairs^2; three days are spent on mean, length and the correlation, as in Fisher's interval.
    error = math.sqrt(float((added * added).sum()) * days / (days - 3)) / mean.pairs
    centre, half = math.atanh(mean.mean), reach * error / (1.0 - mean.mean**2)
    return math.tanh(centre - half), math.tanh(centre + half)
