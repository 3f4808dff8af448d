"""Assets of LEAN's results: runs, orders, events, trades, equity, journals.

Holds: the assets that read result folders and the object store's journals.
Belongs here: tables filled from what LEAN writes.
Never here: parsing (pipelines.parsing) or SQL that changes rows (pipelines.steps).
"""

from collections.abc import Iterator

import dagster as dg

from pipelines import plots
from pipelines.defs.metadata import picture, table
from pipelines.defs.resources import WarehouseResource
from pipelines.defs.stages import POOL, ask, open_nightly, results, rows_of, run

GROUP = "lean"
TABLES = {
    "lean_runs": "records.runs",
    "orders": "records.orders",
    "order_events": "records.order_events",
    "closed_trades": "records.closed_trades",
    "equity": "records.equity",
    "strategy_trades": "derived.strategy_trades",
}


@dg.multi_asset(
    specs=[
        dg.AssetSpec(
            name,
            deps=[] if name == "lean_runs" else ["lean_runs"],
            group_name=GROUP,
            kinds={"duckdb"},
            description=f"Table {sql}",
        )
        for name, sql in TABLES.items()
    ],
    pool=POOL,
)
def lean_results(
    context: dg.AssetExecutionContext, warehouse: WarehouseResource
) -> Iterator[dg.MaterializeResult[None]]:
    """Read every configured result folder; known bytes are skipped."""
    open_nightly(context, warehouse)
    outcome = run(context, warehouse, "lean_runs")
    metadata = {name: {"rows": rows_of(warehouse, sql)} for name, sql in TABLES.items()}
    metadata["lean_runs"]["runs"] = table(
        ask(warehouse, "select name, mode, state, orders, fills, started_at from marts.runs order by started_at desc")
    )
    newest = ask(
        warehouse,
        "select r.name, e.sampled_at, e.close_equity from records.equity e join records.runs r using (run_id) "
        "where e.close_equity is not null and r.run_id in "
        "(select run_id from records.runs order by coalesce(ended_at, started_at) desc nulls last limit 6) order by e.sampled_at",
    )
    metadata["equity"]["curves"] = picture(plots.equity(newest), "equity")
    yield from results(metadata, outcome, "lean_runs")


@dg.asset(deps=["lean_runs", "published_parameters"], group_name=GROUP, kinds={"duckdb"}, pool=POOL)
def journal_entries(context: dg.AssetExecutionContext, warehouse: WarehouseResource) -> dg.MaterializeResult[None]:
    """Table records.journal_entries: the algorithm's journal, joined to runs; acknowledges parameter sets."""
    outcome = run(context, warehouse, "journals")
    kinds = ask(
        warehouse, "select kind, count(*) as entries from records.journal_entries group by all order by entries desc"
    )
    return next(results({"journal_entries": {"kinds": table(kinds)}}, outcome, "journal_entries"))
