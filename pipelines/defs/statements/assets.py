"""Assets of broker statements.

Holds: the asset that fetches them over the configured connections, and the one that reads the inbox.
Belongs here: tables filled from what brokers write.
Never here: matching with LEAN (the reconciliation's).
"""

import dagster as dg
import polars as pl

from pipelines.defs.metadata import counts, table
from pipelines.defs.resources import WarehouseResource
from pipelines.defs.stages import POOL, ask, now_and_then, run
from pipelines.steps.statements.fetch import fetch_statements

_COLUMNS = ("account", "broker", "outcome", "since", "what")


@dg.asset(group_name="statements", kinds={"file"})
def fetched_statements(context: dg.AssetExecutionContext, warehouse: WarehouseResource) -> dg.MaterializeResult[None]:
    """Files in the inbox: what the brokers' web services gave since the last fetch, byte for byte.

    A connection that fails is told by the check `connections_answer`; the others, and the night, go on.
    """
    report = fetch_statements(warehouse.warehouse(), warehouse.settings(), progress=now_and_then(context.log))
    context.log.info("fetched_statements: %s", report.summary)
    rows = [(found.account, found.broker, found.outcome, str(found.since), found.summary) for found in report.outcomes]
    return dg.MaterializeResult(
        metadata={
            "failed": dg.MetadataValue.int(len(report.failed)),
            "new files": dg.MetadataValue.int(sum(len(found.files) for found in report.outcomes)),
            "connections": table(pl.DataFrame(rows, schema=dict.fromkeys(_COLUMNS, pl.String), orient="row")),
        }
    )


@dg.asset(group_name="statements", kinds={"duckdb"}, pool=POOL, deps=[fetched_statements])
def statements(context: dg.AssetExecutionContext, warehouse: WarehouseResource) -> dg.MaterializeResult[None]:
    """Table records.statement_rows: every statement in the inbox, overlapping exports merged."""
    outcome = run(context, warehouse, "statements")
    coverage = ask(
        warehouse,
        "select account, broker, row_class, count(*) as rows, min(session_date) as first_day, max(session_date) as last_day "
        "from records.statement_rows group by all order by all",
    )
    return dg.MaterializeResult(metadata={**counts(outcome), "coverage": table(coverage)})
