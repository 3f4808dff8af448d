"""A LEAN document of any era and form, in today's notation.

Holds: how a document is told by its first members, and the one door through which older ones become current.
Belongs here: the decision which notation or form a document has.
Never here: the renaming itself (`lean_notation`), the API's envelopes (`lean_replies`), typed rows.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec
from msgspec import Raw

from pipelines.parsing.lean.notation import EVENT, RESULT, Listed, current_name, renamed
from pipelines.parsing.lean.replies import ORDERS, Reply, orders_in, reply_of, result_of, unreadable_reply

HEAD = 65_536
"""How much of a file tells its notation."""

RESULT_MEMBERS = RESULT.inner.keys() | {"accountCurrency", "accountCurrencySymbol", "alphaRuntimeStatistics"}
"""Today's names of a result's members; a JSON object with none of them is no result."""

RESULT_FILE, EVENTS, INSIGHTS, UNREADABLE = "result", "order events", "insights", "unreadable reply"
"""Kinds of documents beside the replies of `lean_replies`."""

# No member of a result is a number.
_FIRST_KEY = re.compile(rb'\s*\{\s*"(?P<key>[^"\\]{1,60})"\s*:\s*(?:[{\["]|null)')
_FIRST_ENTRY = re.compile(rb'\s*\[\s*\{\s*"(?P<key>[^"\\]{1,60})"\s*:')
# Members of LEAN's classes below the top level; the cloud mixed the two cases for years.
_OLDER_NAME = re.compile(
    rb'"(?:TradeStatistics|PortfolioStatistics|ClosedTrades|ChartType|SeriesType|BrokerId|SecurityType|AveragePrice'
    rb'|AccountCurrency|ConversionRate)"\s*:'
)
_KNOWN_NAME = re.compile(
    rb'"(?:backtestId|backtests|deployId|optimizations?|orders|portfolio|order-?(?:event-?)?id|contingent-?id|source-?model'
    rb'|success)"\s*:',
    re.IGNORECASE,
)
# A reply may begin with a member that results have too; orders come as a list only there.
_REPLY_NAME = re.compile(rb'"(?:deployId|backtestId)"\s*:')
_ORDER_LIST = re.compile(rb'\s*\{\s*"[oO]rders"\s*:\s*\[')
_ENOUGH_MEMBERS = 3
_HYPHENATED = re.compile(rb'"[a-z]+(?:-[a-z]+)+"\s*:')


@dataclass(frozen=True, slots=True)
class Document:
    """What a JSON file of LEAN's is. `reason` says why an unreadable one is, and what to do."""

    kind: str
    algorithm_id: str | None = None
    reason: str | None = None


def is_current(head: bytes) -> bool:
    """Whether a result, or a list of events, is of today's notation, by its first `HEAD` bytes."""
    head = head[:HEAD]
    if _FIRST_ENTRY.match(head):
        return not _HYPHENATED.search(head)
    return _first_member(head) in RESULT_MEMBERS and not _OLDER_NAME.search(head)


def to_current(data: bytes) -> bytes:
    """The document in today's notation: the same bytes where it is of it already, else a document made anew.

    Results, live or backtest, API replies, lists of order events or insights. Every number keeps its text. What is no
    JSON, or nothing of LEAN's, comes back as it is: the reader that is asked to read it says what is wrong with it.
    """
    if is_current(data):
        return data
    try:
        if _FIRST_ENTRY.match(data[:HEAD]):
            return renamed(data, Listed(EVENT))
        members = msgspec.json.decode(data, type=dict[str, Raw])
        reply = reply_of(members)
        if reply is not None:
            return result_of(members, reply)
        return renamed(data, RESULT) if RESULT_MEMBERS & set(map(current_name, members)) else data
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return data


def is_result(head: bytes) -> bool:
    """Whether a file is a result of any era, by its first member."""
    return current_name(_first_member(head[:HEAD])) in RESULT_MEMBERS


def may_be_known(head: bytes) -> bool:
    """Whether it is worth reading a file whole to ask `document_of`, by the names among its first bytes."""
    return _KNOWN_NAME.search(head[:HEAD]) is not None


def document_of(data: bytes) -> Document | None:
    """What a whole JSON file is; None where it is nothing of LEAN's that is known."""
    try:
        if data.lstrip()[:1] == b"[":
            return _list_of(data)
        members = msgspec.json.decode(data, type=dict[str, Raw])
        reply: Reply | None = reply_of(members)
        if reply is not None:
            return Document(reply.kind, reply.algorithm_id)
        if reason := unreadable_reply(members):
            return Document(UNREADABLE, reason=reason)
        if is_result(data) or _looks_like_a_result(members):
            return Document(RESULT_FILE)
        return Document(INSIGHTS) if members and all(map(_is_insight, members.values())) else None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _looks_like_a_result(members: Mapping[str, Raw]) -> bool:
    """Whether enough members are a result's, where the first one is not: other tools use some of these words too."""
    found = {
        current_name(name)
        for name, raw in members.items()
        if current_name(name) in RESULT.inner and bytes(raw).lstrip()[:1] in (b"{", b"[")
    }
    return len(found) >= _ENOUGH_MEMBERS


def _first_member(head: bytes) -> str:
    """The first member's name of what may be a result; "" for anything else."""
    found = _FIRST_KEY.match(head)
    if found is None or _ORDER_LIST.match(head) or _REPLY_NAME.search(head):
        return ""
    return found["key"].decode("utf-8", "replace")


def _list_of(data: bytes) -> Document | None:
    entries = msgspec.json.decode(data, type=list[Raw])
    if not entries or bytes(entries[0]).lstrip()[:1] != b"{":
        return None
    first = {current_name(name): raw for name, raw in msgspec.json.decode(entries[0], type=dict[str, Raw]).items()}
    if {"orderId", "orderEventId"} <= first.keys():
        written = bytes(first.get("algorithmId", Raw(b"null")))
        return Document(EVENTS, msgspec.json.decode(written, type=str) if written[:1] == b'"' else None)
    if _is_insight(entries[0]):
        return Document(INSIGHTS)
    if {"id", "type", "status", "symbol", "quantity"} <= first.keys() and orders_in(data):
        return Document(ORDERS)
    return None


def _is_insight(raw: Raw) -> bool:
    if bytes(raw).lstrip()[:1] != b"{":
        return False
    names = set(map(current_name, msgspec.json.decode(raw, type=dict[str, Raw])))
    return {"sourceModel", "generatedTime", "closeTime"} <= names
