"""`tomking fees rates`: the rows of the fee schedules, and how sure each is.

Holds: the command.
Belongs here: choosing and printing rows of the kernel's schedules.
Never here: rates that an account's statements propose (`commands.fees`).
"""

from __future__ import annotations

import click

from pipelines.commands.output import Session, counted, json_option, pass_session, print_rows
from tomking.kernel.schedules import PLANS, PROPOSED
from tomking.kernel.schedules.rates import FeeRate

COLUMNS = (
    "broker", "plan", "state", "component", "product", "root", "side", "effect", "effective_from", "amount", "basis",
    "evidence", "source",
)  # fmt: skip


@click.command("rates")
@click.option("--broker", help="only this broker")
@click.option("--unproven", is_flag=True, help="only rows that no statement row and no primary source shows")
@json_option
@pass_session
def rates(session: Session, broker: str | None, unproven: bool) -> None:
    """List the rows of the fee schedules with their evidence.

    V: verified on statement rows, P: a primary source, S: a secondary one, I: inferred, U: not confirmed. Proposed rows
    are not used.
    """
    found = [
        _row(name, plan, state, row)
        for state, plans in (("accepted", PLANS), ("proposed", PROPOSED))
        for (name, plan), rows in plans.items()
        for row in rows
        if (broker is None or name == broker) and row.series == "pass_through" and not (unproven and row.is_proven)
    ]
    print_rows(session, counted(len(found), "row"), COLUMNS, found)


def _row(broker: str, plan: str, state: str, row: FeeRate) -> tuple[object, ...]:
    return (
        broker, plan, state, row.component, row.product, row.root, row.side, row.effect, row.effective_from, row.amount,
        row.basis, row.evidence, row.source,
    )  # fmt: skip
