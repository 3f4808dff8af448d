"""Brokerage models: which orders are taken, and what LEAN's own fee models charge.

Holds: the models of tastytrade, Schwab and Interactive Brokers as far as share and option orders go.
Belongs here: LEAN's modelling of a broker, wrong or right.
Never here: what the broker really charges.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from tests.lean_double.names import BrokerageName, OrderType
from tests.lean_double.orders import NO_FEE, CashAmount, Order, OrderFee
from tests.lean_double.securities import Securities

_ACCEPTED = {
    BrokerageName.TASTYTRADE: {OrderType.MARKET, OrderType.LIMIT, OrderType.COMBO_LIMIT},
    BrokerageName.CHARLES_SCHWAB: {OrderType.MARKET, OrderType.LIMIT, OrderType.COMBO_MARKET, OrderType.COMBO_LIMIT},
    BrokerageName.INTERACTIVE_BROKERS_BROKERAGE: set(OrderType),
    BrokerageName.DEFAULT: set(OrderType),
}
_MODEL_NAME = {
    BrokerageName.TASTYTRADE: "TastytradeBrokerageModel",
    BrokerageName.CHARLES_SCHWAB: "CharlesSchwabBrokerageModel",
}
_TYPE_NAME = {OrderType.COMBO_MARKET: "ComboMarket", OrderType.COMBO_LIMIT: "ComboLimit"}
_SUPPORTED_TEXT = "[Market,Limit,StopMarket,StopLimit,ComboLimit]"


class BrokerageModel:
    """What a broker's model in LEAN says to orders."""

    def __init__(self, name: BrokerageName) -> None:
        self.name = name

    def refusal(self, orders: Sequence[Order], securities: Securities) -> str | None:
        """Why a group of orders is not taken; None where it is."""
        first = orders[0]
        model = _MODEL_NAME.get(self.name, "DefaultBrokerageModel")
        ids = ",".join(str(order.id) for order in orders)
        head = f"BrokerageModel declared unable to submit order: [{ids}] Warning - Code: NotSupported - "
        kind = _TYPE_NAME.get(first.order_type, first.order_type.name.title())
        if first.order_type not in _ACCEPTED[self.name]:
            return f"{head}The {model} does not support {kind} order type. Only supports {_SUPPORTED_TEXT}"
        if self.name == BrokerageName.TASTYTRADE and len(orders) > 1 and any(_crosses(o, securities) for o in orders):
            return (
                f"{head}Order type '{kind}' is not supported for orders that cross the zero holdings threshold in the "
                f"{model}. This means you cannot change a position from positive to negative or vice versa using this "
                "order type. Please close the existing position first."
            )
        return None

    def fee(self, order: Order, held_before: Decimal) -> OrderFee:
        """What the model charges for a completely filled order."""
        contracts = abs(order.quantity)
        option = order.symbol.is_option
        if self.name == BrokerageName.TASTYTRADE:
            opens = held_before * order.quantity >= 0
            return _usd(contracts if option and opens else Decimal(0))
        if self.name == BrokerageName.CHARLES_SCHWAB:
            return _usd(contracts * Decimal("0.65")) if option else NO_FEE
        if option:
            return _usd(max(contracts * _interactive_rate(order), Decimal(1)))
        return _usd(max(contracts * Decimal("0.005"), Decimal(1)))


def _interactive_rate(order: Order) -> Decimal:
    """Per contract by premium; for a combination the model takes the net limit price, which may be negative."""
    premium = order.group.limit_price if order.group is not None else (order.limit_price or order.price)
    if premium >= Decimal("0.1"):
        return Decimal("0.65")
    return Decimal("0.5") if premium >= Decimal("0.05") else Decimal("0.25")


def _usd(amount: Decimal) -> OrderFee:
    return OrderFee(CashAmount(float(amount), "USD"))


def _crosses(order: Order, securities: Securities) -> bool:
    held = securities[order.symbol].holdings.exact_quantity
    return held * order.quantity < 0 and abs(order.quantity) > abs(held)
