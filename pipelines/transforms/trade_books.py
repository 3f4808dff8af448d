"""A strategy trade while it is being put together.

Holds: what a trade took of which fill, what it holds, and the trades that hold a contract.
Belongs here: bookkeeping of positions.
Never here: the choice of the trade a fill goes to, or figures of a finished one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from pipelines.transforms.trade_kinds import Contract, Leg
from pipelines.transforms.trade_packages import ZERO, OrderKey, Package, TradedFill

OPENING = "open"


@dataclass(frozen=True, slots=True)
class Role:
    """What a fill is to a trade (`part`), why it belongs there, and the reason that the strategy's tag gave."""

    part: str
    joined_by: str
    action: str = ""


@dataclass(frozen=True, slots=True)
class Take:
    """The part of a fill that belongs to a trade; the fill's whole fee goes to the one whose take `pays_fee`."""

    fill: TradedFill
    quantity: Decimal
    role: Role
    pays_fee: bool

    @property
    def part(self) -> str:
        """open, close, roll, expiry, assignment, margin_call."""
        return self.role.part


@dataclass(slots=True, eq=False)
class Book:
    """A trade being put together. `number` is its place in the order of opening; `strategy` is from its tag."""

    run_id: str
    trade_id: str
    strategy: str
    number: int
    takes: list[Take] = field(default_factory=list)
    positions: dict[Contract, Decimal] = field(default_factory=dict)
    opened: dict[Contract, Decimal] = field(default_factory=dict)
    ordered: Sequence[Leg] = ()
    """What the combo asked for that opened it."""
    texts: frozenset[str] = frozenset()
    identities: frozenset[str] = frozenset()
    rolled_from: Book | None = None
    link: str | None = None
    is_rolled: bool = False
    is_covered: bool = False
    """Shares of another trade in its chain cover it."""
    is_overclosed: bool = False
    """The engine closed more than was bought here: a split changed the quantity without an event."""

    @property
    def held(self) -> dict[Contract, Decimal]:
        """What it holds now."""
        return {contract: quantity for contract, quantity in self.positions.items() if quantity}

    @property
    def is_flat(self) -> bool:
        """Whether it holds nothing, delivered shares included."""
        return self.is_overclosed or not any(self.positions.values())

    @property
    def holds_opened(self) -> bool:
        """Whether anything is left of what it opened; shares that were delivered do not count."""
        return not self.is_overclosed and any(self.positions.get(contract) for contract in self.opened)

    @property
    def legs(self) -> list[Leg]:
        """What it opened."""
        return [(contract, quantity) for contract, quantity in self.opened.items() if quantity]

    @property
    def family(self) -> str | None:
        """The one underlying of what it opened."""
        families = {contract.family for contract, _ in self.legs}
        return next(iter(families)) if len(families) == 1 else None

    @property
    def opened_at(self) -> dt.datetime | None:
        """The first opening fill."""
        return next((take.fill.occurred_at for take in self.takes if take.part == OPENING), None)

    @property
    def last_at(self) -> dt.datetime | None:
        """The last fill."""
        return self.takes[-1].fill.occurred_at if self.takes else None

    def closable(self, contract: Contract, quantity: Decimal) -> Decimal:
        """How much of a fill of `quantity` would close what it holds, signed like the fill."""
        held = self.positions.get(contract, ZERO)
        if held * quantity >= 0:
            return ZERO
        return quantity if abs(quantity) <= abs(held) else -held

    def orders(self) -> dict[OrderKey, Take]:
        """Its orders with the first take of each."""
        found: dict[OrderKey, Take] = {}
        for take in self.takes:
            found.setdefault(take.fill.order_key, take)
        return found


@dataclass(slots=True)
class Shelf:
    """All trades of a history, and which of them hold a contract, the oldest first."""

    books: list[Book] = field(default_factory=list)
    by_order: dict[OrderKey, list[Book]] = field(default_factory=dict)
    _holders: dict[Contract, dict[int, Book]] = field(default_factory=dict)
    _contracts: dict[str, Contract] = field(default_factory=dict)
    _paid: set[int] = field(default_factory=set)
    _names: set[tuple[str, str]] = field(default_factory=set)

    def open(self, package: Package, trade_id: str, strategy: str) -> Book:
        """A new trade; where the run has one of this id already, the next gets a number."""
        name, count = trade_id, 1
        while (package.run_id, name) in self._names:
            count += 1
            name = f"{trade_id}#{count}"
        self._names.add((package.run_id, name))
        book = Book(package.run_id, name, strategy, len(self.books))
        self.books.append(book)
        return book

    def holders(self, contract: Contract) -> list[Book]:
        """The trades that hold it, the oldest first."""
        return sorted(self._holders.get(contract, {}).values(), key=lambda book: book.number)

    def holders_of(self, contracts: Iterable[Contract]) -> list[Book]:
        """The trades that hold any of these, the oldest first."""
        found = {book.number: book for contract in contracts for book in self._holders.get(contract, {}).values()}
        return [found[number] for number in sorted(found)]

    def holders_of_shares(self, key: str) -> list[tuple[Book, Decimal]]:
        """The trades that hold the underlying of this key, with how much of it."""
        contract = self._contracts.get(key)
        return [] if contract is None else [(book, book.positions[contract]) for book in self.holders(contract)]

    def give(self, book: Book, fill: TradedFill, quantity: Decimal, role: Role) -> None:
        """Let a trade take this much of a fill. Its fee goes to the trade that takes of it first."""
        pays = id(fill) not in self._paid
        self._paid.add(id(fill))
        book.takes.append(Take(fill, quantity, role, pays))
        contract = fill.contract
        if role.part == OPENING:
            book.opened[contract] = book.opened.get(contract, ZERO) + quantity
        book.positions[contract] = book.positions.get(contract, ZERO) + quantity
        self._contracts.setdefault(contract.key, contract)
        holders = self._holders.setdefault(contract, {})
        if book.positions[contract]:
            holders[book.number] = book
        else:
            holders.pop(book.number, None)
        known = self.by_order.setdefault(fill.order_key, [])
        if book not in known:
            known.append(book)


class Rest:
    """The fills of packages with what is left of each, to be given away."""

    def __init__(self, packages: Iterable[Package]) -> None:
        self._left = [(package, fill) for package in packages for fill in package.fills]
        self._quantity = [fill.quantity for _, fill in self._left]

    def legs(self) -> dict[Contract, Decimal]:
        """What is left, by contract."""
        legs: dict[Contract, Decimal] = {}
        for (_, fill), quantity in zip(self._left, self._quantity, strict=True):
            if quantity:
                legs[fill.contract] = legs.get(fill.contract, ZERO) + quantity
        return {contract: quantity for contract, quantity in legs.items() if quantity}

    def take(self, contract: Contract, amount: Decimal | None = None) -> Iterator[tuple[Package, TradedFill, Decimal]]:
        """Up to `amount` (None: all) of a contract, fill by fill; signs are those of the fills."""
        for place, (package, fill) in enumerate(self._left):
            quantity = self._quantity[place]
            if fill.contract != contract or not quantity:
                continue
            if amount is not None:
                if not amount or amount * quantity < 0:
                    continue
                quantity = quantity if abs(quantity) <= abs(amount) else amount
                amount -= quantity
            self._quantity[place] -= quantity
            yield package, fill, quantity
