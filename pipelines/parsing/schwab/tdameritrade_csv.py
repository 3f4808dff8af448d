"""TD Ameritrade's transaction history, the CSV of its web site (accounts moved to Schwab by May 2024).

Holds: recognising it (with and without balances), and how a row becomes a `StatementRow`.
Belongs here: what the cells of a row mean together.
Never here: thinkorswim's account statement, the API.

Rows print the day only; charges are positive, the amount is net and signed, the quantity has no sign: the side stands in
the description alone. The file closes with a mark, so that a truncated download shows.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from typing import Any, Final, Literal

from pipelines.parsing.refusals import Refusal, Refused
from pipelines.parsing.schwab.net_amounts import judge, price_exact, with_deliveries
from pipelines.parsing.schwab.rows import FieldError, midnight
from pipelines.parsing.statements.csv_columns import (
    CellError,
    Column,
    Number,
    Record,
    ShortDate,
    Text,
    decode,
    plain,
    read_record,
    records,
)
from pipelines.parsing.statements.rows import Charge, RowClass, StatementFile, StatementRow
from tomking.kernel.instruments import Instrument, SymbolError, from_tdameritrade

PARSER_VERSION = "tdameritrade_csv/1"
BROKER = "tdameritrade"

_END: Final = "***END OF FILE***"
_NEEDED: Final = frozenset(
    {"DATE", "TRANSACTION ID", "DESCRIPTION", "QUANTITY", "SYMBOL", "PRICE", "COMMISSION", "AMOUNT"}
)
_BALANCE: Final = "NET CASH BALANCE"
_CHARGES: Final = {
    "COMMISSION": "commission",
    "REG FEE": "regulatory",
    "SALES FEE": "regulatory",
    "SHORT-TERM RDM FEE": "other",
    "FUND REDEMPTION FEE": "other",
    "DEFERRED SALES CHARGE": "other",
}
"""Column → component of the fee schedules; one column holds what all regulators take."""
_KNOWN: Final = _NEEDED | {_BALANCE} | set(_CHARGES)

_BLANK = Number(absent=frozenset({""}))
_COLUMNS: Final[dict[str, Column]] = {
    "DATE": ShortDate(),
    "TRANSACTION ID": Text(),
    "DESCRIPTION": Text(required=True),
    "QUANTITY": _BLANK,
    "SYMBOL": Text(),
    "PRICE": _BLANK,
    "AMOUNT": _BLANK,
    _BALANCE: _BLANK,
    **dict.fromkeys(_CHARGES, _BLANK),
}
_TRADE = re.compile(r"(?P<side>Bought|Sold)(?: (?P<how>Short|to Open|to Close|to Cover))? [0-9,.]+ ", re.IGNORECASE)
_EFFECTS: Final[dict[str, Literal["open", "close"]]] = {
    "short": "open",
    "to open": "open",
    "to close": "close",
    "to cover": "close",
}
_WORDING: Final[tuple[tuple[str, RowClass], ...]] = (
    ("DUE TO EXPIRATION", "expiration"),
    ("DUE TO ASSIGNMENT", "assignment"),
    ("OPTION ASSIGNMENT", "assignment"),
    ("DUE TO EXERCISE", "exercise"),
    ("OPTION EXERCISE", "exercise"),
    ("SPLIT", "corporate_action"),
    ("MANDATORY", "corporate_action"),
    ("MERGER", "corporate_action"),
    ("CASH IN LIEU", "corporate_action"),
    ("TRANSFER", "transfer"),
    ("FUNDING", "transfer"),
    ("WIRE", "transfer"),
    ("MONEY MARKET", "transfer"),
    ("CASH ALTERNATIVES", "transfer"),
)
_OPTION = re.compile(
    r"(?P<root>[A-Z0-9./]{1,8}) (?P<month>[A-Z][a-z]{2}) (?P<day>[0-9]{1,2}) (?P<year>20[0-9]{2})"
    r"(?: \([A-Za-z]+\))? (?P<strike>[0-9]+(?:\.[0-9]+)?) (?P<right>Call|Put)"
)
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def recognise(data: bytes) -> str | None:
    """The name of the layout; None: not TD Ameritrade's CSV."""
    try:
        first = next(records(decode(data)), None)
    except Refused:
        return None
    header = _header(first)
    if header is None:
        return None
    return "tdameritrade_csv_balances" if _BALANCE in header else "tdameritrade_csv"


def parse(data: bytes) -> StatementFile:
    """Reads a statement.

    Raises:
        Refused: the bytes are no text, another header, amounts or balances that do not follow from their rows
            throughout, or not one row can be read.
    """
    found = list(records(decode(data)))
    header = _header(found[0] if found else None)
    if header is None:
        raise Refused(Refusal("not the header of TD Ameritrade's transactions", line=1))
    rows: list[StatementRow] = []
    refusals: list[Refusal] = []
    ended = False
    for record in found[1:]:
        if record.cells[:1] == (_END,):
            ended = True
            continue
        row = Refusal("a row after the end of the file", line=record.line) if ended else _row(record, header)
        if isinstance(row, Refusal):
            refusals.append(row)
        else:
            rows.append(row)
    if refusals and not rows:
        first = refusals[0]
        raise Refused(Refusal(f"no row could be read; the first: {first.reason}", first.line, first.field, first.value))
    judge(rows, "AMOUNT")
    if not refusals:
        _check_balances(rows)
    if not ended:
        refusals.append(Refusal(f"the file does not close with {_END}: rows may be missing"))
    return StatementFile(
        recognise(data) or "tdameritrade_csv", tuple(with_deliveries(rows)), tuple(refusals), ((0, len(rows)),)
    )


