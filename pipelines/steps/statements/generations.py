"""Rows of an older export that a newer export of the same account shows again, put aside.

Holds: reading the rows of an account by generation and noting which of them stand.
Belongs here: the tables behind `transforms.statement_generations`.
Never here: the rule itself.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pipelines.parsing.statements.rows import POSITION_EVENTS
from pipelines.transforms.statements.generations import GENERATIONS, MERGING, same_bookings
from pipelines.transforms.statements.printed_rows import Printed
from tomking.kernel.instruments import from_occ
from tomking.kernel.occ import SymbolError, parse_occ

if TYPE_CHECKING:
    from warehouse.session import WriteSession

_FILLS = frozenset({"trade", "delivery"})
_NUMBERINGS = {
    "thinkorswim_statement": "thinkorswim",
    "thinkorswim_statement_paper": "thinkorswim",
    "tdameritrade_csv": "tdameritrade_csv",
    "tdameritrade_csv_balances": "tdameritrade_csv",
}
"""Formats whose order numbers are not known to be those of their broker's other formats."""
_ROWS = """
    WITH formats AS (SELECT unnest(?::VARCHAR[]) AS format, unnest(?::INTEGER[]) AS generation),
    shown AS (
        SELECT s.row_id, max(f.generation) AS generation, arg_max(f.format, f.generation) AS format
        FROM records.statement_row_sources s
        JOIN records.statements t ON t.sha256 = s.sha256 AND t.account = ?
        JOIN formats f USING (format)
        GROUP BY s.row_id
    )
    SELECT r.row_id, shown.generation, shown.format, r.broker, r.symbol, r.price, r.row_class, r.instrument_key, r.underlying, r.side, r.quantity, r.value, r.description,
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
    pairs = same_bookings(printed(row) for row in standing)
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


def printed(row: Mapping[str, Any]) -> Printed:
    """A row of the query, or one with the same members, as the rule sees it."""
    words = (row["description"] or "").casefold()
    return Printed(
        row_id=row["row_id"],
        generation=row["generation"],
        booking=_booking(row, words),
        value=row["value"],
        occurred_at=row["occurred_at"],
        has_time=row["has_time"],
        session_date=row["session_date"],
        order_number=row["order_number"],
        numbering=_NUMBERINGS.get(row["format"], row["broker"]),
        quantity=row["quantity"] or Decimal(0),
        price=row["price"],
        currency=row["currency"],
        words=words,
        merges=row["format"] in MERGING and row["row_class"] in _FILLS,
    )


def _booking(row: Mapping[str, Any], words: str) -> tuple[object, ...]:
    """What every generation says alike."""
    if row["row_class"] in _FILLS:
        return (
            *_of_its_class(row, "fill" if row["broker"] == "ibkr" else row["row_class"]),
            *_contract(row),
            row["side"],
        )
    if row["row_class"] in POSITION_EVENTS or row["row_class"] == "corporate_action":
        # Older exports leave the side of a removal blank and word it otherwise.
        return (*_of_its_class(row, row["row_class"]), *_contract(row))
    if row["broker"] == "tastytrade":
        return row["row_class"], row["currency"], words
    # Each export has its own words for cash, and its own idea of what is an adjustment.
    return "cash", row["currency"]


def _of_its_class(row: Mapping[str, Any], name: str) -> tuple[object, ...]:
    """The class of a row, with its currency unless an export of the broker converts."""
    return (name,) if row["broker"] == "ibkr" else (name, row["currency"])


def _contract(row: Mapping[str, Any]) -> tuple[object, ...]:
    """What is traded, without the root of an option: exports name the underlying or the root (USO for USO1, SPX for SPXW)."""
    key, underlying = row["instrument_key"], row["underlying"]
    if key is None:
        return (row["symbol"],)
    try:
        option = parse_occ(key)
    except SymbolError:
        return (key,)
    named = from_occ(key).underlying or option.root.rstrip("0123456789")
    return (
        (underlying if row["broker"] == "tastytrade" and underlying else named),
        option.expiry,
        option.call_put,
        option.strike,
    )
