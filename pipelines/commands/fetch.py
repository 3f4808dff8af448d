"""`tomking fetch`: statements from brokers' web services.

Holds: the command that asks the configured connections and takes in what they gave.
Belongs here: its options and the table of what became of each connection.
Never here: asking (`pipelines.steps.statements.fetch`) or reading (`pipelines.steps.ingest`).
"""

from __future__ import annotations

import datetime as dt

import click

from pipelines.commands.output import Session, json_option, pass_session, print_json, print_table, progress_bar, warn
from pipelines.config import CONFIG_NAME
from pipelines.connections.errors import ConnectionFailed
from pipelines.errors import ConfigurationError
from pipelines.steps.ingest import IngestReport, ingest_paths
from pipelines.steps.statements.fetch import FetchReport, fetch_statements, new_files


@click.command("fetch")
@click.option("--account", help="alias of one account; without it every configured connection is asked")
@click.option(
    "--since",
    type=click.DateTime(formats=["%Y-%m-%d"]),
    help="first day; without it ten days before the newest day that is known",
)
@json_option
@pass_session
def fetch(session: Session, account: str | None, since: dt.datetime | None) -> None:
    """Fetch statements over the configured connections and take them in.

    Credentials come from the environment or the keyring of the system (`tomking doctor` says which are missing). What
    was fetched before is not taken twice. Exit code 6: a connection failed; what the others gave was taken.
    """
    settings = session.settings
    if not settings.connections:
        raise ConfigurationError(
            "no connection is configured",
            where=str(settings.root / CONFIG_NAME),
            remedy='add [[connections]] account = "ALIAS"; see tomking.example.toml',
        )
    first = None if since is None else since.date()
    with progress_bar("fetch", quiet=session.as_json) as progress:
        report = fetch_statements(session.warehouse, settings, account=account, since=first, progress=progress)
    taken = _take(session, report)
    if session.as_json:
        print_json({"connections": report.outcomes, "taken": taken})
    else:
        rows = [(found.account, found.broker, found.outcome, found.since, found.summary) for found in report.outcomes]
        print_table(None, ("account", "broker", "outcome", "since", "what"), rows)
        if taken.items:
            print_table(
                None, ("outcome", "name", "what"), [(one.outcome, one.name, one.summary) for one in taken.items]
            )
        for found in report.failed:
            warn(f"{found.account}: {found.message}", found.remedy or "fetch again later")
    if report.failed:
        raise click.exceptions.Exit(ConnectionFailed.exit_code)


def _take(session: Session, report: FetchReport) -> IngestReport:
    """Take in what is new, each file under its account."""
    taken = IngestReport.empty()
    files = new_files(report.outcomes)
    if not files:
        return taken
    with progress_bar("ingest", quiet=session.as_json) as progress, session.writing("fetch") as writer:
        for account, paths in files.items():
            taken += ingest_paths(
                writer, session.settings, paths, account=account, statements_only=True, progress=progress
            )
    return taken
