"""`tomking regimes`: recompute and show correlation regimes; `score` says how good they are,
`replay` what warnings and suggestions were worth.

Holds: the command and its group.
Belongs here: its options and table.
Never here: correlation arithmetic (tomking.kernel).
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import click

from pipelines.commands.output import Session, console, counted, json_option, pass_session, print_rows, warn
from pipelines.commands.regime_replay import replay
from pipelines.commands.regime_score import score
from pipelines.steps.regimes.labels import recompute_regimes
from pipelines.steps.regimes.pictures import regime_pictures

COLUMNS = (
    "universe",
    "session_date",
    "regime",
    "danger",
    "diversification",
    "mean_correlation",
    "score",
    "reason",
    "known_at",
)


@click.group("regimes", invoke_without_command=True)
@click.option("--through", type=click.DateTime(["%Y-%m-%d"]), help="use no price after this session")
@click.option("--days", default=1, show_default=True, help="how many of the newest sessions to show")
@click.option("--show-only", is_flag=True, help="compute nothing")
@json_option
@pass_session
@click.pass_context
def regimes(context: click.Context, session: Session, through: dt.datetime | None, days: int, show_only: bool) -> None:
    """Label every session that has prices and no label yet, then show the newest; `score` judges the labels."""
    if context.invoked_subcommand is not None:
        return
    if not show_only:
        with session.writing("regimes") as writer:
            recompute_regimes(writer, session.settings, through.date() if through else None)
    query = (
        f"select {', '.join(COLUMNS)} from marts.regimes "
        "qualify row_number() over (partition by universe order by session_date desc) <= ? order by universe, session_date"
    )
    with session.warehouse.reader() as connection:
        rows = connection.execute(query, [days]).fetchall()
    if not rows and not session.settings.universes:
        warn("no universe is configured, so there is nothing to label", "add a [[universes]] table to tomking.toml")
    print_rows(session, counted(len(rows), "regime") if not rows else "regimes", COLUMNS, rows)


@regimes.command("plot")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@pass_session
def plot(session: Session, folder: Path) -> None:
    """Write pictures of every universe into FOLDER: state over index and VIX, correlations against a year ago, score."""
    with session.reading() as reader:
        found = regime_pictures(reader, session.settings)
    folder.mkdir(parents=True, exist_ok=True)
    for universe, pictures in found.items():
        for name, image in pictures.items():
            path = folder / f"{universe}-{name}.png"
            path.write_bytes(image)
            console.print(str(path), markup=False, highlight=False)
    if not found:
        warn("no universe has labels, so there is nothing to draw", "tomking regimes")


regimes.add_command(score)
regimes.add_command(replay)
