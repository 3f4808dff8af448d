"""The files of a run, kept before anything of them is read.

Holds: putting each file into the raw store, and what becomes of one that the system does not let us read.
Belongs here: what happens to a file before it is known what is in it.
Never here: reading a file, or the rows made from it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.parsing.identify import RunFiles, unreadable
from pipelines.parsing.lean.launch import without_secrets

if TYPE_CHECKING:
    from warehouse.raw_store import RawStore
    from warehouse.session import WriteSession


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file of a run, its bytes safe in the raw store."""

    role: str
    name: str
    path: Path
    sha256: str
    size: int


Kept = tuple[list[StoredFile], list[tuple[Path, str]]]
"""The stored files of a run, and those that the system does not let us read with the reason."""


def store_files(raw: RawStore, run: RunFiles) -> Kept:
    """The files in the raw store, and those that the system does not let us read with the reason.

    Raises OSError where that is the main file: without it there is no run.
    """
    stored: list[StoredFile] = []
    closed: list[tuple[Path, str]] = []
    for role, path in run.files:
        try:
            stored.append(_store(raw, role, path, run.folder))
        except OSError as error:
            if role == "main":
                raise
            closed.append((path, f"{unreadable(error)}; the run was taken without it"))
    return stored, closed


def note_unreadable(session: WriteSession, stored: Sequence[StoredFile], closed: Sequence[tuple[Path, str]]) -> None:
    """Each unreadable file in quarantine, until it can be read: then its run has other files and is read again."""
    for path, reason in closed:
        session.refuse(path=path, sha256=None, reason=reason)
    waiting = {
        path for (path,) in session.rows("SELECT path FROM ops.quarantine WHERE state = 'open' AND sha256 IS NULL")
    }
    for file in stored:
        if str(file.path) in waiting:
            session.resolve_quarantine(path=file.path)


def _store(raw: RawStore, role: str, path: Path, folder: Path) -> StoredFile:
    # Of a launch configuration not even the raw store keeps the secrets.
    kept = raw.put_bytes(without_secrets(path.read_bytes())) if role == "launch" else raw.put(path)
    return StoredFile(role, path.relative_to(folder).as_posix(), path, kept.sha256, kept.size)
