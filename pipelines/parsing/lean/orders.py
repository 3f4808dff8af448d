"""Orders of a LEAN result.

Holds: the shape of one entry of `orders`, and the columns made from many of them.
Belongs here: a field of an order, of any type.
Never here: events, or how orders belong together as a trade.
"""

from __future__ import annotations

from collections.abc import Sequence
from json.encoder import encode_basestring_ascii
from typing import Any

import msgspec
import polars as pl
from msgspec import Raw

from pipelines.parsing.lean.columns import INSTANT, Rows, flags, read_entries, texts
from pipelines.parsing.lean.enums import (
    ORDER_DIRECTIONS,
    ORDER_STATUSES,
    ORDER_TYPES,
    PRICE_ADJUSTMENTS,
    SECURITY_TYPES,
    TIMES_IN_FORCE,
)
from pipelines.parsing.lean.exact_json import ABSENT, read_object
from pipelines.parsing.refusals import Refusal


class SymbolJson(msgspec.Struct, rename="camel", gc=False):
    """A symbol as the engine writes it; `id` is the security identifier."""

    value: str
    id: str
    permtick: str | None = None
    underlying: SymbolJson | None = None


class GroupJson(msgspec.Struct, rename="camel", gc=False):
    """What the legs of a combo share."""

    id: int
    quantity: Raw
    count: int
    limit_price: Raw = ABSENT
    order_ids: list[int] = []
    direction: int | None = None


class SubmissionJson(msgspec.Struct, rename="camel", gc=False):
    """Prices when the order was sent."""

    bid_price: Raw = ABSENT
    ask_price: Raw = ABSENT
    last_price: Raw = ABSENT


class OrderJson(msgspec.Struct, rename="camel", gc=False):
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
    properties: Raw = ABSENT
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
    stop_triggered: bool | None = None
    trigger_touched: bool | None = None
    contingent_id: int | None = None


_NO_GROUP = GroupJson(id=0, quantity=ABSENT, count=0)
_NO_PRICES = SubmissionJson()

SCHEMA = pl.Schema(
    {
        "order_id": pl.Int64(),
        "group_id": pl.Int64(),
        "group_quantity": pl.String(),
        "group_limit_price": pl.String(),
        "group_size": pl.Int64(),
        "group_direction": pl.String(),
        "order_type": pl.String(),
        "status": pl.String(),
        "symbol_id": pl.String(),
        "symbol": pl.String(),
        "underlying": pl.String(),
        "security_type": pl.String(),
        "direction": pl.String(),
        "quantity": pl.String(),
        "price": pl.String(),
        "price_currency": pl.String(),
        "limit_price": pl.String(),
        "stop_price": pl.String(),
        "trigger_price": pl.String(),
        "trailing_amount": pl.String(),
        "trailing_as_percentage": pl.Boolean(),
        "created_at": INSTANT,
        "last_fill_at": INSTANT,
        "last_update_at": INSTANT,
        "canceled_at": INSTANT,
        "time_in_force": pl.String(),
        "expires_at": INSTANT,
        "tag": pl.String(),
        "broker_ids": pl.String(),
        "value": pl.String(),
        "submission_bid": pl.String(),
        "submission_ask": pl.String(),
        "submission_last": pl.String(),
        "is_marketable": pl.Boolean(),
        "price_adjustment_mode": pl.String(),
        "stop_triggered": pl.Boolean(),
        "trigger_touched": pl.Boolean(),
        "contingent_id": pl.Int64(),
        "properties": pl.String(),
        "group_order_ids": pl.String(),
        "touched_at": INSTANT,
        "is_filled": pl.Boolean(),
    }
)
"""One row per order (one leg of a combo). Numbers are the texts that stand in the file: quantities signed, prices per
unit without the contract multiplier. A group direction of sell makes the group's limit the price of the unit sold.
`touched_at` is the newest time at which something happened to the order, `is_filled` whether its status is filled."""
KEYS = ("order_id", "is_filled", "touched_at")
SYMBOLS = ("symbol_id", "symbol", "security_type", "underlying")
"""The columns that questions about all orders need, and those that describe what is traded."""


