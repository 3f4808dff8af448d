"""`tomking reconcile`: compare the fees modelled, expected and charged.

Holds: the command and its summary.
Belongs here: choosing the days.
Never here: matching or explaining (pipelines.transforms).
"""

from __future__ import annotations

import datetime as dt

import click

from pipelines.commands.output import Session, console, json_option, pass_session, print_json, print_table
from pipelines.steps.reconciliation.reconcile import reconcile_days


@click.command("reconcile")
@click.option(
    "--day", "days", multiple=True, type=click.DateTime(["%Y-%m-%d"]), help="a session; default: every day that is due"
)
@json_option
@pass_session
def reconcile(session: Session, days: tuple[dt.datetime, ...]) -> None:
    """Reconcile the sessions that changed since the last time, or the named ones."""
    with session.writing("reconcile") as writer:
        outcome = reconcile_days(writer, session.settings, [day.date() for day in days] or None)
    if session.as_json:
        print_json(outcome)
        return
    with session.warehouse.reader() as connection:
        answer = connection.execute(
            "select account, count(*) as legs, sum(modelled), sum(expected), sum(charged), sum(difference), "
            "count(*) filter (where state = 'break') from marts.fee_reconciliation group by all order by account"
        )
        rows = answer.fetchall()
    print_table("fees by account", ("account", "legs", "modelled", "expected", "charged", "difference", "breaks"), rows)
    console.print(f"{outcome.days} sessions reconciled; `tomking breaks` lists what needs a person")
