"""`tomking runs`: which runs are here and how they ended.

Holds: the list, and one run in full.
Belongs here: questions about runs as a whole.
Never here: comparing two of them (compare.py), their messages (log.py) or their source (code.py).
"""

from __future__ import annotations

import click

from pipelines.commands.output import Session, console, counted, json_option, pass_session, print_json, print_rows
from pipelines.steps.lean.run_lookup import find_run
from warehouse.models.records.runs import RUN_MODES, RUN_STATES

COLUMNS = (
    "run_id",
    "name",
    "mode",
    "state",
    "started_at",
    "orders",
    "fills",
    "end_equity",
    "account_currency",
    "return_share",
    "code_hash",
)
FAILED_COLUMNS = ("run_id", "name", "mode", "state", "what", "error_location", "last_order_id", "last_order_at")
FAILURES = """(
    SELECT *, trim(split_part(coalesce(error, last_error), chr(10), 1)) AS what FROM marts.failed_runs
)"""
"""With the first line of what went wrong: of a killed run its last error, which need not be the cause."""
SHOWN = 50


@click.command("runs")
@click.argument("run", required=False)
@click.option("--state", type=click.Choice(RUN_STATES), help="only this state")
@click.option("--mode", type=click.Choice(RUN_MODES), help="only this mode")
@click.option("--failed", is_flag=True, help="runs that ended by an error or were killed, with what is known of it")
@click.option("--limit", type=click.IntRange(min=1), default=SHOWN, show_default=True, help="at most so many")
@json_option
@pass_session
def runs(session: Session, run: str | None, *, state: str | None, mode: str | None, failed: bool, limit: int) -> None:
    """List runs, newest first; or show everything known about one RUN (id, name or folder)."""
    if run is not None and (state or mode or failed):
        raise click.UsageError("a RUN is shown in full: leave --state, --mode and --failed out")
    if run is not None:
        _show(session, run)
        return
    columns, view = (FAILED_COLUMNS, FAILURES) if failed else (COLUMNS, "marts.runs")
    given = {name: value for name, value in (("state", state), ("mode", mode)) if value is not None}
    condition = " AND ".join(f"{name} = ?" for name in given) or "true"
    with session.reading() as reader:
        [(total,)] = reader.rows(f"SELECT count(*) FROM {view} WHERE {condition}", list(given.values()))
        rows = reader.rows(
            f"SELECT {', '.join(columns)} FROM {view} WHERE {condition} "
            "ORDER BY started_at DESC NULLS LAST, run_id LIMIT ?",
            [*given.values(), limit],
        )
    title = counted(total, "run") + (f", the newest {len(rows)}" if total > len(rows) else "")
    print_rows(session, title, columns, rows)


def _show(session: Session, reference: str) -> None:
    with session.reading() as reader:
        run_id = find_run(reader, reference).run_id
        [run] = reader.frame("SELECT * FROM marts.runs WHERE run_id = ?", (run_id,)).to_dicts()
        failure = reader.frame("SELECT * FROM marts.failed_runs WHERE run_id = ?", (run_id,)).to_dicts()
        drawdown = reader.frame("SELECT * FROM marts.run_drawdowns WHERE run_id = ?", (run_id,)).to_dicts()
        parameters = dict(
            reader.rows("SELECT parameter, value FROM marts.run_parameters WHERE run_id = ? ORDER BY ALL", (run_id,))
        )
        statistics = dict(
            reader.rows(
                "SELECT statistic, value_text FROM marts.run_statistics "
                "WHERE run_id = ? AND section = 'statistics' ORDER BY ALL",
                (run_id,),
            )
        )
    if session.as_json:
        about = {"parameters": parameters, "statistics": statistics}
        print_json({**run, "failure": next(iter(failure), None), "drawdown": next(iter(drawdown), None), **about})
        return
    print_rows(session, str(run["name"]), ("what", "value"), [(name, value) for name, value in run.items()])
    for title, named in (("parameters", parameters), ("statistics", statistics)):
        print_rows(session, title if named else f"no {title}", ("name", "value"), list(named.items()))
    for found in failure:
        console.print(f"failed at {found['error_location'] or 'an unknown place'}", markup=False)
        console.print(str(found["stack_trace"] or found["last_error"] or ""), markup=False, highlight=False)
