"""What the broker booked: rows and legs before they become a CSV.

Holds: a row, the rows of an order leg, and how LEAN's fills become rows (delays, partial fills, order numbers).
Belongs here: the undamaged statement as data.
Never here: damage, the CSV.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from random import Random
from typing import Literal

from tests.pairs.lean_record import LeanLeg, is_index_option
from tests.pairs.second_opinion import CENT, LIMIT, NO_LIMIT, Components, commissions, other_fees

Level = Callable[[dt.date], Decimal]
"""The ORF that the broker passes on, by day."""


@dataclass
class Row:
    """One row of a trade; `quantity` unsigned, `price` per share, charges are costs. `form` is how it is printed."""

    when: dt.datetime
    quantity: Decimal
    price: Decimal
    commission: Decimal = Decimal(0)
    fees: Components = field(default_factory=dict)
    only_in: int | None = None
    """The export that alone shows the row (another shows what replaced it); None: all."""
    takes_back: bool = False
    """A reversal: printed with every amount turned round."""

    @property
    def charged(self) -> Decimal:
        """Before the columns are printed with two decimals."""
        return self.commission + sum(self.fees.values(), Decimal(0))


def printed(row: Row) -> Decimal:
    """The fees column of a row, in cents."""
    return sum(row.fees.values(), Decimal(0)).quantize(CENT, ROUND_HALF_UP)


@dataclass
class BrokerLeg:
    """The rows of one order number in one contract. `withdrawn` are rows that were shown once and stand no more."""

    lean: LeanLeg | None
    number: str
    symbol: str
    session: dt.date
    side: Literal["buy", "sell"]
    effect: Literal["open", "close"]
    rows: list[Row]
    doubled: list[Row] = field(default_factory=list)
    withdrawn: list[Row] = field(default_factory=list)
    causes: set[str] = field(default_factory=set)

    @property
    def is_option(self) -> bool:
        """By the symbol."""
        return len(self.symbol) == 21

    @property
    def limit(self) -> Decimal:
        """Of the commission of one leg."""
        return NO_LIMIT if is_index_option(self.symbol) else LIMIT

    @property
    def unit(self) -> object:
        """LEAN's order or combo."""
        return None if self.lean is None else self.lean.unit

    @property
    def quantity(self) -> Decimal:
        """Unsigned, without what was booked twice."""
        return sum((row.quantity for row in self.rows), Decimal(0))

    @property
    def standing(self) -> list[Row]:
        """All rows that count."""
        return [*self.rows, *self.doubled]

    def charge(self, level: Level) -> None:
        """The broker's own fees on every row."""
        self.rows.sort(key=lambda row: row.when)
        rate = Decimal(1) if self.is_option and self.effect == "open" else Decimal(0)
        found = commissions([row.quantity for row in self.rows], rate=rate, limit=self.limit)
        for row, commission in zip(self.rows, found, strict=True):
            row.commission = commission
            row.fees = other_fees(
                self.session,
                option=self.is_option,
                sells=self.side == "sell",
                quantity=row.quantity,
                price=row.price,
                orf=level(self.session),
                index=is_index_option(self.symbol),
            )


def book(legs: Sequence[LeanLeg], random: Random) -> list[BrokerLeg]:
    """The trades as an honest broker books them."""
    numbers = _numbers(legs, random)
    return [
        BrokerLeg(leg, numbers[leg.unit], leg.symbol, leg.session, leg.side, leg.effect, _rows(leg, random))
        for leg in legs
        if leg.kind == "trade"
    ]


def _numbers(legs: Sequence[LeanLeg], random: Random) -> dict[object, str]:
    """A number per order or combo: by submission, or (as numbers of several desks are) in no order at all."""
    units = sorted({leg.unit for leg in legs if leg.kind == "trade"}, key=lambda unit: (unit[0], unit[2], unit[1]))
    found: dict[object, str] = {}
    last = 84_000_000
    for unit in units:
        last += random.randint(1, 99)
        found[unit] = str(last)
    if random.random() < 0.3:
        shuffled = list(found.values())
        random.shuffle(shuffled)
        found = dict(zip(found, shuffled, strict=True))
    return found


def _rows(leg: LeanLeg, random: Random) -> list[Row]:
    together = random.random() < 0.3
    first = random.randint(0, 40)
    return [
        Row(when + dt.timedelta(seconds=first if together else random.randint(0, 40)), part, price)
        for when, quantity, price in leg.parts
        for part in _parts(abs(quantity), random, lot=1 if leg.is_option else 10)
    ]


def _parts(quantity: Decimal, random: Random, lot: int) -> list[Decimal]:
    if quantity < 2 * lot or random.random() < 0.6:
        return [quantity]
    pieces = []
    left = int(quantity)
    for _ in range(random.randint(1, 3)):
        piece = random.randint(1, left // lot - 1) * lot if left >= 2 * lot else 0
        if piece:
            pieces.append(piece)
            left -= piece
    return [Decimal(piece) for piece in (*pieces, left) if piece]
