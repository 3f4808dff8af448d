"""The schema's version: reading it, checking it, bringing a file up to date.

Holds: the newest revision of this release, the revision of a file, and the upgrade.
Belongs here: everything around the numbered migrations.
Never here: a migration itself (`migrations/versions`), or locks and backups (`warehouse.access` holds both around this).
"""

from __future__ import annotations

import functools
import importlib
import re
from pathlib import Path

import duckdb

import migrations
from warehouse import catalogue
from warehouse.connections import open_for_writing, quoted, rows
from warehouse.errors import SchemaError
from warehouse.models.base import MIGRATED_SCHEMAS, OPS

SCRIPTS = Path(migrations.__file__).parent
_SCRIPT_NAME = re.compile(r"(\d{4})_\w+\.py")
_SHOWN = 5

FILE_MODE = 0o640
"""The owner writes, the group may copy; trades are nobody else's business."""

Counts = dict[str, int]


@functools.cache
def revisions() -> tuple[str, ...]:
    """The revisions this release knows, oldest first, by the numbers of their files."""
    found = [match[1] for path in (SCRIPTS / "versions").iterdir() if (match := _SCRIPT_NAME.fullmatch(path.name))]
    return tuple(sorted(found))


def head() -> str:
    """The revision this release writes."""
    return revisions()[-1]


def current(connection: duckdb.DuckDBPyConnection) -> str | None:
    """The revision of an open database; None where it has none."""
    known = rows(
        connection,
        "SELECT count(*) FROM duckdb_tables() "
        "WHERE database_name = current_database() AND schema_name = ? AND table_name = ?",
        [OPS, catalogue.VERSION_TABLE],
    )
    if not known[0][0]:
        return None
    found = rows(connection, f"SELECT version_num FROM {OPS}.{catalogue.VERSION_TABLE}")
    return str(found[0][0]) if len(found) == 1 else None


def refuse_newer(found: str | None, path: Path) -> None:
    """Raise `SchemaError` for a file of a release that this one does not know."""
    if found is not None and found not in revisions():
        raise SchemaError(
            f"the warehouse has revision {found}, which this release does not know",
            where=str(path),
            why=f"the newest it knows is {head()}: a newer tomking wrote the file",
            remedy="install that release again, or take an older backup with `tomking restore`",
        )


def refuse_drift(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Raise `SchemaError` unless the file is at this release's revision and exactly what the models declare."""
    found = current(connection)
    refuse_newer(found, path)
    if found != head():
        raise SchemaError(
            f"the warehouse has revision {found or 'none'}, this release writes {head()}",
            where=str(path),
            remedy="any command that writes brings it up to date, after a backup",
        )
    if found_differences := drift(connection):
        more = len(found_differences) - _SHOWN
        shown = found_differences[:_SHOWN] + ([f"and {more} more"] if more > 0 else [])
        raise SchemaError(
            "the tables of the warehouse are not those of its revision; it was changed by hand",
            where=str(path),
            why="it " + "; ".join(shown),
            remedy="`tomking doctor` lists the differences; `tomking restore` takes the last backup",
        )


def drift(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """How the migrated schemas differ from the models, as sentences; empty where they do not."""
    return catalogue.differences(catalogue.read(connection), catalogue.expected())


def upgrade(path: Path) -> tuple[str | None, str]:
    """Bring a file to the newest revision in one transaction; returns the revisions before and after.

    A file that does not exist is created. Within the transaction the rows of every table are counted before and
    after, and the result is compared with the models: a migration that loses rows or leaves another schema than
    declared changes nothing. The caller holds the writer's lock and has made a backup.
    """
    existed = path.exists()
    if not existed:
        path.parent.mkdir(parents=True, exist_ok=True)
    with open_for_writing(path) as connection:
        before = current(connection)
        strangers = rows(connection, "SELECT count(*) FROM duckdb_tables()")[0][0] if before is None else 0
    refuse_newer(before, path)
    if strangers:
        raise SchemaError(
            "the file is a database, but no warehouse", where=str(path), remedy="move it, or choose another folder"
        )
    if before == head():
        return before, before
    try:
        # Alembic takes 0.2 s to import, and a file that is current never needs it.
        importlib.import_module("warehouse.migration_run").run(path)
    except BaseException:
        if not existed:
            path.unlink(missing_ok=True)
        raise
    path.chmod(FILE_MODE)
    return before, head()


def row_counts(connection: duckdb.DuckDBPyConnection) -> Counts:
    """Rows of every table in the migrated schemas, but Alembic's own."""
    names = rows(
        connection,
        "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = current_database() "
        f"AND schema_name IN ({', '.join('?' * len(MIGRATED_SCHEMAS))}) AND table_name <> ?",
        [*MIGRATED_SCHEMAS, catalogue.VERSION_TABLE],
    )
    return {
        f"{schema}.{name}": rows(connection, f"SELECT count(*) FROM {quoted(schema)}.{quoted(name)}")[0][0]
        for schema, name in names
    }


def create_from_models(path: Path) -> None:
    """Create a file straight from the models, marked with the newest revision; tests use it for their template.

    A file made by the migrations is the same by DuckDB's catalogue, which a test proves.
    """
    with open_for_writing(path) as connection:
        connection.execute("BEGIN TRANSACTION")
        for schema in MIGRATED_SCHEMAS:
            connection.execute(f"CREATE SCHEMA {schema}")
        for statement in catalogue.create_statements(catalogue.tables_of(MIGRATED_SCHEMAS)):
            connection.execute(statement)
        connection.execute(
            f"CREATE TABLE {OPS}.{catalogue.VERSION_TABLE} (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"
        )
        connection.execute(f"INSERT INTO {OPS}.{catalogue.VERSION_TABLE} VALUES (?)", [head()])
        connection.execute("COMMIT")
