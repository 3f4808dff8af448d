"""The published copy: what users, notebooks and BI open.

Holds: whether the copy is the newest, and the swap.
Belongs here: everything about `published/warehouse.duckdb`.
Never here: reading from it.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from warehouse.connections import disk_full, is_disk_full, open_for_writing
from warehouse.errors import StorageError
from warehouse.files import copy_whole

FILE_MODE = 0o440
FOLDER_MODE = 0o750
"""Readers cannot write here: a stray write-ahead log beside a swapped file would make it unreadable."""


def settle(path: Path) -> None:
    """Bring everything of a closed database into its one file. The caller holds the writer's lock."""
    log = path.with_name(path.name + ".wal")
    if not log.exists():
        return
    try:
        with open_for_writing(path) as connection:
            connection.execute("CHECKPOINT")
    except duckdb.Error as error:
        if is_disk_full(error):
            raise disk_full(path, error) from error
        raise StorageError("the write-ahead log could not be merged", where=str(log), why=str(error)) from error
    if log.exists():
        raise StorageError("the write-ahead log could not be merged", where=str(log))


def is_stale(path: Path, published: Path) -> bool:
    """Whether the published copy is not the database's present state; a copy carries the time of what it copied."""
    if path.with_name(path.name + ".wal").exists() or not published.exists():
        return True
    return path.stat().st_mtime_ns != published.stat().st_mtime_ns


def publish_if_stale(path: Path, published: Path, *, changed: bool = False) -> bool:
    """Swap in a copy of the closed database unless the present copy is the newest; returns whether it did.

    `changed` says that it certainly is not (two writes within one tick of the file system's clock look alike).
    Readers that have the former copy open keep it. Also publishes what a killed writer had committed.
    """
    if not (changed or is_stale(path, published)):
        return False
    settle(path)
    published.parent.mkdir(parents=True, exist_ok=True)
    published.parent.chmod(FOLDER_MODE)
    copy_whole(path, published, mode=FILE_MODE)
    return True
