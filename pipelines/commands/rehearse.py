"""`tomking rehearse`: what the present book would lose in past crises; `derive` prints the figures behind it.

Holds: the command and its group.
Belongs here: its options and tables.
Never here: shocks and losses (tomking.kernel.crisis), reading books (pipelines.steps).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from pipelines.commands.output import Session, json_option, pass_session, print_json, print_rows, warn
from pipelines.steps.lean.run_lookup import find_run
from pipelines.steps.rehearsal.crisis_figures import derive_figures
from pipelines.steps.rehearsal.rehearse import rehearse_books
from warehouse.access import WriteSession

BOOKS = (
    "deployment", "name", "book_date", "legs", "left_out", "equity", "worst_look", "worst_loss", "worst_share", "cap",
    "is_blocked",
)  # fmt: skip
SCENARIOS = ("scenario", "span", "session_date", "mark", "loss", "loss_share", "margin_before", "margin_after",
             "is_margin_call")  # fmt: skip
PARTS = ("scenario", "strategy", "group_name", "underlying", "loss", "loss_share")


@click.group("rehearse", invoke_without_command=True)
@click.option("--run", "run", help="rehearse the open positions of this run (id, name or folder) and block nothing")
@click.option("--show-only", is_flag=True, help="compute nothing, show the newest rehearsals")
@json_option
@pass_session
@click.pass_context
def rehearse(context: click.Context, session: Session, run: str | None, show_only: bool) -> None:
    """Take the present book through 2018-02-05, 2020-03, 2024-08-05 and 2025-04, and show what it would lose."""
    if context.invoked_subcommand is not None:
        return
    run_id = None
    if run is not None:
        with session.reading() as reader:
            run_id = find_run(reader, run).run_id
    if not show_only:
        with session.writing("rehearse") as writer:
            rehearse_books(writer, session.settings, run_id)
    with session.reading() as reader:
        condition = "is_newest" if run_id is None else "run_id = ?"
        order = "ORDER BY worst_share DESC NULLS LAST, rehearsed_at DESC"
        rows = reader.rows(
            f"SELECT rehearsal_id, {', '.join(BOOKS)} FROM marts.crisis_rehearsals WHERE {condition} {order}",
            [] if run_id is None else [run_id],
        )
        books = rows if run_id is None else rows[:1]
        found = [(row[1:], *_details(reader, row[0])) for row in books]
    if session.as_json:
        print_json([_as_json(*one) for one in found])
        return
    if not found:
        warn("no live, paper or backtest run is in the warehouse, so no book can be rehearsed", "tomking ingest")
    for book, scenarios, parts in found:
        print_rows(session, "the book", BOOKS, [book])
        if scenarios:
            print_rows(session, "the worst look at each crisis", SCENARIOS, scenarios)
            print_rows(session, "who loses it", PARTS, parts)


Rows = Sequence[Sequence[Any]]


def _details(reader: WriteSession, rehearsal_id: str) -> tuple[Rows, Rows]:
    """The worst look of each scenario, and who loses how much in it."""
    scenarios = reader.rows(
        f"SELECT {', '.join(SCENARIOS)} FROM marts.crisis_looks WHERE rehearsal_id = ? AND is_worst ORDER BY position",
        [rehearsal_id],
    )
    parts = reader.rows(
        "SELECT scenario, strategy, group_name, underlying, sum(loss), sum(loss_share) FROM marts.crisis_losses "
        "WHERE rehearsal_id = ? GROUP BY ALL ORDER BY scenario, sum(loss) DESC, strategy, underlying",
        [rehearsal_id],
    )
    return scenarios, parts


def _as_json(book: Sequence[Any], scenarios: Rows, parts: Rows) -> dict[str, Any]:
    return {
        **dict(zip(BOOKS, book, strict=True)),
        "scenarios": [dict(zip(SCENARIOS, row, strict=True)) for row in scenarios],
        "losses": [dict(zip(PARTS, row, strict=True)) for row in parts],
    }


@rehearse.command("derive")
@click.argument("folders", type=click.Path(path_type=Path, exists=True, file_okay=False), nargs=-1, required=True)
def derive(folders: tuple[Path, ...]) -> None:
    """Print the figures of the crises from FOLDERS: daily prices as SYMBOL.csv or LEAN's SYMBOL.zip, and vix.csv."""
    for name, lines in derive_figures(folders).items():
        click.echo(name)
        for line in lines:
            click.echo(f"    {line}")
