"""Intents: what a strategy wants done, before any rule has looked at it.

Holds: the kinds of intent.
Belongs here: a wish that the risk gate can allow or refuse and the adapters can carry out.
Never here: how it is carried out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from tomking.strategies.book import Leg, Stance


@dataclass(frozen=True, slots=True)
class PlanTrade:
    """Watch the quotes of these contracts, in order to open a trade of them; it gets its id when it is booked.

    `expiry`, `stance`, `part` and `parent` become those of the trade.
    """

    strategy: str
    product: str
    legs: tuple[Leg, ...]
    expiry: date
    reason: str
    stance: Stance = "short"
    part: str = ""
    parent: str | None = None


@dataclass(frozen=True, slots=True)
class PassEntry:
    """Nothing fits today; the strategy will not look again in this product before its next day."""

    strategy: str
    product: str
    reason: str
    part: str = ""


@dataclass(frozen=True, slots=True)
class WatchQuotes:
    """Watch the quotes of contracts of which some may be traded later this session; nothing is planned yet."""

    strategy: str
    product: str
    keys: tuple[str, ...]
    part: str


@dataclass(frozen=True, slots=True)
class PlanRoll:
    """Take `leg` into an open trade in the place of the sold contract `replaces`: its quotes are watched, nothing is held yet.

    What was taken in for an earlier roll that was not filled is dropped.
    """

    trade_id: str
    strategy: str
    product: str
    leg: Leg
    replaces: str
    reason: str


@dataclass(frozen=True, slots=True)
class SendOrder:
    """Send a limit order for `legs` (key, signed quantity) at `net`; they may be some of the trade's legs only.

    `net` is what one unit costs, negative where it brings a credit; `units` is how many times the smallest whole
    combination is traded. `planned_loss` is what the trade's stop allows it to lose, USD per share over all contracts,
    for an opening order.
    """

    trade_id: str
    strategy: str
    action: str
    legs: tuple[tuple[str, int], ...]
    units: int
    net: Decimal
    reason: str
    planned_loss: Decimal | None = None
    inputs: dict[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CancelOrder:
    """Take back the order that rests for this trade."""

    trade_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class AbandonTrade:
    """Give up a trade that was planned and never opened."""

    trade_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class ReportLate:
    """A trade is alive although its exit rule has been due: to be recorded, nothing to be carried out."""

    trade_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class FlattenStock:
    """Trade out of shares of the underlying that an assignment delivered."""

    strategy: str
    key: str
    quantity: int


Entry = PlanTrade | PassEntry | WatchQuotes | PlanRoll
"""What a strategy may answer to a chain."""

Intent = Entry | SendOrder | CancelOrder | AbandonTrade | ReportLate | FlattenStock
