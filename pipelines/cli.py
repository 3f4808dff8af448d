"""The `tomking` command.

Holds: the command group and the one place where errors become messages and exit codes.
Belongs here: assembling subcommands.
Never here: a subcommand's work (`pipelines.commands`) or anything that needs Dagster at start-up.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from pathlib import Path

import click
from rich.text import Text

from pipelines.commands import (
    breaks,
    code,
    compare,
    demo,
    deploy,
    doctor,
    fees,
    fetch,
    ingest,
    instance,
    log,
    nightly,
    parameters,
    query,
    readiness,
    reconcile,
    regimes,
    rehearse,
    rules,
    runs,
    status,
)
from pipelines.commands.output import Session, errors
from pipelines.errors import TomkingError
from pipelines.privacy import AccountNumberFilter, redact_text
from warehouse.access import WAIT_SECONDS

EXIT_STOPPED = 130
"""Stopped by hand, as shells say it."""


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    help="a tomking.toml, or its folder; else TOMKING_CONFIG, else the nearest one above this folder",
)
@click.option(
    "--wait",
    "wait_seconds",
    type=click.FloatRange(min=0),
    default=WAIT_SECONDS,
    show_default=True,
    help="how many seconds to wait while another process writes",
)
@click.version_option(package_name="tomking")
@click.pass_context
def cli(context: click.Context, config: Path | None, wait_seconds: float) -> None:
    """The nightly loop around LEAN: ingest, reconcile fees, follow regimes, calibrate and publish parameters."""
    context.obj = Session(config, wait_seconds=wait_seconds)


for command in (
    instance.init,
    doctor.doctor,
    demo.demo,
    demo.ui,
    ingest.ingest,
    fetch.fetch,
    runs.runs,
    compare.compare,
    log.log,
    code.code,
    nightly.nightly,
    reconcile.reconcile,
    breaks.breaks,
    fees.fees,
    regimes.regimes,
    rehearse.rehearse,
    rules.rules,
    parameters.parameters,
    deploy.deploy,
    deploy.deployments,
    deploy.refresh_command,
    deploy.rollback,
    deploy.breaches,
    deploy.stop,
    readiness.paperweek,
    readiness.checklist,
    query.sql,
    status.status,
    instance.backup,
    instance.restore,
    instance.redact,
):
    cli.add_command(command)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; an error of ours ends with its exit code and says what, where, why and what to do."""
    _log_to_standard_error()
    try:
        # Without standalone mode click hands the code of an early exit back instead of leaving.
        outcome = cli.main(None if arguments is None else list(arguments), prog_name="tomking", standalone_mode=False)
    except TomkingError as error:
        show_error(error)
        sys.exit(error.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.Abort:
        errors.print("stopped")
        sys.exit(EXIT_STOPPED)
    except OSError as error:
        show_error(_of_the_system(error))
        sys.exit(TomkingError.exit_code)
    if isinstance(outcome, int) and outcome:
        sys.exit(outcome)


def _log_to_standard_error() -> None:
    """Show warnings of ours as plain lines without account numbers; a filter on a logger would miss its children's."""
    handler = logging.StreamHandler()
    handler.addFilter(AccountNumberFilter())
    logging.basicConfig(handlers=[handler], format="%(message)s", level=logging.WARNING)


def _of_the_system(error: OSError) -> TomkingError:
    return TomkingError(
        "a file could not be read or written",
        where=None if error.filename is None else str(error.filename),
        why=error.strerror or str(error),
        remedy="check the path, its permissions and the space on its disk; `tomking doctor` examines the instance",
    )


def show_error(error: TomkingError) -> None:
    """Print an error in its four parts, and what went wrong besides."""
    errors.print(Text.assemble(("error", "bold red"), " ", redact_text(error.what)))
    for label, part in (("where", error.where), ("why", error.why), ("do", error.remedy)):
        if part:
            errors.print(f"  {label:5} {redact_text(part.strip())}", highlight=False, markup=False)
    for note in getattr(error, "__notes__", ()):
        errors.print(f"  {redact_text(note)}", highlight=False, markup=False)


if __name__ == "__main__":
    main()
