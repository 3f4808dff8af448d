"""Orders of a LEAN result.

Holds: the shape of one entry of `orders`, and the typed order made from it.
Belongs here: a field of an order, of any type.
Never here: events, or how orders belong together as a trade.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import Raw

from pipelines.parsing.lean_enums import (
    ORDER_DIRECTIONS,
    ORDER_STATUSES,
    ORDER_TYPES,
    PRICE_ADJUSTMENTS,
    SECURITY_TYPES,
    TIMES_IN_FORCE,
)
from pipelines.parsing.lean_json import ABSENT, Unreadable, amount, instant, named, read_object, required_amount
from pipelines.parsing.refusals import Refusal


class SymbolJson(msgspec.Struct, rename="camel"):
    """A symbol as the engine writes it; `id` is the security identifier."""

    value: str
    id: str
    permtick: str | None = None
    underlying: SymbolJson | None = None


class GroupJson(msgspec.Struct, rename="camel"):
    """What the legs of a combo share."""

    id: int
    quantity: Raw
    count: int
    limit_price: Raw = ABSENT
    order_ids: list[int] = []
    direction: int | None = None


class SubmissionJson(msgspec.Struct, rename="camel"):
    """Prices when the order was sent."""

    bid_price: Raw = ABSENT
    ask_price: Raw = ABSENT
    last_price: Raw = ABSENT


class OrderJson(msgspec.Struct, rename="camel"):
    """One order; which optional keys are there depends on its type."""

    id: int
    type: int
    status: int
    symbol: SymbolJson
    quantity: Raw
    security_type: int
    direction: int
    price: Raw = ABSENT
    price_currency: str | None = None
    broker_id: list[str] | None = None
    time: str | None = None
    created_time: str | None = None
    last_fill_time: str | None = None
    last_update_time: str | None = None
    canceled_time: str | None = None
    tag: str | None = None
    properties: dict[str, Any] | list[Any] | None = None
    value: Raw = ABSENT
    order_submission_data: SubmissionJson | None = None
    is_marketable: bool | None = None
    price_adjustment_mode: int | None = None
    group_order_manager: GroupJson | None = None
    limit_price: Raw = ABSENT
    stop_price: Raw = ABSENT
    trigger_price: Raw = ABSENT
    trailing_amount: Raw = ABSENT
    trailing_as_percentage: bool | None = None


@dataclass(frozen=True, slots=True)
class LeanGroup:
    """The combo an order is a leg of; a group direction of sell makes the limit the price of the unit sold."""

    id: int
    quantity: Decimal
    limit_price: Decimal | None
    size: int
    direction: str | None


@dataclass(frozen=True, slots=True)
class LeanOrder:
    """One order (one leg of a combo), quantities signed, prices per unit without the contract multiplier."""

    order_id: int
    group: LeanGroup | None
    order_type: str
    status: str
    symbol_id: str
    symbol: str
    underlying: str | None
    security_type: str
    direction: str
    quantity: Decimal
    quantity_text: str
    price: Decimal
    price_text: str
    price_currency: str | None
    limit_price: Decimal | None
    stop_price: Decimal | None
    trigger_price: Decimal | None
    trailing_amount: Decimal | None
    trailing_as_percentage: bool | None
    created_at: dt.datetime | None
    last_fill_at: dt.datetime | None
    last_update_at: dt.datetime | None
    canceled_at: dt.datetime | None
    time_in_force: str | None
    expires_at: dt.datetime | None
    tag: str | None
    broker_ids: str
    value: Decimal | None
    submission_bid: Decimal | None
    submission_ask: Decimal | None
    submission_last: Decimal | None
    is_marketable: bool | None
    price_adjustment_mode: str | None

    @property
    def touched_at(self) -> dt.datetime | None:
        """The newest time at which something happened to the order."""
        known = (self.created_at, self.last_fill_at, self.last_update_at, self.canceled_at)
        return max((moment for moment in known if moment is not None), default=None)


def parse_orders(entries: Mapping[str, Raw]) -> tuple[list[LeanOrder], list[Refusal]]:
    """The orders by id, and a refusal for each entry that cannot be read; `field` names the place in the file."""
    orders: list[LeanOrder] = []
    refusals: list[Refusal] = []
    for key, raw in entries.items():
        place = f"$.orders.{key}"
        try:
            order = _order(read_object(raw, OrderJson, place), place)
            if str(order.order_id) != key:
                raise Unreadable("the order's id is not the key it stands under", f"{place}.id", str(order.order_id))
        except Unreadable as error:
            refusals.append(error.refusal)
        else:
            orders.append(order)
    orders.sort(key=lambda order: order.order_id)
    return orders, refusals


def _order(found: OrderJson, place: str) -> LeanOrder:
    quantity, quantity_text = required_amount(found.quantity, f"{place}.quantity")
    price, price_text = required_amount(found.price, f"{place}.price")
    submission = found.order_submission_data or SubmissionJson()
    time_in_force, expires_at = _time_in_force(found.properties, f"{place}.properties.timeInForce")
    adjustment = found.price_adjustment_mode
    return LeanOrder(
        order_id=found.id,
        group=_group(found.group_order_manager, f"{place}.groupOrderManager"),
        order_type=named(ORDER_TYPES, found.type, f"{place}.type"),
        status=named(ORDER_STATUSES, found.status, f"{place}.status"),
        symbol_id=found.symbol.id,
        symbol=found.symbol.value,
        underlying=found.symbol.underlying.value if found.symbol.underlying else None,
        security_type=named(SECURITY_TYPES, found.security_type, f"{place}.securityType"),
        direction=named(ORDER_DIRECTIONS, found.direction, f"{place}.direction"),
        quantity=quantity,
        quantity_text=quantity_text,
        price=price,
        price_text=price_text,
        price_currency=found.price_currency,
        limit_price=amount(found.limit_price, f"{place}.limitPrice"),
        stop_price=amount(found.stop_price, f"{place}.stopPrice"),
        trigger_price=amount(found.trigger_price, f"{place}.triggerPrice"),
        trailing_amount=amount(found.trailing_amount, f"{place}.trailingAmount"),
        trailing_as_percentage=found.trailing_as_percentage,
        created_at=instant(found.created_time or found.time, f"{place}.createdTime"),
        last_fill_at=instant(found.last_fill_time, f"{place}.lastFillTime"),
        last_update_at=instant(found.last_update_time, f"{place}.lastUpdateTime"),
        canceled_at=instant(found.canceled_time, f"{place}.canceledTime"),
        time_in_force=time_in_force,
        expires_at=expires_at,
        tag=found.tag,
        broker_ids=json.dumps(found.broker_id or []),
        value=amount(found.value, f"{place}.value"),
        submission_bid=amount(submission.bid_price, f"{place}.orderSubmissionData.bidPrice"),
        submission_ask=amount(submission.ask_price, f"{place}.orderSubmissionData.askPrice"),
        submission_last=amount(submission.last_price, f"{place}.orderSubmissionData.lastPrice"),
        is_marketable=found.is_marketable,
        price_adjustment_mode=(
            None if adjustment is None else named(PRICE_ADJUSTMENTS, adjustment, f"{place}.priceAdjustmentMode")
        ),
    )


def _group(found: GroupJson | None, place: str) -> LeanGroup | None:
    if found is None:
        return None
    quantity, _ = required_amount(found.quantity, f"{place}.quantity")
    direction = found.direction
    return LeanGroup(
        id=found.id,
        quantity=quantity,
        limit_price=amount(found.limit_price, f"{place}.limitPrice"),
        size=found.count,
        direction=None if direction is None else named(ORDER_DIRECTIONS, direction, f"{place}.direction"),
    )


def _time_in_force(properties: object, place: str) -> tuple[str | None, dt.datetime | None]:
    """The name and expiry of a time in force; an unknown class keeps its own name."""
    found = properties.get("timeInForce") if isinstance(properties, dict) else None
    if not isinstance(found, dict):
        return (None if found is None else str(found)), None
    written = found.get("$type")
    if written is None:
        return "good_til_canceled", None
    name = str(written).partition(",")[0].rpartition(".")[2]
    # The member keeps its capital letter in every era.
    expiry = found.get("Expiry", found.get("expiry"))
    return TIMES_IN_FORCE.get(name, name), instant(expiry if isinstance(expiry, str) else None, f"{place}.Expiry")
