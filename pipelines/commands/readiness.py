"""`tomking paperweek` and `tomking checklist`: may this deployment trade, is this instance ready.

Holds: the two reports.
Belongs here: their form.
Never here: what is asked (`pipelines.steps.launches.paper_week`, `pipelines.steps.launches.checklist`).
"""

from __future__ import annotations

import datetime as dt

import click

from pipelines.commands.output import Session, console, json_option, pass_session, print_json, print_table
from pipelines.steps.launches.checklist import checklist as ask
from pipelines.steps.launches.paper_week import paper_week

_DAYS = ("session_date", "runs", "journal_lines", "fills", "legs", "open_breaks", "wrong")


@click.command("paperweek")
@click.argument("name")
@click.option("--through", type=click.DateTime(["%Y-%m-%d"]), help="last session; default: the last that is over")
@json_option
@pass_session
def paperweek(session: Session, name: str, through: dt.datetime | None) -> None:
    """Judge the last five sessions of the deployment NAME: run, read, reconciled, no old break; exit code 1 if not."""
    with session.reading() as reader:
        week = paper_week(reader, session.settings, name, through.date() if through else None)
    if session.as_json:
        print_json({"passed": week.passed, "deployment": name, "account": week.account, "days": week.days})
    else:
        rows = [tuple(getattr(day, column) for column in _DAYS) for day in week.days]
        print_table(f"{name} through {week.through}: {'passed' if week.passed else 'not passed'}", _DAYS, rows)
    if not week.passed:
        raise click.exceptions.Exit(1)


@click.command("checklist")
@json_option
@pass_session
def checklist(session: Session) -> None:
    """Answer what has to be green before this instance may be called ready; exit code 1 where something is not."""
    with session.reading() as reader:
        answers = ask(reader, session.settings)
    if session.as_json:
        print_json(answers)
    else:
        for answer in answers:
            mark = "green" if answer.passed else "red"
            console.print(
                f"{mark:5}  {answer.promise:5} {answer.question}: {answer.detail}", markup=False, highlight=False
            )
    if not all(answer.passed for answer in answers):
        raise click.exceptions.Exit(1)
