"""Assets of broker statements.

Holds: the asset that reads the inbox.
Belongs here: tables filled from what brokers write.
Never here: matching with LEAN (the reconciliation's).
"""

import dagster as dg

from pipelines.defs.metadata import counts, table
from pipelines.defs.resources import WarehouseResource
from pipelines.defs.stages import POOL, ask, run


@dg.asset(group_name="statements", kinds={"duckdb"}, pool=POOL)
def statements(context: dg.AssetExecutionContext, warehouse: WarehouseResource) -> dg.MaterializeResult[None]:
    """Table records.statement_rows: every statement in the inbox, overlapping exports merged."""
    outcome = run(context, warehouse, "statements")
    coverage = ask(
        warehouse,
        "select account, broker, row_class, count(*) as rows, min(session_date) as first_day, max(session_date) as last_day "
        "from records.statement_rows group by all order by all",
    )
    return dg.MaterializeResult(metadata={**counts(outcome), "coverage": table(coverage)})
