"""`tomking fees`: how well our schedules price what was charged, and rates that statements prove beyond them.

Holds: list, accept, reject, evidence, and the group that `report` and `rates` belong to.
Belongs here: the commands about fee schedules and proposed rates.
Never here: how a rate is fitted, how a cause is proven, or what a schedule is.
"""

from __future__ import annotations

import click

from pipelines.commands.fee_rates import rates
from pipelines.commands.fee_report import report
from pipelines.commands.output import Session, console, counted, json_option, pass_session, print_json, print_rows
from pipelines.steps.reconciliation.fee_levels import decide_fee_level

COLUMNS = (
    "proposal_id",
    "state",
    "account",
    "component",
    "product",
    "root",
    "effective_from",
    "effective_to",
    "amount",
    "interval_low",
    "interval_high",
    "replaces_amount",
    "fills",
    "proposed_at",
    "decided_by",
    "note",
)
EVIDENCE = (
    "broker",
    "product",
    "kind",
    "cause",
    "legs",
    "share",
    "fills",
    "charged",
    "difference",
    "remainder",
    "currency",
    "least_evidence",
    "first_day",
    "last_day",
)
STATES = ("proposed", "accepted", "rejected")


@click.group("fees", invoke_without_command=True)
@json_option
@click.pass_context
def fees(context: click.Context) -> None:
    """List the fee rates that statements propose; with a subcommand accept or reject one."""
    if context.invoked_subcommand is None:
        context.invoke(list_proposals)


@fees.command("list")
@click.option("--state", type=click.Choice(STATES), help="only this state")
@click.option("--account", help="only this account")
@json_option
@pass_session
def list_proposals(session: Session, state: str | None = None, account: str | None = None) -> None:
    """List proposed rates, US dollars per contract, with the interval that the fills behind them allow."""
    given = {name: value for name, value in (("state", state), ("account", account)) if value is not None}
    condition = " and ".join(f"{name} = ?" for name in given) or "true"
    with session.reading() as reader:
        rows = reader.rows(
            f"select {', '.join(COLUMNS)} from records.fee_rate_proposals where {condition} "
            "order by account, component, effective_from, proposal_id",
            list(given.values()),
        )
    print_rows(session, counted(len(rows), "proposed fee rate"), COLUMNS, rows)


@fees.command("evidence")
@click.option("--broker", help="only this broker")
@click.option("--product", help="only this product of a fee schedule")
@json_option
@pass_session
def evidence(session: Session, broker: str | None, product: str | None) -> None:
    """Show what share of the charged order legs the fee schedules reproduce to the cent, and why the others differ."""
    given = {name: value for name, value in (("broker", broker), ("product", product)) if value is not None}
    condition = " and ".join(f"{name} = ?" for name in given) or "true"
    with session.reading() as reader:
        rows = reader.rows(
            f"select {', '.join(EVIDENCE)} from marts.fee_model_evidence where {condition} "
            "order by broker, product, kind desc, legs desc, cause",
            list(given.values()),
        )
    print_rows(session, "charges reproduced by our schedules", EVIDENCE, rows)


fees.add_command(report)
fees.add_command(rates)


@fees.command("accept")
@click.argument("proposal_id")
@click.option("--by", required=True, help="who accepts")
@click.option("--note", default="", help="why")
@json_option
@pass_session
def accept(session: Session, proposal_id: str, by: str, note: str) -> None:
    """Use the rate PROPOSAL_ID from its day on; the sessions it touches are due for `tomking reconcile`."""
    _decide(session, proposal_id, accept=True, by=by, note=note)


@fees.command("reject")
@click.argument("proposal_id")
@click.option("--by", required=True, help="who rejects")
@click.option("--note", default="", help="why")
@json_option
@pass_session
def reject(session: Session, proposal_id: str, by: str, note: str) -> None:
    """Never use the rate PROPOSAL_ID; it is not proposed again."""
    _decide(session, proposal_id, accept=False, by=by, note=note)


def _decide(session: Session, proposal_id: str, *, accept: bool, by: str, note: str) -> None:
    with session.writing(f"fees {'accept' if accept else 'reject'}") as writer:
        decide_fee_level(writer, proposal_id, accept=accept, by=by, note=note)
        [found] = writer.rows(
            f"select {', '.join(COLUMNS)} from records.fee_rate_proposals where starts_with(proposal_id, ?)",
            [proposal_id],
        )
    decided = dict(zip(COLUMNS, found, strict=True))
    if session.as_json:
        print_json(decided)
        return
    console.print(
        f"{decided['component']} of {decided['account']} from {decided['effective_from']}: {decided['state']} "
        f"by {decided['decided_by']}" + ("; next: tomking reconcile" if accept else ""),
        markup=False,
    )
