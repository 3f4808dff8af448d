"""Strategy trades: what a trader opened and what became of it, joined from the fills of a run.

Holds: which fills belong to which trade, and the trade's figures.
Belongs here: a rule that joins or ends a trade.
Never here: LEAN's own closed trades (they are per contract and know no combos), or the warehouse.

A fill belongs to the trade its order's tag names; the tag is taken from any leg of the group, because cancelling one
replaces its own. Fills without a tag (expiries, assignments, margin calls, liquidations) belong to the trade that holds
their contract, first in first out. A combo without a tag that holds nothing yet opens a trade named after its group.
Delivered shares belong to the trade whose option delivered them until they are sold.

Only what is certain is written: money is None where a multiplier, an opening fill or a settlement price is unknown.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from pipelines.transforms.trade_kinds import Contract, kind_of, side_of, units
from tomking.kernel.contracts import OrderTag, parse_tag

ZERO = Decimal(0)
_MARGIN_CALL = "Margin Call"
_DAY = Decimal(86_400)
# What ends a trade when several things do on its last day: the one a trader would name first.
_ENDINGS = ("margin_call", "assigned", "cash_settled", "rolled", "closed", "expired")


@dataclass(frozen=True, slots=True)
class TradedOrder:
    """The part of an order that trades are joined by."""

    order_id: int
    group_id: int | None
    tag: str | None


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


@dataclass(frozen=True, slots=True)
class Trade:
    """A strategy trade. `credit` is the opening net cash (a debit is negative); `profit_loss` is gross of `fees`."""

    trade_id: str
    strategy: str
    kind: str
    side: str
    quantity: Decimal | None
    opened_at: dt.datetime | None
    closed_at: dt.datetime | None
    ended_by: str
    credit: Decimal | None
    profit_loss: Decimal | None
    fees: Decimal | None
    days_held: Decimal | None
    orders: tuple[tuple[int, str], ...]
    """(order id, part): open, close, roll, expiry, assignment, margin_call."""


@dataclass(slots=True)
class _Book:
    """A trade while it is being put together."""

    trade_id: str
    strategy: str
    positions: dict[str, Decimal] = field(default_factory=dict)
    opened: dict[Contract, Decimal] = field(default_factory=dict)
    orders: dict[int, str] = field(default_factory=dict)
    endings: list[tuple[dt.date, str]] = field(default_factory=list)
    opened_at: dt.datetime | None = None
    last_at: dt.datetime | None = None
    credit: Decimal | None = ZERO
    cash: Decimal | None = ZERO
    fees: dict[str, Decimal] = field(default_factory=dict)

    @property
    def is_flat(self) -> bool:
        return not any(self.positions.values())

    def held_against(self, key: str, quantity: Decimal) -> Decimal:
        """How much of a fill of `quantity` would close what this trade holds, signed like the fill."""
        held = self.positions.get(key, ZERO)
        if held * quantity >= 0:
            return ZERO
        return quantity if abs(quantity) <= abs(held) else -held

    def take(self, fill: TradedFill, quantity: Decimal, part: str) -> None:
        key = fill.contract.key
        self.positions[key] = self.positions.get(key, ZERO) + quantity
        self.orders.setdefault(fill.order_id, part)
        self.last_at = fill.occurred_at
        cash = _cash(fill, quantity)
        self.cash = None if self.cash is None or cash is None else self.cash + cash
        if part == "open":
            self.opened_at = self.opened_at or fill.occurred_at
            self.opened[fill.contract] = self.opened.get(fill.contract, ZERO) + quantity
            self.credit = None if self.credit is None or cash is None else self.credit + cash
        elif fill.kind != "delivery":
            self.endings.append((fill.session_date, _ending(fill, part)))

    def charge(self, fill: TradedFill) -> None:
        if fill.fee is not None and fill.fee_currency:
            self.fees[fill.fee_currency] = self.fees.get(fill.fee_currency, ZERO) + fill.fee


def strategy_trades(orders: Iterable[TradedOrder], fills: Iterable[TradedFill]) -> list[Trade]:
    """The trades of one run, in the order in which they appear."""
    by_id = {order.order_id: order for order in orders}
    tags = _tags(by_id.values())
    books: dict[str, _Book] = {}
    for fill in sorted(fills, key=lambda fill: (fill.occurred_at, fill.order_id)):
        order = by_id.get(fill.order_id)
        tag = tags.get(fill.order_id)
        if tag is not None:
            book = books.setdefault(tag.trade_id, _Book(tag.trade_id, tag.strategy))
            book.take(fill, fill.quantity, _tagged_part(tag.action))
            book.charge(fill)
        else:
            _untagged(fill, order, books)
    return [_finished(book) for book in books.values()]


def _untagged(fill: TradedFill, order: TradedOrder | None, books: dict[str, _Book]) -> None:
    part = _untagged_part(fill, order)
    left, first = fill.quantity, None
    if fill.kind == "delivery":
        # Shares come to the trade whose option was exercised by the same order.
        first = next((book for book in books.values() if fill.order_id in book.orders), None)
        if first is not None:
            first.take(fill, left, part)
        return
    for book in books.values():
        if not left:
            break
        if taken := book.held_against(fill.contract.key, left):
            book.take(fill, taken, part)
            left -= taken
            first = first or book
    if left and order is not None and order.group_id is not None and fill.kind == "trade":
        name = f"g{order.group_id}"
        opened = books.setdefault(name, _Book(name, "untagged"))
        opened.take(fill, left, "open")
        first = first or opened
    if first is not None:
        first.charge(fill)


def _tags(orders: Iterable[TradedOrder]) -> Mapping[int, OrderTag]:
    """The tag of every order; a leg whose own tag says nothing has that of its group."""
    members: dict[int, list[TradedOrder]] = {}
    for order in orders:
        # A group of one, numbered apart from the groups, for an order of its own.
        members.setdefault(order.group_id if order.group_id is not None else -order.order_id, []).append(order)
    tags: dict[int, OrderTag] = {}
    for legs in members.values():
        found = next((tag for leg in legs if (tag := parse_tag(leg.tag)) is not None), None)
        if found is not None:
            tags.update({leg.order_id: found for leg in legs})
    return tags


def _tagged_part(action: str) -> str:
    word = action.partition(":")[0]
    return word if word in ("open", "roll") else "close"


def _untagged_part(fill: TradedFill, order: TradedOrder | None) -> str:
    if fill.kind == "expiry":
        return "expiry"
    if fill.kind in ("assignment", "exercise", "delivery"):
        return "assignment"
    if order is not None and order.tag is not None and order.tag.startswith(_MARGIN_CALL):
        return "margin_call"
    return "close"


def _ending(fill: TradedFill, part: str) -> str:
    if part == "assignment":
        return "assigned" if fill.delivers else "cash_settled"
    return {"expiry": "expired", "margin_call": "margin_call", "roll": "rolled"}.get(part, "closed")


def _cash(fill: TradedFill, quantity: Decimal) -> Decimal | None:
    """Cash of a fill in the contract's currency; of a cash-settled option the intrinsic value. None: unknown."""
    multiplier = fill.contract.multiplier
    if multiplier is None:
        return None
    if fill.kind in ("assignment", "exercise") and not fill.delivers:
        value = _intrinsic(fill)
        return None if value is None else -quantity * value * multiplier
    return -quantity * fill.price * multiplier


