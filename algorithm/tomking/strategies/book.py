"""The book: which strategy trades exist, of which legs, for which credit, and what is being done about them.

Holds: trades, their legs and working orders, and the document that carries them over a restart.
Belongs here: facts about our own trades.
Never here: market data, LEAN tickets, or the decision what comes next.

Quantities are signed contracts. Money is USD per share, summed over all contracts of a trade (two puts sold at 1.10 are
a credit of 2.20): times the multiplier it is cash.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from tomking.kernel.documents import DocumentRefused, day_from_text, decode_object, encode_object

SCHEMA = 1
State = Literal["planned", "open", "closed"]
Stance = Literal["short", "long", "covered", "hedge"]
"""What a trade is to the limits: `short` premium; `long` premium that carries the market's risk; `covered` by another
trade of ours; `hedge`, long premium that lowers risk."""


class BookRefused(ValueError):
    """A stored book cannot be read back; the message names the field."""


@dataclass(frozen=True, slots=True)
class Leg:
    """One contract of a trade; `quantity` is what is still held of it, or meant to be held once it is open.

    `role` tells legs apart that are managed apart (`naked`, `hedge`). `opened` is the cash that the opening brought for
    this leg, `closed` what its closing brought so far (received is positive); None where the fill was not seen.
    """

    key: str
    quantity: int
    role: str = ""
    opened: Decimal | None = None
    closed: Decimal | None = Decimal(0)


@dataclass(frozen=True, slots=True)
class Working:
    """An order of a trade that rests at the broker. `limit` is the net price of one unit, as it was sent."""

    action: str
    sent_at: datetime
    limit: Decimal
    attempt: int
    order_ids: tuple[int, ...]
    cancel_asked: bool = False


@dataclass(frozen=True, slots=True)
class Trade:
    """A strategy trade.

    `credit` is None until the opening is filled (and stays None where the fill was not seen). `attempts` counts the
    orders sent since the last fill. `proceeds` is the cash of closing fills so far, None once a leg went another way.
    `expiry` is the one that the trade's date rule counts to, where its legs have several. `part` names the half of a
    strategy that trades in parts (`leap`, `weekly`), `parent` the trade that this one belongs to.
    """

    id: str
    strategy: str
    product: str
    state: State
    legs: tuple[Leg, ...]
    expiry: date
    planned_on: date
    opened_at: datetime | None = None
    credit: Decimal | None = None
    proceeds: Decimal | None = Decimal(0)
    attempts: int = 0
    working: Working | None = None
    ended_by: str | None = None
    stance: Stance = "short"
    part: str = ""
    parent: str | None = None

    @property
    def pairs(self) -> tuple[tuple[str, int], ...]:
        """The legs that are not gone, as (key, signed quantity)."""
        return tuple((leg.key, leg.quantity) for leg in self.legs if leg.quantity)

    @property
    def closing_pairs(self) -> tuple[tuple[str, int], ...]:
        """What has to be traded to end the trade."""
        return tuple((key, -quantity) for key, quantity in self.pairs)

    def legs_of(self, role: str) -> tuple[Leg, ...]:
        """The legs of one role that are not gone."""
        return tuple(leg for leg in self.legs if leg.role == role and leg.quantity)

    def days_left(self, day: date) -> int:
        """Calendar days to expiry."""
        return (self.expiry - day).days


@dataclass(slots=True)
class Book:
    """Every live trade by id. `considered` holds the last day on which an entry was looked for, by `entry_key`."""

    trades: dict[str, Trade] = field(default_factory=dict)
    considered: dict[str, date] = field(default_factory=dict)
    counter: int = 0

    def live(self, strategy: str | None = None, product: str | None = None) -> tuple[Trade, ...]:
        """Trades that are planned or open, oldest first."""
        return tuple(
            trade
            for trade in self.trades.values()
            if trade.state != "closed" and strategy in (None, trade.strategy) and product in (None, trade.product)
        )

    def consider(self, strategy: str, product: str, day: date, part: str = "") -> None:
        """Note that an entry was looked for."""
        self.considered[entry_key(strategy, product, part)] = day

    def was_considered(self, strategy: str, product: str, day: date, part: str = "") -> bool:
        """Whether an entry was looked for on this day already."""
        return self.considered.get(entry_key(strategy, product, part)) == day

    def next_id(self, strategy: str, day: date) -> str:
        """A fresh trade id; ids never repeat, not even over a restart."""
        self.counter += 1
        return f"{strategy}-{day:%Y%m%d}-{self.counter}"

    def put(self, trade: Trade) -> None:
        """Store a trade, new or changed; a closed one leaves the book."""
        if trade.state == "closed":
            self.trades.pop(trade.id, None)
        else:
            self.trades[trade.id] = trade

    def change(self, trade_id: str, **changes: object) -> Trade:
        """Replace fields of a trade and store it; KeyError for an unknown id."""
        trade = replace(self.trades[trade_id], **changes)  # type: ignore[arg-type]
        self.put(trade)
        return trade

    def expected(self) -> dict[str, int]:
        """What the portfolio should hold of each contract, by the open trades."""
        held: dict[str, int] = {}
        for trade in self.trades.values():
            if trade.state == "open":
                for key, quantity in trade.pairs:
                    held[key] = held.get(key, 0) + quantity
        return held

    def trade_of_order(self, order_id: int) -> Trade | None:
        """The trade that a resting order belongs to."""
        for trade in self.trades.values():
            if trade.working is not None and order_id in trade.working.order_ids:
                return trade
        return None


def entry_key(strategy: str, product: str, part: str = "") -> str:
    """The name under which the search for an entry is remembered."""
    return ":".join(filter(None, (strategy, product, part)))


def dump_book(book: Book) -> bytes:
    """The canonical document of a book; the same book always gives the same bytes."""
    return encode_object(
        {
            "schema": SCHEMA,
            "counter": book.counter,
            "considered": {name: day.isoformat() for name, day in book.considered.items()},
            "trades": [_trade_fields(trade) for trade in book.trades.values()],
        }
    )


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
        considered = {name: day_from_text(day, name) for name, day in _object(fields["considered"]).items()}
        trades = [_trade(_object(item)) for item in _items(fields["trades"])]
        return Book({trade.id: trade for trade in trades}, considered, _whole(fields["counter"]))
    except BookRefused:
        raise
    except (DocumentRefused, KeyError, TypeError, ValueError, ArithmeticError) as error:
        raise BookRefused(f"{type(error).__name__}: {error}") from error


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
