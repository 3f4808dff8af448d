"""The `tomking` command.

Holds: the command group and the one place where errors become messages and exit codes.
Belongs here: assembling subcommands.
Never here: a subcommand's work (`pipelines.commands`) or anything that needs Dagster at start-up.
"""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import click

from pipelines.commands import (
    breaks,
    demo,
    doctor,
    ingest,
    instance,
    nightly,
    parameters,
    query,
    reconcile,
    regimes,
    status,
)
from pipelines.commands.output import Session, errors
from pipelines.errors import TomkingError
from pipelines.privacy import AccountNumberFilter


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    help="a tomking.toml, or its folder; else TOMKING_CONFIG, else the nearest one above this folder",
)
@click.version_option(package_name="tomking")
@click.pass_context
def cli(context: click.Context, config: Path | None) -> None:
    """The nightly loop around LEAN: ingest, reconcile fees, follow regimes, calibrate and publish parameters."""
    context.obj = Session(config)


for command in (
    instance.init,
    doctor.doctor,
    demo.demo,
    demo.ui,
    ingest.ingest,
    nightly.nightly,
    reconcile.reconcile,
    breaks.breaks,
    regimes.regimes,
    parameters.parameters,
    query.sql,
    status.status,
    instance.backup,
    instance.restore,
    instance.redact,
):
    cli.add_command(command)


def main() -> None:
    """Run the command line; an error of ours ends with its exit code and says what, where, why and what to do."""
    logging.getLogger().addFilter(AccountNumberFilter())
    try:
        cli.main(standalone_mode=False)
    except TomkingError as error:
        show_error(error)
        sys.exit(error.exit_code)
    except click.exceptions.Exit as stop:
        sys.exit(stop.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.Abort:
        errors.print("stopped")
        sys.exit(130)


def show_error(error: TomkingError) -> None:
    """Print an error in its four parts."""
    errors.print(f"[bold red]error[/bold red] {error.what}", highlight=False)
    for label, part in (("where", error.where), ("why", error.why), ("do", error.remedy)):
        if part:
            errors.print(f"  {label:5} {part}", highlight=False, markup=False)


if __name__ == "__main__":
    main()
