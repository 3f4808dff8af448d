"""tastytrade's own figures about fees: what a dry run says an order would cost, and what a day cost in total.

Holds: recognising and reading the two replies.
Belongs here: broker figures that are no booking and must never be counted as one.
Never here: transactions (`tastytrade_json`).

A dry run is a third opinion on the fees of an order, beside LEAN's model and our schedule. A day total is a control
figure for all bookings of a day; the reply does not name the day, so it is taken from the address that was asked
(`.../total-fees?date=2026-11-20`): as the reply's `context`, or in an envelope around the untouched reply.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from pipelines.parsing.refusals import Refusal, Refused
from pipelines.parsing.statements.rows import Charge, DayCharge, FeeQuote, QuotedLeg, StatementFile
from pipelines.parsing.tastytrade.api import MemberError, amount_of, document_of, number_of, text_of
from tomking.kernel.instruments import from_tastytrade
from tomking.kernel.money import add

PARSER_VERSION = "tastytrade_quotes/2"
BROKER = "tastytrade"
DRY_RUN, DAY_TOTAL = "tastytrade_dry_run_json", "tastytrade_total_fees_json"

Json = Mapping[str, Any]

_PARTS: Final = (
    ("commission", "commission"),
    ("clearing-fees", "clearing"),
    ("regulatory-fees", "regulatory"),
    ("proprietary-index-option-fees", "index"),
)
_DAY = re.compile(r"total-fees.*[?&]date=(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})")
_KINDS = ("Equity", "Equity Option", "Future", "Future Option", "Cryptocurrency")


def enveloped(request: str, reply: bytes) -> bytes:
    """A reply beside the address that was asked, its bytes as they were received."""
    return b'{"request": ' + json.dumps(request).encode() + b', "reply": ' + reply.strip() + b"}"


def _reply_of(data: bytes) -> Any:
    """The reply, taken out of its envelope, with what was asked as its context. Raises Refused."""
    document = document_of(data)
    if isinstance(document, dict) and document.keys() == {"request", "reply"} and isinstance(document["reply"], dict):
        return document["reply"] | {"context": document["request"]}
    return document


def recognise(data: bytes) -> str | None:
    """The name of the reply, or None. Never raises."""
    try:
        reply = _reply_of(data)
    except Refused:
        return None
    body = reply.get("data") if isinstance(reply, dict) else None
    if not isinstance(body, dict):
        return None
    if "fee-calculation" in body:
        return DRY_RUN
    return DAY_TOTAL if "total-fees" in body else None


def parse(data: bytes) -> StatementFile:
    """Reads a reply: a file without rows that carries a quote or a day's total.

    Raises:
        Refused: another reply, a member that is missing or contradicts the others, a day total that says no day.
    """
    name = recognise(data)
    if name is None:
        raise Refused(Refusal("neither a dry run nor a day's total fees", line=1))
    reply = _reply_of(data)
    try:
        if name == DRY_RUN:
            return StatementFile(name, (), quotes=(_quote(reply),))
        return StatementFile(name, (), day_charges=(_day_charge(reply),))
    except MemberError as error:
        raise Refused(Refusal(error.reason, field=error.name)) from error


def _quote(reply: Json) -> FeeQuote:
    body = reply["data"]
    fees, order = body["fee-calculation"], body.get("order")
    if not isinstance(fees, dict) or not isinstance(order, dict):
        raise MemberError("fee-calculation" if not isinstance(fees, dict) else "order", "is missing")
    charges = tuple(_charges(fees))
    total = amount_of(fees, "total-fees")
    if total is None:
        raise MemberError("total-fees", "is missing")
    added = add(charge.amount for charge in charges)
    if added != total:
        raise MemberError("total-fees", f"is {total}, its parts add up to {added}")
    legs = order.get("legs")
    if not isinstance(legs, list) or not legs:
        raise MemberError("legs", "an order without legs")
    return FeeQuote(
        legs=tuple(_leg(leg) for leg in legs),
        limit_price=amount_of(order, "price"),
        charges=charges,
        total=total,
        raw=json.dumps({"order": order, "fee-calculation": fees}, default=str, ensure_ascii=False),
    )


def _charges(fees: Json) -> Iterator[Charge]:
    for name, component in _PARTS:
        amount = amount_of(fees, name)
        if amount is not None:
            yield Charge(component=component, name=name, amount=amount, text=text_of(fees[name]))


def _leg(leg: Any) -> QuotedLeg:
    if not isinstance(leg, dict):
        raise MemberError("legs", "a leg that is no object")
    symbol, kind, action = leg.get("symbol"), leg.get("instrument-type"), str(leg.get("action", ""))
    if not isinstance(symbol, str) or kind not in _KINDS:
        raise MemberError("legs", "a leg without a symbol or with an unknown instrument type")
    words = action.lower().split()
    if not words or words[0] not in ("buy", "sell"):
        raise MemberError("legs", f"a leg with the action {action!r}")
    quantity = number_of(leg, "quantity")
    if not quantity:
        raise MemberError("legs", "a leg of nothing")
    try:
        instrument = from_tastytrade(symbol, kind)
    except ValueError as error:
        raise MemberError("legs", f"not an instrument: {error}") from error
    effect = words[-1] if words[-1] in ("open", "close") else None
    return QuotedLeg(instrument.key, words[0], effect, quantity)


def _day_charge(reply: Json) -> DayCharge:
    found = _DAY.search(str(reply.get("context", "")))
    if found is None:
        raise MemberError("context", "a day's total fees that says no day; keep the address with its ?date=")
    total: Decimal | None = amount_of(reply["data"], "total-fees")
    if total is None:
        raise MemberError("total-fees", "is missing")
    try:
        day = dt.date.fromisoformat(found["day"])
    except ValueError as error:
        raise MemberError("context", f"no such day: {error}") from error
    return DayCharge(day, total)
