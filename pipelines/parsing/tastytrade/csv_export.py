"""tastytrade's transaction history, the CSV that the web site and the desktop program export.

Holds: recognising the generations of 2018 (16 columns) and today (20 and 21), and how a row becomes a `StatementRow`.
Belongs here: what the cells of a row mean together.
Never here: the words and columns (`tastytrade_layout`), rules over the whole file (`tastytrade_rules`), matching.

The generation is told by the exact header; other files are refused by name. A row is refused
alone, with line and field, when it has another number of fields, a word nobody has seen, or a number that is none.
"""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import Any, Literal, cast

from pipelines.parsing.refusals import Refusal, Refused
from pipelines.parsing.statements.csv_columns import CellError, Record, decode, number, read_record, records
from pipelines.parsing.statements.rows import POSITION_EVENTS, RowClass, StatementFile, StatementRow
from pipelines.parsing.tastytrade import intermediate as tastytrade_intermediate
from pipelines.parsing.tastytrade import rules as tastytrade_rules
from pipelines.parsing.tastytrade.layout import ACTIONS, COLUMNS, FEE_REPAIRS, FORMATS, INTERMEDIATE_16, SUB_TYPES
from tomking.kernel.instruments import Instrument, from_tastytrade
from tomking.kernel.sessions import CalendarRange, expiry_session, new_york_date, session_of

PARSER_VERSION = "tastytrade_csv/2"
BROKER = "tastytrade"

_PRICE = re.compile(r"@\s*(?P<price>-?[0-9][0-9,]*(?:\.[0-9]+)?)\s*$")
_HALF_CENT = Decimal("0.005")


def header_of(data: bytes) -> tuple[str, ...]:
    """The cells of the first line that is not blank; empty when the bytes are no text.

    Other parsers may ask for it too: a header is the cheapest way to tell what a file is.
    """
    try:
        first = next(records(decode(data)), None)
    except Refused:
        return ()
    return first.cells if first is not None else ()


def recognise(data: bytes) -> str | None:
    """The name of the generation ("tastytrade_csv_21"); None: not one of these."""
    return FORMATS.get(header_of(data))


def parse(data: bytes) -> StatementFile:
    """Reads a statement.

    Raises:
        Refused: the bytes are no text, the header is not one of these generations', the file breaks the broker's own
            rules throughout (`tastytrade_rules`), or not one of its rows can be read.
    """
    found = list(records(decode(data)))
    header = found[0].cells if found else ()
    if header not in FORMATS:
        raise Refused(Refusal(f"unknown header: {_shown(header)}", line=found[0].line if found else None))
    body = found[1:]
    breaches = tastytrade_rules.judge([record for record in body if record.cells != header], header)
    rows: list[StatementRow] = []
    refusals: list[Refusal] = []
    starts = [0]
    for record in body:
        if record.cells == header:
            # Exports pasted one under the other with their headers: each is a statement of its own.
            starts.append(len(rows))
            continue
        row = breaches.get(record.line) or _row(record, header)
        if isinstance(row, Refusal):
            refusals.append(row)
        else:
            rows.append(row)
    if refusals and not rows:
        first = refusals[0]
        raise Refused(Refusal(f"no row could be read; the first: {first.reason}", first.line, first.field, first.value))
    stops = [*starts[1:], len(rows)]
    return StatementFile(FORMATS[header], tuple(rows), tuple(refusals), tuple(zip(starts, stops, strict=True)))


def _shown(header: tuple[str, ...]) -> str:
    return ",".join(header)[:200] if header else "(no comma separated first line)"


def _row(record: Record, header: tuple[str, ...]) -> StatementRow | Refusal:
    cells = read_record(record, header, COLUMNS)
    if isinstance(cells, Refusal):
        return cells
    raw = dict(zip(header, record.cells, strict=True))
    if header == INTERMEDIATE_16:
        cells = tastytrade_intermediate.complete(cells)
    try:
        return _typed(record.line, cells, raw)
    except _Field as error:
        return Refusal(error.reason, line=record.line, field=error.field, value=raw.get(error.field))


