"""Orders: intents to LEAN's orders, LEAN's tickets back to plain facts.

Holds: sending, cancelling, adopting after a restart, and the state of each group of orders.
Belongs here: what LEAN and the brokerage model accept: combinations as one ComboLimit, single legs as Limit.
Never here: prices and reasons (those are the strategy's), the book.

When a combination fills, every leg's ticket is filled at the first leg's event already. So events are only a sign to
look; a group is judged by all its tickets, and answered once. What the engine refuses before it makes an order of it (a
contract without a price yet) has one ticket, no order id and no event; its ticket alone says why.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from AlgorithmImports import Leg, OrderStatus

from tomking.adapters.contracts import Contracts, key_of, number

if TYPE_CHECKING:
    from AlgorithmImports import OrderTicket, QCAlgorithm

GroupState = Literal["working", "filled", "ended"]

_ENDED = (OrderStatus.CANCELED, OrderStatus.INVALID)


@dataclass(frozen=True, slots=True)
class LegFill:
    """What one order of a group has traded so far: signed quantity and average price."""

    key: str
    quantity: int
    price: Decimal


@dataclass(frozen=True, slots=True)
class GroupReport:
    """The orders of a group: still `working`, all `filled`, or `ended` otherwise (cancelled, refused), and the fills."""

    state: GroupState
    fills: tuple[LegFill, ...]
    refused: bool


class OrderDesk:
    """Sends orders and keeps the tickets of each strategy trade."""

    def __init__(self, algorithm: QCAlgorithm, contracts: Contracts) -> None:
        self._algorithm, self._contracts = algorithm, contracts
        self._tickets: dict[str, list[OrderTicket]] = {}

    def send(self, trade_id: str, legs: Sequence[tuple[str, int]], units: int, net: Decimal, tag: str) -> list[int]:
        """Send a limit order for `legs` and return the order ids; `net` is the price of one unit (a debit is above 0).

        Without ids the engine made no order of it: `refusal` says why.
        """
        if len(legs) == 1:
            key, quantity = legs[0]
            # A single leg has no sign of its own: its limit is a price per contract, exact before it becomes a float.
            price = float(abs(net * units / quantity))
            tickets = [self._algorithm.limit_order(self._contracts.symbol(key), quantity, price, tag=tag)]
        else:
            parts = [Leg.create(self._contracts.symbol(key), quantity // units) for key, quantity in legs]
            tickets = list(self._algorithm.combo_limit_order(parts, units, float(net), tag=tag))
        self._tickets[trade_id] = tickets
        return [order_id for ticket in tickets if (order_id := int(ticket.order_id)) > 0]

    def refusal(self, trade_id: str) -> str:
        """What the engine said instead of making an order of what was sent."""
        return "; ".join(str(one.submit_request.response.error_message) for one in self._tickets.get(trade_id, ()))

    def market(self, key: str, quantity: int, tag: str) -> int | None:
        """Trade shares at the market, unless an order for them works already; the order id, None where there is none."""
        symbol = self._contracts.symbol(key)
        if list(self._algorithm.transactions.get_open_orders(symbol)):
            return None
        order_id = int(self._algorithm.market_order(symbol, quantity, tag=tag).order_id)
        return order_id if order_id > 0 else None

    def cancel(self, trade_id: str, reason: str) -> bool:
        """Ask for the cancellation of a trade's orders; one leg is enough for a combination. False where none works."""
        for ticket in self._tickets.get(trade_id, ()):
            if ticket.status not in (*_ENDED, OrderStatus.FILLED):
                ticket.cancel(reason)
                return True
        return False

    def report(self, trade_id: str) -> GroupReport | None:
        """What became of a trade's orders; None where there are none."""
        tickets = self._tickets.get(trade_id)
        if not tickets:
            return None
        states = [ticket.status for ticket in tickets]
        if all(state == OrderStatus.FILLED for state in states):
            state: GroupState = "filled"
        elif all(state in (*_ENDED, OrderStatus.FILLED) for state in states):
            state = "ended"
        else:
            state = "working"
        return GroupReport(state, tuple(_fills(tickets)), any(state == OrderStatus.INVALID for state in states))

    def forget(self, trade_id: str) -> None:
        """A trade's orders are dealt with."""
        self._tickets.pop(trade_id, None)

    def adopt(self, trade_id: str, tag: str) -> list[int]:
        """Take over open orders that carry `tag` (after a restart); their ids, none where the broker has none."""
        transactions = self._algorithm.transactions
        orders = [order for order in transactions.get_open_orders() if str(order.tag) == tag]
        tickets = [transactions.get_order_ticket(order.id) for order in orders]
        if tickets:
            self._tickets[trade_id] = tickets
        return [int(order.id) for order in orders]


def _fills(tickets: Sequence[OrderTicket]) -> list[LegFill]:
    fills = []
    for ticket in tickets:
        quantity = int(ticket.quantity_filled)
        price = number(ticket.average_fill_price)
        if quantity and price is not None:
            fills.append(LegFill(key_of(ticket.symbol), quantity, price))
    return fills
