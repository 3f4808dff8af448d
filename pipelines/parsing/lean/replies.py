"""Replies of QuantConnect's cloud API that a user saved as files.

Holds: how each reply is told, and the result, orders or events made from it in the notation of a result file.
Belongs here: an envelope of the API and what it calls by other names than the engine.
Never here: names that only changed their case (`lean_notation`), typed rows.

Read: `backtests/read`, `live/read` (both its forms), `backtests/orders/read` and `live/orders/read` (any number of
pages), `live/portfolio/read`. A reply has no `state` map; the one made here carries only what the reply says, and
`Source` names the reply, so that nobody takes it for the engine's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import msgspec
from msgspec import Raw

from pipelines.parsing.lean.notation import (
    ORDER,
    RESULT,
    Fields,
    Listed,
    Members,
    current_name,
    is_absent,
    joined,
    members_of,
    renamed,
    texts,
)
from pipelines.parsing.refusals import Refusal, Refused

BACKTEST, LIVE, ORDERS, PORTFOLIO = "backtest reply", "live reply", "orders reply", "portfolio reply"
"""Replies that are read."""

_ENVELOPE = frozenset({"success", "errors", "error", "debugging", "length", "message"})
_LETTERS = re.compile(r"[^A-Za-z]")
_ORDER_MEMBERS = frozenset({"id", "type", "status", "symbol", "quantity"})


@dataclass(frozen=True, slots=True)
class Reply:
    """Which reply a file is, and the id of the backtest or deployment it speaks of, where it says so."""

    kind: str
    algorithm_id: str | None = None


def reply_of(members: Mapping[str, Raw]) -> Reply | None:
    """The reply these top-level members belong to; None for any other document."""
    names = {current_name(name): raw for name, raw in members.items()}
    if _is_object(names.get("backtest")):
        return Reply(BACKTEST, _text(_flat(names["backtest"]).get("backtestId")))
    if "deployId" in names:
        return Reply(LIVE, _text(bytes(names["deployId"])))
    if _is_object(names.get("portfolio")):
        return Reply(PORTFOLIO)
    if "orders" in names and names.keys() <= _ENVELOPE | {"orders"} and len(names) > 1:
        return Reply(ORDERS, _algorithm_of(orders_in(joined_raw(members))))
    if names and all(_is_order(raw) for raw in names.values()):
        return Reply(ORDERS, _algorithm_of(orders_in(joined_raw(members))))
    return None


def unreadable_reply(members: Mapping[str, Raw]) -> str | None:
    """Why a reply holds nothing to keep and what to save instead; None where it is no such reply."""
    names = {current_name(name): bytes(raw) for name, raw in members.items()}
    if names.get("success") == b"false":
        return "a reply of the cloud API that says the request failed; save the reply of one that succeeded"
    if "backtests" in names:
        return "a list of backtests from the cloud API, without results; save the reply of backtests/read of each"
    if "optimizations" in names or "optimization" in names:
        return "an optimisation from the cloud API, without its runs; save the reply of backtests/read of each backtest"
    return None


def result_of(members: Mapping[str, Raw], reply: Reply) -> bytes:
    """A reply as a result file of today's notation."""
    match reply.kind:
        case "backtest reply":
            return _backtest(members)
        case "live reply":
            return _live(members)
        case "portfolio reply":
            return joined(_portfolio(joined_raw(members)))
        case _:
            return joined({"orders": _by_id(orders_in(joined_raw(members)))})