def _header(record: Record | None) -> tuple[str, ...] | None:
    """The names of the columns; one of them is printed with a blank before it."""
    if record is None:
        return None
    cells = tuple(cell.strip() for cell in record.cells)
    names = set(cells)
    return cells if len(names) == len(cells) and names <= _KNOWN and names >= _NEEDED else None


def _row(record: Record, header: tuple[str, ...]) -> StatementRow | Refusal:
    cells = read_record(record, header, _COLUMNS)
    if isinstance(cells, Refusal):
        return cells
    raw = dict(zip(header, record.cells, strict=True))
    try:
        return _typed(record.line, cells, raw)
    except FieldError as error:
        return Refusal(error.reason, line=record.line, field=error.field, value=raw.get(error.field))


def _typed(line: int, cells: dict[str, Any], raw: dict[str, str]) -> StatementRow:
    day: dt.date | None = cells["DATE"]
    if day is None:
        raise FieldError("DATE", "a row without a day")
    description: str = cells["DESCRIPTION"]
    trade = _TRADE.match(description)
    row_class = _class(description, traded=trade is not None)
    symbol = cells["SYMBOL"].strip() if cells["SYMBOL"] else None
    if row_class == "trade" and not (symbol and cells["QUANTITY"] and cells["PRICE"] is not None):
        raise FieldError("SYMBOL" if not symbol else "QUANTITY", "a trade needs an instrument, a quantity and a price")
    instrument = _instrument(symbol, needed=row_class == "trade")
    charges = tuple(
        Charge(component=component, name=name, amount=-cells[name], text=raw[name])
        for name, component in _CHARGES.items()
        if cells.get(name)
    )
    net: Decimal = cells["AMOUNT"] or Decimal(0)
    fees = [charge.amount for charge in charges if charge.component != "commission"]
    printed = any(name in raw and raw[name].strip() for name in _CHARGES)
    row = StatementRow(
        line=line,
        occurred_at=midnight(day),
        occurred_text=raw["DATE"],
        session_date=day,
        row_class=row_class,
        row_type="Trade" if row_class == "trade" else "Other",
        sub_type=trade[0].rsplit(" ", 2)[0] if trade else "",
        action=None,
        side=None if trade is None else ("buy" if trade["side"].lower() == "bought" else "sell"),
        effect=_EFFECTS.get((trade["how"] or "").lower()) if trade else None,
        symbol=symbol,
        instrument_key=instrument.key if instrument else None,
        instrument_type=None if instrument is None else ("Option" if instrument.is_option else "Equity"),
        underlying=instrument.underlying if instrument and instrument.is_option else None,
        description=description,
        quantity=None if cells["QUANTITY"] is None else abs(cells["QUANTITY"]),
        price=cells["PRICE"] if row_class == "trade" else None,
        price_text=plain(cells["PRICE"]) if row_class == "trade" else None,
        price_exact=None,
        multiplier=instrument.multiplier if instrument else None,
        value=net - sum((charge.amount for charge in charges), Decimal(0)),
        commission=-cells["COMMISSION"] if cells["COMMISSION"] is not None else None,
        fees=sum(fees, Decimal(0)) if printed else None,
        total=cells["AMOUNT"],
        currency="USD",
        order_number=None,
        raw=raw,
        execution_id=cells["TRANSACTION ID"].strip() if cells["TRANSACTION ID"] else None,
        has_time=False,
        charges=charges,
    )
    return replace(row, price_exact=price_exact(row)) if row_class == "trade" else row


def _class(description: str, *, traded: bool) -> RowClass:
    """By wording: the export has no column for it."""
    text = description.upper()
    found = next((row_class for words, row_class in _WORDING if words in text), None)
    if traded:
        return "trade"
    return found or "money"


def _instrument(symbol: str | None, *, needed: bool) -> Instrument | None:
    if symbol is None:
        return None
    match = _OPTION.fullmatch(symbol)
    text = symbol
    if match is not None and match["month"] in _MONTHS:
        month, strike = _MONTHS.index(match["month"]) + 1, plain(Decimal(match["strike"]))
        text = f"{match['root']}_{month:02}{int(match['day']):02}{match['year'][2:]}{match['right'][0]}{strike}"
    try:
        return from_tdameritrade(text)
    except SymbolError as error:
        if not needed:
            return None
        raise FieldError("SYMBOL", f"not an instrument: {error}") from error


def _check_balances(rows: Sequence[StatementRow]) -> None:
    """Every balance is the one before it and the amount, where balances are printed; either way round.

    Raises:
        Refused: at least half of them are not.
    """
    seen: list[tuple[StatementRow, Decimal]] = []
    for row in rows:
        try:
            balance = _BLANK.read(row.raw.get(_BALANCE, ""))
        except CellError:
            return
        if balance is not None:
            seen.append((row, balance))
    pairs = list(pairwise(seen))
    down = [later[0] for earlier, later in pairs if later[1] - earlier[1] != (later[0].total or 0)]
    up = [earlier[0] for earlier, later in pairs if earlier[1] - later[1] != (earlier[0].total or 0)]
    wrong = min(down, up, key=len)
    if wrong and 2 * len(wrong) >= len(pairs):
        first = wrong[0]
        reason = f"does not follow from the amounts ({len(wrong)} of {len(pairs)} rows): rows are missing or edited"
        raise Refused(Refusal(reason, first.line, _BALANCE, first.raw.get(_BALANCE)))
