"""Quarantine: refused files and rows with the reason, kept until a fix lets them in.

Holds: the rules of `ops.quarantine`.
Belongs here: when a refusal is the same refusal, and when it is over.
Never here: deciding what to refuse (parsers do).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from warehouse.frames import frame
from warehouse.keys import stable_id
from warehouse.models.ops import QuarantineItem

if TYPE_CHECKING:
    from warehouse.session import WriteSession


@dataclass(frozen=True)
class Refused:
    """A refused file (`line` is None) or row. `sha256` is None where the file could not even be read."""

    path: str
    sha256: str | None
    reason: str
    line: int | None
    field: str | None
    value: str | None


def refuse(session: WriteSession, refused: Refused) -> str:
    """Keep a refusal; returns its id.

    The same reason at the same place of the same bytes is one item however often it is met. An item that had been
    resolved opens again; one that a person chose to ignore stays ignored.
    """
    item_id = stable_id("quarantine", refused.path, refused.sha256, refused.line, refused.field, refused.reason)
    known = session.rows("SELECT state FROM ops.quarantine WHERE quarantine_id = ?", [item_id])
    if not known:
        row = {**asdict(refused), "quarantine_id": item_id, "refused_at": session.now, "state": "open"}
        session.insert(QuarantineItem, frame(QuarantineItem, [row]))
    elif known[0][0] == "resolved":
        session.execute(
            "UPDATE ops.quarantine SET state = 'open', resolved_at = NULL, refused_at = ? WHERE quarantine_id = ?",
            [session.now, item_id],
        )
    return item_id


def resolve(session: WriteSession, *, path: str | None, sha256: str | None) -> int:
    """Close the open items of a file, found by path or by bytes; returns how many were open."""
    if path is None and sha256 is None:
        raise ValueError("resolve by path, by sha256 or by both")
    open_items = session.rows(
        "SELECT quarantine_id FROM ops.quarantine WHERE state = 'open' AND (path = ? OR sha256 = ?)", [path, sha256]
    )
    if open_items:
        session.execute(
            "UPDATE ops.quarantine SET state = 'resolved', resolved_at = ? "
            "WHERE state = 'open' AND (path = ? OR sha256 = ?)",
            [session.now, path, sha256],
        )
    return len(open_items)
