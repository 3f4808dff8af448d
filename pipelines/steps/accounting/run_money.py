"""Money of the runs that changed, recomputed from their events.

Holds: the step that rebuilds the tables of `warehouse.models.derived.money`, many runs at a time.
Belongs here: which runs are made again, and the order of the pure steps.
Never here: reading tables (`accounting_inputs`), columns (`accounting_rows`), rules (`pipelines.transforms`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from pipelines.steps.accounting.inputs import (
    Reference,
    RunInputs,
    cash_history,
    exposure_at_end,
    read_reference,
    read_runs,
    run_batches,
)
from pipelines.steps.accounting.rows import MODELS, MoneyRows
from pipelines.steps.replacing import Replacing
from pipelines.transforms.accounting.inherited_positions import price_inherited
from pipelines.transforms.accounting.lean_totals import Recomputed, lean_totals
from pipelines.transforms.accounting.run_accounts import account_of, paid_dividends
from pipelines.transforms.accounting.run_money import UNEXPLAINED, Evidence, RunMoney, run_money
from tomking.kernel.money import add

if TYPE_CHECKING:
    from pipelines.transforms.accounting.run_accounts import Account
    from warehouse.session import WriteSession

DIRTY_DOMAIN = "money"


def rebuild_accounts(session: WriteSession, run_ids: Iterable[str] | None = None) -> int:
    """Make the money of these runs again (None: of every run); returns how many runs were made.

    Every run is made again where the code behind these tables changed since (`warehouse.build_derived`), or where the
    symbol properties did.
    """
    waiting = session.dirty_days(DIRTY_DOMAIN)
    if run_ids is None or waiting:
        run_ids = [run_id for (run_id,) in session.rows("SELECT run_id FROM records.runs ORDER BY run_id")]
    reference = read_reference(session)
    made = 0
    with session.transaction():
        for batch in run_batches(session, list(run_ids)):
            made += _rebuild(session, batch, reference)
        session.clear_dirty(DIRTY_DOMAIN, waiting)
    return made


def _rebuild(session: WriteSession, run_ids: Sequence[str], reference: Reference) -> int:
    rows = MoneyRows(Replacing(session, run_ids, MODELS))
    for run in read_runs(session, run_ids, reference):
        _account_for(session, run, reference, rows)
    rows.end()
    return len(run_ids)


def _account_for(session: WriteSession, run: RunInputs, reference: Reference, rows: MoneyRows) -> None:
    known = {key for key, (_, _, price) in run.inherited.items() if price is not None}
    if run.inherited:
        run.fills = list(run.fills)
        run.inherited = price_inherited(run.fills, run.inherited, run.booked_profits)
    sources = {
        key: "unknown" if price is None else "live_holdings" if key in known else "lean_profit_loss"
        for key, (_, _, price) in run.inherited.items()
    }
    account = account_of(
        run.fills,
        run.figures.currency,
        splits=run.splits,
        inherited=run.inherited,
        on_closed=rows.lots_of(run, sources),
    )
    made = _identity(session, run, reference, account)
    ours = Recomputed(account, run.order_fees, run.figures.currency, made.causes)
    rows.add(run, account, made, lean_totals(ours, run.figures, run.trades) if run.is_complete else [])


def _identity(session: WriteSession, run: RunInputs, reference: Reference, account: Account) -> RunMoney:
    """The identity; how cash moved between fills is only looked at where nothing else names what is left."""
    paid = paid_dividends(account, reference.dividends, run.last_session)
    evidence = Evidence(
        dividends=tuple(f"{key} {day} {amount.normalize():f}" for key, day, amount in paid),
        dividend_total=add(amount for _, _, amount in paid) if paid else None,
        inherited=bool(run.inherited),
        exposure=exposure_at_end(session, run) if _is_on_both_sides(account) else None,
    )
    made = run_money(account, run.figures, evidence)
    if not any(cause.cause == UNEXPLAINED for cause in made.causes):
        return made
    found = cash_history(session, run.run_id)
    return made if found is None else run_money(account, run.figures, replace(evidence, cash_history=found))


def _is_on_both_sides(account: Account) -> bool:
    return len({book.quantity > 0 for book in account.open_books}) > 1
