"""A strategy trade while it is being put together.

Holds: what a trade took of which fill, what it holds, and the trades that hold a contract.
Belongs here: bookkeeping of positions.
Never here: the choice of the trade a fill goes to, or figures of a finished one.
"""

from __future__ import annotations

import datetime as dt
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from pipelines.transforms.accounting.event_cash import fill_cash
from pipelines.transforms.trades.kinds import Contract, Leg, Template, template_of
from pipelines.transforms.trades.packages import ZERO, OrderKey, Package, TradedFill

OPENING = "open"
_RECENT = 50
"""How many of the newest trades are asked for a name, or for what is left of a calendar."""


class Role(NamedTuple):
    """What a fill is to a trade (`part`), why it belongs there, and the reason that the strategy's tag gave."""

    part: str
    joined_by: str
    action: str = ""


class Take(NamedTuple):
    """The part of a fill that belongs to a trade; the fill's whole fee goes to the one whose take `pays_fee`.

    `part` is open, close, roll, expiry, assignment or margin_call, as its role says; `cash` None is unknown.
    """

    fill: TradedFill
    quantity: Decimal
    role: Role
    part: str
    pays_fee: bool
    cash: Decimal | None


@dataclass(slots=True, eq=False)
class Book:
    """A trade being put together. `number` is its place in the order of opening; `strategy` is from its tag."""

    run_id: str
    trade_id: str
    strategy: str
    number: int
    takes: list[Take] = field(default_factory=list)
    last: Take | None = None
    opened_at: dt.datetime | None = None
    """Its first opening fill."""
    held: dict[Contract, Decimal] = field(default_factory=dict)
    """What it holds now, without what is flat."""
    opened: dict[Contract, Decimal] = field(default_factory=dict)
    ordered: Sequence[Leg] = ()
    """What the combo asked for that opened it."""
    texts: frozenset[str] = frozenset()
    identities: frozenset[str] = frozenset()
    rolled_from: Book | None = None
    followed_by: Book | None = None
    """The first trade that continues it."""
    newest: Book | None = None
    """How far its chain was followed when somebody last asked."""
    known_legs: list[Leg] | None = None
    known_template: Template | None = None
    """`legs` and `template` as somebody asked for them last."""
    link: str | None = None
    place: Place | None = None
    """Its place in its chain, once that is certain."""
    is_rolled: bool = False
    is_covered: bool = False
    """Shares of another trade in its chain cover it."""
    is_overclosed: bool = False
    """The engine closed more than was bought here: a split changed the quantity without an event."""
    is_awaited: bool = False
    """Packages with its tag are still to come."""

    @property
    def key(self) -> tuple[str, str]:
        """Run that opened it, and trade id."""
        return self.run_id, self.trade_id

    @property
    def is_flat(self) -> bool:
        """Whether it holds nothing, delivered shares included."""
        return self.is_overclosed or not self.held

    @property
    def holds_opened(self) -> bool:
        """Whether anything is left of what it opened; shares that were delivered do not count."""
        return not self.is_overclosed and not self.held.keys().isdisjoint(self.opened)

    @property
    def legs(self) -> list[Leg]:
        """What it opened."""
        if self.known_legs is None:
            self.known_legs = [(contract, quantity) for contract, quantity in self.opened.items() if quantity]
        return self.known_legs

    @property
    def template(self) -> Template:
        """What a trader calls what it opened."""
        if self.known_template is None:
            self.known_template = template_of(self.legs)
        return self.known_template

    @property
    def family(self) -> str | None:
        """The one underlying of what it opened."""
        families = {contract.family for contract, _ in self.legs}
        return next(iter(families)) if len(families) == 1 else None

    @property
    def last_at(self) -> dt.datetime | None:
        """The last fill."""
        return None if self.last is None else self.last.fill.occurred_at

    def closable(self, contract: Contract, quantity: Decimal) -> Decimal:
        """How much of a fill of `quantity` would close what it holds, signed like the fill."""
        held = self.held.get(contract)
        if held is None or (held > 0) == (quantity > 0):
            return ZERO
        return quantity if abs(quantity) <= abs(held) else -held

    def follow(self, before: Book, link: str) -> None:
        """Continue a trade that was there before."""
        self.rolled_from, self.link = before, link
        if before.followed_by is None:
            before.followed_by = self

    def empty(self) -> None:
        """Let go of everything that only its own figures need."""
        self.takes, self.rolled_from = [], None

    def orders(self) -> dict[OrderKey, Take]:
        """Its orders with the first take of each."""
        found: dict[OrderKey, Take] = {}
        for take in self.takes:
            found.setdefault(take.fill.order_key, take)
        return found


class Place(NamedTuple):
    """A trade's place in its chain; `first` is the key of the trade the chain is named after.

    `position` counts from 1, `before` is the key of the one before, `link` why it continues that.
    """

    first: tuple[str, str]
    position: int
    before: tuple[str, str] | None
    link: str | None


