"""From a table of closes to a universe: which series are kept, which days are joined, what was left out and why.

Holds: the rules for short, still and gappy series, different holidays and impossible moves.
Belongs here: what happens to missing data before a regime sees it.
Never here: reading files, labels.

A return is taken between two days that every kept series has (`transforms.returns` says why). A series that would
cost the others their days is left out by name instead.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tomking.kernel.correlation_monitor import LONGEST_GAP_DAYS

Array = NDArray[np.float64]

LEAST_PRICES = 1_800
"""Prices a series needs: 1,500 before the first judged day and a little more than a year to judge."""
LARGEST_MOVE = 0.6
"""A change of one day of at least this, up or down, is taken for an error of the data and counted as no change."""
MOST_ABSENT = 0.10
"""Share of the universe's days that a series may lack between its first and last price."""
QUORUM = 0.5
"""A day on which less than this share of the series has a price is no session (a weekend, one exchange alone)."""
LEAST_SERIES = 2


class UniverseRefused(ValueError):
    """No universe can be made; the message says why, series by series."""


@dataclass(frozen=True, slots=True)
class Universe:
    """Log returns of the kept series on joined days.

    `returns[k]` belongs to `dates[k]`, the later of its two days. `left_out`: series and why. `days_left_out`: days
    that some kept series lacks. `errors`: series, day and relative change of moves taken for errors.
    """

    names: tuple[str, ...]
    dates: tuple[dt.date, ...]
    returns: Array
    left_out: tuple[tuple[str, str], ...]
    days_left_out: int
    errors: tuple[tuple[str, dt.date, float], ...]


def make_universe(
    names: tuple[str, ...],
    dates: tuple[dt.date, ...],
    closes: Array,
    *,
    least_prices: int = LEAST_PRICES,
    largest_move: float | None = LARGEST_MOVE,
) -> Universe:
    """Join the series that are fit for it. Raises UniverseRefused where fewer than two are, or too few days."""
    kept, left_out = _fit(names, closes, least_prices)
    whole = np.isfinite(closes[:, kept])
    if len(kept) < LEAST_SERIES:
        told = "; ".join(f"{name}: {why}" for name, why in left_out) or "the table has one series"
        raise UniverseRefused(f"a universe needs {LEAST_SERIES} series with enough prices ({told})")
    begun = np.maximum.accumulate(whole, axis=0).all(axis=1)
    lasting = np.maximum.accumulate(whole[::-1], axis=0)[::-1].all(axis=1)
    joined = whole.all(axis=1)
    chosen = np.flatnonzero(joined)
    if len(chosen) < least_prices:
        raise UniverseRefused(f"the series have {len(chosen)} days in common, {least_prices} are needed")
    returns: Array = np.diff(np.log(closes[chosen][:, kept]), axis=0)
    days = np.array([dates[place] for place in chosen], dtype="datetime64[D]")
    returns[np.diff(days).astype(np.int64) > LONGEST_GAP_DAYS] = np.nan
    kept_names = tuple(names[place] for place in kept)
    kept_dates = tuple(dates[place] for place in chosen[1:])
    errors = _without_errors(returns, kept_names, kept_dates, largest_move)
    sessions = begun & lasting & (whole.mean(axis=1) >= QUORUM)
    return Universe(kept_names, kept_dates, returns, tuple(left_out), int((sessions & ~joined).sum()), errors)


def _fit(names: tuple[str, ...], closes: Array, least: int) -> tuple[list[int], list[tuple[str, str]]]:
    """Places of the series that are kept, and why others are not."""
    kept: list[int] = []
    left_out: list[tuple[str, str]] = []
    present = np.isfinite(closes)
    sessions = present.mean(axis=1) >= QUORUM if closes.size else np.zeros(len(closes), dtype=bool)
    for place, name in enumerate(names):
        has = np.flatnonzero(present[:, place])
        span = sessions[has[0] : has[-1] + 1].sum() if len(has) else 0
        absent = 1.0 - present[:, place][sessions].sum() / max(1, span) if len(has) else 1.0
        values = closes[has, place]
        if len(has) < least:
            left_out.append((name, f"{len(has)} prices, {least} are needed"))
        elif float(values.max()) == float(values.min()):
            left_out.append((name, "the price never moves"))
        elif absent > MOST_ABSENT:
            left_out.append((name, f"{absent:.0%} of its days have no price, {MOST_ABSENT:.0%} are allowed"))
        else:
            kept.append(place)
    return kept, left_out


def _without_errors(
    returns: Array, names: tuple[str, ...], dates: tuple[dt.date, ...], largest: float | None
) -> tuple[tuple[str, dt.date, float], ...]:
    """Set impossible moves to zero in place and say which."""
    if largest is None:
        return ()
    with np.errstate(invalid="ignore"):
        wrong = np.argwhere(np.abs(np.expm1(returns)) >= largest)
    found = tuple((names[series], dates[row], float(np.expm1(returns[row, series]))) for row, series in wrong)
    for row, series in wrong:
        returns[row, series] = 0.0
    return found
