"""Volatility counted on falling days, weighted towards the newest.

Holds: the decaying sums of the regime's danger axis.
Belongs here: semi-volatility of one series.
Never here: thresholds, labels.

``sqrt(2 * 252 * sum_k w_k * min(r_{t-k}, 0)^2)``, in fractions a year (0.20 = 20 %); the weights are the mean of a
fast and a slow decay, each adding up to one over the days held.
"""

from __future__ import annotations

import math

import numpy as np

from tomking.kernel.correlation import Array
from tomking.kernel.regime_settings import RegimeSettings

SESSIONS_PER_YEAR = 252


class SemiVolatility:
    """The semi-volatility of one series, fed a log return a day; a function of the last `decay_days` of them."""

    def __init__(self, settings: RegimeSettings) -> None:
        days = settings.decay_days
        age = np.arange(days, dtype=np.float64)[::-1]
        slow, fast = settings.decay**age, settings.fast_decay**age
        self._minimum, self._share = settings.decay_minimum, settings.fast_share
        self._weights, self._slow, self._fast = self._blend(slow, fast), slow, fast
        # Twice the days, so that the newest ones always lie in one piece.
        self._falls = np.zeros(2 * days)
        self._days, self._end, self._seen = days, 0, 0

    def step(self, change: float) -> float:
        """Add a day's log return and return the semi-volatility; NaN before `decay_minimum` days."""
        if self._end == len(self._falls):
            self._end = self._days - 1
            self._falls[: self._end] = self._falls[-self._end :].copy()
        self._falls[self._end] = min(change, 0.0) ** 2
        self._end += 1
        self._seen = min(self._seen + 1, self._days)
        if self._seen < self._minimum:
            return math.nan
        weights = self._weights
        if self._seen < self._days:
            weights = self._blend(self._slow[-self._seen :], self._fast[-self._seen :])
        # Not a product of vectors: its sum runs in another sequence from one build of numpy to the next.
        variance = float((weights * self._falls[self._end - self._seen : self._end]).sum())
        return math.sqrt(2.0 * SESSIONS_PER_YEAR * variance)

    def _blend(self, slow: Array, fast: Array) -> Array:
        blended: Array = (1.0 - self._share) * slow / slow.sum() + self._share * fast / fast.sum()
        return blended