class _Field(ValueError):
    """A cell that is well formed but contradicts its row."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field, self.reason = field, reason


def _typed(line: int, cells: dict[str, Any], raw: dict[str, str]) -> StatementRow:
    row_class = _row_class(cells)
    side, effect = _side(cells, row_class)
    instrument = _instrument(cells, row_class)
    multiplier = _multiplier(cells, instrument)
    price, price_text, price_exact = _price(cells, row_class, multiplier)
    return StatementRow(
        line=line,
        occurred_at=cells["Date"],
        occurred_text=raw["Date"],
        session_date=_session_date(cells["Date"], row_class),
        row_class=row_class,
        row_type=cells["Type"],
        sub_type=cells["Sub Type"],
        action=cells["Action"],
        side=side,
        effect=effect,
        symbol=cells["Symbol"],
        instrument_key=instrument.key if instrument else None,
        instrument_type=cells["Instrument Type"],
        underlying=cells["Underlying Symbol"],
        description=cells["Description"],
        quantity=cells["Quantity"],
        price=price,
        price_text=price_text,
        price_exact=price_exact,
        multiplier=multiplier,
        value=cells["Value"],
        commission=cells["Commissions"],
        fees=cells["Fees"],
        total=cells.get("Total"),
        currency=cells["Currency"],
        order_number=cells["Order #"],
        raw=raw,
    )


def _row_class(cells: dict[str, Any]) -> RowClass:
    if cells["Sub Type"] == tastytrade_intermediate.UNNAMED:
        return "money"
    row_class = SUB_TYPES[cells["Type"]].get(cells["Sub Type"])
    if row_class is None:
        field = "Sub Type" if cells["Sub Type"] is not None else "Description"
        raise _Field(field, f"unknown for a row of type {cells['Type']}")
    if row_class == "adjustment" and (cells["Description"] or "").lower().startswith(FEE_REPAIRS):
        return "account_adjustment"
    return row_class


def _side(
    cells: dict[str, Any], row_class: RowClass
) -> tuple[Literal["buy", "sell"] | None, Literal["open", "close"] | None]:
    """Side and effect. A sided sub type must agree with the action: one of them was edited otherwise."""
    action, sub_type = cells["Action"], cells["Sub Type"]
    if action is None:
        if row_class in ("trade", "delivery"):
            raise _Field("Action", "a trade without an action has no side")
        return None, None
    side, effect = ACTIONS[action]
    if row_class in ("trade", "delivery"):
        if not cells["Quantity"]:
            raise _Field("Quantity", "a trade of nothing")
        if not cells["Symbol"] or not cells["Instrument Type"]:
            raise _Field("Symbol" if not cells["Symbol"] else "Instrument Type", "a trade without an instrument")
        words = sub_type.lower().split()
        said = words[-1] if len(words) > 1 else None
        # Futures may carry a sub type with open or close beside a bare BUY or SELL, never the reverse.
        if words[0] != side or (effect is not None and effect != said):
            raise _Field("Action", f"contradicts the sub type {sub_type}")
        effect = effect or cast('Literal["open", "close"] | None', said)
    return side, effect


def _instrument(cells: dict[str, Any], row_class: RowClass) -> Instrument | None:
    symbol, instrument_type = cells["Symbol"], cells["Instrument Type"]
    if symbol is None or instrument_type is None:
        return None
    try:
        return from_tastytrade(
            symbol,
            instrument_type,
            underlying=cells["Underlying Symbol"],
            multiplier_text=None if cells["Multiplier"] is None else str(cells["Multiplier"]),
            traded_on=new_york_date(cells["Date"]),
        )
    except ValueError as error:
        if row_class == "money":
            return None
        raise _Field("Symbol", f"not an instrument: {error}") from error


def _multiplier(cells: dict[str, Any], instrument: Instrument | None) -> Decimal | None:
    """The contract's size. Printed for options on shares; for options on futures the export prints 1, which is not it."""
    if instrument is not None and instrument.multiplier is not None:
        return instrument.multiplier
    printed: Decimal | None = cells["Multiplier"]
    return None if cells["Instrument Type"] in ("Future", "Future Option") else printed


def _price(
    cells: dict[str, Any], row_class: RowClass, multiplier: Decimal | None
) -> tuple[Decimal | None, str | None, bool | None]:
    """Price per unit, its text, and whether it reproduces the value.

    The description is the only place with the price itself, but it shows two decimals even where shares traded in
    parts of a cent. Where it does not give the printed value, shares are priced by value over quantity.
    """
    match = _PRICE.search(cells["Description"] or "") if row_class in ("trade", "delivery") else None
    if match is None:
        return None, None, None
    try:
        price = number(match["price"])
    except CellError:
        return None, None, None
    kind, quantity, value = cells["Instrument Type"], cells["Quantity"], abs(cells["Value"])
    if multiplier is None or kind == "Future":
        # The value of a future is the day's settlement, not its price.
        return price, match["price"], None
    if abs(quantity * price * multiplier - value) <= _HALF_CENT:
        return price, match["price"], True
    if kind != "Equity":
        return price, match["price"], False
    paid = (value / quantity).quantize(Decimal("0.000001"))
    return paid, match["price"], abs(quantity * paid - value) <= _HALF_CENT


def _session_date(occurred_at: dt.datetime, row_class: RowClass) -> dt.date:
    """The session a row belongs to, in New York.

    Executions: their session. Expirations, assignments and what follows from them: the session that ended. Money and
    adjustments keep their calendar day, Saturdays too: they belong to the account and not to a session.
    """
    try:
        if row_class == "trade":
            return session_of(occurred_at)
        if row_class in POSITION_EVENTS:
            return expiry_session(occurred_at)
    except CalendarRange as error:
        raise _Field("Date", str(error)) from error
    return new_york_date(occurred_at)
