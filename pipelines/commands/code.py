"""`tomking code`: the source a run was started from.

Holds: listing a run's files and printing one of them, from what the warehouse keeps.
Belongs here: reading source back.
Never here: comparing the source of two runs (compare.py).
"""

from __future__ import annotations

import click

from pipelines.commands.output import Session, counted, json_option, pass_session, print_json, print_rows
from pipelines.errors import Conflict, NotFound
from pipelines.steps.lean.run_lookup import find_run

COLUMNS = ("path", "language", "size", "sha256")


@click.command("code")
@click.argument("run")
@click.argument("file", required=False)
@json_option
@pass_session
def code(session: Session, run: str, file: str | None) -> None:
    """List the source files of RUN (id, name or folder), or print one FILE as it was."""
    with session.reading() as reader:
        found = find_run(reader, run)
        rows = reader.rows(
            f"SELECT {', '.join(COLUMNS)}, source FROM marts.run_code WHERE run_id = ? ORDER BY path", (found.run_id,)
        )
    if file is None:
        title = f"{counted(len(rows), 'source file')} of {found}"
        print_rows(session, title, COLUMNS, [row[: len(COLUMNS)] for row in rows])
        return
    chosen = next((row for row in rows if row[0] == file), None)
    if chosen is None:
        raise NotFound(
            "the run has no such file",
            where=file,
            why="it has " + ", ".join(row[0] for row in rows) if rows else "LEAN kept no code with it",
            remedy=f"`tomking code {found.run_id[:12]}` lists its files",
        )
    if session.as_json:
        print_json(dict(zip((*COLUMNS, "source"), chosen, strict=True)))
        return
    *_facts, sha256, source = chosen
    if source is None:
        raise Conflict("the file is no text", where=file, why=f"its bytes are kept in the raw store as {sha256}")
    click.echo(source, nl=False)
