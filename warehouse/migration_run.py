"""One run of Alembic over one file.

Holds: the programmatic call, in one transaction with its proofs.
Belongs here: everything that needs Alembic or an SQLAlchemy engine; nothing else imports them.
Never here: a decision whether to migrate (`warehouse.migrate`).
"""

from __future__ import annotations

from pathlib import Path
from typing import cast

import duckdb
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy.pool import NullPool

from warehouse import migrate
from warehouse.connections import STORAGE_VERSION, disk_full, is_disk_full
from warehouse.errors import SchemaError, TomkingError
from warehouse.models.base import MIGRATED_SCHEMAS


def configuration() -> Config:
    """Alembic's configuration; there is no ini file, so that an installed wheel works like a checkout."""
    config = Config()
    # Alembic reads "%" as the start of a reference.
    config.set_main_option("script_location", str(migrate.SCRIPTS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def engine_for(path: Path) -> sa.Engine:
    """An engine on a database file whose connections are closed as soon as they are given back."""
    return sa.create_engine(
        sa.URL.create("duckdb", database=str(path)),
        poolclass=NullPool,
        connect_args={"config": {"storage_compatibility_version": STORAGE_VERSION}},
    )


def run(path: Path, revision: str = "head") -> None:
    """Migrate a file to a revision in one transaction; on any error the file is as it was.

    Rows of tables that a migration does not list in `CHANGES_ROWS_OF` must be as many as before. At "head"
    the schema must be what the models declare.
    """
    engine = engine_for(path)
    try:
        with engine.begin() as connection:
            _run_within(connection, revision)
    except TomkingError:
        raise
    except Exception as error:
        if is_disk_full(error):
            raise disk_full(path, error) from error
        raise SchemaError(
            "the migration failed; the file is as it was",
            where=str(path),
            why=" ".join(str(error).split()),
            remedy="keep the file, and the backup made before, and report this",
        ) from error
    finally:
        engine.dispose()


def _run_within(connection: sa.Connection, revision: str) -> None:
    driver = driver_of(connection)
    for schema in MIGRATED_SCHEMAS:
        connection.execute(sa.text(f"CREATE SCHEMA IF NOT EXISTS {schema}"))
    connection.execute(sa.text("SET TimeZone = 'UTC'"))
    found, before = migrate.current(driver), migrate.row_counts(driver)
    config = configuration()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
    _prove_rows(before, migrate.row_counts(driver), _may_change(config, found))
    if revision == "head" and (left := migrate.drift(driver)):
        raise SchemaError("the migrations do not make what the models declare", why="it " + "; ".join(left))


def driver_of(connection: sa.Connection) -> duckdb.DuckDBPyConnection:
    """DuckDB's own connection under SQLAlchemy's, in the same transaction."""
    return cast("duckdb.DuckDBPyConnection", connection.connection.dbapi_connection)


def _may_change(config: Config, found: str | None) -> frozenset[str]:
    """Tables whose rows the migrations after `found` change on purpose (`CHANGES_ROWS_OF` of their modules)."""
    script = ScriptDirectory.from_config(config)
    steps = script.iterate_revisions("heads", found or "base")
    return frozenset(name for step in steps for name in getattr(step.module, "CHANGES_ROWS_OF", ()))


def _prove_rows(before: migrate.Counts, after: migrate.Counts, may_change: frozenset[str]) -> None:
    wrong = [
        f"{table}: {count} before, {after.get(table, 0)} after"
        for table, count in before.items()
        if table not in may_change and after.get(table, 0) != count
    ]
    if wrong:
        raise SchemaError("the migration would lose or invent rows; the file is as it was", why="; ".join(wrong))
