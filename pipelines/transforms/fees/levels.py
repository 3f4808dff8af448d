"""The level of a per-contract fee, recovered from charges that were rounded to the cent.

Holds: what one charge says about the level (`LevelObservation`), the fit of dated levels, changes and outliers.
Belongs here: inference from intervals, exact (fractions, never floats).
Never here: fee schedules, statements, or deciding that a fitted level is used.

A broker charges `level x contracts`, rounded half-up to the cent per fill, so a fill of n contracts with c cents
allows exactly the levels in [(c - 0.5) / n, (c + 0.5) / n). Fills of one level overlap; where they cannot, the level
changed, or the fill was mischarged. The fit is the cheapest story: following the schedule is free, every change of
level costs `fills_per_change` and every fill that its level does not explain costs one. So a change needs more
fills behind it than that figure, a level between two others twice as many, and a mischarged fill stays an outlier.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from fractions import Fraction
from functools import lru_cache
from itertools import accumulate, groupby
from operator import itemgetter

FILLS_PER_CHANGE = 2
"""A change of level is believed when more fills than this contradict the level before."""

_HALF_CENT = Decimal("0.005")
_PLACES = 4
"""Brokers publish per-contract levels with four decimals."""


@lru_cache(maxsize=100_000)
def _per_unit(amount: Decimal, contracts: Decimal) -> Fraction:
    # Charges of an account repeat themselves.
    return Fraction(amount) / Fraction(contracts)


@dataclass(frozen=True, slots=True)
class LevelObservation:
    """One fill: its exact amount before rounding lay in [amount_low, amount_high), in dollars, for `contracts`."""

    session_date: dt.date
    instant: dt.datetime
    contracts: Decimal
    amount_low: Decimal
    amount_high: Decimal
    row_id: str

    def __post_init__(self) -> None:
        """Refuse what is no interval per contract."""
        if self.contracts <= 0 or self.amount_low >= self.amount_high:
            raise ValueError(f"{self.row_id}: {self.contracts} contracts, [{self.amount_low}, {self.amount_high})")

    @classmethod
    def of_charge(
        cls, session_date: dt.date, instant: dt.datetime, contracts: Decimal, charged: Decimal, row_id: str
    ) -> LevelObservation:
        """The observation of one amount of whole cents, rounded half-up."""
        return cls(session_date, instant, contracts, charged - _HALF_CENT, charged + _HALF_CENT, row_id)

    @property
    def low(self) -> Fraction:
        """Lowest level that this fill allows."""
        return _per_unit(self.amount_low, self.contracts)

    @property
    def high(self) -> Fraction:
        """First level that is too high for this fill."""
        return _per_unit(self.amount_high, self.contracts)

    def allows(self, level: Fraction | Decimal) -> bool:
        """Whether `level` would have been rounded to what was charged."""
        return self.low <= Fraction(level) < self.high


@dataclass(frozen=True, slots=True)
class Level:
    """A level that held from the first to the last of its fills; any value in [low, high) explains them all.

    `estimate` is the schedule's own rate where `as_scheduled`, else the four-decimal value nearest the middle.
    """

    first: dt.date
    last: dt.date
    low: Decimal
    high: Decimal
    estimate: Decimal
    as_scheduled: bool
    fills: int
    row_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LevelChange:
    """The level left `old` on or before `effective_from`, the session of the first fill that `old` cannot explain.

    `after` is the session of the last fill before it (None: the statements begin with the new level). `evidence` are
    the rows that contradict `old`, `fills` all rows of the new level.
    """

    component: str
    effective_from: dt.date
    after: dt.date | None
    old: Decimal
    low: Decimal
    high: Decimal
    estimate: Decimal
    evidence: tuple[str, ...]
    fills: int


@dataclass(frozen=True, slots=True)
class LevelOutlier:
    """A fill that the level of its time does not explain; `nearest` is that level's estimate."""

    row_id: str
    session_date: dt.date
    low: Decimal
    high: Decimal
    nearest: Decimal


