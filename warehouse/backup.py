"""Backups: copies of the whole file, proved when made and again before they are used.

Holds: making, listing, proving, thinning out and restoring.
Belongs here: the names `warehouse-<instant>-r<revision>.duckdb`.
Never here: the raw store (its files never change; any backup of the disk keeps them).
"""

from __future__ import annotations

import datetime as dt
import os
import re
from dataclasses import dataclass
from pathlib import Path

import duckdb

from warehouse import migrate
from warehouse.connections import open_for_reading
from warehouse.errors import Conflict, NotFound, SchemaError, StorageError, TomkingError
from warehouse.files import copy_whole
from warehouse.publish import settle

KEPT = 10
"""How many backups stay in the folder."""
FILE_MODE = 0o440
_NAME = re.compile(r"warehouse-(\d{8}T\d{6}\d{6}Z)-r(\w+)\.duckdb")


@dataclass(frozen=True)
class Backup:
    """A backup by its name."""

    path: Path
    taken_at: dt.datetime
    revision: str
    size: int


@dataclass(frozen=True)
class Proof:
    """What a database file was found to hold: its revision, the rows of each migrated table."""

    path: Path
    revision: str | None
    rows: migrate.Counts


@dataclass(frozen=True)
class Restored:
    """What a restore did: the proof of the backup, and where the file it replaced lies now."""

    source: Proof
    replaced: Path | None


def backup(path: Path, folder: Path, *, to: Path | None, keep: int) -> Proof:
    """Copy a closed database and prove the copy; the caller holds the writer's lock.

    With `to` None the copy gets a timestamped name in `folder`, where only the newest `keep` stay. Raises `Conflict`
    where `to` is there already, `StorageError` where the copy fails its proof.
    """
    settle(path)
    target = to
    if target is None:
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o750)
        revision = prove(path).revision
        taken = dt.datetime.now(dt.UTC).strftime("%Y%m%dT%H%M%S%fZ")
        target = folder / f"warehouse-{taken}-r{revision or 'none'}.duckdb"
    elif target.exists():
        raise Conflict(
            "there is a file already where the backup should go", where=str(target), remedy="name another file"
        )
    copy_whole(path, target, mode=FILE_MODE)
    proof = prove(target)
    if to is None:
        _thin_out(folder, keep)
    return proof


def listed(folder: Path) -> list[Backup]:
    """The backups of a folder, newest first."""
    found = []
    for path in folder.glob("warehouse-*.duckdb"):
        if match := _NAME.fullmatch(path.name):
            taken = dt.datetime.strptime(match[1], "%Y%m%dT%H%M%S%fZ").replace(tzinfo=dt.UTC)
            found.append(Backup(path, taken, match[2], path.stat().st_size))
    return sorted(found, key=lambda one: one.taken_at, reverse=True)


def prove(path: Path) -> Proof:
    """Open a database file read-only and read every migrated table.

    Raises `NotFound`, or `StorageError` for a file that DuckDB cannot read.
    """
    if not path.is_file():
        raise NotFound("there is no such backup", where=str(path), remedy="the state folder's `backups` holds them")
    try:
        with open_for_reading(path) as connection:
            return Proof(path, migrate.current(connection), migrate.row_counts(connection))
    except (duckdb.Error, StorageError) as error:
        why = error.why if isinstance(error, StorageError) else str(error)
        remedy = "name a file that `tomking backup` wrote; the present warehouse stands untouched"
        raise StorageError(
            "this is no readable copy of a warehouse", where=str(path), why=why, remedy=remedy
        ) from error


def restore(source: Path, path: Path, folder: Path, *, keep: int) -> Restored:
    """Put a proved backup in the place of the present file; the caller holds the writer's lock.

    The present file is backed up first; one that cannot be opened is kept beside it as it is. Raises `SchemaError` for
    a backup of a newer release or of no warehouse at all.
    """
    proof = prove(source)
    if proof.revision is None:
        raise SchemaError("the file is a database, but no warehouse", where=str(source))
    migrate.refuse_newer(proof.revision, source)
    replaced = _set_aside(path, folder, keep) if path.exists() else None
    copy_whole(source, path, mode=migrate.FILE_MODE)
    os.utime(path)  # a restored file is newer than any published copy
    return Restored(proof, replaced)


def _set_aside(path: Path, folder: Path, keep: int) -> Path:
    log = path.with_name(path.name + ".wal")
    try:
        # One more may stay than usual, so that the backup being restored is not the one that goes.
        return backup(path, folder, to=None, keep=keep + 1).path
    except TomkingError:
        damaged = path.with_name(f"{path.name}.damaged-{dt.datetime.now(dt.UTC):%Y%m%dT%H%M%S%fZ}")
        path.rename(damaged)
        if log.exists():
            log.rename(damaged.with_name(damaged.name + ".wal"))
        return damaged


def _thin_out(folder: Path, keep: int) -> None:
    for old in listed(folder)[keep:]:
        old.path.unlink(missing_ok=True)