def parse_orders(data: bytes) -> tuple[pl.DataFrame, list[Refusal]]:
    """The orders of a batch (a map by id), and a refusal for each that cannot be read, with its place in the file.

    Raises `Unreadable` where the batch is no JSON.
    """
    keys, entries, _, refusals = read_entries(data, OrderJson, is_map=True, place=lambda key: f"$.orders.{key}")
    rows = Rows(len(entries), lambda row: f"$.orders.{keys[row]}")
    found = _columns(rows, entries)
    for row, key in enumerate(keys):
        if str(entries[row].id) != key:
            said = "the order's id is not the key it stands under"
            rows.refuse(row, Refusal(said, field=f"$.orders.{key}.id", value=str(entries[row].id)))
    return rows.frame(SCHEMA, found), [*refusals, *rows.refusals]


def _columns(rows: Rows, orders: Sequence[OrderJson]) -> dict[str, pl.Series]:
    columns = {
        "order_id": rows.integers("id", [order.id for order in orders]),
        "order_type": rows.names("type", [order.type for order in orders], ORDER_TYPES),
        "status": rows.names("status", [order.status for order in orders], ORDER_STATUSES),
        "symbol_id": texts([order.symbol.id for order in orders]),
        "symbol": texts([order.symbol.value for order in orders]),
        "underlying": texts([order.symbol.underlying.value if order.symbol.underlying else None for order in orders]),
        "security_type": rows.names("securityType", [order.security_type for order in orders], SECURITY_TYPES),
        "direction": rows.names("direction", [order.direction for order in orders], ORDER_DIRECTIONS),
        "quantity": rows.numbers("quantity", [order.quantity for order in orders], required=True),
        "price": rows.numbers("price", [order.price for order in orders], required=True),
        "price_currency": texts([order.price_currency for order in orders]),
        "limit_price": rows.numbers("limitPrice", [order.limit_price for order in orders]),
        "stop_price": rows.numbers("stopPrice", [order.stop_price for order in orders]),
        "trigger_price": rows.numbers("triggerPrice", [order.trigger_price for order in orders]),
        "trailing_amount": rows.numbers("trailingAmount", [order.trailing_amount for order in orders]),
        "trailing_as_percentage": flags([order.trailing_as_percentage for order in orders]),
        "tag": texts([order.tag for order in orders]),
        "broker_ids": texts([_listed(order.broker_id or []) for order in orders]),
        "value": rows.numbers("value", [order.value for order in orders]),
        "is_marketable": flags([order.is_marketable for order in orders]),
        "price_adjustment_mode": rows.names(
            "priceAdjustmentMode", [order.price_adjustment_mode for order in orders], PRICE_ADJUSTMENTS
        ),
    }
    columns |= {
        "stop_triggered": flags([order.stop_triggered for order in orders]),
        "trigger_touched": flags([order.trigger_touched for order in orders]),
        "contingent_id": rows.integers("contingentId", [order.contingent_id or None for order in orders]),
        "properties": texts([_beyond_time_in_force(order.properties) for order in orders]),
    }
    columns["is_filled"] = columns["status"] == "filled"
    return columns | _groups(rows, orders) | _times(rows, orders) | _submissions(rows, orders)