@dataclass(frozen=True, slots=True)
class LevelFit:
    """Levels in order of time, what changed against the schedule, and fills left over."""

    levels: tuple[Level, ...]
    changes: tuple[LevelChange, ...]
    outliers: tuple[LevelOutlier, ...]


@dataclass(frozen=True, slots=True)
class _Segment:
    """Neighbouring sessions under one level; `point` is a level inside it, None where the schedule is followed."""

    point: Fraction | None
    observations: tuple[LevelObservation, ...]


def fit_levels(
    observations: Sequence[LevelObservation],
    current: Callable[[dt.date], Decimal],
    *,
    component: str = "orf",
    fills_per_change: int = FILLS_PER_CHANGE,
) -> LevelFit:
    """Fit dated levels to the fills; `current(day)` is the schedule's rate that day.

    The result does not depend on the order of `observations`. Levels change between sessions only.
    """
    ordered = sorted(observations, key=lambda seen: (seen.session_date, seen.instant, seen.row_id))
    sessions = [tuple(found) for _, found in groupby(ordered, key=lambda seen: seen.session_date)]
    segments = _segments(sessions, current, fills_per_change)
    levels: list[Level] = []
    changes: list[LevelChange] = []
    outliers: list[LevelOutlier] = []
    for segment in segments:
        for part in _by_schedule(segment, current):
            inside, level = _level(part, current)
            if level is None:
                nearest = current(part.observations[0].session_date)
            else:
                previous = levels[-1] if levels else None
                change = _change(part, level, inside, previous=previous, current=current, component=component)
                if change is not None:
                    changes.append(change)
                levels.append(level)
                nearest = level.estimate
            known = {seen.row_id for seen in inside}
            outliers.extend(
                LevelOutlier(seen.row_id, seen.session_date, _decimal(seen.low), _decimal(seen.high), nearest)
                for seen in part.observations
                if seen.row_id not in known
            )
    return LevelFit(tuple(levels), tuple(changes), tuple(outliers))


def level_of(observations: Sequence[LevelObservation], least: int) -> Decimal | None:
    """The level that explains every one of the fills; None where they are fewer than `least` or do not agree."""
    if len(observations) < least:
        return None
    low, high = max(seen.low for seen in observations), min(seen.high for seen in observations)
    return _estimate(max(low, Fraction(0)), high) if low < high else None


def _segments(
    sessions: Sequence[tuple[LevelObservation, ...]], current: Callable[[dt.date], Decimal], fills_per_change: int
) -> list[_Segment]:
    """The cheapest path over sessions through "as scheduled" (state 0) and every level an interval begins with."""
    # The level that explains most fills of a stretch can always be moved down to the beginning of one interval.
    levels = sorted({max(seen.low, Fraction(0)) for day in sessions for seen in day})
    scale = 1 + len(sessions)
    switch = fills_per_change * scale + 1  # the one more lets fewer levels win a tie
    best = [0] + [switch] * len(levels)
    came_from: list[list[int]] = []
    places: dict[Fraction, int] = {}
    for day in sessions:
        scheduled = Fraction(current(day[0].session_date))
        missed = [sum(not seen.allows(scheduled) for seen in day), *_missed(day, levels, places)]
        cheapest = min(range(len(best)), key=best.__getitem__)
        arrival = best[cheapest] + switch
        # On a tie the change comes late: a level lasts as long as the fills allow.
        origin = [cheapest if came_from and arrival <= cost else state for state, cost in enumerate(best)]
        best = [min(arrival, cost) + missed[state] * scale for state, cost in enumerate(best)]
        came_from.append(origin)
    return _walk_back(sessions, [None, *levels], best, came_from)


