"""The book: which strategy trades exist, of which legs, for which credit, and what is being done about them.

Holds: trades, their legs and working orders, and every way to find them.
Belongs here: facts about our own trades.
Never here: the document that stores them (`book_document`), market data, LEAN tickets, what comes next.

Quantities are signed contracts. Money is USD per share, summed over all contracts of a trade (two puts sold at 1.10 are
a credit of 2.20): times the multiplier it is cash.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from tomking.kernel.limits.guards import GuardState
from tomking.kernel.position_index import PositionIndex

State = Literal["planned", "open", "closed"]
Stance = Literal["short", "long", "covered", "hedge"]
"""What a trade is to the limits: `short` premium; `long` premium that carries the market's risk; `covered` by another
trade of ours; `hedge`, long premium that lowers risk."""


@dataclass(frozen=True, slots=True)
class Leg:
    """One contract of a trade; `quantity` is what is still held of it, or meant to be held once it is open.

    `role` tells legs apart that are managed apart (`naked`, `hedge`), or came later (`roll`). `opened` is the cash that the opening brought for
    this leg, `closed` what its closing brought so far (received is positive); None where the fill was not seen.
    """

    key: str
    quantity: int
    role: str = ""
    opened: Decimal | None = None
    closed: Decimal | None = Decimal(0)


@dataclass(frozen=True, slots=True)
class Working:
    """An order of a trade that rests at the broker. `limit` is the net price of one unit, as it was sent."""

    action: str
    sent_at: datetime
    limit: Decimal
    attempt: int
    order_ids: tuple[int, ...]
    cancel_asked: bool = False


@dataclass(frozen=True, slots=True)
class Trade:
    """A strategy trade.

    `credit` is None until the opening is filled (and stays None where the fill was not seen). `attempts` counts the
    orders sent since the last fill. `proceeds` is the cash of closing fills so far, None once a leg went another way.
    `expiry` is the one that the trade's date rule counts to, where its legs have several. `part` names the half of a
    strategy that trades in parts (`leap`, `weekly`), `parent` the trade that this one belongs to.
    `planned_loss` is what the newest opening order would lose at the trade's stop, `entry_price` the underlying's price
    when it was sent.
    """

    id: str
    strategy: str
    product: str
    state: State
    legs: tuple[Leg, ...]
    expiry: date
    planned_on: date
    opened_at: datetime | None = None
    credit: Decimal | None = None
    proceeds: Decimal | None = Decimal(0)
    attempts: int = 0
    working: Working | None = None
    ended_by: str | None = None
    stance: Stance = "short"
    part: str = ""
    parent: str | None = None
    planned_loss: Decimal | None = None
    entry_price: Decimal | None = None

    @property
    def pairs(self) -> tuple[tuple[str, int], ...]:
        """The contracts that are not gone, as (key, signed quantity): what an order for the whole trade is made of.

        Legs of the same contract are one; those that stand against each other are none.
        """
        sums: dict[str, int] = {}
        for leg in self.legs:
            sums[leg.key] = sums.get(leg.key, 0) + leg.quantity
        return tuple((key, quantity) for key, quantity in sums.items() if quantity)

    @property
    def closing_pairs(self) -> tuple[tuple[str, int], ...]:
        """What has to be traded to end the trade."""
        return tuple((key, -quantity) for key, quantity in self.pairs)

    def legs_of(self, role: str) -> tuple[Leg, ...]:
        """The legs of one role that are not gone."""
        return tuple(leg for leg in self.legs if leg.role == role and leg.quantity)

    def days_left(self, day: date) -> int:
        """Calendar days to expiry."""
        return (self.expiry - day).days


class Book:
    """Every live trade, found by what is asked. `considered`: the last day an entry was looked for, by `entry_key`.

    `trades` holds every live trade by id, `index` the indexes over them, both to ask and not to change: trades go in by
    `put` and `change` only, so that every index follows. What the open trades hold and whose an order
    is are kept up with each change as well.
    """

    def __init__(
        self, trades: Mapping[str, Trade] | None = None, considered: Mapping[str, date] | None = None, counter: int = 0
    ) -> None:
        self._index: PositionIndex[Trade] = PositionIndex()
        # Attributes and not properties: they are asked for many times in each slice.
        self.index = self._index
        self.trades: Mapping[str, Trade] = self._index.positions
        self._held: dict[str, _Held] = {}
        self._by_order: dict[int, dict[str, None]] = {}
        self.considered: dict[str, date] = dict(considered or {})
        self.counter = counter
        self.guards = GuardState()
        for trade in (trades or {}).values():
            self.put(trade)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Book):
            return NotImplemented
        mine = (dict(self.trades), self.considered, self.counter, self.guards)
        return mine == (dict(other.trades), other.considered, other.counter, other.guards)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Book({dict(self.trades)!r}, {self.considered!r}, {self.counter})"

    def live(self, strategy: str | None = None, product: str | None = None) -> tuple[Trade, ...]:
        """Trades that are planned or open, oldest first; a closed one is not in the book."""
        if strategy is None:
            return self._index.all() if product is None else self._index.by_symbol(product)
        return self._index.by_strategy(strategy) if product is None else self._index.find(strategy, product)

    def consider(self, strategy: str, product: str, day: date, part: str = "") -> None:
        """Note that an entry was looked for."""
        self.considered[entry_key(strategy, product, part)] = day

    def was_considered(self, strategy: str, product: str, day: date, part: str = "") -> bool:
        """Whether an entry was looked for on this day already."""
        return self.considered.get(entry_key(strategy, product, part)) == day

    def next_id(self, strategy: str, day: date) -> str:
        """A fresh trade id; ids never repeat, not even over a restart."""
        self.counter += 1
        return f"{strategy}-{day:%Y%m%d}-{self.counter}"

    def put(self, trade: Trade) -> None:
        """Store a trade, new or changed; a closed one leaves the book."""
        old = self._index.get(trade.id)
        if old is not None:
            self._forget(old)
        if trade.state == "closed":
            self._index.remove(trade.id)
        else:
            self._index.put(trade)
            self._note(trade)

    def change(self, trade_id: str, **changes: object) -> Trade:
        """Replace fields of a trade and store it; KeyError for an unknown id."""
        trade = replace(self.trades[trade_id], **changes)  # type: ignore[arg-type]
        self.put(trade)
        return trade

    def expected(self) -> dict[str, int]:
        """What the portfolio should hold of each contract, by the open trades."""
        return {key: held.quantity for key, held in self._held.items()}

    def expected_of(self, key: str) -> int:
        """What the portfolio should hold of one contract, by the open trades."""
        held = self._held.get(key)
        return held.quantity if held is not None else 0

    def trade_of_order(self, order_id: int) -> Trade | None:
        """The trade that a resting order belongs to."""
        owners = self._by_order.get(order_id)
        return self.trades[next(iter(owners))] if owners else None

    def is_intact(self) -> bool:
        """Whether every index says what the trades themselves say; walks through all of them."""
        fresh = Book(self.trades)
        return self._index.is_intact() and (self._held, self._by_order) == (fresh._held, fresh._by_order)

    def rebuild(self) -> None:
        """Make every index again from the trades."""
        self._index.rebuild()
        fresh = Book(self.trades)
        self._held, self._by_order = fresh._held, fresh._by_order

    def _note(self, trade: Trade) -> None:
        if trade.state == "open":
            for key, quantity in trade.pairs:
                held = self._held.setdefault(key, _Held())
                held.quantity += quantity
                held.parts += 1
        if trade.working is not None:
            for order_id in trade.working.order_ids:
                self._by_order.setdefault(order_id, {})[trade.id] = None

    def _forget(self, trade: Trade) -> None:
        if trade.state == "open":
            for key, quantity in trade.pairs:
                held = self._held[key]
                held.quantity -= quantity
                held.parts -= 1
                if not held.parts:
                    del self._held[key]
        if trade.working is not None:
            for order_id in trade.working.order_ids:
                owners = self._by_order.get(order_id, {})
                owners.pop(trade.id, None)
                if not owners:
                    self._by_order.pop(order_id, None)


@dataclass(slots=True)
class _Held:
    """What the open trades hold of a contract together, and in how many legs."""

    quantity: int = 0
    parts: int = 0


def entry_key(strategy: str, product: str, part: str = "") -> str:
    """The name under which the search for an entry is remembered."""
    return ":".join(filter(None, (strategy, product, part)))
