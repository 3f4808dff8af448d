"""`tomking breaks`: what the reconciliation could not settle.

Holds: list, show, assign, note, resolve, reopen.
Belongs here: the commands about breaks.
Never here: how a break comes about.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from pipelines.commands.output import Session, console, counted, json_option, pass_session, print_json, print_rows
from pipelines.steps.reconciliation import break_actions as actions

COLUMNS = (
    "break_id",
    "state",
    "cause",
    "account",
    "session_date",
    "symbol",
    "lean_order_id",
    "amount",
    "age_days",
    "owner",
    "note",
)


@click.group("breaks", invoke_without_command=True)
@json_option
@click.pass_context
def breaks(context: click.Context) -> None:
    """List the breaks; with a subcommand show, assign, note, resolve or reopen one."""
    if context.invoked_subcommand is None:
        context.invoke(list_breaks)


@breaks.command("list")
@click.option("--state", type=click.Choice(["open", "explained", "resolved"]), help="only this state")
@click.option("--account", help="only this account")
@json_option
@pass_session
def list_breaks(session: Session, state: str | None = None, account: str | None = None) -> None:
    """List breaks, oldest first."""
    with session.reading() as reader:
        found = actions.list_breaks(reader, state=state, account=account)
    rows = [[one[column] for column in COLUMNS] for one in found]
    print_rows(session, counted(len(rows), "break"), COLUMNS, rows)


@breaks.command("show")
@click.argument("break_id")
@pass_session
def show(session: Session, break_id: str) -> None:
    """Show everything known about BREAK_ID (the first six characters are enough)."""
    with session.reading() as reader:
        print_json(actions.show_break(reader, break_id))


@breaks.command("assign")
@click.argument("break_id")
@click.option("--owner", required=True, help="who looks after it")
@click.option("--note", help="what is known so far")
@pass_session
def assign(session: Session, break_id: str, owner: str, note: str | None) -> None:
    """Give BREAK_ID an owner."""
    with session.writing("breaks assign") as writer:
        tell(actions.assign_break(writer, break_id, owner, note))


@breaks.command("note")
@click.argument("break_id")
@click.argument("text")
@pass_session
def note(session: Session, break_id: str, text: str) -> None:
    """Add a note to BREAK_ID."""
    with session.writing("breaks note") as writer:
        tell(actions.note_break(writer, break_id, text))


@breaks.command("resolve")
@click.argument("break_id")
@click.option("--note", required=True, help="what settled it")
@pass_session
def resolve(session: Session, break_id: str, note: str) -> None:
    """Close BREAK_ID with a note."""
    with session.writing("breaks resolve") as writer:
        tell(actions.resolve_break(writer, break_id, note))


@breaks.command("reopen")
@click.argument("break_id")
@click.option("--note", required=True, help="why")
@pass_session
def reopen(session: Session, break_id: str, note: str) -> None:
    """Open BREAK_ID again."""
    with session.writing("breaks reopen") as writer:
        tell(actions.reopen_break(writer, break_id, note))


def tell(found: Mapping[str, Any]) -> None:
    """Say in one line what a break is now."""
    console.print(
        f"{found['break_id']} {found['cause']}: {found['state']}, owner {found['owner'] or 'nobody'}", markup=False
    )
