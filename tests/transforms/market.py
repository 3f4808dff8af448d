"""A made-up market for tests of calibration: calm and stormy spells, known seed.

Holds: returns with volatility that lasts, so that labels have something to find.
Belongs here: input only.
Never here: expectations.
"""

from __future__ import annotations

import datetime as dt

import numpy as np

from pipelines.transforms.regimes.returns import AlignedReturns
from tomking.kernel.sessions import previous_session

LAST = dt.date(2019, 11, 29)


def session_dates(count: int, last: dt.date = LAST) -> tuple[dt.date, ...]:
    """The last `count` sessions through `last`, oldest first."""
    days = [last]
    while len(days) < count:
        days.append(previous_session(days[-1]))
    return tuple(reversed(days))


def market_returns(count: int, symbols: tuple[str, ...] = ("AAA", "BBB", "CCC")) -> AlignedReturns:
    """Log returns of correlated symbols whose volatility doubles or triples for spells of two to six months."""
    random = np.random.default_rng(20191129)
    scale = np.full(count, 0.008)
    start = 0
    while start < count:
        length = int(random.integers(40, 120))
        scale[start : start + length] *= random.choice([1.0, 1.0, 2.0, 3.0])
        start += length
    common = random.standard_normal(count) * scale
    own = random.standard_normal((count, len(symbols))) * scale[:, None]
    return AlignedReturns(symbols, session_dates(count), 0.8 * common[:, None] + 0.6 * own, 0)
