"""Indicators over completed sessions: true range, averages, bands, highest price, range, realised volatility.

Holds: those, on decimals.
Belongs here: a figure of one underlying's daily bars that an entry rule reads.
Never here: correlations and regimes (`correlation`, `regimes`), the rules.

Every function answers None where the bars are too few: a shorter window is another figure.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from decimal import Decimal
from typing import Protocol

SESSIONS_A_YEAR = 252


class Bar(Protocol):
    """A completed session."""

    @property
    def high(self) -> Decimal:
        """The highest price."""

    @property
    def low(self) -> Decimal:
        """The lowest price."""

    @property
    def close(self) -> Decimal:
        """The last price."""


def average_true_range(bars: Sequence[Bar], length: int) -> Decimal | None:
    """The mean of the last `length` true ranges; each needs the close before it."""
    if length < 1 or len(bars) < length + 1:
        return None
    recent = bars[-length - 1 :]
    ranges = [max(bar.high, before.close) - min(bar.low, before.close) for before, bar in itertools.pairwise(recent)]
    return sum(ranges, Decimal(0)) / length


def exponential_average(bars: Sequence[Bar], length: int) -> Decimal | None:
    """The exponential average of closes with weight 2 / (length + 1), begun with the mean of the first `length`."""
    if length < 1 or len(bars) < length:
        return None
    average = sum((bar.close for bar in bars[:length]), Decimal(0)) / length
    weight = Decimal(2) / (length + 1)
    for bar in bars[length:]:
        average += weight * (bar.close - average)
    return average


def highest_price(bars: Sequence[Bar], length: int = SESSIONS_A_YEAR, *, at_least: int = 20) -> Decimal | None:
    """The highest price of the last `length` sessions, of fewer where not all are known, but of `at_least` many.

    The highest of a part is never above that of the whole, so a rule that stays away from it errs on the safe side.
    """
    return max(bar.high for bar in bars[-length:]) if len(bars) >= at_least else None


def price_range(bars: Sequence[Bar], length: int) -> Decimal | None:
    """Highest less lowest price of the last `length` sessions, as a share of the last close."""
    if length < 1 or len(bars) < length or bars[-1].close <= 0:
        return None
    recent = bars[-length:]
    return (max(bar.high for bar in recent) - min(bar.low for bar in recent)) / recent[-1].close


def lower_band(bars: Sequence[Bar], length: int, deviations: Decimal) -> Decimal | None:
    """The mean of the last `length` closes less so many of their standard deviations (of the whole, as charts draw it)."""
    if length < 2 or len(bars) < length:
        return None
    closes = [bar.close for bar in bars[-length:]]
    mean = sum(closes, Decimal(0)) / length
    variance = sum(((close - mean) ** 2 for close in closes), Decimal(0)) / length
    return mean - deviations * variance.sqrt()


def realised_volatility(bars: Sequence[Bar], length: int = 20) -> Decimal | None:
    """The yearly volatility of the last `length` daily log returns, as a share (0.20 is 20 %)."""
    if length < 2 or len(bars) < length + 1:
        return None
    closes = [float(bar.close) for bar in bars[-length - 1 :]]
    if min(closes) <= 0:
        return None
    returns = [math.log(after / before) for before, after in itertools.pairwise(closes)]
    mean = math.fsum(returns) / length
    variance = math.fsum((one - mean) ** 2 for one in returns) / (length - 1)
    return Decimal(repr(round(math.sqrt(variance * SESSIONS_A_YEAR), 12)))