def _groups(rows: Rows, orders: Sequence[OrderJson]) -> dict[str, pl.Series]:
    """What the legs of a combo share; null for any other order."""
    groups = [order.group_order_manager or _NO_GROUP for order in orders]
    quantity = rows.numbers("groupOrderManager.quantity", [group.quantity for group in groups])
    is_leg = pl.Series([group is not _NO_GROUP for group in groups], dtype=pl.Boolean)
    rows.refuse_where(is_leg & quantity.is_null(), "a required number is missing", "groupOrderManager.quantity")
    return {
        "group_id": rows.integers(
            "groupOrderManager.id", [None if group is _NO_GROUP else group.id for group in groups]
        ),
        "group_quantity": quantity,
        "group_limit_price": rows.numbers("groupOrderManager.limitPrice", [group.limit_price for group in groups]),
        "group_size": rows.integers(
            "groupOrderManager.count", [None if group is _NO_GROUP else group.count for group in groups]
        ),
        "group_direction": rows.names(
            "groupOrderManager.direction", [group.direction for group in groups], ORDER_DIRECTIONS
        ),
        "group_order_ids": texts([str(group.order_ids) if group.order_ids else None for group in groups]),
    }


def _times(rows: Rows, orders: Sequence[OrderJson]) -> dict[str, pl.Series]:
    known = {
        "created_at": rows.instants("createdTime", [order.created_time or order.time for order in orders]),
        "last_fill_at": rows.instants("lastFillTime", [order.last_fill_time for order in orders]),
        "last_update_at": rows.instants("lastUpdateTime", [order.last_update_time for order in orders]),
        "canceled_at": rows.instants("canceledTime", [order.canceled_time for order in orders]),
    }
    newest = pl.DataFrame(known).select(pl.max_horizontal(pl.all())).to_series()
    in_force = rows.values("properties.timeInForce", [order.properties for order in orders], _TimesInForce().read)
    expiries = rows.instants("properties.timeInForce.Expiry", [found[1] if found else None for found in in_force])
    return known | {
        "touched_at": newest,
        "time_in_force": texts([found[0] if found else None for found in in_force]),
        "expires_at": expiries,
    }


def _submissions(rows: Rows, orders: Sequence[OrderJson]) -> dict[str, pl.Series]:
    prices = [order.order_submission_data or _NO_PRICES for order in orders]
    place = "orderSubmissionData"
    return {
        "submission_bid": rows.numbers(f"{place}.bidPrice", [price.bid_price for price in prices]),
        "submission_ask": rows.numbers(f"{place}.askPrice", [price.ask_price for price in prices]),
        "submission_last": rows.numbers(f"{place}.lastPrice", [price.last_price for price in prices]),
    }


def _beyond_time_in_force(properties: Raw) -> str | None:
    """The properties as written, where a brokerage added any to the time in force."""
    data = bytes(properties)
    # One member has one colon: not worth decoding.
    if data.count(b":") <= 1:
        return None
    try:
        document = msgspec.json.decode(data)
        return data.decode() if isinstance(document, dict) and document.keys() - {"timeInForce"} else None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None  # the order is refused for its time in force


def _listed(names: list[str]) -> str:
    """A JSON array of texts."""
    return f"[{', '.join(map(encode_basestring_ascii, names))}]"


class _TimesInForce:
    """Reads the properties of orders; the same text, which most orders share, is read once."""

    def __init__(self) -> None:
        self._known: dict[bytes, tuple[str | None, str | None]] = {}

    def read(self, properties: Raw, place: str) -> tuple[str | None, str | None]:
        """The name and the expiry (as text) of a time in force; an unknown class keeps its own name."""
        data = bytes(properties)
        if data not in self._known:
            self._known[data] = _time_in_force(data, place)
        return self._known[data]


def _time_in_force(properties: bytes, place: str) -> tuple[str | None, str | None]:
    document: Any = read_object(properties, Any, place) if properties else None
    found = document.get("timeInForce") if isinstance(document, dict) else None
    if not isinstance(found, dict):
        return (None if found is None else str(found)), None
    written = found.get("$type")
    if written is None:
        return "good_til_canceled", None
    name = str(written).partition(",")[0].rpartition(".")[2]
    # The member keeps its capital letter in every era.
    expiry = found.get("Expiry", found.get("expiry"))
    return TIMES_IN_FORCE.get(name, name), expiry if isinstance(expiry, str) else None