def part_of(data: bytes) -> Fields:
    """The members of a result that an orders or portfolio reply holds. Raises `Refused`."""
    try:
        return _part_members(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refused(Refusal(f"not whole JSON: {error}")) from error


def with_parts(main: bytes, parts: Iterable[Fields]) -> bytes:
    """A result (today's notation) with the orders and positions of other replies; what it has itself stays.

    A main file that is no JSON object comes back as it is.
    """
    try:
        document = msgspec.json.decode(main, type=dict[str, Raw])
        fields: Fields = {name: bytes(raw) for name, raw in document.items()}
        for part in parts:
            for name, value in part.items():
                fields[name] = _united(fields.get(name), value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return main
    return joined(fields)


def events_in(data: bytes) -> bytes:
    """The events that stand inside the orders of an orders reply, as an order-events file. Raises `Refused`."""
    events: list[bytes] = []
    try:
        for order in orders_in(data):
            listed = order.get("events", b"[]")
            if listed[:1] == b"[":
                events += [bytes(raw) for raw in msgspec.json.decode(listed, type=list[Raw])]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refused(Refusal(f"not whole JSON: {error}")) from error
    return b"[" + b",".join(events) + b"]"


def orders_in(data: bytes) -> list[Fields]:
    """The orders of a reply, a list or a map of orders, in the order of the file."""
    document: list[Raw] | dict[str, Raw] = msgspec.json.decode(data, type=list[Raw] | dict[str, Raw])
    if isinstance(document, dict):
        names = {current_name(name): raw for name, raw in document.items()}
        if "orders" in names:
            return orders_in(bytes(names["orders"]))
        document = list(document.values())
    return [members_of(raw, ORDER) for raw in document if bytes(raw).lstrip()[:1] == b"{"]


def joined_raw(members: Mapping[str, Raw]) -> bytes:
    """A document from its undecoded members."""
    return joined((name, bytes(raw)) for name, raw in members.items())


def _backtest(members: Mapping[str, Raw]) -> bytes:
    (inner,) = (raw for name, raw in members.items() if current_name(name) == "backtest")
    fields = members_of(inner, RESULT)
    result: Fields = {name: value for name, value in fields.items() if name in RESULT.inner}
    if "state" not in result:
        result["state"] = joined(_backtest_state(fields))
    if "algorithmConfiguration" not in result:
        result["algorithmConfiguration"] = joined(
            {
                "name": fields.get("name", b"null"),
                "parameters": _parameters(fields.get("parameterSet", b"null")),
                "startDate": fields.get("backtestStart", b"null"),
                "endDate": fields.get("backtestEnd", b"null"),
            }
        )
    return joined(result)


def _backtest_state(fields: Fields) -> Fields:
    counted = _entries(fields.get("statistics", b"{}"))
    said = {
        "Source": b'"backtests/read"',
        "Status": _status(fields.get("status"), completed=fields.get("completed") == b"true"),
        "StartTime": fields.get("created"),
        "RuntimeError": fields.get("error"),
        "StackTrace": fields.get("stacktrace"),
        "Name": fields.get("name"),
        "OptimizationId": fields.get("optimizationId"),
        "OrderCount": counted.get("Total Orders", counted.get("Total Trades")),
    }
    return {name: value for name, value in said.items() if value is not None and not is_absent(value)}


def _live(members: Mapping[str, Raw]) -> bytes:
    """The flat form of today, or the form with `LiveResults` and the result inside."""
    fields = members_of(joined_raw(members), RESULT)
    result: Fields = {name: value for name, value in fields.items() if name in RESULT.inner}
    older = fields.get("liveResults", b"null")
    if older[:1] == b"{":
        inner = _flat(older).get("results", b"null")
        if inner[:1] == b"{":
            result |= members_of(inner, RESULT)
    status = _status(fields.get("status"), completed=False)
    said = {
        "Source": b'"live/read"',
        "Status": status,
        "StartTime": fields.get("launched"),
        "EndTime": fields.get("stopped"),
        "RuntimeError": fields.get("message") if status == b'"RuntimeError"' else None,
        "Name": fields.get("projectName"),
    }
    # Only live results have holdings: an empty map says that this is one.
    result.setdefault("holdings", b"{}")
    if "state" not in result:
        result["state"] = joined({name: value for name, value in said.items() if value and not is_absent(value)})
    return joined(result)


def _portfolio(data: bytes) -> Fields:
    fields = members_of(data, Members({"portfolio": RESULT}))
    inner = _flat(fields.get("portfolio", b"{}"))
    return {name: inner[name] for name in ("holdings", "cash") if not is_absent(inner.get(name))}


def _part_members(data: bytes) -> Fields:
    members = _flat(data)
    if any(current_name(name) == "portfolio" for name in members):
        return _portfolio(data)
    return {"orders": _by_id(orders_in(data))}


def _by_id(orders: Iterable[Fields]) -> bytes:
    """Orders under their ids; a second one of an id keeps a key of its own, so that the reader names it."""
    entries: Fields = {}
    for number, order in enumerate(orders):
        key = order.get("id", b"").decode("ascii", "replace").strip('"')
        entries[key if key and key not in entries else f"{key}, entry {number + 1}"] = joined(
            (name, value) for name, value in order.items() if name != "events"
        )
    return joined(entries)


def _united(have: bytes | None, more: bytes) -> bytes:
    if have is None or is_absent(have):
        return more
    return joined({**_entries(more), **_entries(have)}) if have[:1] == more[:1] == b"{" else have


def _parameters(data: bytes) -> bytes:
    """A map, an empty list, or a list of names with values."""
    if data[:1] != b"[":
        return texts(data)
    named: Fields = {}
    for raw in msgspec.json.decode(data, type=list[Raw]):
        entry = _flat(raw)
        name = _text(entry.get("name") or entry.get("key"))
        if name is not None and "value" in entry:
            named[name] = entry["value"]
    return texts(joined(named))


def _status(written: bytes | None, *, completed: bool) -> bytes:
    """`Completed.` and `Runtime Error` are the engine's `Completed` and `RuntimeError`."""
    said = _LETTERS.sub("", _text(written) or "")
    return msgspec.json.encode(said or ("Completed" if completed else ""))


def _algorithm_of(orders: Iterable[Fields]) -> str | None:
    for order in orders:
        events = renamed(order.get("events", b"[]"), Listed(Members()))
        if events[:1] == b"[":
            for raw in msgspec.json.decode(events, type=list[Raw]):
                if (found := _text(_flat(raw).get("algorithmId"))) is not None:
                    return found
    return None


def _is_object(raw: Raw | None) -> bool:
    return raw is not None and bytes(raw).lstrip()[:1] == b"{"


def _is_order(raw: Raw) -> bool:
    return _is_object(raw) and _flat(raw).keys() >= _ORDER_MEMBERS


def _flat(data: bytes | Raw) -> Fields:
    """The members of an object, LEAN's own names renamed at this level only; empty for anything else."""
    return {current_name(name): value for name, value in _entries(data).items()}


def _entries(data: bytes | Raw) -> Fields:
    """The entries of a dictionary, its keys as they are; empty for anything else."""
    if bytes(data).lstrip()[:1] != b"{":
        return {}
    return {key: bytes(raw) for key, raw in msgspec.json.decode(data, type=dict[str, Raw]).items()}


def _text(value: bytes | None) -> str | None:
    if value is None or value.lstrip()[:1] != b'"':
        return None
    return msgspec.json.decode(value, type=str) or None