def _missed(day: Sequence[LevelObservation], levels: Sequence[Fraction], places: dict[Fraction, int]) -> Iterable[int]:
    """How many of the day's fills each level does not explain; `places` remembers where bounds lie among the levels."""
    steps = [0] * (len(levels) + 1)
    for seen in day:
        for bound, step in ((seen.low, -1), (seen.high, 1)):
            if bound not in places:
                places[bound] = bisect_left(levels, bound)
            steps[places[bound]] += step
    return (len(day) + found for found in accumulate(steps[:-1]))


def _walk_back(
    sessions: Sequence[tuple[LevelObservation, ...]],
    points: Sequence[Fraction | None],
    best: Sequence[int],
    came_from: Sequence[Sequence[int]],
) -> list[_Segment]:
    if not sessions:
        return []
    state = min(range(len(points)), key=best.__getitem__)
    states: list[int] = []
    for origin in reversed(came_from):
        states.append(state)
        state = origin[state]
    states.reverse()
    segments: list[_Segment] = []
    for state, found in groupby(zip(states, sessions, strict=True), key=itemgetter(0)):
        segments.append(_Segment(points[state], tuple(seen for _, day in found for seen in day)))
    return segments


def _by_schedule(segment: _Segment, current: Callable[[dt.date], Decimal]) -> list[_Segment]:
    """A segment that follows the schedule, cut where the schedule itself changes."""
    if segment.point is not None:
        return [segment]
    return [
        _Segment(None, tuple(found))
        for _, found in groupby(segment.observations, key=lambda seen: current(seen.session_date))
    ]


def _level(
    segment: _Segment, current: Callable[[dt.date], Decimal]
) -> tuple[tuple[LevelObservation, ...], Level | None]:
    scheduled = current(segment.observations[0].session_date)
    point = Fraction(scheduled) if segment.point is None else segment.point
    inside = tuple(seen for seen in segment.observations if seen.allows(point))
    if not inside:
        return (), None
    low, high = max(seen.low for seen in inside), min(seen.high for seen in inside)
    return inside, Level(
        first=inside[0].session_date,
        last=inside[-1].session_date,
        low=_decimal(low),
        high=_decimal(high),
        estimate=scheduled if segment.point is None else _estimate(low, high),
        as_scheduled=segment.point is None,
        fills=len(inside),
        row_ids=tuple(seen.row_id for seen in inside),
    )


def _change(
    segment: _Segment,
    level: Level,
    inside: Sequence[LevelObservation],
    *,
    previous: Level | None,
    current: Callable[[dt.date], Decimal],
    component: str,
) -> LevelChange | None:
    """What `level` changes against the level before it; the schedule's own dated changes are no news."""
    if level.as_scheduled and (previous is None or previous.as_scheduled):
        return None
    old = current(level.first) if previous is None or previous.as_scheduled else previous.estimate
    proof = [seen for seen in inside if not seen.allows(old)] or list(inside)
    begin = proof[0].session_date
    earlier = [seen.session_date for seen in segment.observations if seen.session_date < begin]
    return LevelChange(
        component=component,
        effective_from=begin,
        after=earlier[-1] if earlier else (previous.last if previous else None),
        old=old,
        low=level.low,
        high=level.high,
        estimate=level.estimate,
        evidence=tuple(seen.row_id for seen in proof),
        fills=level.fills,
    )


def _estimate(low: Fraction, high: Fraction) -> Decimal:
    """The value with fewest decimals from four on that lies in [low, high), nearest to its middle."""
    middle = (low + high) / 2
    for places in range(_PLACES, 19):
        step = Fraction(1, 10**places)
        nearest = round(middle / step) * step
        if low <= nearest < high:
            return _decimal(nearest)
    return _decimal(middle)


def _decimal(value: Fraction) -> Decimal:
    """Eighteen decimals, cut: the column's own precision."""
    scaled = (value * 10**18).__floor__()
    exact = Decimal(scaled).scaleb(-18)
    trimmed = exact.quantize(Decimal("0.0001"), rounding=ROUND_FLOOR)
    return trimmed if trimmed == exact else exact.normalize()
