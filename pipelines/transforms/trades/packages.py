"""Packages: the fills that one decision sent together.

Holds: orders and fills as strategy trades see them, the legs of a combo brought together, what their tags say.
Belongs here: what can be told from one package alone.
Never here: which trade a package opens or closes.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from pipelines.transforms.trades.kinds import Contract, Leg
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


class TradedOrder(NamedTuple):
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

    @property
    def package(self) -> str:
        """The name of its package within the run."""
        return f"o{self.order_id}" if self.group_id is None else f"g{self.group_id}"


class TradedFill(NamedTuple):
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


class Sent(NamedTuple):
    """What one decision sent: the orders of a package, and their fills in the order of time (at least one)."""

    orders: Sequence[TradedOrder]
    fills: Sequence[TradedFill]


@dataclass(slots=True, eq=False)
class Package:
    """The fills of one order, or of all legs of one combo; `number` counts packages in the order of their first fill."""

    name: str
    is_combo: bool
    fills: Sequence[TradedFill]
    legs: Mapping[Contract, Decimal]
    """What was bought (+) and sold (-) in all."""
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


@dataclass(frozen=True, slots=True)
class Outlook:
    """What has to be known of a whole history before its parts are joined one after another."""

    shared: frozenset[str] = frozenset()
    """Identities that several packages carry: they name a trade, not an order."""
    tagged: Mapping[str, int] = field(default_factory=dict)
    """How many packages carry the strategy's own tag of each trade id."""
    is_in_order: bool = True
    """Whether no package begins before one that precedes it; those of runs that overlap do."""


def outlook_of(packages: Iterable[Sequence[TradedOrder]], *, is_in_order: bool) -> Outlook:
    """The outlook on a history, from the orders of each of its packages."""
    words: Counter[str] = Counter()
    tagged: Counter[str] = Counter()
    for orders in packages:
        said = _said_by(orders)
        words.update(said.identities)
        if said.tag is not None:
            tagged[said.tag.trade_id] += 1
    return Outlook(frozenset(word for word, count in words.items() if count > 1), tagged, is_in_order)


def sent_in(orders: Iterable[TradedOrder], fills: Iterable[TradedFill]) -> list[Sent]:
    """What was sent in a history, run after run as the orders name them, each run in the order of time."""
    by_key = {order.key: order for order in orders}
    place: dict[str, int] = {}
    members: dict[tuple[str, str], list[TradedOrder]] = {}
    for order in sorted(by_key.values(), key=lambda order: order.key):
        members.setdefault((order.run_id, order.package), []).append(order)
    for run_id, _ in by_key:
        place.setdefault(run_id, len(place))
    ordered = sorted(
        fills, key=lambda fill: (place.setdefault(fill.run_id, len(place)), fill.occurred_at, fill.order_id)
    )
    found: dict[tuple[str, str], list[TradedFill]] = {}
    contracts: dict[str, Contract] = {}
    for given in ordered:
        fill = given._replace(contract=contracts.setdefault(given.contract.key, given.contract))
        known = by_key.get(fill.order_key)
        name = f"o{fill.order_id}" if known is None else known.package
        found.setdefault((fill.run_id, name), []).append(fill)
    return [Sent(members.get(key, ()), together) for key, together in found.items()]


def packages_of(history: Iterable[Sent], *, use_tags: bool) -> Iterator[Package]:
    """The packages of a history in its order."""
    for number, (orders, fills) in enumerate(history):
        name = orders[0].package if orders else f"o{fills[0].order_id}"
        is_combo = bool(orders) and orders[0].group_id is not None
        package = Package(name, is_combo, fills, _legs_of(fills), number=number)
        said = _said_by(orders)
        package.is_margin_call, package.says_closing = said.is_margin_call, said.says_closing
        if use_tags:
            package.tag, package.texts, package.identities = said.tag, said.texts, said.identities
        if package.is_combo:
            package.ordered = {order.key: order.quantity for order in orders if order.quantity}
        yield package


class _Said(NamedTuple):
    """What a tag says, or the tags of a package together."""

    tag: OrderTag | None = None
    texts: frozenset[str] = frozenset()
    identities: frozenset[str] = frozenset()
    says_closing: bool = False
    is_margin_call: bool = False

    def joined(self, other: _Said) -> _Said:
        """Both together; of two tags of the strategy's own the first stands."""
        return _Said(
            self.tag or other.tag,
            self.texts | other.texts,
            self.identities | other.identities,
            self.says_closing or other.says_closing,
            self.is_margin_call or other.is_margin_call,
        )


_NOTHING = _Said()


def _said_by(orders: Sequence[TradedOrder]) -> _Said:
    """What the tags of a package say; cancelling one leg replaces its own tag, so any leg may tell."""
    said = _NOTHING
    for order in orders:
        if order.tag:
            more = _read(order.tag)
            if more is not said:  # most legs of a combo carry the same tag
                said = more if said is _NOTHING else said.joined(more)
    return said


@lru_cache(maxsize=4096)
def _read(tag: str) -> _Said:
    text = tag.strip()
    if not text:
        return _NOTHING
    if text.startswith(_ENGINE_TAGS):
        return _Said(says_closing=text.startswith(_CLOSING_TAGS), is_margin_call=text.startswith(MARGIN_CALL))
    if (own := parse_tag(text)) is not None:
        return _Said(own)
    identities = frozenset(word for word in _SEPARATORS.split(text) if _looks_like_an_identity(word))
    return _Said(None, frozenset({text}), identities)


def _legs_of(fills: Sequence[TradedFill]) -> dict[Contract, Decimal]:
    """What fills buy (+) and sell (-) in all, by contract."""
    if len(fills) == 1:
        return {fills[0].contract: fills[0].quantity} if fills[0].quantity else {}
    legs: dict[Contract, Decimal] = {}
    for fill in fills:
        legs[fill.contract] = legs.get(fill.contract, ZERO) + fill.quantity
    return {contract: quantity for contract, quantity in legs.items() if quantity}


def ordered_legs(package: Package) -> list[Leg]:
    """What its orders asked for, by contract, as far as that is known."""
    contracts = {fill.order_key: fill.contract for fill in package.fills}
    return [(contracts[key], quantity) for key, quantity in package.ordered.items() if key in contracts]


def _looks_like_an_identity(word: str) -> bool:
    has_both = any(map(str.isdigit, word)) and any(map(str.isalpha, word))
    return has_both and len(word) > 2 and not _OPTION_TEXT.search(word)
