"""`tomking nightly`: the whole loop from the command line, without Dagster.

Holds: the command.
Belongs here: its progress and summary.
Never here: the stages (pipelines.steps.nightly).
"""

from __future__ import annotations

import click

from pipelines.commands.output import Session, json_option, pass_session, plain, print_json, print_table, progress_bar
from pipelines.steps.nightly import run_nightly


@click.command("nightly")
@json_option
@pass_session
def nightly(session: Session) -> None:
    """Run the nightly loop: ingest, reconcile, regimes, calibrate, publish, check."""
    with progress_bar("nightly", quiet=session.as_json) as progress:
        outcomes = run_nightly(session.warehouse, session.settings, progress)
    if session.as_json:
        print_json({outcome.stage: outcome.outcome for outcome in outcomes})
        return
    print_table("nightly", ("stage", "outcome"), [(outcome.stage, brief(outcome.outcome)) for outcome in outcomes])


def brief(outcome: object) -> str:
    """The counts of an outcome in one line."""
    if isinstance(outcome, tuple | list):
        failing = sum(1 for item in outcome if getattr(item, "passed", True) is False)
        return f"{len(outcome)} checks, {failing} failing"
    if summary := getattr(outcome, "summary", None):
        return str(summary)
    simple = plain(outcome)
    if not isinstance(simple, dict):
        return str(simple)
    told = [
        f"{name} {value}" for name, value in simple.items() if isinstance(value, int | str) and value not in ("", 0)
    ]
    told += [f"{name} {len(value)}" for name, value in simple.items() if isinstance(value, list) and value]
    return ", ".join(told) or "nothing new"
