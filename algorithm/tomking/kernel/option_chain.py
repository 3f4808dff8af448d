"""A chain of listed options as plain data, and the part of one that is asked for.

Holds: what is asked for (`ChainRequest`), a chain in one fixed order, and taking a part of it.
Belongs here: which contracts of a chain are inside a window.
Never here: reading chains, caching them, choosing a contract to trade.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Generic, Protocol, TypeVar


class ListedContract(Protocol):
    """What a row of a chain says of its contract; anything else it carries does not matter here."""

    @property
    def key(self) -> str:
        """The instrument key."""

    @property
    def strike(self) -> Decimal:
        """The strike."""

    @property
    def call_put(self) -> str:
        """`C` or `P`."""

    @property
    def expiry(self) -> date:
        """The expiry."""


Row = TypeVar("Row", bound=ListedContract)


@dataclass(frozen=True, slots=True)
class ChainRequest:
    """Contracts of one option root on one session: bounds are inclusive, None leaves a side open.

    `root` is the root that options carry (SPY; SPX and SPXW are two). `call_put` is `C`, `P` or both (None).
    """

    root: str
    day: date
    expiry_from: date | None = None
    expiry_until: date | None = None
    strike_from: Decimal | None = None
    strike_until: Decimal | None = None
    call_put: str | None = None

    @property
    def kind(self) -> str:
        """The kind of key for counters: which windows it sets, `whole` without any."""
        expiry = self.expiry_from is not None or self.expiry_until is not None
        strike = self.strike_from is not None or self.strike_until is not None
        parts = [name for name, set_ in (("expiry", expiry), ("strike", strike), ("right", self.call_put)) if set_]
        return "_".join(parts) or "whole"

    @property
    def is_whole(self) -> bool:
        """Whether the whole chain is asked for."""
        return self == self.whole()

    def whole(self) -> ChainRequest:
        """The request for everything of the same root and session."""
        return ChainRequest(self.root, self.day)

    def on(self, day: date) -> ChainRequest:
        """The same windows on another session."""
        return replace(self, day=day)

    def covers(self, other: ChainRequest) -> bool:
        """Whether every contract that `other` asks for is asked for by this one too."""
        return (
            (self.root, self.day) == (other.root, other.day)
            and _reaches_down(self.expiry_from, other.expiry_from)
            and _reaches_up(self.expiry_until, other.expiry_until)
            and _reaches_down(self.strike_from, other.strike_from)
            and _reaches_up(self.strike_until, other.strike_until)
            and self.call_put in (None, other.call_put)
        )


Bound = TypeVar("Bound", date, Decimal)


def _reaches_down(wide: Bound | None, narrow: Bound | None) -> bool:
    return wide is None or (narrow is not None and wide <= narrow)


def _reaches_up(wide: Bound | None, narrow: Bound | None) -> bool:
    return wide is None or (narrow is not None and wide >= narrow)


class OptionChain(Generic[Row]):
    """The rows of a chain by expiry, right, strike and key, whatever order they came in; never changed."""

    __slots__ = ("_parts", "rows")

    def __init__(self, rows: Iterable[Row]) -> None:
        self.rows: tuple[Row, ...] = tuple(sorted(rows, key=_place))
        self._parts: list[tuple[date, str, list[Decimal], int]] | None = None

    def select(self, request: ChainRequest) -> tuple[Row, ...]:
        """The rows inside the windows of a request; its root and session are taken to be this chain's."""
        if request.is_whole:
            return self.rows
        found: list[Row] = []
        for expiry, call_put, strikes, start in self._by_expiry_and_right():
            if request.expiry_until is not None and expiry > request.expiry_until:
                break
            if request.expiry_from is not None and expiry < request.expiry_from:
                continue
            if request.call_put not in (None, call_put):
                continue
            low = 0 if request.strike_from is None else bisect_left(strikes, request.strike_from)
            high = len(strikes) if request.strike_until is None else bisect_right(strikes, request.strike_until)
            found.extend(self.rows[start + low : start + high])
        return tuple(found)

    def _by_expiry_and_right(self) -> list[tuple[date, str, list[Decimal], int]]:
        """Expiry, right, strikes and first place of each run of rows; made when a part is first asked for."""
        if self._parts is None:
            parts: list[tuple[date, str, list[Decimal], int]] = []
            for place, row in enumerate(self.rows):
                if not parts or parts[-1][:2] != (row.expiry, row.call_put):
                    parts.append((row.expiry, row.call_put, [], place))
                parts[-1][2].append(row.strike)
            self._parts = parts
        return self._parts


def _place(row: ListedContract) -> tuple[date, str, Decimal, str]:
    return row.expiry, row.call_put, row.strike, row.key
