"""Interactive Brokers' Transaction History as CSV.

Holds: its columns and transaction types in terms of a `StatementRow`.
Belongs here: what this export writes differently from the broker's others.
Never here: the sections (`ibkr_sections`), notation (`ibkr_values`).

Amounts are in the account's base currency, whatever the price is in; `-` is no value. Days have no time, executions no
name: the rows of a day that agree in everything are told apart by their number only.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from pipelines.parsing.ibkr.cash import cash_row, is_repair
from pipelines.parsing.ibkr.sections import Line, data_lines, format_of, period_of
from pipelines.parsing.ibkr.trades import Attributes, FieldError, session_for, side_of
from pipelines.parsing.ibkr.values import Dates
from pipelines.parsing.refusals import Refusal, Refused
from pipelines.parsing.statements.rows import RowClass, StatementFile, StatementRow
from tomking.kernel.instruments import Instrument, SymbolError, from_ibkr, from_ibkr_description
from tomking.kernel.money import add
from tomking.kernel.occ import parse_occ

BROKER = "ibkr"
PARSER_VERSION = "ibkr_transactions_csv/1"
FORMAT = "ibkr_transactions_csv"

_SECTION = "Transaction History"
_CLASSES: dict[str, RowClass] = {
    "Buy": "trade",
    "Sell": "trade",
    "Assignment": "assignment",
    "Exercise": "exercise",
    "Expiration": "expiration",
}
_EXACT = Decimal("0.00000001")
_ZERO = Decimal(0)


def recognise(data: bytes) -> str | None:
    """The name of the format; None where the bytes are another one."""
    return FORMAT if format_of(data) == FORMAT else None


def parse(data: bytes) -> StatementFile:
    """Reads a history.

    Raises:
        Refused: no text, another language than English, no base currency, or no row that can be read.
    """
    lines = list(data_lines(data))
    said = {line.cells.get("Field Name"): line.cells.get("Field Value", "") for line in lines}
    currency = said.get("Base Currency", "").strip()
    found = [line for line in lines if line.section == _SECTION]
    if not currency:
        raise Refused(Refusal("the summary names no base currency", field="Base Currency"))
    dates = Dates(line.cells.get("Date", "") for line in found)
    rows: list[StatementRow] = []
    refusals = [Refusal(line.problem, line.number) for line in lines if line.problem and line.section in ("", _SECTION)]
    for line in found:
        if line.problem is None:
            try:
                rows.append(_row(line, currency, dates))
            except FieldError as error:
                refusals.append(error.refusal(line.number))
    if refusals and not rows:
        first = refusals[0]
        raise Refused(Refusal(f"no row could be read; the first: {first.reason}", first.line, first.field, first.value))
    return StatementFile(
        FORMAT, tuple(rows), tuple(refusals), ((0, len(rows)),), period=period_of(said.get("Period", ""))
    )


def _row(line: Line, currency: str, dates: Dates) -> StatementRow:
    given = Attributes(line.number, line.cells, dates)
    kind, description = given.text("Transaction Type"), given.text("Description")
    gross, commission, net = given.number("Gross Amount"), given.number("Commission"), given.number("Net Amount")
    if kind is None:
        raise FieldError("Transaction Type", "a row without a type")
    if gross is None and net is None:
        raise FieldError("Net Amount", "a row without an amount")
    value = gross if gross is not None else add((net or _ZERO, -(commission or _ZERO)))
    if net is not None and abs(add((value, commission or _ZERO)) - net) > _EXACT:
        raise FieldError("Net Amount", "is not gross amount and commission together", line.cells.get("Net Amount"))
    texts = {
        "type": kind,
        "description": description or "",
        "currency": currency,
        "amount": format(value, "f"),
        "dateTime": line.cells.get("Date", ""),
        "symbol": given.text("Symbol") or "",
    }
    row = replace(cash_row(Attributes(line.number, texts, dates), None), row_type=kind, raw=dict(line.cells))
    row_class = _CLASSES.get(kind)
    if row_class is None:
        repaired = is_repair(kind, description)
        return replace(row, row_class="account_adjustment" if repaired else "money", commission=commission, total=net)
    return _traded(row, row_class, given, commission, net)


def _traded(
    row: StatementRow, row_class: RowClass, given: Attributes, commission: Decimal | None, net: Decimal | None
) -> StatementRow:
    signed = given.number("Quantity")
    if not signed:
        raise FieldError("Quantity", "a trade of nothing", given.texts.get("Quantity"))
    words = {"buySell": row.row_type if row_class == "trade" else "", "quantity": str(signed)}
    side, _ = side_of(Attributes(row.line, words, given.dates), signed)
    moment, _ = given.moment("Date")
    instrument = _instrument(row.symbol)
    if row_class != "trade" and (instrument is None or not instrument.is_option):
        row_class = "delivery"
    return replace(
        row,
        row_class=row_class,
        session_date=session_for(moment, row_class, None),
        side=side,
        action=row.row_type,
        instrument_key=instrument.key if instrument else None,
        quantity=abs(signed),
        price=given.number("Price"),
        price_text=given.text("Price"),
        multiplier=instrument.multiplier if instrument else None,
        commission=commission,
        total=net,
    )


def _instrument(symbol: str | None) -> Instrument | None:
    """The instrument of a symbol without a category: an option by its text, a share by anything that is one ticker."""
    if symbol is None:
        return None
    try:
        parse_occ(symbol)
    except SymbolError:
        pass
    else:
        return from_ibkr("OPT", symbol)
    try:
        return from_ibkr_description(symbol)
    except SymbolError:
        return from_ibkr("STK", symbol) if symbol.isalnum() else None
