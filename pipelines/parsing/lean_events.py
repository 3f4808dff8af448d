"""Order events: LEAN's only exact account of fills, fees, expiries and assignments.

Holds: the shape of an entry of `<id>-order-events.json` in both notations, and the grammar of its messages.
Belongs here: a field or a message of an event.
Never here: the session an event belongs to (that needs the calendar) or money made from several events.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

import msgspec
from msgspec import Raw

from pipelines.parsing.lean_enums import EVENT_STATUSES
from pipelines.parsing.lean_json import (
    ABSENT,
    Unreadable,
    amount,
    instant_from_seconds,
    number_text,
    read_file,
    read_object,
    required_amount,
)
from pipelines.parsing.refusals import Refusal

_DIRECTIONS = ("buy", "sell", "hold")
_FILLED = ("filled", "partially_filled")

# "OTM. Underlying: 3700.65. Loss: -40.0. tag": a number may end in digits, never in the full stop after it.
_SETTLEMENT = re.compile(
    r"(?P<what>Automatic Exercise|Assigned|OTM)\. Underlying: (?P<underlying>-?\d+(?:\.\d+)?)\. "
    r"(?:Profit: \+|Loss: )(?P<result>-?\d+(?:\.\d+)?)(?:\. (?P<tag>.*))?",
    re.DOTALL,
)
_SETTLEMENT_KINDS = {"Automatic Exercise": "exercise", "Assigned": "assignment", "OTM": "expiry"}
_DELIVERY = ("Option Exercise", "Option Assignment")
_DELISTING = "Liquidate from delisting"


class EventJson(msgspec.Struct, rename="camel"):
    """One event as written since 2024-04-02."""

    id: str
    order_id: int
    order_event_id: int
    symbol: str
    time: Raw
    status: str
    direction: str
    fill_price: Raw = ABSENT
    fill_quantity: Raw = ABSENT
    symbol_value: str | None = None
    fill_price_currency: str | None = None
    order_fee_amount: Raw = ABSENT
    order_fee_currency: str | None = None
    message: str | None = None
    is_assignment: bool = False
    quantity: Raw = ABSENT
    stop_price: Raw = ABSENT
    limit_price: Raw = ABSENT
    is_in_the_money: bool = False


@dataclass(frozen=True, slots=True)
class SettlementNote:
    """What the message of an expiring option says: `result` is the trade's profit, cash settlement included, no fees."""

    kind: str
    underlying: Decimal
    result: Decimal
    tag: str | None


@dataclass(frozen=True, slots=True)
class LeanEvent:
    """One event; quantities signed. `fee` None: the engine set none, an explicit zero is 0."""

    event_key: str
    order_id: int
    event_id: int
    occurred_at: dt.datetime
    kind: str
    status: str
    symbol_id: str
    symbol: str
    direction: str
    quantity: Decimal | None
    fill_quantity: Decimal
    fill_quantity_text: str
    fill_price: Decimal
    fill_price_text: str
    fill_price_currency: str | None
    fee: Decimal | None
    fee_text: str | None
    fee_currency: str | None
    limit_price: Decimal | None
    stop_price: Decimal | None
    is_assignment: bool
    is_in_the_money: bool
    message: str | None

    @property
    def is_fill(self) -> bool:
        """Whether the event changed a position."""
        return self.fill_quantity != 0


def parse_events(data: bytes) -> tuple[list[LeanEvent], list[Refusal]]:
    """All events of one file in the order of time, and a refusal for each that cannot be read.

    Raises `Refused` when the file is not a list of JSON values. A file of a run still going is newest first.
    """
    entries = read_file(data, list[Raw])
    hyphenated = _is_hyphenated(entries)
    events: list[LeanEvent] = []
    refusals: list[Refusal] = []
    for number, raw in enumerate(entries):
        place = f"$[{number}]"
        try:
            events.append(_event(read_object(_camel(raw, place) if hyphenated else raw, EventJson, place), place))
        except Unreadable as error:
            refusals.append(error.refusal)
    return in_order(events), refusals


