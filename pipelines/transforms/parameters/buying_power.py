"""The share of equity that may be in use at each level of VIX, from what selling options there has cost.

Holds: outcomes of a standard short put by the VIX it was sold at, ceilings that keep their tail bearable, the score.
Belongs here: arithmetic from an index and VIX to a table below the rule set's.
Never here: prices' origin, the gate, the limit itself (`tomking.kernel.limits.buying_power`).

The standard trade is a put of 16 delta, 45 days out, ended 24 calendar days later (at 21), priced by Black and Scholes at
VIX; its outcome is a share of the margin that it took when it was sold (the exchange's minimum). VIX stands for the
volatility of that strike: with the skew left out, premium and loss are both too small by about the same.

A ceiling is the rule set's, lowered where the mean of the worst twentieth of outcomes, times the ceiling, would be more
than `BUDGET` of equity: the loss at which the rule set halves new trades. It is never above the rule set's.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tomking.kernel.black_scholes import DAYS_A_YEAR, price_of
from tomking.kernel.parameter_specs import SPECS

BANDS: Final[tuple[tuple[float, str], ...]] = (
    (13.0, "limits.ceiling_vix_below_13"),
    (18.0, "limits.ceiling_vix_13_18"),
    (25.0, "limits.ceiling_vix_18_25"),
    (30.0, "limits.ceiling_vix_25_30"),
    (math.inf, "limits.ceiling_vix_from_30"),
)
"""Upper end of each band of VIX and the parameter of its ceiling."""
METRIC: Final = "mean outcome over the mean of the worst twentieth, per 24 days"
BUDGET: Final = 0.10
_TAIL: Final = 0.05
_FEWEST: Final = 100
"""Outcomes of a band before it is lowered; a twentieth of them are five."""
_DAYS, _HELD = 45, 24
_SIXTEEN_DELTA: Final = 0.994457883
"""The point of the standard normal distribution with 16 % above it."""
_FLOOR: Final = Decimal("0.05")

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Outcomes by the day of the sale: the band of VIX, and the result as a share of the margin; `ended` when known."""

    days: tuple[dt.date, ...]
    ended: tuple[dt.date, ...]
    bands: NDArray[np.int64]
    results: Array


@dataclass(frozen=True, slots=True)
class CeilingEvidence:
    """Ceilings by parameter, and how such ceilings did on years that did not make them beside the rule set's.

    `tail` is the mean of the worst twentieth per band (a loss is negative; None: too few outcomes), `outcomes` how many
    each band has. `candidate` and `baseline` are the metric on the `scored` days from `first_scored` to `last_scored`.
    """

    ceilings: Mapping[str, Decimal]
    tail: Mapping[str, float | None]
    outcomes: Mapping[str, int]
    first_scored: dt.date | None
    last_scored: dt.date | None
    scored: int
    candidate: float | None
    baseline: float | None
    data_through: dt.date


def outcomes_of(days: Sequence[dt.date], closes: Sequence[float], vix: Sequence[float]) -> Outcomes:
    """The standard trade sold at each close; days without a session 24 to 31 days later are left out."""
    found: list[tuple[dt.date, dt.date, int, float]] = []
    end = 0
    for place, day in enumerate(days):
        while end < len(days) and (days[end] - day).days < _HELD:
            end += 1
        if end == len(days) or (days[end] - day).days > _HELD + 7:
            continue
        level, price = vix[place] / 100, closes[place]
        spread = level * math.sqrt(_DAYS / DAYS_A_YEAR)
        strike = price * math.exp(-_SIXTEEN_DELTA * spread + spread * spread / 2)
        sold = price_of(price, strike, _DAYS / DAYS_A_YEAR, level, "P")
        left = (_DAYS - (days[end] - day).days) / DAYS_A_YEAR
        bought = price_of(closes[end], strike, left, vix[end] / 100, "P")
        margin = max(0.20 * price - (price - strike), 0.10 * strike)
        found.append((day, days[end], _band(vix[place]), (sold - bought) / margin))
    return Outcomes(
        tuple(one[0] for one in found),
        tuple(one[1] for one in found),
        np.array([one[2] for one in found], dtype=np.int64),
        np.array([one[3] for one in found], dtype=np.float64),
    )


