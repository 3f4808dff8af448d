"""Order handling: submission, cancellation, fills, expiry, and the events about them.

Holds: `Transactions`, which is also what an algorithm sees as `self.transactions`.
Belongs here: the sequence in which the engine changes orders, books holdings and tells the algorithm.
Never here: prices at which orders fill, and what a broker accepts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from math import gcd

from tests.lean_double.brokerage import BrokerageModel
from tests.lean_double.data import QuoteBar, TradeBar
from tests.lean_double.fee_models import OrderFeeParameters
from tests.lean_double.fills import LegQuote, combination_fill, limit_fill
from tests.lean_double.margin_calls import proposals
from tests.lean_double.names import OptionRight, OrderDirection, OrderStatus, OrderType
from tests.lean_double.orders import (
    NO_FEE,
    REFUSED_ID,
    GroupOrderManager,
    Leg,
    Order,
    OrderEvent,
    OrderFee,
    OrderResponse,
    OrderTicket,
    SubmitOrderRequest,
)
from tests.lean_double.securities import Portfolio, Securities, Security
from tests.lean_double.symbols import Symbol
from tests.lean_double.trades import TradeBuilder

Bars = dict[Symbol, TradeBar | QuoteBar]
MARGIN_CALL = "Margin Call"
_ASSIGNED_WITHIN, _DEEP = timedelta(days=4), Decimal("0.05")


@dataclass
class Listener:
    """Where events and messages go."""

    on_order_event: Callable[[OrderEvent], object]
    on_assignment: Callable[[OrderEvent], object]
    log: Callable[[str], object]


class Transactions:
    """Every order of the run."""

    def __init__(self, securities: Securities, portfolio: Portfolio, listener: Listener) -> None:
        self._securities, self._portfolio, self._listener = securities, portfolio, listener
        self.model: BrokerageModel
        self.now: datetime
        self.orders: dict[int, Order] = {}
        self.events: list[OrderEvent] = []
        self.trades = TradeBuilder()
        self._tickets: dict[int, OrderTicket] = {}
        self._groups = 0

    # --- what the algorithm sees ------------------------------------------------------------------------------------

    @property
    def orders_count(self) -> int:
        return len(self.orders)

    def get_open_orders(self, symbol: Symbol | None = None) -> list[Order]:
        return [order for order in self.orders.values() if order.is_open and symbol in (None, order.symbol)]

    def get_order_by_id(self, order_id: int) -> Order | None:
        return self.orders.get(order_id)

    def get_order_ticket(self, order_id: int) -> OrderTicket | None:
        return self._tickets.get(order_id)

    # --- submission -------------------------------------------------------------------------------------------------

    def market(self, symbol: Symbol, quantity: Decimal, tag: str | None) -> OrderTicket:
        refused = self._refused_before([symbol], quantity)
        if refused is not None:
            return refused
        tickets = self._submit([self._order(symbol, quantity, OrderType.MARKET, tag)])
        order = tickets[0].order
        if order.status == OrderStatus.SUBMITTED:
            self._fill([order], [self._securities[symbol].side(buys=quantity > 0)])
        return tickets[0]

    def limit(self, symbol: Symbol, quantity: Decimal, price: Decimal, tag: str | None) -> OrderTicket:
        refused = self._refused_before([symbol], quantity)
        if refused is not None:
            return refused
        order = self._order(symbol, quantity, OrderType.LIMIT, tag)
        order.limit_price = price
        return self._submit([order])[0]

    def combination(self, legs: Sequence[Leg], quantity: Decimal, limit: Decimal, tag: str | None) -> list[OrderTicket]:
        if not limit:
            raise ValueError("a ComboLimit needs a limit price other than 0")
        if gcd(*(leg.quantity for leg in legs)) != 1:
            raise ValueError("the ratios of a combination's legs have a common divisor: put it into the quantity")
        refused = self._refused_before([leg.symbol for leg in legs], quantity)
        if refused is not None:
            return [refused]
        self._groups += 1
        return self._combine(
            GroupOrderManager(self._groups, quantity, len(legs), limit), legs, OrderType.COMBO_LIMIT, tag
        )

    def _combine(
        self, group: GroupOrderManager, legs: Sequence[Leg], kind: OrderType, tag: str | None
    ) -> list[OrderTicket]:
        orders = [self._order(leg.symbol, leg.quantity * group.quantity, kind, tag) for leg in legs]
        for order in orders:
            order.group = group
            group.order_ids.append(order.id)
        tickets = self._submit(orders)
        if kind == OrderType.COMBO_MARKET and orders[0].status == OrderStatus.SUBMITTED:
            self._fill(orders, [self._securities[one.symbol].side(buys=one.quantity > 0) for one in orders])
        return tickets

    def _refused_before(self, symbols: Sequence[Symbol], quantity: Decimal) -> OrderTicket | None:
        """The one ticket of a request that becomes no order: no order id that counts, no event, a line in the log."""
        if not quantity:
            message = "Unable to submit order with quantity 0."
        else:
            blank = next((one for one in symbols if not self._securities[one].last), None)
            if blank is None:
                return None
            message = f"{blank.value}: The security does not have an accurate price as no bar of it came yet."
        self._listener.log(message)
        order = Order(REFUSED_ID, symbols[0], quantity, OrderType.LIMIT, self.now, None, status=OrderStatus.INVALID)
        return OrderTicket(order, lambda _order, _tag: None, SubmitOrderRequest(OrderResponse(message)))

    # --- what the engine does by itself -----------------------------------------------------------------------------

    def call_margin(self) -> None:
        """Reduce positions where the account does not carry them any more; a refused order is tried again next time."""
        wanted = []
        for group, units in proposals(self._portfolio):
            manager = None
            if len(group.legs) > 1:
                # A proposal uses up the number of a group even where it is not sent.
                self._groups += 1
                manager = GroupOrderManager(self._groups, Decimal(units), len(group.legs), Decimal(0))
            wanted.append((group, units, manager))
        for group, units, manager in wanted:
            if manager is None:
                ((symbol, sign),) = group.legs
                tickets = [self.market(symbol, Decimal(-sign * units), MARGIN_CALL)]
            else:
                legs = [Leg(symbol, -ratio) for symbol, ratio in group.legs]
                tickets = self._combine(manager, legs, OrderType.COMBO_MARKET, MARGIN_CALL)
            for ticket in tickets:
                price = ticket.average_fill_price
                self._listener.log(
                    f"Executed MarginCallOrder: {ticket.symbol.value} - Quantity: {ticket.quantity:g} @ {price:g}"
                )
            if self._portfolio.free >= 0:
                return

    def assign_early(self, local: datetime) -> None:
        """Assign short options deep in the money within four days of expiry that are worth less than exercising them."""
        for security in self._portfolio.held():
            symbol = security.symbol
            if not symbol.is_option or security.holdings.exact_quantity >= 0 or symbol.underlying is None:
                continue
            underlying = self._securities[symbol.underlying]
            if symbol.expiry is None or symbol.strike is None or not underlying.last:
                continue
            put = symbol.right == OptionRight.PUT
            gain = symbol.strike - underlying.last if put else underlying.last - symbol.strike
            is_near = datetime.combine(symbol.expiry, datetime.min.time()) - local <= _ASSIGNED_WITHIN
            if is_near and gain > _DEEP * underlying.last and gain > security.bid:
                self.expire(security, underlying, note="Simulated option assignment before expiration")

    def _order(self, symbol: Symbol, quantity: Decimal, kind: OrderType, tag: str | None) -> Order:
        order = Order(len(self.orders) + 1, symbol, quantity, kind, self.now, tag)
        self.orders[order.id] = order
        self._tickets[order.id] = OrderTicket(order, self.cancel)
        return order

    def _submit(self, orders: list[Order]) -> list[OrderTicket]:
        tickets = [self._tickets[order.id] for order in orders]
        for order in orders:
            security = self._securities[order.symbol]
            order.submission = (security.bid, security.ask, security.last)
            if order.limit_price is not None:
                buys = order.quantity > 0
                order.is_marketable = order.limit_price >= security.ask if buys else order.limit_price <= security.bid
        message = self._refusal(orders)
        if message is not None:
            self._refuse(orders, message)
            return tickets
        for order in orders:
            order.status, order.broker_ids = OrderStatus.SUBMITTED, [str(order.id)]
            self._tell(order, OrderStatus.SUBMITTED)
        return tickets

    def _refuse(self, orders: Sequence[Order], message: str) -> None:
        self._listener.log(message)
        for order in orders:
            order.status = OrderStatus.INVALID
        for order in orders:
            self._tell(order, OrderStatus.INVALID, message=message)

    def _refusal(self, orders: Sequence[Order]) -> str | None:
        return self._too_dear(orders) or self.model.refusal(orders, self._securities)

    def _too_dear(self, orders: Sequence[Order]) -> str | None:
        """What the engine says where the account cannot carry these orders; None where it can."""
        changes: dict[Symbol, Decimal] = {}
        for order in orders:
            changes[order.symbol] = changes.get(order.symbol, Decimal(0)) + order.quantity
        more, free = self._portfolio.extra_margin(changes), self._portfolio.free
        if more <= 0 or more <= free:
            return None
        ids = ",".join(str(order.id) for order in orders)
        values = ",".join(
            f"{(o.quantity * self._securities[o.symbol].last * self._securities[o.symbol].multiplier).normalize():f}"
            for o in orders
        )
        return (
            f"Order Error: ids: [{ids}], Insufficient buying power to complete orders (Value:[{values}]), Reason: "
            f"Id: {ids}, Maintenance Margin Delta: {more.normalize():f}, Free Margin: {free.normalize():f}."
        )

    def cancel(self, order: Order, tag: str) -> None:
        """Cancel an order and the other legs of its combination."""
        if not order.is_open:
            return
        if tag:
            order.tag = tag
        self._tell(order, OrderStatus.CANCEL_PENDING)
        legs = [self.orders[one] for one in order.group.order_ids] if order.group is not None else [order]
        for leg in legs:
            leg.status, leg.canceled = OrderStatus.CANCELED, self.now
        for leg in legs:
            self._tell(leg, OrderStatus.CANCELED)

    # --- fills ------------------------------------------------------------------------------------------------------

    def scan(self, bars: Bars, previous: dict[Symbol, tuple[Decimal, Decimal]]) -> None:
        """Fill what this slice's bars allow; `previous` holds each option's last bid and ask from before the slice."""
        seen: set[int] = set()
        for order in list(self.orders.values()):
            if not order.is_open or order.created >= self.now or order.id in seen:
                continue
            group = [self.orders[one] for one in order.group.order_ids] if order.group is not None else [order]
            seen.update(one.id for one in group)
            prices = self._prices(group, bars, previous)
            if prices is None:
                continue
            # The account is looked at again when an order is about to fill.
            message = self._too_dear(group)
            if message is None:
                self._fill(group, prices)
            else:
                self._refuse(group, message)

    def _prices(
        self, group: list[Order], bars: Bars, previous: dict[Symbol, tuple[Decimal, Decimal]]
    ) -> list[Decimal] | None:
        first = group[0]
        if any(order.symbol not in bars for order in group):
            return None
        if first.group is not None:
            legs = []
            for order in group:
                bar = bars[order.symbol]
                assert isinstance(bar, QuoteBar)
                bid, ask = previous.get(order.symbol, (Decimal(0), Decimal(0)))
                legs.append(LegQuote(order.quantity / abs(first.group.quantity), bar, bid, ask))
            return combination_fill(legs, first.group.limit_price, buys=first.group.quantity > 0)
        buys, bar = first.quantity > 0, bars[first.symbol]
        if bar.ends <= first.created:
            return None
        side = bar.bar if isinstance(bar, TradeBar) else (bar.ask if buys else bar.bid)
        assert first.limit_price is not None
        price = limit_fill(side, first.limit_price, buys=buys)
        return None if price is None else [price]

    def _fill(self, group: Sequence[Order], prices: Sequence[Decimal]) -> None:
        """All legs are filled before the first event is told, as in the engine."""
        fees = []
        for order, price in zip(group, prices, strict=True):
            security = self._securities[order.symbol]
            order.price = price
            fees.append(self._fee(order, security))
            order.status, order.last_fill = OrderStatus.FILLED, self.now
            self._book(security, order, order.quantity, price, fees[-1])
        for order, price, fee in zip(group, prices, fees, strict=True):
            self._tell(order, OrderStatus.FILLED, price=price, filled=order.quantity, fee=fee)

    def _fee(self, order: Order, security: Security) -> OrderFee:
        if security.fee_model is None:
            return self.model.fee(order, security.holdings.exact_quantity)
        found: OrderFee = security.fee_model.get_order_fee(OrderFeeParameters(security, order))
        return found

    def _book(self, security: Security, order: Order, quantity: Decimal, price: Decimal, fee: OrderFee) -> None:
        amount = Decimal(str(fee.value.amount))
        self.trades.on_fill(security, order.id, quantity, price, fee=amount, now=self.now)
        self._portfolio.apply(security, quantity, price)
        self._portfolio.cash -= amount
        self._portfolio.fees += amount

    def _tell(
        self,
        order: Order,
        status: OrderStatus,
        *,
        symbol: Symbol | None = None,
        price: Decimal = Decimal(0),
        filled: Decimal = Decimal(0),
        fee: OrderFee = NO_FEE,
        message: str = "",
        currency: str = "USD",
        assigned: bool = False,
        in_the_money: bool = False,
    ) -> OrderEvent:
        order.events += 1
        signed = filled or order.quantity
        event = OrderEvent(
            id=order.events,
            order_id=order.id,
            symbol=symbol or order.symbol,
            utc_time=self.now,
            status=status,
            direction=OrderDirection.BUY if signed > 0 else OrderDirection.SELL,
            quantity=float(order.quantity),
            fill_price=float(price),
            fill_quantity=float(filled),
            fill_price_currency=currency,
            order_fee=fee,
            message=message,
            is_assignment=assigned,
            is_in_the_money=in_the_money,
            limit_price=None if order.limit_price is None else float(order.limit_price),
        )
        self.events.append(replace(event))
        if assigned:
            self._listener.on_assignment(event)
        self._listener.on_order_event(event)
        return event

    # --- expiry -----------------------------------------------------------------------------------------------------

    def expire(self, security: Security, underlying: Security, *, note: str = "") -> None:
        """End a held option: worthless, exercised, or assigned with delivery of shares; `note` says why before its day."""
        symbol = security.symbol
        assert symbol.strike is not None
        held, average = security.holdings.exact_quantity, security.holdings.average_price
        put = symbol.right == OptionRight.PUT
        price, strike = underlying.last, symbol.strike
        in_the_money = price < strike if put else price > strike
        order = self._order(symbol, -held, OrderType.OPTION_EXERCISE, note or None)
        order.submission = (security.bid, security.ask, security.last)
        order.price = strike if in_the_money else Decimal(0)
        order.status, order.last_fill = OrderStatus.FILLED, self.now
        self._book(security, order, -held, Decimal(0), NO_FEE)
        profit = -average * held * security.multiplier
        word = "OTM" if not in_the_money else "Assigned" if held < 0 else "Automatic Exercise"
        result = f"Profit: +{profit:.2f}" if profit >= 0 else f"Loss: {profit:.2f}"
        self._tell(
            order,
            OrderStatus.FILLED,
            filled=-held,
            message=f"{word}. Underlying: {price:.4f}. {result}{f'. {note}' if note else ''}",
            currency="",
            assigned=in_the_money and held < 0,
            in_the_money=in_the_money,
        )
        if in_the_money:
            self._deliver(order, underlying, -held if put else held, strike, "Assignment" if held < 0 else "Exercise")

    def _deliver(self, order: Order, underlying: Security, contracts: Decimal, strike: Decimal, word: str) -> None:
        shares = contracts * 100
        self._book(underlying, order, shares, strike, NO_FEE)
        self._tell(
            order,
            OrderStatus.FILLED,
            symbol=underlying.symbol,
            price=strike,
            filled=shares,
            message=f"Option {word}",
            currency="",
            in_the_money=True,
        )
