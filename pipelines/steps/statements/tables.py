"""Reading and writing the statement tables.

Holds: rows, their sources, corrections and the statement itself, as SQL and frames.
Belongs here: what one statement file changes in `records`.
Never here: the decision what to change (see `statements` and the pure modules it calls).
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.parsing.statements.rows import StatementFile, StatementRow
from pipelines.privacy import redact_text
from pipelines.transforms.statements.corrections import Correction, Seen, Slot
from warehouse.frames import frame, to_money
from warehouse.models.records import statements as records

if TYPE_CHECKING:
    from warehouse.session import WriteSession

CORRECTABLE = ("trade", "delivery")
"""Classes whose rows are fills: only they are told apart well enough to know that one corrects another."""
_A_DAY = dt.timedelta(days=1)
_NOT_COLUMNS = frozenset({"line", "price_text", "raw", "description", "charges"})


@dataclass(frozen=True, slots=True)
class Source:
    """A file that was read; path and name without account numbers."""

    path: str
    file_name: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Identified:
    """A row with the id it has in the warehouse."""

    row: StatementRow
    row_id: str
    occurrence: int


def is_taken(session: WriteSession, sha256: str, account: str, parser_version: str) -> bool:
    """Whether these bytes were taken for this account by this parser version."""
    query = "SELECT 1 FROM records.statements WHERE sha256 = ? AND account = ? AND parser_version = ?"
    return bool(session.rows(query, (sha256, account, parser_version)))


def earlier_parse(session: WriteSession, sha256: str, account: str) -> dt.datetime | None:
    """When these bytes were first taken for this account, by another parser version; None: never."""
    found = session.rows("SELECT learnt_at FROM records.statements WHERE sha256 = ? AND account = ?", (sha256, account))
    return found[0][0] if found else None


def forget(session: WriteSession, sha256: str, account: str, *, keep: set[str]) -> set[dt.date]:
    """Removes what an earlier parser version read from these bytes and the present one does not; returns the days.

    A row that another file shows as well stays.
    """
    only_here = session.rows(
        """
        SELECT r.row_id, r.session_date FROM records.statement_rows r
        WHERE r.account = ?
          AND EXISTS (SELECT 1 FROM records.statement_row_sources s WHERE s.row_id = r.row_id AND s.sha256 = ?)
          AND NOT EXISTS (SELECT 1 FROM records.statement_row_sources s WHERE s.row_id = r.row_id AND s.sha256 <> ?)
        """,
        (account, sha256, sha256),
    )
    gone = {row_id: day for row_id, day in only_here if row_id not in keep}
    for row_id in gone:
        session.execute("DELETE FROM records.statement_row_sources WHERE row_id = ?", (row_id,))
        session.execute("DELETE FROM records.statement_charges WHERE row_id = ?", (row_id,))
        session.execute("DELETE FROM records.statement_rows WHERE row_id = ?", (row_id,))
        # A row that a vanished one had replaced stands again.
        session.execute(
            "UPDATE records.statement_rows SET superseded_by = NULL, superseded_at = NULL WHERE superseded_by = ?",
            (row_id,),
        )
    return set(gone.values())


def standing_fills(session: WriteSession, account: str, rows: Sequence[Identified]) -> list[Seen]:
    """The fills known so far that stand in the time these rows cover, with the reach of the files that show them."""
    if not rows:
        return []
    # A day either side: reports may print the day where others print the second.
    instants = [found.row.occurred_at for found in rows]
    first, last = min(instants) - _A_DAY, max(instants) + _A_DAY
    query = """
        WITH reach AS (
            SELECT s.sha256, max(r.occurred_at) AS last_at
            FROM records.statement_row_sources s JOIN records.statement_rows r ON r.row_id = s.row_id
            WHERE r.account = ? GROUP BY s.sha256
        )
        SELECT r.row_id, max(reach.last_at), r.execution_id, r.row_class,
               r.occurred_at, r.row_type, r.sub_type, r.symbol, r.quantity, r.order_number
        FROM records.statement_rows r
        JOIN records.statement_row_sources s ON s.row_id = r.row_id
        JOIN reach ON reach.sha256 = s.sha256
        WHERE r.account = ? AND r.superseded_by IS NULL AND r.row_class IN ('trade', 'delivery')
          AND r.occurred_at BETWEEN ? AND ?
        GROUP BY ALL
        ORDER BY r.row_id
    """
    found = session.rows(query, (account, account, first, last))
    return [
        Seen(row_id, tuple(slot) if execution_id is None else (execution_id, row_class), reach)
        for row_id, reach, execution_id, row_class, *slot in found
    ]


def fills(rows: Sequence[Identified]) -> list[Seen]:
    """The fills among the rows of a file, for comparison with those that stand."""
    reach = max((found.row.occurred_at for found in rows), default=dt.datetime.min.replace(tzinfo=dt.UTC))
    return [Seen(found.row_id, _slot(found.row), reach) for found in rows if found.row.row_class in CORRECTABLE]


def _slot(row: StatementRow) -> Slot:
    """A fill by all that a correction leaves as it was; the same columns in the same order as `standing_fills`.

    A broker that names its executions books a correction under a name of its own: only the same name is the same fill.
    """
    if row.execution_id is not None:
        return (row.execution_id, row.row_class)
    return (
        row.occurred_at,
        row.row_type,
        row.sub_type,
        row.symbol,
        row.quantity,
        row.order_number,
    )


def write_rows(
    session: WriteSession,
    rows: Iterable[Identified],
    account: str,
    broker: str,
    learnt_at: dt.datetime,
    *,
    again: bool,
) -> dict[str, dt.date]:
    """Adds the rows that are not known yet and returns their session dates by id.

    `again`: the file was taken by an earlier parser version; known rows are then rewritten as the present one reads
    them, and keep the time they were learnt and what superseded them.
    """
    # Parts of a concatenated file may show a row twice: one row, two places.
    unique = {found.row_id: found for found in rows}
    known = {
        row_id: (by, since)
        for row_id, by, since in session.rows(
            "SELECT row_id, superseded_by, superseded_at FROM records.statement_rows WHERE account = ?", (account,)
        )
        if row_id in unique
    }
    new = {key: found for key, found in unique.items() if key not in known}
    touched = unique if again else new
    rewritten = [
        {
            **_record(found, account, broker),
            "learnt_at": learnt_at,
            "superseded_by": known[key][0] if key in known else None,
            "superseded_at": known[key][1] if key in known else None,
        }
        for key, found in touched.items()
    ]
    session.upsert(records.StatementRow, frame(records.StatementRow, rewritten))
    charges = [charge for found in touched.values() for charge in _charges(found)]
    session.upsert(records.StatementCharge, frame(records.StatementCharge, charges))
    return {key: found.row.session_date for key, found in new.items()}


def _charges(found: Identified) -> list[Mapping[str, object]]:
    return [
        {
            "row_id": found.row_id,
            "position": position,
            "component": charge.component,
            "name": charge.name,
            "amount": to_money(charge.amount),
            "amount_text": charge.text,
        }
        for position, charge in enumerate(found.row.charges)
    ]


def _record(found: Identified, account: str, broker: str) -> Mapping[str, object]:
    row = found.row
    fields = {field.name: getattr(row, field.name) for field in dataclasses.fields(row)}
    return {name: value for name, value in fields.items() if name not in _NOT_COLUMNS} | {
        "row_id": found.row_id,
        "account": account,
        "broker": broker,
        "occurrence": found.occurrence,
        "description": None if row.description is None else redact_text(row.description),
        "raw": redact_text(json.dumps(dict(row.raw), ensure_ascii=False)),
        "price": None if row.price is None else to_money(row.price),
        "client_reference": None if row.client_reference is None else redact_text(row.client_reference),
    }


def write_sources(session: WriteSession, rows: Sequence[Identified], sha256: str) -> None:
    """Notes where each row stands in this file."""
    places = [{"row_id": found.row_id, "sha256": sha256, "line": found.row.line} for found in rows]
    session.insert_new(records.StatementRowSource, frame(records.StatementRowSource, places))


def write_corrections(session: WriteSession, found: Iterable[Correction]) -> set[dt.date]:
    """Marks originals as superseded and their replacements as standing; returns the sessions this concerns."""
    days: set[dt.date] = set()
    for correction in found:
        before = session.rows(
            "SELECT superseded_by, session_date FROM records.statement_rows WHERE row_id = ?", (correction.original,)
        )
        if not before or before[0][0] == correction.replacement:
            continue
        days.add(before[0][1])
        session.execute(
            "UPDATE records.statement_rows SET superseded_by = ?, superseded_at = ? WHERE row_id = ?",
            (correction.replacement, session.now, correction.original),
        )
        # A broker may take a correction back: the row that was replaced once then stands again.
        session.execute(
            "UPDATE records.statement_rows SET superseded_by = NULL, superseded_at = NULL "
            "WHERE row_id = ? AND superseded_by IS NOT NULL",
            (correction.replacement,),
        )
    return days


def write_statement(
    session: WriteSession,
    source: Source,
    file: StatementFile,
    *,
    account: str,
    broker: str,
    parser_version: str,
    new_rows: int,
    learnt_at: dt.datetime,
) -> None:
    """Writes the statement itself."""
    days = [*(file.period or ()), *(row.session_date for row in file.rows if file.period is None)]
    statement = {
        "sha256": source.sha256,
        "account": account,
        "broker": broker,
        "format": file.format,
        "file_name": source.file_name,
        "row_count": len(file.rows),
        "new_rows": new_rows,
        "first_day": min(days, default=None),
        "last_day": max(days, default=None),
        "parser_version": parser_version,
        "learnt_at": learnt_at,
    }
    session.upsert(records.Statement, frame(records.Statement, [statement]))
