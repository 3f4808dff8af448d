"""What regime labels are judged against: what followed each day, and the episodes a detector should have recognised.

Holds: a universe's portfolio, the volatility, drawdown and correlation of the 20 days after each day, and the known
    falls of the index with their peak, their first close 5 % lower and their trough.
Belongs here: facts of the scene that no detector has a part in.
Never here: labels, scores (`regime_scores`), reading files.

Everything that looks forward starts on the day after. It serves judging only; no label may use it.
"""

from __future__ import annotations

import datetime as dt
import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from tomking.kernel.correlation import WINDOW, rolling_mean_correlation
from tomking.kernel.regimes import SESSIONS_PER_YEAR

Array = NDArray[np.float64]

HORIZON = 20
"""Days ahead that labels are judged on."""
BREAK = 0.05
"""An episode breaks on the first close this far below its peak."""
BEFORE_PEAK = 10
"""Days before the peak from which a label counts as recognising the episode."""
BAD_VOLATILITY, BAD_DRAWDOWN = 0.25, 0.05
"""An alarm is not false when the next 20 days are more volatile (a year) or fall further than this."""


@dataclass(frozen=True, slots=True)
class KnownFall:
    """A fall of the New York market: the days within which its peak and its trough lie, ends included."""

    name: str
    peak: tuple[dt.date, dt.date]
    trough: tuple[dt.date, dt.date]


def _fall(name: str, *days: str) -> KnownFall:
    first, second, third, fourth = (dt.date.fromisoformat(day) for day in days)
    return KnownFall(name, (first, second), (third, fourth))


KNOWN_FALLS = (
    _fall("2008-09", "2008-08-01", "2008-09-15", "2008-09-16", "2009-03-31"),
    _fall("2010-05", "2010-04-15", "2010-05-04", "2010-05-05", "2010-07-15"),
    _fall("2011-08", "2011-07-01", "2011-07-29", "2011-08-01", "2011-10-15"),
    _fall("2015-08", "2015-07-15", "2015-08-18", "2015-08-19", "2015-09-30"),
    _fall("2018-02", "2018-01-15", "2018-02-01", "2018-02-02", "2018-02-20"),
    _fall("2018-12", "2018-09-15", "2018-10-05", "2018-10-08", "2018-12-31"),
    _fall("2020-03", "2020-02-10", "2020-02-21", "2020-02-24", "2020-03-31"),
    _fall("2022", "2021-12-27", "2022-01-05", "2022-01-06", "2022-10-31"),
)
"""The falls that scores count. They are the same for every universe, whose own index says how deep each was."""


@dataclass(frozen=True, slots=True)
class Episode:
    """One fall in one universe: row of the peak, of the first close `BREAK` below it (else the trough), of the trough."""

    name: str
    peak: int
    broken: int
    trough: int


@dataclass(frozen=True, slots=True)
class Scene:
    """A universe and what followed each of its days.

    `portfolio`: log return of equal parts, rebalanced daily. `index`: level whose falls are the episodes.
    `volatility` (fractions a year), `drawdown` (negative fraction) and `correlation` (mean of pairs) of the `HORIZON`
    rows after each row, NaN where they are not over. Rows before `start` are history for the detector, not judged.
    """

    dates: tuple[dt.date, ...]
    portfolio: Array
    index: Array
    volatility: Array
    drawdown: Array
    correlation: Array
    episodes: tuple[Episode, ...]
    start: int

    @property
    def years(self) -> float:
        """Years that are judged."""
        return (len(self.dates) - self.start) / SESSIONS_PER_YEAR


def make_scene(dates: Sequence[dt.date], returns: Array, start: dt.date | int, index: Array | None = None) -> Scene:
    """Lay out a universe for judging. `returns`: log returns, a row a day; `index`: its level by row, else the portfolio's.

    `start` is the first judged day or row. Raises ValueError where nothing would be judged.
    """
    simple = np.expm1(returns)
    present = np.isfinite(simple).sum(axis=1)
    portfolio: Array = np.log1p(np.where(present > 0, np.nansum(simple, axis=1) / np.maximum(present, 1), 0.0))
    place = start if isinstance(start, int) else bisect_left(dates, start)
    if place + 2 * HORIZON >= len(dates):
        raise ValueError(f"{len(dates)} days leave nothing to judge from row {place} on")
    level = np.exp(np.cumsum(portfolio)) if index is None else index
    volatility, drawdown = _ahead(portfolio)
    correlation: Array = np.full(len(dates), np.nan)
    correlation[:-WINDOW] = rolling_mean_correlation(returns)[WINDOW:]
    found = tuple(_episodes(dates, level, dates[place]))
    return Scene(tuple(dates), portfolio, level, volatility, drawdown, correlation, found, place)


def _ahead(portfolio: Array) -> tuple[Array, Array]:
    """Volatility a year and deepest fall of the `HORIZON` days after each day."""
    volatility, drawdown = np.full(len(portfolio), np.nan), np.full(len(portfolio), np.nan)
    windows = sliding_window_view(portfolio, HORIZON)[1:]
    volatility[: len(windows)] = windows.std(axis=1) * math.sqrt(SESSIONS_PER_YEAR)
    path = np.concatenate([np.zeros((len(windows), 1)), np.cumsum(windows, axis=1)], axis=1)
    drawdown[: len(windows)] = np.expm1((path - np.maximum.accumulate(path, axis=1)).min(axis=1))
    return volatility, drawdown


def _episodes(dates: Sequence[dt.date], index: Array, first: dt.date) -> list[Episode]:
    days = np.array(dates, dtype="datetime64[D]")
    found = []
    for fall in KNOWN_FALLS:
        if fall.peak[0] < first or fall.trough[1] > dates[-1]:
            continue
        tops = np.flatnonzero((days >= np.datetime64(fall.peak[0])) & (days <= np.datetime64(fall.peak[1])))
        lows = np.flatnonzero((days >= np.datetime64(fall.trough[0])) & (days <= np.datetime64(fall.trough[1])))
        if len(tops) == 0 or len(lows) == 0:
            continue
        peak, trough = int(tops[np.argmax(index[tops])]), int(lows[np.argmin(index[lows])])
        if index[trough] >= index[peak] or peak < BEFORE_PEAK:
            continue
        below = np.flatnonzero(index[peak : trough + 1] <= (1.0 - BREAK) * index[peak])
        found.append(Episode(fall.name, peak, peak + int(below[0]) if len(below) else trough, trough))
    return found
