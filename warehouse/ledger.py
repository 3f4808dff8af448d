"""The ledger: which bytes were read, as what, and what became of them.

Holds: the rules of `ops.files`.
Belongs here: when a file counts as known.
Never here: identifying or parsing a file.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

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


def record_files(session: WriteSession, entries: Sequence[Entry]) -> None:
    """Write down what became of files (their bytes under their paths), each at most once.

    `unchanged` over a line that is there already leaves its outcome and moves only the day it was last seen: looking
    at the same folder again changes the warehouse once a day at most.
    """
    if not entries:
        return
    hashes = [entry.sha256 for entry in entries]
    found = session.rows(
        "SELECT sha256, path, first_seen_at, last_seen_at, size, kind, parser_version, outcome, run_id, account, message "
        "FROM ops.files WHERE sha256 IN (SELECT unnest(?::VARCHAR[]))",
        [hashes],
        about=("sha256", hashes),
    )
    known = {(sha256, path): line for sha256, path, *line in found}
    new: list[dict[str, object]] = []
    old: list[dict[str, object]] = []
    for entry in entries:
        before = known.get((entry.sha256, entry.path))
        line = _line(entry, before, session.now)
        if line is not None:
            (new if before is None else old).append(line)
    session.insert(LedgerFile, frame(LedgerFile, new))
    if old:
        session.upsert(LedgerFile, frame(LedgerFile, old))


def _line(entry: Entry, known: Sequence[Any] | None, now: dt.datetime) -> dict[str, object] | None:
    """The line of a file, None where the one that is there says it all."""
    values = asdict(entry)
    if known is None:
        return values | {"first_seen_at": now, "last_seen_at": now}
    first_seen_at, last_seen_at, *rest = known
    names = ("size", "kind", "parser_version", "outcome", "run_id", "account", "message")
    before = dict(zip(names, rest, strict=True))
    if entry.outcome == "unchanged":
        values.update(before)
    if all(values[name] == before[name] for name in names) and last_seen_at.date() == now.date():
        return None
    return values | {"first_seen_at": first_seen_at, "last_seen_at": now}
