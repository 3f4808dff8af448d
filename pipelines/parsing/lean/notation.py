"""The names LEAN gave its members in every era, turned into today's.

Holds: the levels of a document at which names belong to LEAN's classes, and the renaming of exactly those.
Belongs here: a member that was renamed, moved, or written as another JSON type than today's.
Never here: which era a file is of (`lean_eras`), the envelopes of the cloud API (`lean_replies`), typed rows.

Names inside LEAN's own objects were PascalCase until 2024-05-08 and hyphenated in order events and insights until
2024. Keys of dictionaries (chart names, statistics, security ids, order ids, parameters, times) are data and never
change. Every value that is not renamed or moved keeps its bytes, so that no number loses a digit.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import msgspec
from msgspec import Raw

from pipelines.parsing.lean.enums import (
    BROKERAGES,
    ORDER_DIRECTIONS,
    ORDER_STATUSES,
    ORDER_TYPES,
    PRICE_ADJUSTMENTS,
    SECURITY_TYPES,
    TRADE_DIRECTIONS,
)
from pipelines.parsing.lean.exact_json import is_nothing

Fields = dict[str, bytes]
"""The members of one object under today's names, each as the JSON text that stands for it."""

_ACRONYM = re.compile(r"[A-Z]+(?![a-z])|[A-Z]")
_TIMES_IN_FORCE = {
    b"0": None,
    b"1": "QuantConnect.Orders.TimeInForces.DayTimeInForce",
    b"2": "QuantConnect.Orders.TimeInForces.GoodTilDateTimeInForce",
}


@dataclass(frozen=True)
class Members:
    """An object of one of LEAN's classes: its names are renamed, then `repair` sees what other eras wrote elsewhere."""

    inner: Mapping[str, Shape] = field(default_factory=dict)
    repair: Callable[[Fields], None] | None = None


@dataclass(frozen=True)
class Keyed:
    """A dictionary: its keys stay."""

    inner: Shape = None


@dataclass(frozen=True)
class Listed:
    """A list of equal things."""

    inner: Shape = None


Shape = Members | Keyed | Listed | None
"""How a part of a document is renamed; None: not at all."""


def current_name(name: str) -> str:
    """Today's name of a member: `UnrealizedPnL` is `unrealizedPnL`, `ID` is `id`, `order-id` is `orderId`."""
    if "-" in name:
        head, *rest = name.split("-")
        name = "".join((head, *(word[:1].upper() + word[1:] for word in rest)))
    found = _ACRONYM.match(name)
    return name if found is None else found[0].lower() + name[found.end() :]


def renamed(data: bytes | Raw, shape: Shape) -> bytes:
    """The JSON text with today's names at the levels of `shape`.

    An empty list where an object belongs (the cloud's way of writing an empty map) becomes null for one of LEAN's
    objects and an empty map for a dictionary. Raises msgspec.DecodeError or RecursionError for what is not JSON.
    """
    text = bytes(data).strip()
    opening = text[:1]
    match shape:
        case Members() if opening == b"{":
            return joined(members_of(text, shape))
        case Members() if is_nothing(text):
            return b"null"
        case Keyed() if opening == b"{":
            entries = msgspec.json.decode(text, type=dict[str, Raw]).items()
            return joined((key, renamed(value, shape.inner)) for key, value in entries)
        case Keyed() if opening == b"[" and not msgspec.json.decode(text, type=list[Raw]):
            return b"{}"
        case Listed() if opening == b"[":
            values = msgspec.json.decode(text, type=list[Raw])
            return b"[" + b",".join(renamed(value, shape.inner) for value in values) + b"]"
        case _:
            return text


def members_of(data: bytes | Raw, shape: Members) -> Fields:
    """The renamed members of one object."""
    fields: Fields = {}
    for written, value in msgspec.json.decode(data, type=dict[str, Raw]).items():
        name = current_name(written)
        fields[name] = renamed(value, shape.inner.get(name))
    if shape.repair is not None:
        shape.repair(fields)
    return fields


def joined(fields: Mapping[str, bytes] | Iterable[tuple[str, bytes]]) -> bytes:
    """An object from members that are already JSON text."""
    pairs = fields.items() if isinstance(fields, Mapping) else fields
    return b"{" + b",".join(msgspec.json.encode(name) + b":" + bytes(value) for name, value in pairs) + b"}"


def is_absent(value: bytes | None) -> bool:
    """Whether a member is not there or says nothing: null, an empty map or list."""
    return value == b"{}" or is_nothing(value)


def numbered(fields: Fields, name: str, names: Mapping[int, str]) -> None:
    """A value of an enum that is written as its name, or as a number in quotes, becomes its number."""
    written = fields.get(name, b"")
    if written[:1] != b'"':
        return
    plain = _plain(written.decode("utf-8", "replace"))
    by_name = {_plain(text): number for number, text in names.items()}
    if plain in by_name:
        fields[name] = b"%d" % by_name[plain]
    elif plain.isascii() and plain.isdigit():
        fields[name] = b"%d" % int(plain[:9])


