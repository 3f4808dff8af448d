"""The certain legs as legs, and what the fills that are left have to know of them.

Holds: from columns back to fills, and the places of the certain orders within their sessions.
Belongs here: what joins the two ways of matching, so that both together decide as the second alone.
Never here: which legs are certain (`certain_legs`), scoring (`leg_matching`).

Equal orders are told apart by the order in which both sides list them, and a place in that order counts every order of
the session. The orders that are scored therefore ask how many certain ones stand before them.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any, Final, Protocol

import numpy as np

from pipelines.transforms.matching.certain_legs import Certain, Side, certain_legs
from pipelines.transforms.matching.deviations import score_of
from pipelines.transforms.matching.fill_columns import Ints, TooWide, broker_columns, lean_columns, microseconds
from pipelines.transforms.matching.fills import BrokerFill, LeanFill, Leg, Tier, in_time_order, lean_key, lean_order
from pipelines.transforms.matching.order_units import BrokerUnit, LeanUnit, broker_units, order_place
from pipelines.transforms.matching.settings import MatchSettings

LeanAt = Callable[[int], LeanFill]
BrokerAt = Callable[[int], BrokerFill]
_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_SECOND: Final = 1_000_000


class Everyone(Protocol):
    """How many certain orders of a session stand before one that is scored."""

    def lean_before(self, unit: LeanUnit) -> int:
        """Of LEAN's."""
        ...

    def broker_before(self, unit: BrokerUnit) -> int:
        """Of the broker's."""
        ...


class _Alone:
    """Nothing is certain: all orders are scored."""

    def lean_before(self, unit: LeanUnit) -> int:
        return 0

    def broker_before(self, unit: BrokerUnit) -> int:
        return 0


ALONE: Final[Everyone] = _Alone()


@dataclass(frozen=True, slots=True)
class CertainMatch:
    """The certain legs, the fills that are left, and the places of the certain orders."""

    legs: list[Leg]
    lean_left: list[LeanFill]
    broker_left: list[BrokerFill]
    places: Places


def match_certain(
    lean: Sequence[LeanFill], broker: Sequence[BrokerFill], settings: MatchSettings
) -> CertainMatch | None:
    """What can be matched in one way only; None where the fills do not fit into columns."""
    try:
        found = certain_legs(lean_columns(lean), broker_columns(broker), settings)
    except TooWide:
        return None
    return CertainMatch(
        legs=_legs(found, lean, broker, settings),
        lean_left=[lean[row] for row in np.flatnonzero(found.lean_left).tolist()],
        broker_left=[broker[row] for row in np.flatnonzero(found.broker_left).tolist()],
        places=Places(found, [row.order_number for row in broker], lean.__getitem__, broker.__getitem__),
    )


def scores(found: Certain, settings: MatchSettings) -> list[Decimal]:
    """The score of each certain leg: only the gap takes something from it."""
    window = microseconds(settings.window)
    seconds = np.where(found.timed, np.minimum(found.gap, window), window) // _SECOND
    known = {
        second: score_of((), dt.timedelta(seconds=int(second)), settings) for second in np.unique(seconds).tolist()
    }
    return [known[second] for second in seconds.tolist()]


def _legs(found: Certain, lean: Sequence[LeanFill], broker: Sequence[BrokerFill], settings: MatchSettings) -> list[Leg]:
    ours, theirs = _fills_by_leg(found.lean), _fills_by_leg(found.broker)
    legs: list[Leg] = []
    tiers: list[Tier] = ["broker_id" if named else "fill" for named in found.by_number.tolist()]
    for place, several in enumerate(found.several.tolist()):
        if several and tiers[place] == "fill":
            tiers[place] = "group"
    pairs = zip(found.lean_leg.tolist(), found.broker_leg.tolist(), tiers, scores(found, settings), strict=True)
    for lean_leg, broker_leg, tier, score in pairs:
        fills = [lean[row] for row in ours(lean_leg)]
        rows = [broker[row] for row in theirs(broker_leg)]
        legs.append(
            Leg(
                instrument_key=fills[0].instrument_key,
                session_date=fills[0].session_date,
                leg_class="trade",
                lean=tuple(fills) if len(fills) == 1 else lean_order(fills),
                broker=tuple(rows) if len(rows) == 1 else in_time_order(rows),
                tier=tier,
                score=score,
            )
        )
    return legs


def _fills_by_leg(side: Side) -> Callable[[int], list[int]]:
    order = np.argsort(side.leg_of_fill, kind="stable")
    bounds = np.searchsorted(side.leg_of_fill[order], np.arange(len(side.slot) + 1)).tolist()
    rows = order.tolist()
    return lambda leg: rows[bounds[leg] : bounds[leg + 1]]


