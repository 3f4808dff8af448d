"""Rows from frames into tables, as single statements.

Holds: insert, insert what is new, insert or update, compare, each `INSERT ... SELECT` from a registered frame.
Belongs here: SQL made from a model's columns.
Never here: transactions and what counts as a change of the warehouse (`warehouse.session`).
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import polars as pl

from warehouse.connections import quoted, rows
from warehouse.errors import FrameError
from warehouse.frames import conform, table_of
from warehouse.models.base import Base

BOOKKEEPING = frozenset({"learnt_at", "known_at", "updated_at", "computed_at"})
"""Columns that say when we worked, not what we know: they alone never make a row differ."""
FIRST_STANDS = frozenset({"learnt_at", "known_at"})
"""Columns an update leaves as they are: a row was learnt when it was first learnt."""

_FRAME = "frame_to_write"


def insert(connection: duckdb.DuckDBPyConnection, model: type[Base], given: pl.DataFrame) -> int:
    """Insert every row; returns how many. A key that is there already is an error."""
    return _insert(connection, model, conform(model, given), "")


def insert_conformed(connection: duckdb.DuckDBPyConnection, model: type[Base], given: pl.DataFrame) -> int:
    """`insert` of a frame that `conform` made."""
    return _insert(connection, model, given, "")


def insert_new(connection: duckdb.DuckDBPyConnection, model: type[Base], given: pl.DataFrame) -> int:
    """Insert the rows whose primary key is not there yet; returns how many.

    Rows that are the same in every column count once; two different rows of one key are an error.
    """
    rows_given = conform(model, given).unique(maintain_order=True)
    _refuse_double_keys(model, rows_given)
    same_key = " AND ".join(f"t.{name} = f.{name}" for name in _key_names(model))
    return _insert(
        connection, model, rows_given, f"WHERE NOT EXISTS (SELECT 1 FROM {full_name(model)} t WHERE {same_key})"
    )


def upsert(connection: duckdb.DuckDBPyConnection, model: type[Base], given: pl.DataFrame) -> int:
    """Insert rows or update them by primary key; returns how many were new or differed.

    Columns the frame does not carry stay as they are in rows that exist. Bookkeeping columns alone make no
    difference, and the instant a row was first learnt is kept.
    """
    rows_given = conform(model, given).unique(maintain_order=True)
    _refuse_double_keys(model, rows_given)
    keys = _key_names(model)
    carried = [quoted(name) for name in given.columns if quoted(name) not in keys and name not in FIRST_STANDS]
    compared = keys + [name for name in carried if name.strip('"') not in BOOKKEEPING]
    same = " AND ".join(f"t.{name} IS NOT DISTINCT FROM f.{name}" for name in compared)
    action = ", ".join(f"{name} = excluded.{name}" for name in carried)
    conflict = f"ON CONFLICT ({', '.join(keys)}) DO " + (f"UPDATE SET {action}" if action else "NOTHING")
    return _insert(
        connection,
        model,
        rows_given,
        f"WHERE NOT EXISTS (SELECT 1 FROM {full_name(model)} t WHERE {same}) {conflict}",
    )


def holds_exactly(
    connection: duckdb.DuckDBPyConnection,
    model: type[Base],
    given: pl.DataFrame,
    where: str,
    params: Sequence[object],
) -> bool:
    """Whether the rows matching `where` are the frame's rows already, bookkeeping columns aside."""
    rows_given = conform(model, given)
    table = full_name(model)
    names = [quoted(column.name) for column in table_of(model).columns if column.name not in BOOKKEEPING]
    listed = ", ".join(names)
    found = rows(connection, f"SELECT count(*) FROM {table} WHERE {where}", params)[0][0]
    if found != rows_given.height:
        return False
    sql = f"SELECT count(*) FROM (SELECT {listed} FROM {table} WHERE {where} EXCEPT ALL SELECT {listed} FROM {_FRAME})"
    return bool(_with_frame(connection, sql, rows_given, params).fetchall()[0][0] == 0)


def delete(connection: duckdb.DuckDBPyConnection, model: type[Base], where: str, params: Sequence[object]) -> int:
    """Delete the rows matching `where`; returns how many."""
    return changed_rows(connection, f"DELETE FROM {full_name(model)} WHERE {where}", params) or 0


def changed_rows(connection: duckdb.DuckDBPyConnection, sql: str, params: Sequence[object] = ()) -> int | None:
    """Run a statement; returns the rows an INSERT, UPDATE or DELETE touched, None for any other statement."""
    return _count(connection.execute(sql, list(params)))


def full_name(model: type[Base]) -> str:
    """Schema and table of a model as SQL."""
    table = table_of(model)
    return f"{quoted(table.schema or 'main')}.{quoted(table.name)}"


def _insert(connection: duckdb.DuckDBPyConnection, model: type[Base], rows_given: pl.DataFrame, tail: str) -> int:
    if rows_given.is_empty():
        return 0
    names = ", ".join(quoted(name) for name in rows_given.columns)
    sql = f"INSERT INTO {full_name(model)} ({names}) SELECT {names} FROM {_FRAME} f {tail}"
    try:
        return _count(_with_frame(connection, sql, rows_given)) or 0
    except duckdb.ConstraintException as error:
        raise FrameError("rows break a rule of their table", where=full_name(model), why=str(error)) from error


def _with_frame(
    connection: duckdb.DuckDBPyConnection, sql: str, given: pl.DataFrame, params: Sequence[object] = ()
) -> duckdb.DuckDBPyConnection:
    """Run a statement that names the frame.

    DuckDB finds it by the name of the variable. A frame that is registered instead stays in memory until the
    transaction ends.
    """
    frame_to_write = given  # noqa: F841 (named in the statement)
    return connection.execute(sql, list(params))


def _count(answer: duckdb.DuckDBPyConnection) -> int | None:
    columns = [column[0] for column in answer.description or ()]
    found = answer.fetchall()
    return int(found[0][0]) if columns == ["Count"] and len(found) == 1 else None


def _key_names(model: type[Base]) -> list[str]:
    return [quoted(column.name) for column in table_of(model).primary_key.columns]


def _refuse_double_keys(model: type[Base], rows_given: pl.DataFrame) -> None:
    names = [column.name for column in table_of(model).primary_key.columns]
    double = rows_given.filter(pl.struct(names).is_duplicated())
    if not double.is_empty():
        raise FrameError(
            "two different rows have one primary key",
            where=full_name(model),
            why=f"first such key: {double.select(names).row(0, named=True)}",
        )
