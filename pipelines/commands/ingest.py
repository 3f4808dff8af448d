"""`tomking ingest`: take files in.

Holds: the command that finds out what each path is and reads it.
Belongs here: its options and the table of outcomes.
Never here: parsing (pipelines.parsing) or writing (pipelines.steps).
"""

from __future__ import annotations

from pathlib import Path

import click

from pipelines.commands.output import (
    Session,
    console,
    json_option,
    pass_session,
    print_json,
    print_table,
    progress_bar,
    warn,
)
from pipelines.config import CONFIG_NAME
from pipelines.privacy import redact_text
from pipelines.steps.ingest import ingest_paths

EXIT_REFUSED = 5
"""Something was refused; everything else was taken."""


@click.command("ingest")
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--account", help="alias of the account a statement or a live run belongs to")
@click.option("--rehearses", help="alias of the account a paper run or backtest is to be reconciled with")
@json_option
@pass_session
def ingest(session: Session, paths: tuple[Path, ...], account: str | None, rehearses: str | None) -> None:
    """Take in PATHS: runs of any age, folders of them, live folders, optimisations,
    saved API replies, object stores, statements, prices.

    Known bytes are skipped; what is refused is kept in quarantine and listed (exit code 5).
    """
    for alias in sorted({name for name in (account, rehearses) if name is not None}):
        _mention_unconfigured(session, alias)
    with (
        progress_bar("ingest", quiet=session.as_json) as progress,
        session.writing("ingest") as writer,
    ):
        report = ingest_paths(
            writer, session.settings, list(paths), account=account, rehearses=rehearses, progress=progress
        )
    if session.as_json:
        print_json(report)
    else:
        rows = [(item.kind, item.outcome, item.name, item.summary) for item in report.items]
        print_table(None, ("kind", "outcome", "name", "what"), rows)
        console.print(report.summary)
    if report.refused:
        raise click.exceptions.Exit(EXIT_REFUSED)


def _mention_unconfigured(session: Session, alias: str) -> None:
    """An account that no [[accounts]] table names is taken at its broker's standard plan; say so, it may be a slip."""
    settings = session.settings
    if settings.account(alias) is None and redact_text(alias) == alias:
        known = ", ".join(account.alias for account in settings.accounts) or "none"
        warn(
            f"account {alias!r} is not configured (configured: {known}); the broker's standard plan is assumed",
            f'add [[accounts]] alias = "{alias}" with its broker and plan to {settings.root / CONFIG_NAME}',
        )
