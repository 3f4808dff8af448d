"""Assets of the fee reconciliation, one partition per trading day.

Holds: the partitioned asset over fee legs, causes, breaks and day totals.
Belongs here: what is rebuilt per session.
Never here: the matching itself (pipelines.transforms).
"""

import datetime as dt
from collections.abc import Iterator

import dagster as dg

from pipelines.defs.metadata import picture, table
from pipelines.defs.partitions import TRADING_DAYS
from pipelines.defs.resources import WarehouseResource
from pipelines.defs.stages import POOL, ask, results, rows_of
from pipelines.plots import figures as plots
from pipelines.steps.reconciliation.reconcile import reconcile_days

GROUP = "reconciliation"
TABLES = {
    "fee_reconciliation": "derived.fee_legs",
    "fee_causes": "derived.fee_causes",
    "fee_breaks": "derived.breaks",
    "day_totals": "derived.day_totals",
}


@dg.multi_asset(
    specs=[
        dg.AssetSpec(
            name,
            deps=["order_events", "statements"] if name == "fee_reconciliation" else ["fee_reconciliation"],
            group_name=GROUP,
            kinds={"duckdb"},
            description=f"Table {sql}",
        )
        for name, sql in TABLES.items()
    ],
    partitions_def=TRADING_DAYS,
    backfill_policy=dg.BackfillPolicy.single_run(),
    pool=POOL,
)
def reconciled_days(
    context: dg.AssetExecutionContext, warehouse: WarehouseResource
) -> Iterator[dg.MaterializeResult[None]]:
    """Reconcile the partitions of this run, and every day that is due because a file arrived late or was corrected."""
    keys = context.partition_keys
    resource = warehouse.warehouse()
    with resource.writer("reconcile partitions") as session:
        days = sorted({dt.date.fromisoformat(key) for key in keys} | set(session.dirty_days("reconciliation")))
        outcome = reconcile_days(session, warehouse.settings(), days)
    metadata = {name: {"rows": rows_of(warehouse, sql)} for name, sql in TABLES.items()}
    drift = ask(
        warehouse,
        "select session_date, coalesce(sum(modelled), 0) as modelled, coalesce(sum(expected), 0) as expected, "
        "coalesce(sum(charged), 0) as charged from marts.fee_reconciliation group by all order by session_date",
    )
    metadata["fee_reconciliation"]["fees"] = picture(plots.fee_drift(drift), "fees")
    metadata["fee_reconciliation"]["by_account"] = table(
        ask(
            warehouse,
            "select account, count(*) as legs, sum(modelled) as modelled, sum(expected) as expected, sum(charged) as charged, "
            "count(*) filter (where state = 'break') as breaks from marts.fee_reconciliation group by all order by account",
        )
    )
    savings = ask(
        warehouse,
        "select account, month, charged, best_broker, best_plan, best_size, best_cost, saving, saving_share "
        "from marts.fee_savings order by account, month",
    )
    metadata["fee_reconciliation"]["savings"] = table(savings)
    metadata["fee_reconciliation"]["savings_by_month"] = picture(plots.fee_savings(savings), "savings")
    by_strategy = ask(
        warehouse,
        "select value, sum(charged) as charged, sum(charged) / nullif(sum(units), 0) as per_unit from marts.fees_by "
        "where dimension = 'strategy' group by value order by value",
    )
    metadata["fee_reconciliation"]["by_strategy"] = picture(plots.fees_by_value(by_strategy), "by strategy")
    metadata["fee_breaks"]["open"] = table(
        ask(
            warehouse,
            "select account, cause, session_date, symbol, lean_order_id, amount, state, age_days from marts.breaks "
            "order by session_date, cause",
        )
    )
    yield from results(metadata, outcome, "fee_reconciliation")