def calibrate_ceilings(outcomes: Outcomes, through: dt.date) -> CeilingEvidence | None:
    """Ceilings from the outcomes known on a day, and their walk-forward score; None without any outcome.

    Each year's ceilings rest on outcomes that were over before that year began: what was open then is purged.
    """
    is_known = np.array([one <= through for one in outcomes.ended], dtype=np.bool_)
    if not is_known.any():
        return None
    caps = np.array([float(_cap(name)) for _, name in BANDS])
    ours, theirs, scored = _walk_forward(outcomes, is_known, caps)
    ceilings = _ceilings(outcomes, is_known)
    return CeilingEvidence(
        ceilings={name: ceilings[place] for place, (_, name) in enumerate(BANDS)},
        tail={
            name: _tail(outcomes.results[is_known & (outcomes.bands == place)]) for place, (_, name) in enumerate(BANDS)
        },
        outcomes={name: int((is_known & (outcomes.bands == place)).sum()) for place, (_, name) in enumerate(BANDS)},
        first_scored=scored[0] if scored else None,
        last_scored=scored[-1] if scored else None,
        scored=len(scored),
        candidate=_ratio(ours),
        baseline=_ratio(theirs),
        data_through=max(day for day, known in zip(outcomes.ended, is_known, strict=True) if known),
    )


def _walk_forward(outcomes: Outcomes, is_known: NDArray[np.bool_], caps: Array) -> tuple[Array, Array, list[dt.date]]:
    """Results under the ceilings of earlier years and under the caps, with the days of sale, by year."""
    ours, theirs, scored = [], [], list[dt.date]()
    years = np.array([day.year for day in outcomes.days])
    for year in sorted(set(years.tolist())):
        first = dt.date(year, 1, 1)
        before = is_known & np.array([one < first for one in outcomes.ended], dtype=np.bool_)
        if before.sum() < 5 * _FEWEST:
            continue
        table = np.array([float(one) for one in _ceilings(outcomes, before)])
        mine = is_known & (years == year)
        ours.append(table[outcomes.bands[mine]] * outcomes.results[mine])
        theirs.append(caps[outcomes.bands[mine]] * outcomes.results[mine])
        scored += [day for day, one in zip(outcomes.days, mine, strict=True) if one]
    empty = np.array([], dtype=np.float64)
    return np.concatenate(ours or [empty]), np.concatenate(theirs or [empty]), scored


def _ceilings(outcomes: Outcomes, chosen: NDArray[np.bool_]) -> list[Decimal]:
    """The ceiling of each band, in hundredths, never above the cap and never below the floor (or the cap, if lower)."""
    found = []
    for place, (_, name) in enumerate(BANDS):
        cap, tail = _cap(name), _tail(outcomes.results[chosen & (outcomes.bands == place)])
        wanted = cap if tail is None or tail >= 0 else min(cap, Decimal(repr(BUDGET / -tail)))
        found.append(max(wanted.quantize(Decimal("0.01"), rounding=ROUND_FLOOR), min(_FLOOR, cap)))
    return found


def _tail(results: Array) -> float | None:
    """The mean of the worst twentieth; None with too few."""
    if len(results) < _FEWEST:
        return None
    return float(np.sort(results)[: max(1, int(len(results) * _TAIL))].mean())


def _ratio(results: Array) -> float | None:
    tail = _tail(results)
    return None if tail is None or tail >= 0 else float(results.mean() / -tail)


def _band(vix: float) -> int:
    return next(place for place, (end, _) in enumerate(BANDS) if vix < end)


def _cap(name: str) -> Decimal:
    upper = SPECS[name].upper
    assert upper is not None
    return upper
