"""Charles Schwab's transaction history, the CSV that the web site exports.

Holds: recognising the layouts (with and without title, with a closing comma, in any order of the columns), the footer.
Belongs here: how the CSV is laid out.
Never here: words and cells (`schwab_layout`), what a row means (`schwab_rows`).

Old exports begin with a title, end every line with a comma and close with a total; present ones begin at the header.
Rows have no id: identical rows of one file are separate, and of two files the larger count stands.
"""

from __future__ import annotations

from decimal import Decimal

from pipelines.parsing.refusals import Refusal, Refused
from pipelines.parsing.schwab.layout import CELLS, COLUMNS, EXTRA_CELLS
from pipelines.parsing.schwab.net_amounts import judge, with_deliveries
from pipelines.parsing.schwab.rows import FieldError, statement_row
from pipelines.parsing.statements.csv_columns import CellError, Record, decode, read_record, records
from pipelines.parsing.statements.rows import StatementFile, StatementRow

PARSER_VERSION = "schwab_csv/1"
BROKER = "schwab"

_TITLE = "Transactions"
_TOTAL = "Transactions Total"
_ELSEWHERE = frozenset({"FeesAndCommissions", "DisbursementElection"})
"""Columns of the equity awards center, which exports something else under the same first columns."""


def recognise(data: bytes) -> str | None:
    """The name of the layout; None: not Schwab's CSV."""
    try:
        found = list(_first(decode(data)))
    except Refused:
        return None
    header = next((cells for cells in map(_header, found) if cells), None)
    if header is None:
        return None
    if _is_title(found[0]) or found[0].cells[-1:] == ("",):
        return "schwab_csv_titled"
    return "schwab_csv" if header[: len(CELLS)] == CELLS else "schwab_csv_reordered"


def parse(data: bytes) -> StatementFile:
    """Reads a statement.

    Raises:
        Refused: the bytes are no text, there is no header of this export, the amounts do not follow from their
            rows throughout, or not one row can be read.
    """
    header: tuple[str, ...] | None = None
    rows: list[StatementRow] = []
    refusals: list[Refusal] = []
    starts: list[int] = []
    for record in records(decode(data)):
        if _is_title(record):
            continue
        if (again := _header(record)) is not None:
            # Exports pasted one under the other: each is a statement of its own.
            header = again
            starts.append(len(rows))
            continue
        if header is None:
            raise Refused(Refusal(f"unknown header: {','.join(record.cells)[:200]}", line=record.line))
        row = _total_row(record, header, rows[starts[-1] :], refusals) if _is_total(record) else _row(record, header)
        if isinstance(row, Refusal):
            refusals.append(row)
        elif row is not None:
            rows.append(row)
    if header is None:
        raise Refused(Refusal("no header: Date, Action, Symbol, Description, Quantity, Price, Fees & Comm, Amount"))
    if refusals and not rows:
        first = refusals[0]
        raise Refused(Refusal(f"no row could be read; the first: {first.reason}", first.line, first.field, first.value))
    judge(rows, "Amount")
    parts = tuple(zip(starts, [*starts[1:], len(rows)], strict=True))
    told = [row for start, stop in parts for row in with_deliveries(rows[start:stop])]
    return StatementFile(recognise(data) or "schwab_csv", tuple(told), tuple(refusals), parts)


def _first(text: str) -> list[Record]:
    """The first two lines that are not blank: a title may stand before the header."""
    found = []
    for record in records(text[:20_000]):
        found.append(record)
        if len(found) == 2:
            break
    return found


def _is_title(record: Record) -> bool:
    return len(record.cells) <= 2 and record.cells[:1] != () and record.cells[0].startswith(f"{_TITLE}  for account")


def _is_total(record: Record) -> bool:
    return record.cells[:1] == (_TOTAL,)


def _header(record: Record) -> tuple[str, ...] | None:
    """The columns of a header line, None for any other line. The closing comma makes one more, empty."""
    cells = tuple(cell.strip() for cell in record.cells)
    while cells and not cells[-1]:
        cells = cells[:-1]
    names = set(cells)
    if len(names) != len(cells) or names & _ELSEWHERE:
        return None
    return cells if set(CELLS) <= names <= set(CELLS) | EXTRA_CELLS else None


def _cut(record: Record, header: tuple[str, ...]) -> Record:
    """The record without what the closing comma adds."""
    rest = record.cells[len(header) :]
    return (
        record
        if any(cell.strip() for cell in rest)
        else Record(record.line, record.cells[: len(header)], record.problem)
    )


def _row(record: Record, header: tuple[str, ...]) -> StatementRow | Refusal:
    record = _cut(record, header)
    cells = read_record(record, header, COLUMNS)
    if isinstance(cells, Refusal):
        return cells
    raw = dict(zip(header, record.cells, strict=True))
    try:
        return statement_row(record.line, cells, raw)
    except FieldError as error:
        return Refusal(error.reason, line=record.line, field=error.field, value=raw.get(error.field))


def _total_row(
    record: Record, header: tuple[str, ...], rows: list[StatementRow], refusals: list[Refusal]
) -> Refusal | None:
    """The footer, checked where every row of its statement was read."""
    cells = _cut(record, header).cells
    place = header.index("Amount")
    text = cells[place] if place < len(cells) else ""
    try:
        printed = COLUMNS["Amount"].read(text)
    except CellError as error:
        return Refusal(str(error), line=record.line, field="Amount", value=text)
    added = sum((row.total for row in rows if row.total is not None), Decimal(0))
    if refusals or printed is None or printed == added:
        return None
    return Refusal(f"the total is not that of the rows ({added}): rows are missing", record.line, "Amount", text)
