"""How correlation groups move with the stock market in stress: the crisis weights, estimated.

Holds: sessions of stress, the correlation of a group with the market on them, and its walk-forward score.
Belongs here: arithmetic from returns to weights.
Never here: prices' origin, the gate, the limit that reads the weights (`tomking.kernel.limits.counts`).

A session is one of stress where the market's semi-volatility over the 20 sessions to it is above its own 80 % quantile
of the five years before. A group's return is the mean of its members that have prices. Its weight is the correlation of
that with the market's over the sessions of stress; what a weight is worth shows in the years after: its squared error
against the correlation that came, beside that of the weight which the rule set types in without derivation.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

METRIC: Final = "share of the rule set's squared error that is saved, on the correlations of later years"
TYPED: Final[Mapping[str, float]] = {
    "B1": -0.20,
    "B2": 0.60,
    "C1": 0.70,
    "C2": 0.65,
    "D1": 0.50,
    "D2": 0.45,
    "E": 0.30,
}
"""The rule set's crisis weights (R9), which the estimates have to beat; those of equities themselves are left out."""
_WINDOW, _YEARS, _QUANTILE = 20, 1260, 0.80
_FEWEST: Final = 20
"""Sessions of stress that a correlation needs."""

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class WeightEvidence:
    """The weight of a group, and how well such weights did on years that did not make them.

    `error` and `typed_error` are mean squared errors over the years scored; `scored` counts sessions of stress in them.
    """

    group: str
    symbols: tuple[str, ...]
    weight: float
    stress_sessions: int
    years: tuple[int, ...]
    scored: int
    error: float | None
    typed_error: float | None
    first_scored: dt.date | None
    last_day: dt.date


def stress_sessions(market: Array) -> NDArray[np.bool_]:
    """Which sessions are of stress, by the market's log returns to that session; false before five hundred are known."""
    falls = np.minimum(market, 0.0) ** 2
    sums = np.concatenate([np.zeros(1), np.cumsum(falls)])
    level = np.full(len(market), np.nan)
    level[_WINDOW - 1 :] = np.sqrt((sums[_WINDOW:] - sums[:-_WINDOW]) / _WINDOW)
    found = np.zeros(len(market), dtype=np.bool_)
    for place in range(500, len(market)):
        before = level[max(_WINDOW - 1, place - _YEARS) : place]
        found[place] = level[place] > np.quantile(before, _QUANTILE)
    return found


def calibrate_weight(
    group: str, days: Sequence[dt.date], market: Array, members: Mapping[str, Array]
) -> WeightEvidence | None:
    """The weight of a group whose members' log returns are given beside the market's (NaN where missing).

    None with fewer than `_FEWEST` sessions of stress. Each year is scored with the weight of the sessions of stress that
    lay at least 20 sessions before it: the window that marks stress is purged.
    """
    table = np.stack(list(members.values()))
    counts = (~np.isnan(table)).sum(axis=0)
    mean = np.where(counts > 0, np.nansum(table, axis=0) / np.maximum(counts, 1), np.nan)
    is_stress = stress_sessions(market) & ~np.isnan(mean)
    weight = _correlation(market, mean, is_stress)
    if weight is None:
        return None
    years = np.array([day.year for day in days])
    errors, typed, scored_years, scored = [], [], list[int](), 0
    first_scored: dt.date | None = None
    for year in sorted(set(years.tolist())):
        begins = int(np.argmax(years == year))
        past = is_stress & (np.arange(len(days)) < begins - _WINDOW)
        known, came = _correlation(market, mean, past), _correlation(market, mean, is_stress & (years == year))
        if known is None or came is None:
            continue
        errors.append((known - came) ** 2)
        typed.append((TYPED[group] - came) ** 2)
        scored_years.append(year)
        scored += int((is_stress & (years == year)).sum())
        first_scored = first_scored or days[begins]
    return WeightEvidence(
        group=group,
        symbols=tuple(members),
        weight=weight,
        stress_sessions=int(is_stress.sum()),
        years=tuple(scored_years),
        scored=scored,
        error=float(np.mean(errors)) if errors else None,
        typed_error=float(np.mean(typed)) if typed else None,
        first_scored=first_scored,
        last_day=days[-1],
    )


def _correlation(market: Array, other: Array, chosen: NDArray[np.bool_]) -> float | None:
    if int(chosen.sum()) < _FEWEST:
        return None
    first, second = market[chosen], other[chosen]
    first, second = first - first.mean(), second - second.mean()
    scale = float(np.sqrt((first @ first) * (second @ second)))
    return None if scale <= 0 else float(first @ second / scale)
