"""What the warning of concentration and the suggestions would have been worth: a fixed book walked through history.

Holds: alarms against the losses they should have come before, and suggestions against doing nothing.
Belongs here: arithmetic on returns of the book's underlyings and exposures held fixed.
Never here: the warning and the suggestions themselves (`tomking.kernel.concentration`), reading files.

The book keeps its exposures (delta-adjusted money) from day to day, so its loss is the market's and not our trading's.
A *loss* is the first close at which it stands `loss` of its gross exposure below its best of the last `HORIZON`
sessions; the next one counts after `HORIZON` sessions. An *alarm* is the first session of a warning; it came in time
for losses of the `HORIZON` sessions after it while it lasted or since it ended, and is false when there was none.
Everything an alarm or suggestion uses is known on its evening.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tomking.kernel import concentration
from tomking.kernel.concentration import ConcentrationLimits
from tomking.kernel.correlation_monitor import SCORE_DAYS
from tomking.kernel.regimes import SESSIONS_PER_YEAR

Array = NDArray[np.float64]

HORIZON = 20
"""Sessions within which an alarm has to be followed by a loss, and over which a suggestion is judged."""
DRAWS, CONFIDENCE = 2_000, 0.90


@dataclass(frozen=True, slots=True)
class Loss:
    """A loss and the alarm before it: its first session, and how many sessions before the loss; None without one."""

    day: dt.date
    share: float
    alarm: dt.date | None
    lead: int | None


@dataclass(frozen=True, slots=True)
class WarningReplay:
    """Alarms of a book over a history. `loss` is the share of gross exposure that counts; rates are a year."""

    first: dt.date
    last: dt.date
    loss: float
    losses: tuple[Loss, ...]
    alarms: tuple[dt.date, ...]
    false_alarms: tuple[dt.date, ...]
    false_a_year: float
    share_of_days: float


@dataclass(frozen=True, slots=True)
class SuggestionReplay:
    """The first suggestion of every month carried out, against the book left as it is.

    `expected` and `realised` are mean ratios of the book's volatility after to before: as the suggestion said, and
    over the next `HORIZON` sessions; `plain` is the realised ratio of cutting every position alike to the same gross
    exposure. `gain` is ``plain - realised``: what choosing the position was worth. `interval` belongs to `realised`,
    `gain_interval` to `gain` (bootstrap over months). `worse_days` is the ratio of mean loss on the worst
    5 % of days.
    """

    months: int
    expected: float
    realised: float
    interval: tuple[float, float]
    plain: float
    gain: float
    gain_interval: tuple[float, float]
    worse_days: float


def replay_warnings(
    dates: Sequence[dt.date], returns: Array, exposures: Sequence[float], limits: ConcentrationLimits, loss: float
) -> WarningReplay:
    """Walk a book through its history. `returns`: log returns, a row a date and a column an exposure.

    Raises ValueError where the history is no longer than what the first warning needs, or the book is empty.
    """
    book, first = _book(returns, exposures), SCORE_DAYS + limits.fall_sessions - 1
    if first >= len(dates):
        raise ValueError(f"{len(dates)} returns are too few, {first + 1} are needed")
    on = np.zeros(len(dates), dtype=bool)
    for day in range(first, len(dates)):
        now = returns[day + 1 - SCORE_DAYS : day + 1]
        before = returns[day + 1 - SCORE_DAYS - limits.fall_sessions : day + 1 - limits.fall_sessions]
        found = concentration.warning(book, now, before, limits)
        on[day] = found is not None and found.level == "warning"
    begins = np.flatnonzero(np.diff(np.concatenate([[False], on]).astype(np.int8)) == 1)
    ends = np.flatnonzero(np.diff(np.concatenate([on, [False]]).astype(np.int8)) == -1)
    places, shares = _losses(returns, book, loss, first)
    losses = []
    for place, share in zip(places, shares, strict=True):
        # The warning in force on an evening before the loss, or that ended within the horizon.
        before_it = np.flatnonzero((begins < place) & (ends >= place - HORIZON))
        alarm = None if len(before_it) == 0 else int(begins[before_it[-1]])
        lead = None if alarm is None else place - alarm
        losses.append(Loss(dates[place], share, None if alarm is None else dates[alarm], lead))
    false = [
        int(begin)
        for begin, end in zip(begins, ends, strict=True)
        if not any(begin < place <= end + HORIZON for place in places) and end + HORIZON < len(dates)
    ]
    return WarningReplay(
        first=dates[first],
        last=dates[-1],
        loss=loss,
        losses=tuple(losses),
        alarms=tuple(dates[int(begin)] for begin in begins),
        false_alarms=tuple(dates[begin] for begin in false),
        false_a_year=len(false) / ((len(dates) - first) / SESSIONS_PER_YEAR),
        share_of_days=float(on[first:].mean()),
    )


def replay_suggestions(
    dates: Sequence[dt.date], returns: Array, exposures: Sequence[float], seed: int = 0
) -> SuggestionReplay | None:
    """Follow the first suggestion of every `HORIZON` sessions and compare; None where there never was one."""
    book = _book(returns, exposures)
    names = [str(place) for place in range(len(book))]
    expected, realised, plain, worst = [], [], [], []
    for day in range(SCORE_DAYS - 1, len(dates) - HORIZON, HORIZON):
        found = concentration.suggestions(names, book.tolist(), returns[day + 1 - SCORE_DAYS : day + 1])
        if not found:
            continue
        chosen, after = found[0], book.copy()
        after[int(chosen.symbol)] *= chosen.factor
        ahead = np.expm1(returns[day + 1 : day + 1 + HORIZON])
        untouched, changed = ahead @ book, ahead @ after
        if untouched.std() == 0.0:
            continue
        expected.append(chosen.effect.volatility_after / chosen.effect.volatility_before)
        realised.append(changed.std() / untouched.std())
        plain.append(np.abs(after).sum() / np.abs(book).sum())
        worst.append((changed, untouched))
    if not expected:
        return None
    ratios, same = np.array(realised), np.array(plain)
    changed, untouched = (np.concatenate([pair[side] for pair in worst]) for side in (0, 1))
    tail = max(1, len(untouched) // 20)
    return SuggestionReplay(
        months=len(expected),
        expected=float(np.mean(expected)),
        realised=float(ratios.mean()),
        interval=_interval(ratios, seed),
        plain=float(same.mean()),
        gain=float((same - ratios).mean()),
        gain_interval=_interval(same - ratios, seed),
        worse_days=float(np.sort(changed)[:tail].mean() / np.sort(untouched)[:tail].mean()),
    )


def _book(returns: Array, exposures: Sequence[float]) -> Array:
    book = np.array(exposures, dtype=np.float64)
    if book.shape != (returns.shape[1],) or not np.isfinite(book).all() or not book.any():
        raise ValueError(f"a book has one exposure a series and some risk, got {len(book)} for {returns.shape[1]}")
    return book


def _losses(returns: Array, book: Array, loss: float, first: int) -> tuple[list[int], list[float]]:
    """Rows of the losses from `first` on, and how far the book stood below its best by then."""
    worth = np.cumsum(np.expm1(np.nan_to_num(returns)) @ book) / np.abs(book).sum()
    places: list[int] = []
    shares: list[float] = []
    for day in range(first, len(worth)):
        start = max(0, day - HORIZON, places[-1] + 1 if places else 0)
        fallen = float(worth[start : day + 1].max() - worth[day])
        if fallen >= loss and (not places or day - places[-1] > HORIZON):
            places.append(day)
            shares.append(fallen)
    return places, shares


def _interval(values: Array, seed: int) -> tuple[float, float]:
    random = np.random.default_rng(seed)
    means = values[random.integers(0, len(values), (DRAWS, len(values)))].mean(axis=1)
    low, high = np.percentile(means, [50.0 * (1.0 - CONFIDENCE), 50.0 * (1.0 + CONFIDENCE)])
    return float(low), float(high)
