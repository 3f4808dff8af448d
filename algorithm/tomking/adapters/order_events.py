"""Order events of LEAN: into the journal, to the fee forecast, to the book as causes.

Holds: `OrderEvents`.
Belongs here: what one event of LEAN means to the rest.
Never here: booking fills (groups are judged by their tickets: `orders`, `book_keeper`).
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from AlgorithmImports import OrderStatus

from tomking.adapters import clock
from tomking.adapters.contracts import key_of, number
from tomking.adapters.fees import modelled_fee
from tomking.adapters.journal import Journal
from tomking.adapters.modules import Modules
from tomking.kernel.contracts import make_tag, parse_tag
from tomking.kernel.market_events import OrderFilled

if TYPE_CHECKING:
    from AlgorithmImports import OrderEvent, QCAlgorithm

_STATUS_NAMES = (
    (OrderStatus.NEW, "new"),
    (OrderStatus.SUBMITTED, "submitted"),
    (OrderStatus.PARTIALLY_FILLED, "partiallyFilled"),
    (OrderStatus.FILLED, "filled"),
    (OrderStatus.CANCELED, "canceled"),
    (OrderStatus.INVALID, "invalid"),
    (OrderStatus.CANCEL_PENDING, "cancelPending"),
    (OrderStatus.UPDATE_SUBMITTED, "updateSubmitted"),
)
_SETTLEMENTS = ("Automatic Exercise", "Assigned", "OTM", "Option Exercise", "Option Assignment")
_MARGIN_CALL = "Margin Call"


class OrderEvents:
    """Takes in events one by one; an event seen before (same order and number) changes nothing."""

    def __init__(self, algorithm: QCAlgorithm, parts: Modules, journal: Journal) -> None:
        self._algorithm, self._parts, self._journal = algorithm, parts, journal
        self._seen: set[tuple[int, int]] = set()

    def on_event(self, event: OrderEvent) -> None:
        """An order event: into the journal, with a fee forecast where something was traded."""
        mark = (int(event.order_id), int(event.id))
        if mark in self._seen:
            return
        self._seen.add(mark)
        key, quantity, price = key_of(event.symbol), number(event.fill_quantity), number(event.fill_price)
        tag, (fee, currency) = self._tag_of(int(event.order_id)), modelled_fee(event)
        traded = event.status in (OrderStatus.FILLED, OrderStatus.PARTIALLY_FILLED) and bool(quantity)
        self._journal.write(
            "order_event",
            order_id=int(event.order_id),
            event_id=int(event.id),
            symbol=key,
            status=_status_name(event.status),
            fill_quantity=quantity if traded else None,
            fill_price=price if traded else None,
            fee=fee if traded else None,
            fee_currency=currency if traded else None,
            message=str(event.message)[:500] if event.message else None,
            tag=tag,
        )
        if traded and quantity is not None and price is not None:
            self._on_fill(event, key, quantity, price, tag)

    def on_assignment(self, event: OrderEvent) -> None:
        """An option of ours was assigned: the cause of a holding that changes without an order."""
        key, keeper = key_of(event.symbol), self._parts.keeper
        keeper.note_cause(key, "assigned")
        holders = keeper.book.index.holding(key)
        self._journal.write(
            "assignment",
            symbol=key,
            quantity=number(event.fill_quantity),
            order_id=int(event.order_id),
            trade_id=next((trade.id for trade in holders if key in dict(trade.pairs)), None),
        )

    def _on_fill(self, event: OrderEvent, key: str, quantity: Decimal, price: Decimal, tag: str | None) -> None:
        message, parts = str(event.message or ""), self._parts
        parts.on_event(OrderFilled(parts.underlying_of(key)))
        if message.startswith(_SETTLEMENTS):
            parts.fees.move(key, quantity)
            if key not in parts.contracts.shares:
                parts.attributions.on_settlement(parts.keeper.book.index.holding(key), key)
            if message.startswith("OTM"):
                parts.keeper.note_cause(key, "expired")
            elif message.startswith("Automatic Exercise"):
                parts.keeper.note_cause(key, "exercised")
            return
        if tag is not None and tag.startswith(_MARGIN_CALL):
            parts.keeper.note_cause(key, "margin_call")
        whose = parse_tag(tag)
        if whose is not None and key not in parts.contracts.shares:
            fee = modelled_fee(event)[0] or Decimal(0)
            parts.attributions.on_fill(whose, key, int(quantity), price, fee)
        parts.fees.on_fill(event, key, quantity, price, now=clock.utc_now(self._algorithm), tag=tag)

    def _tag_of(self, order_id: int) -> str | None:
        trade = self._parts.keeper.book.trade_of_order(order_id)
        if trade is not None and trade.working is not None:
            return make_tag(trade.strategy, trade.id, trade.working.action)
        order = self._algorithm.transactions.get_order_by_id(order_id)
        tag = str(order.tag) if order is not None and order.tag else ""
        return tag or None


def _status_name(status: OrderStatus) -> str:
    return next((name for known, name in _STATUS_NAMES if status == known), str(status))
