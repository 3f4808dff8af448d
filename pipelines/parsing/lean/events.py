"""Order events: LEAN's only exact account of fills, fees, expiries and assignments.

Holds: the shape of an entry of `<id>-order-events.json`, the columns made from many, the grammar of their messages.
Belongs here: a field or a message of an event.
Never here: the session an event belongs to (that needs the calendar) or money made from several events.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

import msgspec
import polars as pl
from msgspec import Raw

from pipelines.parsing.lean.columns import INSTANT, Rows, flags, is_zero, read_entries, texts
from pipelines.parsing.lean.enums import EVENT_STATUSES
from pipelines.parsing.lean.exact_json import ABSENT, Unreadable
from pipelines.parsing.lean.stream import split
from pipelines.parsing.refusals import Refusal, Refused

_DIRECTIONS = {name: name for name in ("buy", "sell", "hold")}
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


class EventJson(msgspec.Struct, rename="camel", gc=False):
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


SCHEMA = pl.Schema(
    {
        "event_key": pl.String(),
        "order_id": pl.Int64(),
        "event_id": pl.Int64(),
        "occurred_at": INSTANT,
        "kind": pl.String(),
        "status": pl.String(),
        "symbol_id": pl.String(),
        "symbol": pl.String(),
        "direction": pl.String(),
        "quantity": pl.String(),
        "fill_quantity": pl.String(),
        "fill_price": pl.String(),
        "fill_price_currency": pl.String(),
        "fee": pl.String(),
        "fee_currency": pl.String(),
        "limit_price": pl.String(),
        "stop_price": pl.String(),
        "is_assignment": pl.Boolean(),
        "is_in_the_money": pl.Boolean(),
        "message": pl.String(),
        "is_fill": pl.Boolean(),
        "is_filled": pl.Boolean(),
    }
)
"""One row per event. Numbers are the texts that stand in the file, quantities signed. `fee` null: the engine set none,
an explicit zero is one. `is_fill`: the event changed a position, `is_filled`: it filled its order. `kind`: trade, expiry, exercise, assignment, delivery,
delisting; the status where nothing was filled."""
KEYS = ("order_id", "event_id", "occurred_at", "is_filled", "is_fill")
SYMBOLS = ("symbol_id", "symbol")
"""The columns that questions about all events need, and those that describe what is traded."""


def parse_events(blocks: Iterable[bytes]) -> Iterator[tuple[pl.DataFrame, list[Refusal]]]:
    """The events of one file in batches, in the order of the file, and a refusal for each that cannot be read.

    Raises `Refused` when the file is not a list of JSON values, at the latest after its last batch.
    """
    first = 0
    try:
        for part in split(blocks, [()]):
            if not part.is_batch or part.data[:1] != b"[":
                raise Unreadable("does not have the shape of LEAN's format: a list of events", field="$")
            found, count, refusals = _batch(part.data, first)
            first += count
            yield found, refusals
    except Unreadable as error:
        raise Refused(error.refusal) from error


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


def _batch(data: bytes, first: int) -> tuple[pl.DataFrame, int, list[Refusal]]:
    """The events of a batch whose first is the `first` of its file, and how many entries it has."""
    _, entries, positions, refusals = read_entries(
        data, EventJson, is_map=False, place=lambda number: f"$[{first + int(number)}]"
    )
    rows = Rows(len(entries), lambda row: f"$[{first + positions[row]}]")
    found = rows.frame(SCHEMA, _columns(rows, entries))
    return found, len(entries) + len(refusals), [*refusals, *rows.refusals]


def _columns(rows: Rows, events: Sequence[EventJson]) -> dict[str, pl.Series]:
    status = rows.words(
        "status", [event.status for event in events], EVENT_STATUSES, "a status that LEAN does not have"
    )
    fill_quantity = rows.numbers("fillQuantity", [event.fill_quantity for event in events], required=True)
    is_fill = ~is_zero(fill_quantity)
    fee = rows.numbers("orderFeeAmount", [event.order_fee_amount for event in events])
    currency = texts([event.order_fee_currency or None for event in events])
    rows.refuse_where(fee.is_not_null() & currency.is_null(), "a fee without a currency", "orderFeeCurrency")
    seconds = rows.numbers("time", [event.time for event in events], required=True)
    return {
        "event_key": texts([event.id for event in events]),
        "order_id": rows.integers("orderId", [event.order_id for event in events]),
        "event_id": rows.integers("orderEventId", [event.order_event_id for event in events]),
        "occurred_at": rows.seconds("time", seconds),
        "kind": texts(list(map(_kind, events, status, is_fill))),
        "status": status,
        "symbol_id": texts([event.symbol for event in events]),
        "symbol": texts([event.symbol_value or event.symbol for event in events]),
        "direction": rows.words(
            "direction", [event.direction for event in events], _DIRECTIONS, "a direction that LEAN does not have"
        ),
        "quantity": rows.numbers("quantity", [event.quantity for event in events]),
        "fill_quantity": fill_quantity,
        "fill_price": rows.numbers("fillPrice", [event.fill_price for event in events], required=True),
        "fill_price_currency": texts([event.fill_price_currency or None for event in events]),
        "fee": fee,
        "fee_currency": currency.set(fee.is_null(), None),
        "limit_price": rows.numbers("limitPrice", [event.limit_price for event in events]),
        "stop_price": rows.numbers("stopPrice", [event.stop_price for event in events]),
        "is_assignment": flags([event.is_assignment for event in events]),
        "is_in_the_money": flags([event.is_in_the_money for event in events]),
        "message": texts([event.message for event in events]),
        "is_fill": is_fill,
        "is_filled": status == "filled",
    }


def _kind(found: EventJson, status: str | None, is_fill: bool | None) -> str | None:
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
    return "trade" if is_fill else status
