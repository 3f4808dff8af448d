"""`tomking init`, `backup`, `restore`, `redact`: making and keeping an instance.

Holds: the commands about the instance as a whole.
Belongs here: writing the configuration, saving and bringing back the warehouse, making a file fit to show.
Never here: reading LEAN or broker files into the warehouse.
"""

from __future__ import annotations

from pathlib import Path

import click

from pipelines.commands.output import Session, console, json_option, pass_session, print_json
from pipelines.config import CONFIG_NAME, load_settings
from pipelines.errors import Conflict
from pipelines.redaction.statements import redact as redact_bytes
from warehouse.access import Warehouse

TEMPLATE = """\
# An instance of tomking; relative paths start at this file's folder. Prove it with `tomking doctor`.

[paths]
state = "state"                       # warehouse, raw store, published copy, Dagster's history
lean_results = ["backtests", "live"]  # folders of runs that LEAN writes
object_store = "storage"              # LEAN's object store
inbox = "inbox"                       # drop broker statements here
{lean_data}
[[accounts]]
alias = "{alias}"
broker = "{broker}"
plan = "standard"
currency = "{currency}"

[[deployments]]
name = "{deployment}"
project = "algorithm"
mode = "paper"

[calibration]
approve_by_rule = true
"""


@click.command("init")
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path), default=".")
@click.option("--yes", is_flag=True, help="take every default, ask nothing")
def init(directory: Path, yes: bool) -> None:
    """Write tomking.toml into DIRECTORY and make the empty warehouse."""
    target = directory / CONFIG_NAME
    if target.exists():
        raise Conflict(
            "an instance is already configured here", where=str(target), remedy="edit it, or choose another folder"
        )

    def ask(question: str, default: str) -> str:
        return default if yes else str(click.prompt(question, default=default))

    lean_data = ask("LEAN data folder (daily prices; empty for none)", "")
    filled = TEMPLATE.format(
        alias=ask("Alias of your account", "main"),
        broker=ask("Broker", "tastytrade"),
        currency=ask("Currency of the account", "USD"),
        deployment=ask("Name of the deployment", "main"),
        lean_data=f'lean_data = "{lean_data}"\n' if lean_data else "",
    )
    directory.mkdir(parents=True, exist_ok=True)
    target.write_text(filled, encoding="utf-8")
    settings = load_settings(target)
    for folder in (settings.inbox, settings.object_store, *settings.lean_results):
        folder.mkdir(parents=True, exist_ok=True)
    Warehouse(settings.state_dir).create_or_upgrade()
    console.print(f"wrote {target} and an empty warehouse below {settings.state_dir}")
    console.print("next: tomking doctor, then tomking ingest PATH…")


@click.command("backup")
@click.argument("target", type=click.Path(dir_okay=False, path_type=Path), required=False)
@json_option
@pass_session
def backup(session: Session, target: Path | None) -> None:
    """Copy the warehouse to TARGET (default: a dated file in the state folder) and prove that the copy opens."""
    written = session.warehouse.backup(target, wait_seconds=session.wait_seconds)
    if session.as_json:
        print_json({"backup": str(written)})
    else:
        console.print(f"backed up to {written}")


@click.command("restore")
@click.argument("source", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--yes", is_flag=True, help="do not ask")
@json_option
@pass_session
def restore(session: Session, source: Path, yes: bool) -> None:
    """Bring the warehouse back from SOURCE; what is there now is backed up first."""
    if not yes:
        click.confirm(f"replace the warehouse of {session.settings.root} by {source}?", abort=True)
    kept = session.warehouse.restore(source, wait_seconds=session.wait_seconds)
    if session.as_json:
        print_json({"restored": str(source), "kept": str(kept) if kept else None})
    else:
        console.print(f"restored from {source}" + (f"; the former warehouse is {kept}" if kept else ""))


@click.command("redact")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--also", multiple=True, metavar="TEXT", help="mask this text, too (a name, a bank); may be repeated")
@click.option("--output", "-o", type=click.Path(dir_okay=False, path_type=Path), help="write it there instead")
def redact(file: Path, also: tuple[str, ...], output: Path | None) -> None:
    """Print FILE without account numbers, names, addresses and ids, fit to show to others.

    A statement of any format stays one: it is read again, and shown only if every row says the same.
    """
    masked = redact_bytes(file.read_bytes(), also)
    if output is None:
        click.echo(masked, nl=False)
    else:
        output.write_bytes(masked)
