"""Readings of runs: remembering which files were read together, and which reading stands.

Holds: the identity and order of readings, their rows.
Belongs here: what makes a run's content independent of the order in which its versions were read.
Never here: parsing a run or writing its rows (`pipelines.steps.lean.runs`).

LEAN rewrites a run's files while it goes on, and copies made meanwhile are read before, after or between. Every set of
files read together is one reading; readings are ordered by how far they had come (`Version`). A run's content is that
of its readings taken in this order, whenever each of them was read.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.transforms.runs.state import Version
from warehouse.frames import frame
from warehouse.keys import stable_id
from warehouse.models.records.run_readings import RunReading

if TYPE_CHECKING:
    from pipelines.steps.lean.run_files import StoredFile
    from warehouse.session import WriteSession

StoredRow = tuple[str, str, str, int]
"""Role, name, hash and size of a file."""

_VERSION = "is_complete, newest_at, orders, events, refused, size"


@dataclass(frozen=True, slots=True)
class Known:
    """A reading seen before: its run, and whether it can be passed over."""

    run_id: str
    is_settled: bool
    """It stands, or a later version does; a reading that another one of the same version replaced is taken again."""


def reading_id(stored: Sequence[StoredFile]) -> str:
    """The identity of files read together, wherever they lie."""
    return stable_id("reading", *sorted(f"{file.role}\n{file.name}\n{file.sha256}" for file in stored))


def find(session: WriteSession, stored: Sequence[StoredFile], parser_version: str) -> Known | None:
    """The reading of exactly these bytes by this parser, where every file of it could be read."""
    known = session.rows(
        f"SELECT run_id, read_at, {_VERSION} FROM records.run_readings "
        "WHERE reading_id = ? AND parser_version = ? AND unread = 0 ORDER BY run_id LIMIT 1",
        (mine := reading_id(stored), parser_version),
        about=("reading_id", (mine,)),
    )
    if not known:
        return None
    run_id, read_at, *version = known[0]
    others = session.rows(
        f"SELECT read_at, {_VERSION} FROM records.run_readings WHERE run_id = ? AND parser_version = ?",
        (run_id, parser_version),
        about=("run_id", (run_id,)),
    )
    found = _version(version)
    newest = max((_version(other), other_read) for other_read, *other in others)
    return Known(run_id, is_settled=found < newest[0] or read_at >= newest[1])


def newest(session: WriteSession, run_id: str, parser_version: str) -> Version | None:
    """How far the reading that stands had come."""
    found = session.rows(
        f"SELECT {_VERSION} FROM records.run_readings WHERE run_id = ? AND parser_version = ?",
        (run_id, parser_version),
        about=("run_id", (run_id,)),
    )
    return max((_version(row) for row in found), default=None)


def in_order(session: WriteSession, run_id: str) -> list[list[StoredRow]]:
    """The files of every reading of a run, the one that came furthest last."""
    found = session.rows(
        f"SELECT read_at, reading_id, files_json, {_VERSION} FROM records.run_readings WHERE run_id = ?", (run_id,)
    )
    ordered = sorted(found, key=lambda row: (_version(row[3:]), row[0], row[1]))
    return [[(role, name, sha256, size) for role, name, sha256, size in json.loads(row[2])] for row in ordered]


def remember(
    session: WriteSession,
    run_id: str,
    stored: Sequence[StoredFile],
    version: Version,
    *,
    unread: int,
    parser_version: str,
    is_new: bool = False,
) -> None:
    """Note that these files were read together now; `is_new` says that nothing of the run is stored yet."""
    files = sorted((file.role, file.name, file.sha256, file.size) for file in stored)
    before = (
        []
        if is_new
        else session.rows(
            "SELECT reading_id, read_at FROM records.run_readings WHERE run_id = ? ORDER BY read_at DESC, reading_id LIMIT 1",
            (run_id,),
        )
    )
    is_last = bool(before) and before[0][0] == reading_id(stored)
    row = {
        "run_id": run_id,
        "reading_id": reading_id(stored),
        "files_json": json.dumps(files),
        "is_complete": version.is_complete,
        "newest_at": version.known_newest_at,
        "orders": version.orders,
        "events": version.events,
        "refused": -version.unrefused,
        "unread": unread,
        "size": version.size,
        "parser_version": parser_version,
        "learnt_at": session.now,
        "read_at": before[0][1] if is_last else session.now,
    }
    reading = frame(RunReading, [row])
    _ = session.insert(RunReading, reading) if is_new else session.upsert(RunReading, reading)


def size_of(stored: Sequence[StoredFile]) -> int:
    """Bytes of all files beside the main one, which may be corrected by a shorter one."""
    return sum(file.size for file in stored if file.role != "main")


def _version(row: Sequence[object]) -> Version:
    is_complete, newest_at, orders, events, refused, size = row
    return Version.of(
        is_complete=is_complete,  # type: ignore[arg-type]
        newest_at=newest_at,  # type: ignore[arg-type]
        orders=orders,  # type: ignore[arg-type]
        events=events,  # type: ignore[arg-type]
        refused=refused,  # type: ignore[arg-type]
        size=size,  # type: ignore[arg-type]
    )
