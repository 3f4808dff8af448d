"""`tomking log`: what a run and its engine said.

Holds: printing and searching the messages of one run.
Belongs here: the choice of messages.
Never here: reading log files (pipelines.parsing.lean.log).
"""

from __future__ import annotations

import click

from pipelines.commands.output import Session, cell, console, counted, json_option, pass_session, print_json
from pipelines.steps.lean.run_lookup import find_run

COLUMNS = ("source", "line", "stamp_text", "level", "message")
SHOWN = 200


@click.command("log")
@click.argument("run")
@click.option("--search", metavar="TEXT", help="only messages that contain it, capitals or not")
@click.option("--level", help="only this level, e.g. ERROR")
@click.option("--source", type=click.Choice(["algorithm", "engine"]), help="only this log")
@click.option("--limit", type=click.IntRange(min=1), default=SHOWN, show_default=True, help="the last so many")
@json_option
@pass_session
def log(session: Session, run: str, *, search: str | None, level: str | None, source: str | None, limit: int) -> None:
    """Print the messages of RUN (id, name or folder): the algorithm's log, then the engine's."""
    conditions, values = ["run_id = ?"], []
    for condition, value in (
        ("contains(lower(message), lower(?))", search),
        ("upper(level) = upper(?)", level),
        ("source = ?", source),
    ):
        if value is not None:
            conditions.append(condition)
            values.append(value)
    where = " AND ".join(conditions)
    with session.reading() as reader:
        found = find_run(reader, run)
        arguments = [found.run_id, *values]
        [(total,)] = reader.rows(f"SELECT count(*) FROM marts.run_log WHERE {where}", arguments)
        rows = reader.rows(
            f"SELECT {', '.join(COLUMNS)} FROM marts.run_log WHERE {where} ORDER BY source DESC, line DESC LIMIT ?",
            [*arguments, limit],
        )[::-1]
    if session.as_json:
        print_json([dict(zip(COLUMNS, row, strict=True)) for row in rows])
        return
    for _source, _line, stamp, level_of_it, message in rows:
        console.print(f"{cell(stamp)} {level_of_it or ''} {message}", markup=False, highlight=False)
    left = f", the last {len(rows)} shown" if total > len(rows) else ""
    console.print(f"{counted(total, 'message')} of {found}{left}", style="bold", markup=False)
