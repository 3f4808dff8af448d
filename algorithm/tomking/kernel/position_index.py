"""Positions found by what is asked of them, without walking through all of them.

Holds: indexes by symbol, strategy, expiry and status, components by contract and by strike, checksum and rebuild.
Belongs here: looking up.
Never here: what a position is worth, what is to be done about it, how it is stored.

The positions themselves are the truth; everything else here can be made again from them. Answers come in the order in
which positions were first put in, so that asking an index and walking through the positions give the same sequence.

Cost, with n positions of which k answer: one position by id O(1); by symbol, strategy, expiry or status O(1) where
nothing changed since it was last asked for, else O(k log k); a strike range O(log n + k); a change O(log n) plus one
shift within a sorted list. Rebuilding and the checksum walk through everything (docs/cost-of-operations.md).
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left, bisect_right, insort
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from operator import itemgetter
from types import MappingProxyType
from typing import Generic, Protocol, TypeVar

from tomking.kernel.instruments import Instrument, SymbolError, from_key


class IndexedLeg(Protocol):
    """One contract of a position and how many are held, negative when sold."""

    @property
    def key(self) -> str:
        """The instrument key."""

    @property
    def quantity(self) -> int:
        """Signed contracts or shares."""


class IndexedPosition(Protocol):
    """A position (a strategy trade) as the indexes see it."""

    @property
    def id(self) -> str:
        """Its id, which never changes."""

    @property
    def product(self) -> str:
        """The symbol it is traded in."""

    @property
    def strategy(self) -> str:
        """The strategy it belongs to."""

    @property
    def expiry(self) -> date:
        """The expiry it is managed by; components may have others."""

    @property
    def state(self) -> str:
        """Its status."""

    @property
    def legs(self) -> Sequence[IndexedLeg]:
        """Its components."""


P = TypeVar("P", bound=IndexedPosition)


@dataclass(frozen=True, slots=True)
class Component:
    """A leg of a position with what its key says; strike, right and expiry are None for what is no option.

    `symbol` is the underlying (SPX for SPX and SPXW alike), `place` the leg's place in its position.
    """

    position_id: str
    place: int
    key: str
    quantity: int
    symbol: str
    strike: Decimal | None
    call_put: str | None
    expiry: date | None


class _Bucket(dict[int, P]):
    """The positions that share one value, by the sequence in which they were first put in."""

    __slots__ = ()

    def put(self, sequence: int, position: P) -> None:
        self[sequence] = position

    def drop(self, sequence: int) -> None:
        del self[sequence]


_DIMENSIONS = ("symbol", "strategy", "expiry", "status")

_Placed = tuple[Decimal, int, int, Component]
"""Strike, sequence and place, which no two components share, before the component."""

_strike_of = itemgetter(0)


def _place_of(placed: _Placed) -> tuple[Decimal, int, int]:
    return placed[:3]


class PositionIndex(Generic[P]):
    """The positions and every index over them.

    `put` and `remove` are the only ways in and out; a changed position is put again and leaves its old entries.
    """

    def __init__(self, positions: Iterable[P] = ()) -> None:
        self._positions: dict[str, P] = {}
        self._view: Mapping[str, P] = MappingProxyType(self._positions)
        self._sequence: dict[str, int] = {}
        self._next = 0
        self._clear()
        for position in positions:
            self.put(position)

    def _clear(self) -> None:
        self._buckets: dict[tuple[str, Hashable], _Bucket[P]] = {}
        self._by_key: dict[str, dict[tuple[int, int], Component]] = {}
        self._by_strike: dict[str, list[_Placed]] = {}
        self._forget_answers()

    def _forget_answers(self) -> None:
        """Answers are kept as they were given, by dimension and value, until a position in them changes."""
        self._all: tuple[P, ...] | None = None
        self._found: dict[tuple[str, str, str | None], tuple[P, ...]] = {}
        self._symbols: dict[Hashable, tuple[P, ...]] = {}
        self._strategies: dict[Hashable, tuple[P, ...]] = {}
        self._expiries: dict[Hashable, tuple[P, ...]] = {}
        self._statuses: dict[Hashable, tuple[P, ...]] = {}
        self._holders: dict[str, tuple[P, ...]] = {}
        self._kept = dict(
            zip(_DIMENSIONS, (self._symbols, self._strategies, self._expiries, self._statuses), strict=True)
        )

    # --- changes -----------------------------------------------------------------------------------------------------

    def put(self, position: P) -> None:
        """Add a position, or replace the one of the same id in every index.

        A leg whose key no rule reads is found by its key alone.
        """
        components = _components(position)
        old = self._positions.get(position.id)
        if old is not None:
            self._leave(old)
        else:
            self._sequence[position.id] = self._next
            self._next += 1
        self._positions[position.id] = position
        self._enter(position, components)

    def remove(self, position_id: str) -> P | None:
        """Take a position out of every index and return it; None where there is none of that id."""
        position = self._positions.get(position_id)
        if position is not None:
            self._leave(position)
            del self._positions[position_id]
            del self._sequence[position_id]
        return position

    def _enter(self, position: P, components: Sequence[Component]) -> None:
        sequence = self._sequence[position.id]
        self._all = None
        self._found.clear()
        for dimension, value in _values(position):
            bucket = self._buckets.get((dimension, value))
            if bucket is None:
                bucket = self._buckets[dimension, value] = _Bucket()
            bucket.put(sequence, position)
            self._kept[dimension].pop(value, None)
        for component in components:
            self._holders.pop(component.key, None)
            self._by_key.setdefault(component.key, {})[sequence, component.place] = component
            if component.strike is not None:
                placed = (component.strike, sequence, component.place, component)
                insort(self._by_strike.setdefault(component.symbol, []), placed, key=_place_of)

    def _leave(self, position: P) -> None:
        sequence = self._sequence[position.id]
        self._all = None
        self._found.clear()
        for dimension, value in _values(position):
            bucket = self._buckets[dimension, value]
            bucket.drop(sequence)
            if not bucket:
                del self._buckets[dimension, value]
            self._kept[dimension].pop(value, None)
        for component in _components(position):
            self._holders.pop(component.key, None)
            same = self._by_key[component.key]
            del same[sequence, component.place]
            if not same:
                del self._by_key[component.key]
            if component.strike is not None:
                placed = self._by_strike[component.symbol]
                del placed[bisect_left(placed, (component.strike, sequence, component.place), key=_place_of)]
                if not placed:
                    del self._by_strike[component.symbol]

    # --- answers -----------------------------------------------------------------------------------------------------

    @property
    def positions(self) -> Mapping[str, P]:
        """Every position by id, to look at and not to change."""
        return self._view

    def get(self, position_id: str) -> P | None:
        """The position of an id."""
        return self._positions.get(position_id)

    def all(self) -> tuple[P, ...]:
        """Every position, the first put in first."""
        if self._all is None:
            self._all = tuple(self._positions.values())
        return self._all

    def by_symbol(self, symbol: str) -> tuple[P, ...]:
        """Positions traded in a symbol."""
        found = self._symbols.get(symbol)
        return self._answer("symbol", symbol) if found is None else found

    def by_strategy(self, strategy: str) -> tuple[P, ...]:
        """Positions of a strategy."""
        found = self._strategies.get(strategy)
        return self._answer("strategy", strategy) if found is None else found

    def by_expiry(self, expiry: date) -> tuple[P, ...]:
        """Positions that are managed by an expiry."""
        found = self._expiries.get(expiry)
        return self._answer("expiry", expiry) if found is None else found

    def by_status(self, status: str) -> tuple[P, ...]:
        """Positions in a status."""
        found = self._statuses.get(status)
        return self._answer("status", status) if found is None else found

    def find(self, strategy: str, symbol: str, status: str | None = None) -> tuple[P, ...]:
        """Positions of a strategy in a symbol; after a change the smaller index is walked through once."""
        asked = strategy, symbol, status
        found = self._found.get(asked)
        if found is None:
            smaller = min(self.by_strategy(strategy), self.by_symbol(symbol), key=len)
            found = self._found[asked] = tuple(
                one
                for one in smaller
                if (one.strategy, one.product) == (strategy, symbol) and status in (None, one.state)
            )
        return found

    def components_in(self, key: str) -> tuple[Component, ...]:
        """Every component in one contract."""
        same = self._by_key.get(key)
        return tuple(same[place] for place in sorted(same)) if same else ()

    def components_between(
        self,
        symbol: str,
        low: Decimal | None = None,
        high: Decimal | None = None,
        *,
        call_put: str | None = None,
        expiry: date | None = None,
    ) -> tuple[Component, ...]:
        """Option components on an underlying with strikes from `low` to `high`, both included, by strike."""
        placed = self._by_strike.get(symbol, [])
        start = 0 if low is None else bisect_left(placed, low, key=_strike_of)
        end = len(placed) if high is None else bisect_right(placed, high, key=_strike_of)
        return tuple(
            component
            for _, _, _, component in placed[start:end]
            if call_put in (None, component.call_put) and expiry in (None, component.expiry)
        )

    def holding(self, key: str) -> tuple[P, ...]:
        """Positions with a component in one contract, each once."""
        found = self._holders.get(key)
        if found is None:
            ids = dict.fromkeys(component.position_id for component in self.components_in(key))
            found = tuple(self._positions[position_id] for position_id in ids)
            if found:
                self._holders[key] = found
        return found

    def _answer(self, dimension: str, value: Hashable) -> tuple[P, ...]:
        """The positions of one value in their order, kept where there are any: a stranger's value leaves nothing."""
        members = self._buckets.get((dimension, value))
        if members is None:
            return ()
        found = self._kept[dimension][value] = tuple(members[sequence] for sequence in sorted(members))
        return found

    # --- whether it is whole -----------------------------------------------------------------------------------------

    def checksum(self) -> str:
        """A fingerprint of what the indexes hold, whatever the order of changes that led there."""
        total = 0
        for (dimension, value), members in self._buckets.items():
            for sequence, position in members.items():
                total += _mark(dimension, str(value), sequence, repr(position))
        for key, same in self._by_key.items():
            total += sum(_mark("key", key, *place, repr(component)) for place, component in same.items())
        for symbol, placed in self._by_strike.items():
            for number, (strike, sequence, place, component) in enumerate(placed):
                total += _mark("strike", symbol, number, strike, sequence, place, repr(component))
        return f"{total % 2**128:032x}"

    def is_intact(self) -> bool:
        """Whether the indexes are those that the positions give."""
        if set(self._sequence) != set(self._positions):
            return False
        return self.checksum() == self._made_again().checksum()

    def rebuild(self) -> None:
        """Make every index again from the positions; positions, their order and answers stay the same."""
        fresh = self._made_again()
        self._sequence, self._next = fresh._sequence, fresh._next
        self._buckets, self._by_key, self._by_strike = fresh._buckets, fresh._by_key, fresh._by_strike
        self._forget_answers()

    def _made_again(self) -> PositionIndex[P]:
        fresh: PositionIndex[P] = PositionIndex()
        for position in self._positions.values():
            fresh._sequence[position.id] = self._sequence.get(position.id, fresh._next)
            fresh._next = fresh._sequence[position.id] + 1
            fresh._positions[position.id] = position
            fresh._enter(position, _components(position))
        return fresh


def _values(position: IndexedPosition) -> Iterable[tuple[str, Hashable]]:
    values = (position.product, position.strategy, position.expiry, position.state)
    return zip(_DIMENSIONS, values, strict=True)


@lru_cache(maxsize=8192)
def _instrument(key: str) -> Instrument | None:
    try:
        return from_key(key)
    except SymbolError:
        return None


def _components(position: IndexedPosition) -> list[Component]:
    found = []
    for place, leg in enumerate(position.legs):
        instrument = _instrument(leg.key)
        if instrument is None:
            part = Component(position.id, place, leg.key, leg.quantity, leg.key, None, None, None)
        else:
            symbol = instrument.underlying or instrument.root or instrument.key
            part = Component(
                position.id,
                place,
                leg.key,
                leg.quantity,
                symbol,
                instrument.strike,
                instrument.call_put,
                instrument.expiry,
            )
        found.append(part)
    return found


def _mark(*parts: object) -> int:
    text = "\x1f".join(map(str, parts))
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=16).digest(), "big")