def in_order(events: Iterable[LeanEvent]) -> list[LeanEvent]:
    """Events by time, then by order and number."""
    return sorted(events, key=lambda event: (event.occurred_at, event.order_id, event.event_id))


def read_settlement(message: str | None) -> SettlementNote | None:
    """What an expiry, exercise or assignment says about itself; None for any other message."""
    found = _SETTLEMENT.fullmatch(message) if message else None
    if found is None:
        return None
    return SettlementNote(
        kind=_SETTLEMENT_KINDS[found["what"]],
        underlying=Decimal(found["underlying"]),
        result=Decimal(found["result"]),
        tag=found["tag"],
    )


def _is_hyphenated(entries: list[Raw]) -> bool:
    """Whether the file was written before 2024-04-02: the same members, their names hyphenated."""
    try:
        return bool(entries) and "order-id" in read_object(entries[0], dict[str, Raw])
    except Unreadable:
        return False


def _camel(raw: Raw, place: str) -> bytes:
    members = read_object(raw, dict[str, Raw], place)
    renamed = (
        msgspec.json.encode("".join((head, *(word.title() for word in rest)))) + b":" + bytes(value)
        for (head, *rest), value in ((name.split("-"), value) for name, value in members.items())
    )
    return b"{" + b",".join(renamed) + b"}"


def _event(found: EventJson, place: str) -> LeanEvent:
    seconds, _ = required_amount(found.time, f"{place}.time")
    fill_quantity, fill_quantity_text = required_amount(found.fill_quantity, f"{place}.fillQuantity")
    fill_price, fill_price_text = required_amount(found.fill_price, f"{place}.fillPrice")
    fee_text = number_text(found.order_fee_amount, f"{place}.orderFeeAmount")
    status = EVENT_STATUSES.get(found.status)
    if status is None:
        raise Unreadable("a status that LEAN does not have", f"{place}.status", found.status[:200])
    if found.direction not in _DIRECTIONS:
        raise Unreadable("a direction that LEAN does not have", f"{place}.direction", found.direction[:200])
    if fee_text is not None and not found.order_fee_currency:
        raise Unreadable("a fee without a currency", f"{place}.orderFeeCurrency", fee_text)
    return LeanEvent(
        event_key=found.id,
        order_id=found.order_id,
        event_id=found.order_event_id,
        occurred_at=instant_from_seconds(seconds, f"{place}.time"),
        kind=_kind(found, status, fill_quantity),
        status=status,
        symbol_id=found.symbol,
        symbol=found.symbol_value or found.symbol,
        direction=found.direction,
        quantity=amount(found.quantity, f"{place}.quantity"),
        fill_quantity=fill_quantity,
        fill_quantity_text=fill_quantity_text,
        fill_price=fill_price,
        fill_price_text=fill_price_text,
        fill_price_currency=found.fill_price_currency or None,
        fee=None if fee_text is None else Decimal(fee_text),
        fee_text=fee_text,
        fee_currency=found.order_fee_currency if fee_text is not None else None,
        limit_price=amount(found.limit_price, f"{place}.limitPrice"),
        stop_price=amount(found.stop_price, f"{place}.stopPrice"),
        is_assignment=found.is_assignment,
        is_in_the_money=found.is_in_the_money,
        message=found.message,
    )


def _kind(found: EventJson, status: str, fill_quantity: Decimal) -> str:
    """trade, expiry, exercise, assignment, delivery, delisting; the status where nothing was filled."""
    message = found.message or ""
    if status in _FILLED:
        if (note := read_settlement(message)) is not None:
            return note.kind
        if message.startswith(_DELIVERY):
            return "delivery"
        if message.startswith(_DELISTING):
            return "delisting"
        if found.is_assignment:
            return "assignment"
    return "trade" if fill_quantity else status
