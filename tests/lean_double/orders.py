"""Orders, tickets and events, as the algorithm sees them and as the result files hold them.

Holds: `Order`, `GroupOrderManager`, `OrderTicket`, `OrderEvent`, `Leg`.
Belongs here: state of one order.
Never here: when an order fills (`fills`), and who accepts it (`brokerage`).

Numbers that LEAN hands to Python are floats; inside they stay decimals.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from tests.lean_double.names import OPEN_STATUSES, STATUS_TEXT, OrderDirection, OrderStatus, OrderType
from tests.lean_double.strict import fits, strict
from tests.lean_double.symbols import Symbol

TICK = timedelta(microseconds=1)
"""The smallest step of time here; it stands for the engine's own, a tenth of a microsecond."""


def iso(moment: datetime) -> str:
    """An instant as result files print it: a fraction only where there is one."""
    text = moment.strftime("%Y-%m-%dT%H:%M:%S")
    if moment.microsecond == TICK.microseconds:
        return f"{text}.0000001Z"
    return f"{text}.{moment.microsecond // 1000:03d}Z" if moment.microsecond else f"{text}Z"


@strict
@dataclass(frozen=True)
class Leg:
    """One leg of a combination: symbol and ratio."""

    symbol: Symbol
    quantity: int

    @staticmethod
    def create(symbol: Symbol, quantity: int, limit_price: float | None = None) -> Leg:
        del limit_price
        return Leg(symbol, quantity)


@dataclass
class GroupOrderManager:
    """What the legs of a combination share."""

    id: int
    quantity: Decimal
    count: int
    limit_price: Decimal
    order_ids: list[int] = field(default_factory=list)

    def as_json(self) -> dict[str, object]:
        return {
            "id": self.id,
            "quantity": float(self.quantity),
            "count": self.count,
            "limitPrice": float(self.limit_price),
            "orderIds": self.order_ids,
            "direction": int(OrderDirection.BUY if self.quantity > 0 else OrderDirection.SELL),
        }


@dataclass
class Order:
    """An order; each leg of a combination is one of its own."""

    id: int
    symbol: Symbol
    quantity: Decimal
    order_type: OrderType
    created: datetime
    tag: str | None
    limit_price: Decimal | None = None
    group: GroupOrderManager | None = None
    status: OrderStatus = OrderStatus.NEW
    price: Decimal = Decimal(0)
    last_fill: datetime | None = None
    canceled: datetime | None = None
    broker_ids: list[str] = field(default_factory=list)
    submission: tuple[Decimal, Decimal, Decimal] | None = None
    is_marketable: bool = False
    events: int = 0

    @property
    def direction(self) -> OrderDirection:
        return OrderDirection.BUY if self.quantity > 0 else OrderDirection.SELL

    @property
    def is_open(self) -> bool:
        return self.status in OPEN_STATUSES

    def as_json(self) -> dict[str, object]:
        """The order as `<id>.json` holds it; times that never came are left out."""
        found: dict[str, object] = {}
        if self.order_type == OrderType.LIMIT and self.limit_price is not None:
            found["limitPrice"] = float(self.limit_price)
        found |= {
            "type": int(self.order_type),
            "quantity": float(self.quantity),
            "id": self.id,
            "contingentId": 0,
            "brokerId": self.broker_ids,
            "symbol": self.symbol.as_json(),
            "price": float(self.price),
            "priceCurrency": "USD",
            "time": iso(self.created),
            "createdTime": iso(self.created),
        }
        if self.last_fill is not None:
            found["lastFillTime"] = iso(self.last_fill)
        if self.canceled is not None:
            found["canceledTime"] = iso(self.canceled)
        found["status"] = int(self.status)
        if self.tag is not None:
            found["tag"] = self.tag
        found |= {
            "properties": {"timeInForce": {}},
            "securityType": int(self.symbol.security_type),
            "direction": int(self.direction),
            "value": float(self.quantity * self.price),
            "orderSubmissionData": None
            if self.submission is None
            else dict(zip(("bidPrice", "askPrice", "lastPrice"), map(float, self.submission), strict=True)),
            "isMarketable": self.is_marketable,
        }
        if self.group is not None:
            found["groupOrderManager"] = self.group.as_json()
        return {**found, "priceAdjustmentMode": 0}


