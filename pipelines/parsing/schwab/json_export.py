"""Charles Schwab's transaction history, the JSON that the web site exports beside the CSV.

Holds: recognising it, its records, its total.
Belongs here: how the JSON is laid out.
Never here: words and cells (`schwab_layout`), what a row means (`schwab_rows`), the trader API (`schwab_api`).

The records carry the same texts as the CSV's cells, so that both exports of a day give the same rows, counted once.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from pipelines.parsing.refusals import Refusal, Refused
from pipelines.parsing.schwab.layout import CELLS, COLUMNS, EXTRA_CELLS
from pipelines.parsing.schwab.net_amounts import judge, with_deliveries
from pipelines.parsing.schwab.rows import FieldError, statement_row
from pipelines.parsing.statements.broker_json import document_of
from pipelines.parsing.statements.csv_columns import CellError, Record, read_record
from pipelines.parsing.statements.rows import StatementFile, StatementRow

PARSER_VERSION = "schwab_export_json/1"
BROKER = "schwab"
FORMAT = "schwab_export_json"

_RECORDS, _TOTAL = "BrokerageTransactions", "TotalTransactionsAmount"


def recognise(data: bytes) -> str | None:
    """The name of the format; None: something else."""
    return (
        FORMAT
        if data[:64].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{") and b'"BrokerageTransactions"' in data
        else None
    )


def parse(data: bytes) -> StatementFile:
    """Reads an export; `line` of a row is its place among the records.

    Raises:
        Refused: no JSON, other members, amounts that do not follow from their rows throughout, or nothing readable.
    """
    document = document_of(data)
    records = document.get(_RECORDS) if isinstance(document, dict) else None
    if not isinstance(records, list):
        raise Refused(Refusal(f"expected a list of transactions in {_RECORDS}", line=1, field=_RECORDS))
    rows: list[StatementRow] = []
    refusals: list[Refusal] = []
    for line, record in enumerate(records, start=1):
        row = _row(line, record)
        if isinstance(row, Refusal):
            refusals.append(row)
        else:
            rows.append(row)
    if refusals and not rows:
        first = refusals[0]
        raise Refused(Refusal(f"no row could be read; the first: {first.reason}", first.line, first.field, first.value))
    judge(rows, "Amount")
    if not refusals:
        refusals.extend(_total(document, rows))
    found = tuple(with_deliveries(rows))
    return StatementFile(FORMAT, found, tuple(refusals), ((0, len(found)),), period=_period(document))


def _row(line: int, record: Any) -> StatementRow | Refusal:
    if not isinstance(record, dict):
        return Refusal("expected a transaction", line=line)
    unknown = [name for name in record if name not in CELLS and name not in EXTRA_CELLS]
    missing = [name for name in CELLS if name not in record]
    if unknown or missing:
        name = (unknown or missing)[0]
        return Refusal("unknown member" if unknown else "a missing member", line=line, field=str(name))
    raw = {name: "" if value is None else str(value) for name, value in record.items()}
    cells = read_record(Record(line, tuple(raw.values())), tuple(raw), COLUMNS)
    if isinstance(cells, Refusal):
        return cells
    try:
        return statement_row(line, cells, raw)
    except FieldError as error:
        return Refusal(error.reason, line=line, field=error.field, value=raw.get(error.field))


def _period(document: dict[str, Any]) -> tuple[dt.date, dt.date] | None:
    """The days the export speaks about; None where it does not say so in its own way."""
    try:
        first, last = (COLUMNS["Date"].read(str(document.get(name) or "")).event for name in ("FromDate", "ToDate"))
    except CellError:
        return None
    return (first, last) if first <= last else None


def _total(document: dict[str, Any], rows: list[StatementRow]) -> list[Refusal]:
    text = str(document.get(_TOTAL) or "")
    try:
        printed = COLUMNS["Amount"].read(text)
    except CellError as error:
        return [Refusal(str(error), field=_TOTAL, value=text)]
    added = sum((row.total for row in rows if row.total is not None), Decimal(0))
    if printed is None or printed == added:
        return []
    return [Refusal(f"the total is not that of the transactions ({added}): some are missing", field=_TOTAL, value=text)]
