"""`tomking sql`: questions to the published copy.

Holds: the command that runs one SQL text read-only and prints the answer.
Belongs here: forms of output of a query.
Never here: writing.
"""

from __future__ import annotations

from pathlib import Path

import click
import duckdb

from pipelines.commands.output import Session, json_option, pass_session, print_csv, print_rows
from pipelines.errors import TomkingError


@click.command("sql")
@click.argument("query")
@click.option("--csv", "as_csv", is_flag=True, help="print CSV instead of a table")
@json_option
@pass_session
def sql(session: Session, query: str, as_csv: bool) -> None:
    """Run QUERY on the published copy (`-` reads it from standard input, `@FILE` from a file).

    The copy is read-only and is never locked by a running job; a job's result appears when it ends.
    """
    if query == "-":
        query = click.get_text_stream("stdin").read()
    elif query.startswith("@"):
        query = Path(query[1:]).read_text(encoding="utf-8")
    with session.warehouse.reader() as connection:
        try:
            answer = connection.execute(query)
            columns = [column[0] for column in answer.description or ()]
            rows = answer.fetchall()
        except duckdb.Error as error:
            raise TomkingError(
                "the query failed", why=str(error), remedy='`tomking sql "show all tables"` lists tables and views'
            ) from error
    if as_csv:
        print_csv(columns, rows)
    else:
        print_rows(session, f"{len(rows)} rows", columns, rows)
