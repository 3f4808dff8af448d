"""The two sides of a reconciliation, as plain data.

Holds: a fill as LEAN saw it, a fill as the broker booked it, a leg that joins them.
Belongs here: facts that matching and the explanation of fees both read.
Never here: a rule that decides anything.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal

ZERO = Decimal(0)

LegClass = Literal["trade", "expiration", "assignment", "exercise", "delivery"]
Tier = Literal["broker_id", "group", "fill", "contract"]
Deviation = Literal["quantity", "duplicate", "price", "timing"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LeanFill:
    """An order event of LEAN that moved a position. Quantity is signed, the fee a cost, None where LEAN set none."""

    reference: str
    run_id: str
    order_id: int
    instrument_key: str
    leg_class: LegClass
    occurred_at: dt.datetime
    session_date: dt.date
    quantity: Decimal
    price: Decimal
    fee: Decimal | None = None
    group_id: int | None = None
    broker_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerFill:
    """A row of a statement that moved a position. Quantity is signed; charges are costs, positive.

    Removals of options (expiry, assignment, exercise) are often printed without a side; their quantity is then
    positive and `sided` is False.
    """

    row_id: str
    instrument_key: str
    leg_class: LegClass
    occurred_at: dt.datetime
    session_date: dt.date
    quantity: Decimal
    price: Decimal | None
    commission: Decimal | None
    fees: Decimal
    effect: Literal["open", "close"] | None = None
    order_number: str | None = None
    value: Decimal = ZERO
    sided: bool = True
    settles_cash: bool = False
    all_in: bool = False
    """The broker prints one figure for everything it charged: it stands in `commission`."""
    exchange: Decimal = ZERO
    """What the venue took (or, negative, paid), where it is printed apart; part of `fees`."""
    execution_id: str | None = None
    cancels: str | None = None
    """The `execution_id` that this row takes back or replaces, where the broker says so."""
    corrects: tuple[str, ...] = ()
    """Rows that this one replaced (an earlier export, or a booking the broker reversed)."""
    month_volume: Decimal = ZERO
    """The highest threshold of monthly volume that the account's fills before this one had reached."""
    listed_at: str | None = None
    """The exchange that lists the instrument, else the one that filled the order, in the broker's own code."""
    has_time: bool = True
    """False: the broker prints the day only, and nothing follows from `occurred_at`."""


@dataclass(frozen=True, slots=True)
class Leg:
    """An order leg of one session: what LEAN filled and what the broker booked, either of which may be missing."""

    instrument_key: str
    session_date: dt.date
    leg_class: LegClass
    lean: tuple[LeanFill, ...] = ()
    broker: tuple[BrokerFill, ...] = ()
    duplicates: tuple[BrokerFill, ...] = ()
    """Rows that book a fill of `broker` once more."""
    tier: Tier | None = None
    score: Decimal | None = None
    deviations: tuple[Deviation, ...] = ()

    @property
    def side(self) -> int:
        """1 for bought, -1 for sold."""
        first = self.lean[0].quantity if self.lean else self.broker[0].quantity
        return 1 if first > 0 else -1

    @property
    def lean_quantity(self) -> Decimal:
        """Signed sum of LEAN's fills."""
        return total(fill.quantity for fill in self.lean)

    @property
    def broker_quantity(self) -> Decimal:
        """Signed sum of the broker's fills, duplicates included; cash rows of a settlement move no contract."""
        moved = [fill for fill in self.broker if not fill.settles_cash] or list(self.broker)
        return total(fill.quantity for fill in (*moved, *self.duplicates))

    @property
    def rows(self) -> tuple[BrokerFill, ...]:
        """Every row of the broker that belongs to the leg, in time order."""
        return in_time_order((*self.broker, *self.duplicates))

    def with_broker(self, fills: Iterable[BrokerFill]) -> Leg:
        """The leg with other broker fills."""
        return replace(self, broker=in_time_order(fills))


def total(amounts: Iterable[Decimal]) -> Decimal:
    """The sum, zero for nothing."""
    return sum(amounts, ZERO)


def in_time_order(fills: Iterable[BrokerFill]) -> tuple[BrokerFill, ...]:
    """By time, then by id: the order in which a cap is used up, whatever order the statement lists."""
    return tuple(sorted(fills, key=lambda fill: (fill.occurred_at, fill.row_id)))


def lean_order(fills: Iterable[LeanFill]) -> tuple[LeanFill, ...]:
    """By time, then by run, order and event."""
    return tuple(sorted(fills, key=lean_key))


def lean_key(fill: LeanFill) -> tuple[dt.datetime, str, int, str]:
    """A stable place for every fill of LEAN."""
    return (fill.occurred_at, fill.run_id, fill.order_id, fill.reference)


def average_price(fills: Sequence[LeanFill] | Sequence[BrokerFill]) -> Decimal | None:
    """Quantity-weighted price, None where a price or the quantity is missing."""
    known = [(abs(fill.quantity), fill.price) for fill in fills if fill.price is not None]
    quantity = total(size for size, _ in known)
    if not quantity or len(known) != len(fills):
        return None
    return total(size * price for size, price in known) / quantity
