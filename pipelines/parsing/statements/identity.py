"""Which statement rows are the same row.

Holds: the logical fields that identify a row of a statement, and the count of identical rows.
Belongs here: identity that survives a new download (other zone, other order, overlapping ranges, re-saved numbers).
Never here: matching a row to an order of ours.

A broker's export gives its rows no id. Two fills of one order may agree in every column, so identical rows *within*
one statement are separate rows; the same row in two overlapping statements is one row. Both hold at once when a row's
id is made of its fields and its number among the identical rows of its statement: a second statement that shows the
same two rows makes the same two ids, and one that shows three adds one. The larger count stands.

Identical rows carry the same second and exports are cut by day, so an export has all of them or none.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from decimal import Decimal

from pipelines.parsing.statements.csv_columns import number, plain
from pipelines.parsing.statements.rows import POSITION_EVENTS, StatementFile, StatementRow
from tomking.kernel.keys import stable_id

Identity = tuple[str, ...]


def _amount(value: Decimal | None) -> str:
    # `--` in one generation of an export is 0.00 in another; for telling rows apart both mean no charge.
    return "0" if value is None else plain(value)


def _wording(row: StatementRow) -> str:
    """What the description adds to the other fields of a row."""
    if row.row_class == "trade" and row.price_text is not None:
        return plain(number(row.price_text))
    if row.row_class in POSITION_EVENTS or row.row_class == "corporate_action":
        return ""
    return row.description or ""


def row_identity(row: StatementRow) -> Identity:
    """The logical fields of a row, as texts.

    Left out on purpose: the printed offset (it is the downloading user's), the total (rounded apart from its parts,
    absent in one generation), the average price (rounded). Events of positions have neither order number nor a
    settled wording: older exports leave their action blank and describe them otherwise, so both are left out, while a
    trade is told from another by its price and not by its wording.

    Where the broker names the execution, its name and amounts are enough: which of the other columns a report has may
    be the user's choice, and one report may print the day where another prints the second.
    """
    if row.execution_id:
        return (
            row.execution_id,
            row.row_class,
            row.action or "",
            row.symbol or "",
            _amount(row.quantity),
            plain(row.value) if row.price is None else plain(row.price),
            _amount(row.commission),
            _amount(row.fees),
            row.currency,
        )
    return (
        row.occurred_at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        row.row_type,
        row.sub_type,
        "" if row.row_class in POSITION_EVENTS else (row.action or ""),
        row.symbol or "",
        _amount(row.quantity),
        plain(row.value),
        _amount(row.commission),
        _amount(row.fees),
        row.currency,
        row.order_number or "",
        _wording(row),
    )


def identify(rows: Iterable[StatementRow], account: str) -> list[tuple[str, int]]:
    """(row id, occurrence) of each row of ONE statement, in the order given; `account` is the alias."""
    seen: Counter[Identity] = Counter()
    ids: list[tuple[str, int]] = []
    for row in rows:
        identity = row_identity(row)
        occurrence = seen[identity]
        seen[identity] += 1
        ids.append((stable_id("statement_row", account, *identity, str(occurrence)), occurrence))
    return ids


def identify_file(file: StatementFile, account: str) -> list[tuple[str, int]]:
    """(row id, occurrence) of each row of a file; parts of a concatenated file count as separate statements."""
    rows: Sequence[StatementRow] = file.rows
    return [found for start, stop in file.parts or ((0, len(rows)),) for found in identify(rows[start:stop], account)]
