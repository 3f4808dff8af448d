"""How a database file is opened.

Holds: the one configuration of every connection, for writing and for reading.
Belongs here: settings of DuckDB itself.
Never here: locks (`warehouse.locks`), or statements.
"""

from __future__ import annotations

import datetime as dt
import errno
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb

from warehouse.errors import Busy, SchemaError, StorageError

STORAGE_VERSION = "v1.5.0"
"""DuckDB 1.5 and 2.0 both read this layout, so an upgrade of the library can be taken back."""

ATTACHED = "warehouse"
"""Name of the database in a reading connection."""

# No extension is ever fetched from the network; those the warehouse needs are part of the wheel.
_OFFLINE = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}


def open_for_writing(path: Path) -> duckdb.DuckDBPyConnection:
    """A read-write connection in UTC; the file is created where there is none. The caller holds the writer's lock."""
    try:
        return _in_utc(duckdb.connect(str(path), config={**_OFFLINE, "storage_compatibility_version": STORAGE_VERSION}))
    except duckdb.Error as error:
        raise _explained(path, error) from error


def open_for_reading(path: Path) -> duckdb.DuckDBPyConnection:
    """A read-only connection in UTC on a file that nothing writes: a published copy or a backup.

    The file is attached to an empty database in memory. Opened directly, DuckDB would hand every later connection of
    the process the copy that the first one still holds open, however often a newer one was published since.
    """
    connection = open_in_memory()
    try:
        connection.execute(f"ATTACH {literal(str(path))} AS {ATTACHED} (READ_ONLY)")
        connection.execute(f"USE {ATTACHED}")
    except duckdb.Error as error:
        connection.close()
        raise _explained(path, error) from error
    return connection


def open_in_memory() -> duckdb.DuckDBPyConnection:
    """An empty database in memory, configured as a file would be."""
    return _in_utc(duckdb.connect(":memory:", config={**_OFFLINE}))


def _in_utc(connection: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    # GLOBAL: a cursor made from the connection must speak UTC too.
    connection.execute("SET GLOBAL TimeZone = 'UTC'")
    return connection


def _explained(path: Path, error: duckdb.Error) -> Exception:
    text = str(error)
    if "Conflicting lock" in text or "different configuration" in text:
        return Busy(
            "another program has the database file open",
            where=str(path),
            why=text.splitlines()[0],
            remedy="close it there; to look at data, open the published copy instead (`tomking sql`)",
        )
    if "database with version" in text or "newer version of DuckDB" in text:
        return SchemaError("the file was written by another DuckDB", where=str(path), why=text)
    if is_disk_full(error):
        return disk_full(path, error)
    return StorageError(
        "the database file cannot be opened",
        where=str(path),
        why=text,
        remedy="`tomking restore` takes the last backup",
    )


def is_disk_full(error: BaseException) -> bool:
    """Whether an error of the system or of DuckDB says that there is no space left."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return True
    return any(said in str(error) for said in ("No space left on device", "Disk quota exceeded", "File too large"))


def disk_full(path: Path, error: BaseException) -> StorageError:
    """The error a person sees when the disk is full."""
    return StorageError(
        "no space left on the disk; nothing was changed",
        where=str(path),
        why=str(error),
        remedy="free space there and run the same command again",
    )


def rows(connection: duckdb.DuckDBPyConnection, sql: str, params: Sequence[object] = ()) -> list[tuple[Any, ...]]:
    """Every row of a query; instants come with `datetime.UTC`, whatever zone object the driver uses."""
    return [
        tuple(_plain(value) if isinstance(value, dt.datetime) else value for value in row)
        for row in connection.execute(sql, list(params)).fetchall()
    ]


def _plain(value: dt.datetime) -> dt.datetime:
    return value if value.tzinfo is None else value.astimezone(dt.UTC)


def quoted(name: str) -> str:
    """A name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as an SQL literal, for the few places that take no parameter."""
    return "'" + text.replace("'", "''") + "'"
