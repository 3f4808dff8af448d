"""`tomking parameters`: the sets that reach the algorithm.

Holds: list, show, calibrate, approve, publish, rollback.
Belongs here: the commands about parameter sets.
Never here: calibration or the gate.
"""

from __future__ import annotations

import datetime as dt

import click

from pipelines.commands.output import Session, console, counted, json_option, pass_session, print_json, print_rows
from pipelines.steps.parameters import publishing as steps
from pipelines.steps.parameters.calibrate import calibrate

COLUMNS = (
    "parameter_set_id",
    "sha256",
    "deployment",
    "state",
    "effective_from",
    "data_through",
    "published_at",
    "acknowledged_at",
    "acknowledged_by_run",
)


@click.group("parameters", invoke_without_command=True)
@json_option
@click.pass_context
def parameters(context: click.Context) -> None:
    """List the parameter sets; with a subcommand show, calibrate, approve, publish or roll back."""
    if context.invoked_subcommand is None:
        context.invoke(list_sets)


@parameters.command("list")
@json_option
@pass_session
def list_sets(session: Session) -> None:
    """List every set with its state."""
    with session.reading() as reader:
        rows = reader.rows(
            f"select {', '.join(COLUMNS)} from marts.parameter_sets order by effective_from, parameter_set_id"
        )
    print_rows(session, counted(len(rows), "parameter set"), COLUMNS, rows)


@parameters.command("show")
@click.argument("reference")
@pass_session
def show(session: Session, reference: str) -> None:
    """Show the document, evidence and history of REFERENCE (an id, or the beginning of a sha256)."""
    with session.reading() as reader:
        print_json(steps.show_set(reader, reference))


@parameters.command("calibrate")
@click.option("--deployment", required=True, help="name of a deployment in tomking.toml")
@click.option(
    "--data-through", type=click.DateTime(["%Y-%m-%d"]), required=True, help="last session whose data may be used"
)
@click.option(
    "--effective-from", type=click.DateTime(["%Y-%m-%d"]), required=True, help="first session the set applies to"
)
@json_option
@pass_session
def calibrate_command(
    session: Session, deployment: str, data_through: dt.datetime, effective_from: dt.datetime
) -> None:
    """Propose a set from data through a session, and judge it by the gate."""
    with session.writing("parameters calibrate") as writer:
        outcome = calibrate(
            writer,
            session.settings,
            deployment=deployment,
            data_through=data_through.date(),
            effective_from=effective_from.date(),
            actor="command line",
        )
    print_json(outcome)


@parameters.command("approve")
@click.argument("reference")
@click.option("--by", required=True, help="who approves")
@click.option("--note", default="", help="why")
@pass_session
def approve(session: Session, reference: str, by: str, note: str) -> None:
    """Approve a proposed set; publishing it is the next step."""
    with session.writing("parameters approve") as writer:
        stored = steps.approve(writer, reference, by=by, note=note)
    console.print(
        f"{reference} approved by {by}; next: tomking parameters publish --deployment {stored.deployment}", markup=False
    )


@parameters.command("publish")
@click.option("--deployment", required=True, help="name of a deployment in tomking.toml")
@click.option("--set", "reference", help="an id; default: the newest approved set")
@json_option
@pass_session
def publish(session: Session, deployment: str, reference: str | None) -> None:
    """Put the approved set into the deployment's object store."""
    with session.writing("parameters publish") as writer:
        outcome = steps.publish(writer, session.settings, deployment, reference)
    print_json(outcome)


@parameters.command("rollback")
@click.option("--deployment", required=True, help="name of a deployment in tomking.toml")
@click.option("--to", "target", help="an id; default: the set before the present one")
@click.option("--by", required=True, help="who rolls back")
@click.option("--why", required=True, help="the reason")
@click.option(
    "--on",
    "day",
    type=click.DateTime(["%Y-%m-%d"]),
    help="first session without the present set; default: today, and for a backtest the set's own first session",
)
@json_option
@pass_session
def rollback(
    session: Session, /, *, deployment: str, target: str | None, by: str, why: str, day: dt.datetime | None
) -> None:
    """Publish an earlier set again and mark the present one rolled back."""
    with session.writing("parameters rollback") as writer:
        outcome = steps.rollback(
            writer, session.settings, deployment, to=target, by=by, why=why, on=day.date() if day else None
        )
    print_json(outcome)