@dataclass(frozen=True)
class CashAmount:
    amount: float
    currency: str

    def __post_init__(self) -> None:
        if not fits(self.amount, float) or not fits(self.currency, str):
            raise TypeError(f"No method matches given arguments for CashAmount: {self.amount!r}, {self.currency!r}")


@dataclass(frozen=True)
class OrderFee:
    value: CashAmount


NO_FEE = OrderFee(CashAmount(0.0, "QCC"))
"""A fee that was never set: its keys are left out of the files."""


@dataclass(frozen=True)
class OrderEvent:
    """Something that happened to an order."""

    id: int
    order_id: int
    symbol: Symbol
    utc_time: datetime
    status: OrderStatus
    direction: OrderDirection
    quantity: float
    fill_price: float = 0.0
    fill_quantity: float = 0.0
    fill_price_currency: str = "USD"
    order_fee: OrderFee = NO_FEE
    message: str = ""
    is_assignment: bool = False
    is_in_the_money: bool = False
    limit_price: float | None = None

    def as_json(self, algorithm_id: str) -> dict[str, object]:
        """The event as `<id>-order-events.json` holds it."""
        found: dict[str, object] = {
            "id": f"{algorithm_id}-{self.order_id}-{self.id}",
            "algorithmId": algorithm_id,
            "orderId": self.order_id,
            "orderEventId": self.id,
            "symbol": self.symbol.id.text,
            "symbolValue": self.symbol.value,
            "symbolPermtick": self.symbol.root,
            # A float of seconds does not hold the tick, in the engine's files either.
            "time": self.utc_time.replace(microsecond=self.utc_time.microsecond // 1000 * 1000).timestamp(),
            "status": STATUS_TEXT[self.status],
        }
        if self.order_fee.value.currency != NO_FEE.value.currency:
            found["orderFeeAmount"] = self.order_fee.value.amount
            found["orderFeeCurrency"] = self.order_fee.value.currency
        found |= {
            "fillPrice": self.fill_price,
            "fillPriceCurrency": self.fill_price_currency,
            "fillQuantity": self.fill_quantity,
            "direction": self.direction.name.lower(),
        }
        if self.message:
            found["message"] = self.message
        found["isAssignment"] = self.is_assignment
        found["quantity"] = self.quantity
        if self.limit_price is not None:
            found["limitPrice"] = self.limit_price
        if self.is_in_the_money:
            found["isInTheMoney"] = True
        return found


@dataclass(frozen=True)
class OrderResponse:
    """What the engine answered to a request: empty texts where it was taken."""

    error_message: str = ""


@dataclass(frozen=True)
class SubmitOrderRequest:
    """The request behind a ticket, as far as it is read."""

    response: OrderResponse = OrderResponse()


REFUSED_ID = -10
"""The order id of a ticket whose request was refused before it became an order."""


@strict
@dataclass(slots=True)
class OrderTicket:
    """The algorithm's handle on an order."""

    order: Order
    _cancel: Callable[[Order, str], None]
    submit_request: SubmitOrderRequest = SubmitOrderRequest()

    @property
    def order_id(self) -> int:
        return self.order.id

    @property
    def status(self) -> OrderStatus:
        return self.order.status

    @property
    def symbol(self) -> Symbol:
        return self.order.symbol

    @property
    def tag(self) -> str:
        return self.order.tag or ""

    @property
    def quantity(self) -> float:
        return float(self.order.quantity)

    @property
    def quantity_filled(self) -> float:
        return float(self.order.quantity) if self.order.status == OrderStatus.FILLED else 0.0

    @property
    def average_fill_price(self) -> float:
        return float(self.order.price)

    def cancel(self, tag: str = "") -> None:
        """Cancel; of a combination every leg goes, and only this one takes the tag."""
        self._cancel(self.order, tag)
