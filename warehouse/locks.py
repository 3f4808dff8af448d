"""The writer's lock: one process changes the warehouse at a time.

Holds: an flock on a file beside the database, with a note of who holds it.
Belongs here: waiting for the lock and naming its holder.
Never here: the database file itself (opening and closing it in the holder's process would drop DuckDB's own lock).
"""

from __future__ import annotations

import datetime as dt
import fcntl
import json
import os
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from warehouse.errors import Busy

POLL_SECONDS = 0.05
"""How often a waiting writer looks again."""


class WriterLock:
    """An exclusive lock between processes, and between threads of one.

    The kernel frees the lock when its holder ends, however it ends: a killed writer blocks nobody. The note inside
    the file is for messages only and may be of a former holder.
    """

    def __init__(self, path: Path, purpose: str, *, wait_seconds: float) -> None:
        self._path, self._purpose, self._wait_seconds = path, purpose, wait_seconds
        self._descriptor: int | None = None

    def __enter__(self) -> Self:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        try:
            self._wait(descriptor)
            self._sign(descriptor)
        except BaseException:
            os.close(descriptor)
            raise
        self._descriptor = descriptor
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._descriptor is not None:
            os.ftruncate(self._descriptor, 0)
            # Said aloud, because a child that was forked meanwhile may still have the file open.
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)
            os.close(self._descriptor)
            self._descriptor = None

    def _wait(self, descriptor: int) -> None:
        deadline = time.monotonic() + self._wait_seconds
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    raise self._busy() from None
                time.sleep(POLL_SECONDS)
            else:
                return

    def _sign(self, descriptor: int) -> None:
        started = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        note = json.dumps({"pid": os.getpid(), "purpose": self._purpose, "since": started})
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, note.encode(), 0)

    def _busy(self) -> Busy:
        note = read_note(self._path)
        return Busy(
            f"the warehouse is being written by {said(note)}",
            where=str(self._path),
            why=f"waited {self._wait_seconds:g} s for it" + (f"; it began at {note['since']}" if note else ""),
            remedy="wait until it has finished and run the same command again; reading needs no lock (`tomking sql`)",
        )


def holder(path: Path) -> str | None:
    """Who holds the lock at this moment, as a sentence; None where it is free."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        note = read_note(path)
        return said(note) + (f" since {note['since']}" if note else "")
    finally:
        os.close(descriptor)
    return None


def said(note: dict[str, object] | None) -> str:
    """A holder's note in words."""
    return "another process" if note is None else f"`{note['purpose']}` (process {note['pid']})"


def read_note(path: Path) -> dict[str, object] | None:
    """Who signed the lock file last: pid, purpose, since; None where nobody did or the note is unreadable."""
    try:
        note = json.loads(path.read_text())
    except (OSError, ValueError):
        return None
    if not isinstance(note, dict) or not {"pid", "purpose", "since"} <= note.keys():
        return None
    return note
