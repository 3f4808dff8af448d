"""Dirty days: sessions whose derived rows must be made again.

Holds: the rules of `ops.dirty_days`.
Belongs here: marking, listing and clearing.
Never here: the rebuilding itself.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import TYPE_CHECKING

from warehouse.frames import frame
from warehouse.models.ops import DirtyDay

if TYPE_CHECKING:
    from warehouse.session import WriteSession


def mark(session: WriteSession, domain: str, days: Iterable[dt.date], reason: str) -> int:
    """Ask for these sessions again; a session that waits already keeps its first mark. Returns how many are new."""
    waiting_now = set(waiting(session, domain))
    new = sorted(set(days) - waiting_now)
    rows = [
        {"domain": domain, "session_date": day, "marked_at": session.now, "reason": reason, "cleared_at": None}
        for day in new
    ]
    # A day cleared earlier in this very session has the same key: the upsert opens it again.
    return session.upsert(DirtyDay, frame(DirtyDay, rows))


def waiting(session: WriteSession, domain: str) -> list[dt.date]:
    """Sessions of a domain that wait, oldest first."""
    found = session.rows(
        "SELECT DISTINCT session_date FROM ops.dirty_days WHERE domain = ? AND cleared_at IS NULL ORDER BY 1", [domain]
    )
    return [day for (day,) in found]


def clear(session: WriteSession, domain: str, days: Iterable[dt.date]) -> int:
    """Note that these sessions were made again; returns how many had been waiting."""
    done = sorted(set(days) & set(waiting(session, domain)))
    if done:
        session.execute(
            "UPDATE ops.dirty_days SET cleared_at = ? "
            "WHERE domain = ? AND cleared_at IS NULL AND session_date IN (SELECT unnest(?::DATE[]))",
            [session.now, domain, done],
        )
    return len(done)