def texts(data: bytes) -> bytes:
    """A map or list of texts with every number and truth value in it put into quotes."""
    if data[:1] == b"[":
        values = msgspec.json.decode(data, type=list[Raw])
        return b"[" + b",".join(_quoted(bytes(value)) for value in values) + b"]"
    if data[:1] != b"{":
        return data
    entries = msgspec.json.decode(data, type=dict[str, Raw]).items()
    return joined((key, _quoted(bytes(value))) for key, value in entries)


def _quoted(value: bytes) -> bytes:
    return value if value[:1] in (b'"', b"[", b"{") or value == b"null" else b'"' + value + b'"'


def _plain(text: str) -> str:
    return "".join(letter for letter in text.lower() if letter.isalnum())


def _repair_order(order: Fields) -> None:
    numbered(order, "type", ORDER_TYPES)
    numbered(order, "status", ORDER_STATUSES)
    numbered(order, "direction", ORDER_DIRECTIONS)
    numbered(order, "securityType", SECURITY_TYPES)
    numbered(order, "priceAdjustmentMode", PRICE_ADJUSTMENTS)
    if "brokerId" in order:
        order["brokerId"] = texts(order["brokerId"])
    if is_absent(order.get("direction")) and order.get("quantity"):
        quantity = order["quantity"].strip(b'"')
        order["direction"] = b"1" if quantity[:1] == b"-" else b"2" if not quantity.strip(b"0.") else b"0"
    _repair_symbol_of(order)
    _repair_time_in_force(order)


def _repair_symbol_of(fields: Fields) -> None:
    # The oldest orders name a ticker, or a symbol without its security identifier; the ticker is all there is then.
    symbol = fields.get("symbol", b"")
    if symbol[:1] == b'"':
        fields["symbol"] = joined({"value": symbol, "id": symbol})


def _repair_symbol(symbol: Fields) -> None:
    if "id" not in symbol and symbol.get("value", b"")[:1] == b'"':
        symbol["id"] = symbol["value"]


def _repair_time_in_force(order: Fields) -> None:
    """A number (`0`, `1`, `2`) or an object, on the order or in its properties, called `duration` before that."""
    properties = order.get("properties", b"null")
    inside = msgspec.json.decode(properties, type=dict[str, Raw]) if properties[:1] == b"{" else {}
    written = next(
        (value for value in (inside.get("timeInForce"), order.get("timeInForce"), order.get("duration")) if value), None
    )
    if written is None:
        return
    value = bytes(written)
    if value in _TIMES_IN_FORCE:
        name = _TIMES_IN_FORCE[value]
        force: Fields = {} if name is None else {"$type": msgspec.json.encode(name)}
        if value == b"2" and "durationValue" in order:
            force["Expiry"] = order["durationValue"]
        value = joined(force)
    inside["timeInForce"] = Raw(b"{}" if value[:1] == b"[" and is_nothing(value) else value)
    order["properties"] = joined((name, bytes(item)) for name, item in inside.items())


def _repair_trade(trade: Fields) -> None:
    numbered(trade, "direction", TRADE_DIRECTIONS)
    _repair_symbol_of(trade)


def _repair_configuration(configuration: Fields) -> None:
    numbered(configuration, "brokerage", BROKERAGES)
    if configuration.get("brokerage", b"")[:1] == b'"':
        configuration["brokerage"] = b"null"
    if "parameters" in configuration:
        configuration["parameters"] = texts(configuration["parameters"])


def _repair_insight(insight: Fields) -> None:
    # The two members whose names changed by more than their hyphens.
    for old, new in (("referenceFinal", "referenceValueFinal"), ("scoreFinal", "scoreIsFinal")):
        if old in insight and new not in insight:
            insight[new] = insight.pop(old)


_UNDERLYING = Members({"underlying": Members({}, _repair_symbol)}, _repair_symbol)
SYMBOL = Members({"underlying": _UNDERLYING}, _repair_symbol)
EVENT = Members(repair=_repair_insight)
"""An order event or an insight: flat, its symbol a text."""
ORDER = Members(
    {
        "symbol": SYMBOL,
        "properties": Members(),
        "orderSubmissionData": Members(),
        "groupOrderManager": Members(repair=lambda group: numbered(group, "direction", ORDER_DIRECTIONS)),
        "events": Listed(EVENT),
    },
    _repair_order,
)
TRADE = Members({"symbol": SYMBOL, "symbols": Listed(SYMBOL)}, _repair_trade)
PERFORMANCE = Members({"tradeStatistics": Members(), "portfolioStatistics": Members(), "closedTrades": Listed(TRADE)})
CHART = Members({"series": Keyed(Members()), "symbol": SYMBOL})
RESULT = Members(
    {
        "rollingWindow": Keyed(PERFORMANCE),
        "totalPerformance": PERFORMANCE,
        "charts": Keyed(CHART),
        "orders": Keyed(ORDER),
        "orderEvents": Listed(EVENT),
        "profitLoss": Keyed(),
        "statistics": Keyed(),
        "runtimeStatistics": Keyed(),
        "serverStatistics": Keyed(),
        "state": Keyed(),
        "algorithmConfiguration": Members({"parameters": Keyed()}, _repair_configuration),
        "holdings": Keyed(Members({"symbol": SYMBOL})),
        "cash": Keyed(Members({"securitySymbol": SYMBOL, "securitySymbols": Listed(SYMBOL)})),
        "analysis": None,
    }
)
"""A whole result, backtest or live."""
