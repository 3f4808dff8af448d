"""Rows of an older export that a newer export of the same account shows again, put aside.

Holds: reading the rows of an account by generation and noting which of them stand.
Belongs here: the tables behind `transforms.statement_generations`.
Never here: the rule itself.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pipelines.parsing.statement_rows import POSITION_EVENTS
from pipelines.transforms.statement_generations import GENERATIONS, Printed, same_bookings
from tomking.kernel.occ import SymbolError, parse_occ

if TYPE_CHECKING:
    from warehouse.session import WriteSession

_ROWS = """
    WITH formats AS (SELECT unnest(?::VARCHAR[]) AS format, unnest(?::INTEGER[]) AS generation),
    shown AS (
        SELECT s.row_id, max(f.generation) AS generation
        FROM records.statement_row_sources s
        JOIN records.statements t ON t.sha256 = s.sha256 AND t.account = ?
        JOIN formats f USING (format)
        GROUP BY s.row_id
    )
    SELECT r.row_id, shown.generation, r.row_class, r.instrument_key, r.underlying, r.side, r.quantity, r.value, r.description,
           r.currency, r.occurred_at, coalesce(r.has_time, true) AS has_time, r.session_date, r.order_number,
           r.superseded_by
    FROM records.statement_rows r JOIN shown USING (row_id)
    WHERE r.account = ?
    ORDER BY r.row_id
"""


def settle_generations(session: WriteSession, account: str) -> set[dt.date]:
    """Let the newest generation's row stand for each booking of the account; returns the sessions this changed."""
    asked = (list(GENERATIONS), list(GENERATIONS.values()), account, account)
    rows = {row["row_id"]: row for row in session.frame(_ROWS, asked).to_dicts()}
    if len({row["generation"] for row in rows.values()}) < 2:
        return set()
    # What a correction of its own generation replaced is no booking any more.
    standing = [row for row in rows.values() if row["superseded_by"] is None or _by_newer(row, rows)]
    pairs = same_bookings(_printed(row) for row in standing)
    days: set[dt.date] = set()
    for row in standing:
        wanted = pairs.get(row["row_id"])
        if wanted != row["superseded_by"]:
            session.execute(
                "UPDATE records.statement_rows SET superseded_by = ?, superseded_at = ? WHERE row_id = ?",
                (wanted, None if wanted is None else session.now, row["row_id"]),
            )
            days.add(row["session_date"])
    return days


def _by_newer(row: Mapping[str, Any], rows: Mapping[str, Mapping[str, Any]]) -> bool:
    by = rows.get(row["superseded_by"])
    return by is not None and by["generation"] > row["generation"]


def _printed(row: Mapping[str, Any]) -> Printed:
    booking: tuple[object, ...] = (row["row_class"], row["currency"], row["quantity"] or 0)
    if row["row_class"] in ("trade", "delivery"):
        booking += (*_contract(row), row["side"])
    elif row["row_class"] in POSITION_EVENTS or row["row_class"] == "corporate_action":
        # Older exports leave the side of a removal blank and word it otherwise.
        booking += _contract(row)
    else:
        booking += ((row["description"] or "").casefold(),)
    return Printed(
        row_id=row["row_id"],
        generation=row["generation"],
        booking=booking,
        value=row["value"],
        occurred_at=row["occurred_at"],
        has_time=row["has_time"],
        session_date=row["session_date"],
        order_number=row["order_number"],
    )


def _contract(row: Mapping[str, Any]) -> tuple[object, ...]:
    """What is traded, without the root of an option: old exports name the underlying only (USO for USO1, SPX for SPXW)."""
    key, underlying = row["instrument_key"], row["underlying"]
    try:
        option = parse_occ(key or "")
    except SymbolError:
        return (key,)
    return underlying or option.root, option.expiry, option.call_put, option.strike
