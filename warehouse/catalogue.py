"""What DuckDB says is in a file, against what the models declare.

Holds: DDL made from the models, the catalogue of a database as plain facts, and their difference.
Belongs here: everything that finds a drifted file.
Never here: mending one (`warehouse.migrate`, `warehouse.backup`).
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence

import duckdb
from duckdb_sqlalchemy import Dialect
from sqlalchemy import Table
from sqlalchemy.schema import CreateIndex, CreateTable

from warehouse.connections import open_in_memory, rows
from warehouse.models import Base
from warehouse.models.base import MIGRATED_SCHEMAS, OPS

VERSION_TABLE = "alembic_version"

Fact = tuple[str, ...]
"""One line of a catalogue: what it is, schema, table, and its properties as texts."""


def tables_of(schemas: Sequence[str]) -> list[Table]:
    """The declared tables of these schemas, by name."""
    return sorted(
        (table for table in Base.metadata.tables.values() if table.schema in schemas),
        key=lambda table: (str(table.schema), table.name),
    )


def create_statements(tables: Iterable[Table]) -> list[str]:
    """The statements that create these tables and their indexes."""
    dialect = Dialect()
    statements = []
    for table in tables:
        statements.append(str(CreateTable(table).compile(dialect=dialect)).strip())
        statements.extend(str(CreateIndex(index).compile(dialect=dialect)) for index in table.indexes)
    return statements


def read(connection: duckdb.DuckDBPyConnection, schemas: Sequence[str] = MIGRATED_SCHEMAS) -> frozenset[Fact]:
    """Columns, constraints, indexes, views, sequences and types of these schemas; the order of columns is no fact.

    Constraint names are left out because DuckDB does not keep them; Alembic's own version table is no part of it.
    """
    wanted = ", ".join("?" for _ in schemas)
    of_ours = f"database_name = current_database() AND schema_name IN ({wanted})"
    queries = {
        "column": "SELECT schema_name, table_name, column_name, data_type, is_nullable, column_default "
        f"FROM duckdb_columns() WHERE {of_ours}",
        "constraint": "SELECT schema_name, table_name, constraint_type, constraint_text, constraint_column_names "
        f"FROM duckdb_constraints() WHERE {of_ours}",
        "index": f"SELECT schema_name, table_name, is_unique, expressions FROM duckdb_indexes() WHERE {of_ours}",
        "view": f"SELECT schema_name, view_name, sql FROM duckdb_views() WHERE {of_ours}",
        "sequence": f"SELECT schema_name, sequence_name FROM duckdb_sequences() WHERE {of_ours}",
        "type": f"SELECT schema_name, type_name FROM duckdb_types() WHERE {of_ours}",
    }
    facts = set()
    for kind, sql in queries.items():
        for row in rows(connection, sql, list(schemas)):
            if (row[0], row[1]) != (OPS, VERSION_TABLE):
                facts.add((kind, *(str(value) for value in row)))
    return frozenset(facts)


@functools.cache
def expected() -> frozenset[Fact]:
    """The catalogue of the migrated schemas as the models declare it, made once per process in memory."""
    with open_in_memory() as connection:
        for schema in MIGRATED_SCHEMAS:
            connection.execute(f"CREATE SCHEMA {schema}")
        for statement in create_statements(tables_of(MIGRATED_SCHEMAS)):
            connection.execute(statement)
        return read(connection)


def differences(found: frozenset[Fact], wanted: frozenset[Fact]) -> list[str]:
    """What differs, as sentences: what the file lacks, then what it has besides."""
    return [f"lacks {_said(fact)}" for fact in sorted(wanted - found)] + [
        f"has {_said(fact)}" for fact in sorted(found - wanted)
    ]


def _said(fact: Fact) -> str:
    kind, schema, name, *rest = fact
    return f"{kind} {schema}.{name} {' '.join(rest)}".strip()
