"""Packages: the fills that one decision sent together.

Holds: orders and fills as strategy trades see them, the legs of a combo brought together, what their tags say.
Belongs here: what can be told from one package alone.
Never here: which trade a package opens or closes.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from pipelines.transforms.trade_kinds import Contract, Leg
from tomking.kernel.contracts import OrderTag, parse_tag

ZERO = Decimal(0)
SETTLEMENTS = frozenset({"expiry", "exercise", "assignment", "delivery"})
MARGIN_CALL = "Margin Call"
_ENGINE_TAGS = (
    "Liquidate",
    MARGIN_CALL,
    "Removed",
    "Simulated option assignment",
    "Trailing Amount",
    "Stop Price",
    "Limit Price",
    "Option Exercise",
    "Option Assignment",
    "OTM",
    "Assigned",
    "Automatic Exercise",
)
_CLOSING_TAGS = ("Liquidate", MARGIN_CALL, "Removed")
_SEPARATORS = re.compile(r"[|;,/\s]+")
_OPTION_TEXT = re.compile(r"\d{6}[CP]\d+")

OrderKey = tuple[str, int]
"""Run and order id: the ids start again in every run."""


@dataclass(frozen=True, slots=True)
class TradedOrder:
    """The part of an order that trades are joined by."""

    order_id: int
    group_id: int | None
    tag: str | None
    run_id: str = ""
    quantity: Decimal | None = None
    """As ordered, signed; a fill model may fill less or more."""

    @property
    def key(self) -> OrderKey:
        """The order over all runs of a history."""
        return self.run_id, self.order_id


@dataclass(frozen=True, slots=True)
class TradedFill:
    """One fill. `underlying_price` is what the message of an expiry says; `delivers` that shares follow."""

    order_id: int
    occurred_at: dt.datetime
    session_date: dt.date
    kind: str
    contract: Contract
    quantity: Decimal
    price: Decimal
    fee: Decimal | None = None
    fee_currency: str | None = None
    underlying_price: Decimal | None = None
    is_in_the_money: bool = False
    delivers: bool = False
    run_id: str = ""
    event_id: int = 0

    @property
    def order_key(self) -> OrderKey:
        """The order over all runs of a history."""
        return self.run_id, self.order_id


@dataclass(slots=True)
class Package:
    """The fills of one order, or of all legs of one combo; `number` counts packages in the order of their first fill."""

    name: str
    is_combo: bool
    fills: list[TradedFill] = field(default_factory=list)
    tag: OrderTag | None = None
    """The strategy's own tag, from any leg."""
    texts: frozenset[str] = frozenset()
    """Tags of another grammar; what the engine writes is left out."""
    identities: frozenset[str] = frozenset()
    """Words of these that look like the name of one trade: letters and digits, no contract."""
    says_closing: bool = False
    """The engine closes with it: it opens nothing."""
    is_margin_call: bool = False
    number: int = 0
    ordered: dict[OrderKey, Decimal] = field(default_factory=dict)
    """What each of its orders asked for."""

    @property
    def run_id(self) -> str:
        """The run it was sent in."""
        return self.fills[0].run_id

    @property
    def began_at(self) -> dt.datetime:
        """Its first fill."""
        return self.fills[0].occurred_at

    @property
    def is_settlement(self) -> bool:
        """Whether an option's end made it rather than an order of somebody."""
        return self.fills[0].kind in SETTLEMENTS

    def legs(self) -> dict[Contract, Decimal]:
        """What was bought (+) and sold (-) in all."""
        legs: dict[Contract, Decimal] = {}
        for fill in self.fills:
            legs[fill.contract] = legs.get(fill.contract, ZERO) + fill.quantity
        return {contract: quantity for contract, quantity in legs.items() if quantity}


def packages_of(orders: Iterable[TradedOrder], fills: Iterable[TradedFill], *, use_tags: bool) -> list[Package]:
    """The packages of a history, run after run as the orders name them, each run in the order of time."""
    by_key = {order.key: order for order in orders}
    place: dict[str, int] = {}
    for run_id, _ in by_key:
        place.setdefault(run_id, len(place))
    ordered = sorted(
        fills, key=lambda fill: (place.setdefault(fill.run_id, len(place)), fill.occurred_at, fill.order_id)
    )
    found: dict[tuple[str, str], Package] = {}
    for fill in ordered:
        order = by_key.get(fill.order_key)
        group = order.group_id if order is not None else None
        name = f"o{fill.order_id}" if group is None else f"g{group}"
        found.setdefault((fill.run_id, name), Package(name, group is not None)).fills.append(fill)
    _add_tags(by_key.values(), found, use_tags=use_tags)
    for number, package in enumerate(found.values()):
        package.number = number
    return list(found.values())


def _add_tags(orders: Iterable[TradedOrder], packages: dict[tuple[str, str], Package], *, use_tags: bool) -> None:
    """What the tags of a package's orders say; cancelling one leg replaces its own tag, so any leg may tell."""
    for order in sorted(orders, key=lambda order: order.key):
        name = f"o{order.order_id}" if order.group_id is None else f"g{order.group_id}"
        package = packages.get((order.run_id, name))
        text = (order.tag or "").strip()
        if package is not None and order.quantity:
            package.ordered[order.key] = order.quantity
        if package is None or not text:
            continue
        if text.startswith(_ENGINE_TAGS):
            package.is_margin_call = package.is_margin_call or text.startswith(MARGIN_CALL)
            package.says_closing = package.says_closing or text.startswith(_CLOSING_TAGS)
        elif use_tags and (tag := parse_tag(text)) is not None:
            package.tag = package.tag or tag
        elif use_tags:
            package.texts |= {text}
            package.identities |= {word for word in _SEPARATORS.split(text) if _looks_like_an_identity(word)}


def ordered_legs(package: Package) -> list[Leg]:
    """What its orders asked for, by contract, as far as that is known."""
    contracts = {fill.order_key: fill.contract for fill in package.fills}
    return [(contracts[key], quantity) for key, quantity in package.ordered.items() if key in contracts]


def _looks_like_an_identity(word: str) -> bool:
    has_both = any(letter.isalpha() for letter in word) and any(letter.isdigit() for letter in word)
    return has_both and len(word) > 2 and not _OPTION_TEXT.search(word)