class Places:
    """The places of the certain orders that the fills decided, by session."""

    def __init__(
        self, found: Certain, order_numbers: Sequence[str | None], lean_at: LeanAt, broker_at: BrokerAt
    ) -> None:
        self._order_numbers, self._lean_at, self._broker_at = order_numbers, lean_at, broker_at
        decided = ~found.by_number
        self._lean = _Units(found.lean, found.lean_leg[decided])
        self._broker = _Units(found.broker, found.broker_leg[decided])

    def of(self, day: dt.date) -> Everyone:
        """Of one session."""
        number = (day - _EPOCH.date()).days
        return _Session(
            lean=self._lean.of(number),
            broker=self._broker.of(number),
            order_numbers=self._order_numbers,
            lean_at=self._lean_at,
            broker_at=self._broker_at,
        )


class _Units:
    """The certain orders of one side by session, each with its fills."""

    def __init__(self, side: Side, legs: Ints) -> None:
        marked = np.zeros(side.units, dtype=bool)
        marked[side.unit_of_leg[legs]] = True
        fills = np.flatnonzero(marked[side.unit_of_leg[side.leg_of_fill]])
        unit = side.unit_of_leg[side.leg_of_fill[fills]]
        order = np.lexsort((unit, side.day[side.leg_of_fill[fills]]))
        self.fills, self.unit = fills[order], unit[order]
        self.day = side.day[side.leg_of_fill[self.fills]]
        self.first = side.first[side.leg_of_fill[self.fills]]

    def of(self, day: int) -> _Fills:
        start, stop = (int(place) for place in np.searchsorted(self.day, (day, day + 1)))
        return _Fills(self.fills[start:stop], self.unit[start:stop], self.first[start:stop])


@dataclass(frozen=True, slots=True)
class _Fills:
    """Fills of a session sorted by order, and when the leg of each began."""

    fills: Ints
    unit: Ints
    first: Ints

    def units(self) -> tuple[Ints, Ints]:
        """Where the fills of each order begin, and when the order began."""
        if not len(self.unit):
            return self.unit, self.first
        start = np.flatnonzero(np.concatenate(([True], self.unit[1:] != self.unit[:-1])))
        return start, np.asarray(np.minimum.reduceat(self.first, start))

    def members(self, start: int) -> list[int]:
        """The fills of the order that begins there."""
        unit, stop = self.unit[start], start
        while stop < len(self.unit) and self.unit[stop] == unit:
            stop += 1
        members: list[int] = self.fills[start:stop].tolist()
        return members


class _Session:
    """The certain orders of one session; places are looked at in detail only where they tie."""

    def __init__(
        self,
        *,
        lean: _Fills,
        broker: _Fills,
        order_numbers: Sequence[str | None],
        lean_at: LeanAt,
        broker_at: BrokerAt,
    ) -> None:
        self._lean_fills, self._broker_fills, self._order_numbers = lean, broker, order_numbers
        self._lean_at, self._broker_at = lean_at, broker_at
        self._lean_ties: dict[int, list[tuple[Any, ...]]] = {}
        self._broker_ties: dict[int, list[tuple[Any, ...]]] = {}

    @cached_property
    def _lean_units(self) -> tuple[Ints, Ints]:
        start, first = self._lean_fills.units()
        order = np.argsort(first, kind="stable")
        return start[order], first[order]

    @cached_property
    def _broker_units(self) -> tuple[Ints, list[int]]:
        start, _ = self._broker_fills.units()
        numbers = [order_place(self._order_numbers[row]) for row in self._broker_fills.fills[start].tolist()]
        order = sorted(range(len(numbers)), key=numbers.__getitem__)
        return start[order] if order else start, [numbers[at] for at in order]

    def lean_before(self, unit: LeanUnit) -> int:
        moment = microseconds(unit.place[0] - _EPOCH)
        start, first = self._lean_units
        low, high = (int(np.searchsorted(first, moment, side=side)) for side in ("left", "right"))
        if low == high:
            return low
        if moment not in self._lean_ties:
            members = [map(self._lean_at, self._lean_fills.members(int(at))) for at in start[low:high]]
            self._lean_ties[moment] = sorted(min(map(lean_key, fills)) for fills in members)
        return low + bisect_left(self._lean_ties[moment], unit.place)

    def broker_before(self, unit: BrokerUnit) -> int:
        number: int = unit.place[0]
        start, numbers = self._broker_units
        low, high = bisect_left(numbers, number), bisect_left(numbers, number + 1)
        if low == high:
            return low
        if number not in self._broker_ties:
            members = [list(map(self._broker_at, self._broker_fills.members(int(at)))) for at in start[low:high]]
            self._broker_ties[number] = sorted(broker_units(rows)[0].place for rows in members)
        return low + bisect_left(self._broker_ties[number], unit.place)