def _intrinsic(fill: TradedFill) -> Decimal | None:
    strike, price = fill.contract.strike, fill.underlying_price
    if strike is None or price is None:
        return None
    value = price - strike if fill.contract.call_put == "C" else strike - price
    # The engine says it is in the money: a strike that denies it is scaled, and the amount unknown.
    return value if value > 0 else None


def _finished(book: _Book) -> Trade:
    legs = [(contract, quantity) for contract, quantity in book.opened.items() if quantity]
    ended_by, closed_at = _end(book)
    credit = book.credit if legs else None
    fees = next(iter(book.fees.values()), ZERO) if len(book.fees) <= 1 else None
    is_settled = closed_at is not None and book.is_flat and bool(legs)
    held = (closed_at - book.opened_at) if closed_at and book.opened_at else None
    kind = kind_of(legs) if legs else "unknown"
    return Trade(
        trade_id=book.trade_id,
        strategy=book.strategy,
        kind=kind,
        side=side_of(kind, legs, credit),
        quantity=units([quantity for _, quantity in legs]) if legs else None,
        opened_at=book.opened_at,
        closed_at=closed_at,
        ended_by=ended_by,
        credit=credit,
        profit_loss=book.cash if is_settled else None,
        fees=fees,
        days_held=None
        if held is None
        else (Decimal(held // dt.timedelta(seconds=1)) / _DAY).quantize(Decimal("0.0001")),
        orders=tuple(sorted(book.orders.items())),
    )


def _end(book: _Book) -> tuple[str, dt.datetime | None]:
    if not book.opened:
        # Opened by an earlier deployment: what is left of it here is its closing.
        return (_last_ending(book.endings) if book.endings else "open"), book.last_at
    options = [contract.key for contract in book.opened if contract.is_option]
    waiting = options or list(book.positions)
    if any(book.positions.get(key, ZERO) for key in waiting) or not book.endings:
        return "open", None
    return _last_ending(book.endings), book.last_at


def _last_ending(endings: Sequence[tuple[dt.date, str]]) -> str:
    last = max(day for day, _ in endings)
    names = {name for day, name in endings if day == last}
    if not names & {"margin_call", "rolled"} and any(name == "assigned" for _, name in endings):
        return "assigned"  # what comes after is its tail: shares are sold, the other legs closed or left to expire
    return next(name for name in _ENDINGS if name in names)