@dataclass(slots=True)
class Shelf:
    """The trades of a history as far as they can still change: which hold a contract, which took of an order."""

    recent: deque[Book] = field(default_factory=lambda: deque(maxlen=_RECENT))
    """The newest trades, whether anything is left of them or not."""
    touched: dict[int, Book] = field(default_factory=dict)
    """The trades that took anything since the last `settled`, by number."""
    sharing: dict[OrderKey, Sharing] = field(default_factory=dict)
    """Orders of several trades, until all of these are finished."""
    _by_order: dict[OrderKey, dict[int, bool]] = field(default_factory=dict)
    _paid: set[int] = field(default_factory=set)
    _holders: dict[str, dict[int, Book]] = field(default_factory=dict)
    _names: set[tuple[str, str]] = field(default_factory=set)
    _opened: int = 0

    def open(self, package: Package, trade_id: str, strategy: str) -> Book:
        """A new trade; where the run has one of this id already, the next gets a number."""
        name, count = trade_id, 1
        while (package.run_id, name) in self._names:
            count += 1
            name = f"{trade_id}#{count}"
        self._names.add((package.run_id, name))
        book = Book(package.run_id, name, strategy, self._opened)
        self._opened += 1
        self.recent.append(book)
        self.touched[book.number] = book
        return book

    def holders(self, contract: Contract) -> list[Book]:
        """The trades that hold it, the oldest first."""
        return self._oldest_first(self._holders.get(contract.key, {}))

    def holders_of(self, contracts: Iterable[Contract]) -> list[Book]:
        """The trades that hold any of these, the oldest first."""
        found: dict[int, Book] = {}
        for contract in contracts:
            found |= self._holders.get(contract.key, {})
        return self._oldest_first(found)

    def holders_of_shares(self, key: str) -> list[tuple[Book, Decimal]]:
        """The trades that hold the underlying of this key, with how much of it."""
        return [
            (book, quantity)
            for book in self._oldest_first(self._holders.get(key, {}))
            for contract, quantity in book.held.items()
            if contract.key == key
        ]

    def give(self, book: Book, fill: TradedFill, quantity: Decimal, role: Role) -> None:
        """Let a trade take this much of a fill. Its fee goes to the trade that takes of it first."""
        pays = id(fill) not in self._paid
        self._paid.add(id(fill))
        book.last = Take(fill, quantity, role, role.part, pays, _cash_of(fill, quantity))
        book.takes.append(book.last)
        contract = fill.contract
        if role.part == OPENING:
            book.opened[contract] = book.opened.get(contract, ZERO) + quantity
            book.opened_at = book.opened_at or fill.occurred_at
            book.known_legs = book.known_template = None
        left = book.held.get(contract, ZERO) + quantity
        if left:
            book.held[contract] = left
            self._holders.setdefault(contract.key, {})[book.number] = book
        elif book.held.pop(contract, None) is not None:
            holders = self._holders[contract.key]
            del holders[book.number]
            if not holders:
                del self._holders[contract.key]
        takers = self._by_order.setdefault(fill.order_key, {})
        takers[book.number] = takers.get(book.number, False) or pays
        self.touched[book.number] = book

    def settled(self) -> list[Book]:
        """The trades that changed since the last call. No later package has fills of the orders until now."""
        changed = self._oldest_first(self.touched)
        for key, takers in self._by_order.items():
            if len(takers) > 1:
                self.sharing[key] = Sharing.among(takers)
        self.touched = {}
        self._by_order.clear()
        self._paid.clear()
        return changed

    def place_in_order(self, key: OrderKey, book: Book) -> tuple[int, bool]:
        """Of how many trades an order is, and whether it stands with this one, which is finished now."""
        shared = self.sharing.get(key)
        if shared is None:
            return 1, True
        shared.unfinished -= 1
        if not shared.unfinished:
            del self.sharing[key]
        return shared.trades, shared.leader == book.number

    @staticmethod
    def _oldest_first(books: dict[int, Book]) -> list[Book]:
        return list(books.values()) if len(books) < 2 else [books[number] for number in sorted(books)]


@dataclass(slots=True)
class Sharing:
    """An order of several trades: it stands with `leader`, the number of a trade that pays for it."""

    trades: int
    leader: int
    unfinished: int

    @classmethod
    def among(cls, takers: Mapping[int, bool]) -> Sharing:
        """From the numbers of the trades that took of it, each with whether it pays; of several the newest leads."""
        paying = [number for number, pays in takers.items() if pays]
        return cls(len(takers), max(paying, default=min(takers)), len(takers))


def _cash_of(fill: TradedFill, quantity: Decimal) -> Decimal | None:
    """Cash of this much of a fill; None: unknown."""
    contract = fill.contract
    return fill_cash(
        kind=fill.kind,
        delivers=fill.delivers,
        quantity=quantity,
        price=fill.price,
        multiplier=contract.multiplier,
        strike=contract.strike,
        call_put=contract.call_put,
        underlying_price=fill.underlying_price,
    )


class Rest:
    """The fills of packages with what is left of each, to be given away."""

    def __init__(self, packages: Sequence[Package]) -> None:
        self._fills = [(package, fill) for package in packages for fill in package.fills]
        self._quantity = [fill.quantity for _, fill in self._fills]
        self._legs = packages[0].legs if len(packages) == 1 else None

    def legs(self) -> Mapping[Contract, Decimal]:
        """What is left, by contract."""
        if self._legs is None:
            legs: dict[Contract, Decimal] = {}
            for (_, fill), quantity in zip(self._fills, self._quantity, strict=True):
                if quantity:
                    contract = fill.contract
                    legs[contract] = legs[contract] + quantity if contract in legs else quantity
            self._legs = {contract: quantity for contract, quantity in legs.items() if quantity}
        return self._legs

    def take(self, contract: Contract, amount: Decimal | None = None) -> Iterator[tuple[Package, TradedFill, Decimal]]:
        """Up to `amount` (None: all) of a contract, fill by fill; signs are those of the fills."""
        self._legs = None
        for place, (package, fill) in enumerate(self._fills):
            quantity = self._quantity[place]
            if not quantity or fill.contract != contract:
                continue
            if amount is not None:
                if not amount or (amount > 0) != (quantity > 0):
                    continue
                quantity = quantity if abs(quantity) <= abs(amount) else amount
                amount -= quantity
            self._quantity[place] -= quantity
            yield package, fill, quantity
