"""`tomking sql`: questions to the published copy.

Holds: the command that runs one SQL text read-only and prints the answer.
Belongs here: forms of output of a query.
Never here: writing.
"""

from __future__ import annotations

import sys
from pathlib import Path

import click
import duckdb

from pipelines.commands.output import Session, json_option, pass_session, print_answer, print_csv, print_json
from pipelines.errors import NotFound, TomkingError


@click.command("sql", context_settings={"ignore_unknown_options": True})  # a query may begin with a comment
@click.argument("query")
@click.option("--csv", "as_csv", is_flag=True, help="print CSV instead of a table")
@json_option
@pass_session
def sql(session: Session, query: str, as_csv: bool) -> None:
    """Run QUERY on the published copy (`-` reads it from standard input, `@FILE` from a file).

    The copy is read-only and is never locked by a running job; a job's result appears when it ends.
    """
    if as_csv and session.as_json:
        raise click.UsageError("--csv and --json exclude each other")
    text = query_text(query)
    with session.warehouse.reader() as connection:
        columns, rows = _answer(connection, text)
    if as_csv:
        print_csv(columns, rows)
    elif session.as_json:
        print_json([dict(zip(columns, row, strict=True)) for row in rows])
    else:
        print_answer(columns, rows)


def query_text(query: str) -> str:
    """The SQL that the argument means. Raises NotFound where the file it names cannot be read."""
    if query == "-":
        return sys.stdin.read()
    if not query.startswith("@"):
        return query
    file = Path(query[1:]).expanduser()
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
        raise NotFound(
            "the file with the query cannot be read", where=str(file), why=why, remedy="name a text file after the @"
        ) from error


def _answer(connection: duckdb.DuckDBPyConnection, text: str) -> tuple[list[str], list[tuple[object, ...]]]:
    """Columns and rows of the last statement. Raises TomkingError with DuckDB's own explanation."""
    try:
        connection.execute(text)
        if connection.description is None:
            raise TomkingError("there is no query to run", remedy='tomking sql "show all tables"')
        return [column[0] for column in connection.description], connection.fetchall()
    except duckdb.Error as error:
        raise TomkingError("the query failed", why=str(error), remedy=_remedy(str(error))) from error


def _remedy(message: str) -> str:
    if "read-only" in message:
        return "queries only read; `tomking ingest`, `reconcile` and the other commands write"
    return '`tomking sql "show all tables"` lists tables and views, `tomking sql "describe marts.fills"` the columns'
