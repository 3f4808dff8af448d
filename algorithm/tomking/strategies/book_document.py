"""The book as a document: what carries our trades over a restart.

Holds: its canonical writer and its strict reader.
Belongs here: the fields of the stored form, and refusing what is damaged.
Never here: where the document lies, or what trades mean.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from tomking.kernel.documents import DocumentRefused, day_from_text, decode_object, encode_object, sha256_of
from tomking.kernel.limits.guards import guard_fields, parse_guards
from tomking.strategies.book import Book, Leg, Stance, Trade, Working

SCHEMA = 1


class BookRefused(ValueError):
    """A stored book cannot be read back; the message names the field."""


def dump_book(book: Book) -> bytes:
    """The canonical document of a book; the same book always gives the same bytes.

    `sha256` is that of the document without it, so that a damaged one is told from a whole one.
    """
    fields: dict[str, object] = {
        "schema": SCHEMA,
        "counter": book.counter,
        "considered": {name: day.isoformat() for name, day in book.considered.items()},
        "trades": [_trade_fields(trade) for trade in book.trades.values()],
        "guards": guard_fields(book.guards),
    }
    return encode_object({**fields, "sha256": sha256_of(encode_object(fields))})


def _trade_fields(trade: Trade) -> dict[str, object]:
    working = trade.working
    return {
        "id": trade.id,
        "strategy": trade.strategy,
        "product": trade.product,
        "state": trade.state,
        "legs": [_leg_fields(leg) for leg in trade.legs],
        "expiry": trade.expiry.isoformat(),
        "planned_on": trade.planned_on.isoformat(),
        "opened_at": trade.opened_at.isoformat() if trade.opened_at is not None else None,
        "credit": str(trade.credit) if trade.credit is not None else None,
        "proceeds": str(trade.proceeds) if trade.proceeds is not None else None,
        "attempts": trade.attempts,
        "stance": trade.stance,
        "part": trade.part,
        "parent": trade.parent,
        "planned_loss": None if trade.planned_loss is None else str(trade.planned_loss),
        "entry_price": None if trade.entry_price is None else str(trade.entry_price),
        "working": None
        if working is None
        else {
            "action": working.action,
            "sent_at": working.sent_at.isoformat(),
            "limit": str(working.limit),
            "attempt": working.attempt,
            "order_ids": list(working.order_ids),
        },
    }


def _leg_fields(leg: Leg) -> dict[str, object]:
    return {
        "key": leg.key,
        "quantity": leg.quantity,
        "role": leg.role,
        "opened": None if leg.opened is None else str(leg.opened),
        "closed": None if leg.closed is None else str(leg.closed),
    }


def parse_book(document: bytes) -> Book:
    """The book in `document`. Raises BookRefused where it is damaged or of another schema."""
    try:
        fields = decode_object(document)
        if fields.get("schema") != SCHEMA:
            raise BookRefused(f"schema {fields.get('schema')!r} is not {SCHEMA}")
        _check_hash(fields)
        considered = {name: day_from_text(day, name) for name, day in _object(fields["considered"]).items()}
        trades = [_trade(_object(item)) for item in _items(fields["trades"])]
        book = Book({trade.id: trade for trade in trades}, considered, _whole(fields["counter"]))
        if "guards" in fields:
            book.guards = parse_guards(_object(fields["guards"]))
        return book
    except BookRefused:
        raise
    except (DocumentRefused, KeyError, TypeError, ValueError, ArithmeticError) as error:
        raise BookRefused(f"{type(error).__name__}: {error}") from error


def _check_hash(fields: Mapping[str, object]) -> None:
    """Books of the first releases have no hash, and one that was mended by hand should have none."""
    announced = fields.get("sha256")
    found = sha256_of(encode_object({name: value for name, value in fields.items() if name != "sha256"}))
    if announced is not None and announced != found:
        raise BookRefused("sha256: the content is not what was written; without the field it would be taken as it is")


def _trade(fields: Mapping[str, object]) -> Trade:
    state = _text(fields["state"])
    if state not in ("planned", "open"):
        raise BookRefused(f"a stored trade cannot be {state!r}")
    opened_at, credit, working = fields["opened_at"], fields["credit"], fields["working"]
    proceeds = fields["proceeds"]
    return Trade(
        id=_text(fields["id"]),
        strategy=_text(fields["strategy"]),
        product=_text(fields["product"]),
        state="planned" if state == "planned" else "open",
        legs=tuple(_leg(_object(leg)) for leg in _items(fields["legs"])),
        expiry=day_from_text(fields["expiry"], "expiry"),
        planned_on=day_from_text(fields["planned_on"], "planned_on"),
        opened_at=None if opened_at is None else _instant(opened_at),
        credit=_amount(credit),
        proceeds=_amount(proceeds),
        attempts=_whole(fields["attempts"]),
        working=None if working is None else _working(_object(working)),
        # Books of the first releases do not name what follows.
        stance=_stance(_text(fields.get("stance", "short"))),
        part=_text(fields.get("part", "")),
        parent=None if fields.get("parent") is None else _text(fields["parent"]),
        planned_loss=_amount(fields.get("planned_loss")),
        entry_price=_amount(fields.get("entry_price")),
    )


def _leg(fields: Mapping[str, object]) -> Leg:
    return Leg(
        key=_text(fields["key"]),
        quantity=_whole(fields["quantity"]),
        role=_text(fields.get("role", "")),
        opened=_amount(fields.get("opened")),
        closed=_amount(fields.get("closed")),
    )


def _amount(value: object) -> Decimal | None:
    return None if value is None else Decimal(_text(value))


def _stance(text: str) -> Stance:
    for known in ("short", "long", "covered", "hedge"):
        if text == known:
            return known
    raise BookRefused(f"a trade cannot be {text!r} to the limits")


def _working(fields: Mapping[str, object]) -> Working:
    return Working(
        action=_text(fields["action"]),
        sent_at=_instant(fields["sent_at"]),
        limit=Decimal(_text(fields["limit"])),
        attempt=_whole(fields["attempt"]),
        order_ids=tuple(_whole(item) for item in _items(fields["order_ids"])),
    )


def _object(value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise BookRefused(f"an object expected, not {type(value).__name__}")
    return value


def _items(value: object) -> list[object]:
    if not isinstance(value, list):
        raise BookRefused(f"a list expected, not {type(value).__name__}")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise BookRefused(f"text expected, not {type(value).__name__}")
    return value


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise BookRefused(f"a whole number expected, not {type(value).__name__}")
    return value


def _instant(value: object) -> datetime:
    moment = datetime.fromisoformat(_text(value))
    if moment.tzinfo is None:
        raise BookRefused(f"a time without a zone: {value}")
    return moment
