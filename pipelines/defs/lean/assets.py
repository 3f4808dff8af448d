"""Assets of LEAN's results: runs, orders, events, trades, equity, journals.

Holds: the assets that read result folders and the object store's journals.
Belongs here: tables filled from what LEAN writes.
Never here: parsing (pipelines.parsing) or SQL that changes rows (pipelines.steps).
"""

from collections.abc import Iterator

import dagster as dg

from pipelines.defs.lean import pictures
from pipelines.defs.metadata import table
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
    """Read every configured result folder, however many runs there are, in one step; known bytes are skipped."""
    open_nightly(context, warehouse)
    outcome = run(context, warehouse, "lean_runs", tells_progress=True)
    shown = {
        "lean_runs": pictures.of_runs,
        "order_events": pictures.of_fees,
        "equity": pictures.of_equity,
        "strategy_trades": pictures.of_trades,
    }
    metadata = {
        name: {"rows": rows_of(warehouse, sql), **(shown[name](warehouse) if name in shown else {})}
        for name, sql in TABLES.items()
    }
    yield from results(metadata, outcome, "lean_runs")


@dg.asset(deps=["lean_runs", "published_parameters"], group_name=GROUP, kinds={"duckdb"}, pool=POOL)
def journal_entries(context: dg.AssetExecutionContext, warehouse: WarehouseResource) -> dg.MaterializeResult[None]:
    """Table records.journal_entries: the algorithm's journal, joined to runs; acknowledges parameter sets."""
    outcome = run(context, warehouse, "journals")
    kinds = ask(
        warehouse, "select kind, count(*) as entries from records.journal_entries group by all order by entries desc"
    )
    return next(results({"journal_entries": {"kinds": table(kinds)}}, outcome, "journal_entries"))
