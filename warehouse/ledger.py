"""The ledger: which bytes were read, as what, and what became of them.

Holds: the rules of `ops.files`.
Belongs here: when a file counts as known.
Never here: identifying or parsing a file.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from warehouse.frames import frame
from warehouse.models.ops import LedgerFile

if TYPE_CHECKING:
    from warehouse.session import WriteSession

TAKEN = ("ingested", "partial", "superseded")
"""Outcomes after which the same bytes need no further reading by the same parser version. A refused file is read
again each time: what was missing (an account, a date in a schedule) may be there now."""


@dataclass(frozen=True)
class Entry:
    """One line of the ledger. `size` in bytes; `outcome` ingested, partial, refused, superseded or unchanged."""

    path: str
    sha256: str
    size: int
    kind: str
    parser_version: str
    outcome: str
    run_id: str | None
    account: str | None
    message: str | None


def known_file(session: WriteSession, sha256: str, kind: str, parser_version: str, account: str | None) -> bool:
    """Whether these bytes were taken as this kind by this parser version, under whatever path."""
    sql = "SELECT count(*) FROM ops.files WHERE sha256 = ? AND kind = ? AND parser_version = ?"
    params: list[object] = [sha256, kind, parser_version]
    sql += f" AND outcome IN ({', '.join('?' * len(TAKEN))})"
    params.extend(TAKEN)
    if account is not None:
        sql += " AND account = ?"
        params.append(account)
    return bool(session.rows(sql, params)[0][0])


def record_file(session: WriteSession, entry: Entry) -> None:
    """Write down what became of a file (its bytes under its path).

    `unchanged` over a line that is there already leaves its outcome and moves only the day it was last seen: looking
    at the same folder again changes the warehouse once a day at most.
    """
    known = session.rows(
        "SELECT first_seen_at, last_seen_at, size, kind, parser_version, outcome, run_id, account, message "
        "FROM ops.files WHERE sha256 = ? AND path = ?",
        [entry.sha256, entry.path],
    )
    values = asdict(entry)
    if known:
        first_seen_at, last_seen_at, *rest = known[0]
        names = ("size", "kind", "parser_version", "outcome", "run_id", "account", "message")
        before = dict(zip(names, rest, strict=True))
        if entry.outcome == "unchanged":
            values.update(before)
        same = all(values[name] == before[name] for name in names)
        if same and last_seen_at.date() == session.now.date():
            return
        values["first_seen_at"] = first_seen_at
    else:
        values["first_seen_at"] = session.now
    values["last_seen_at"] = session.now
    session.upsert(LedgerFile, frame(LedgerFile, [values]))
