"""Assets of parameter sets.

Holds: calibration with its gate, and publishing into LEAN's object store.
Belongs here: the way back to the algorithm.
Never here: starting LEAN.
"""

import dagster as dg

from pipelines.defs.metadata import counts, table
from pipelines.defs.resources import WarehouseResource
from pipelines.defs.stages import POOL, ask, run

SETS = (
    "select parameter_set_id, state, effective_from, data_through, published_at, acknowledged_at "
    "from marts.parameter_sets order by effective_from desc, parameter_set_id"
)


@dg.asset(deps=["regimes", "fee_reconciliation"], group_name="calibration", kinds={"duckdb"}, pool=POOL)
def parameter_sets(context: dg.AssetExecutionContext, warehouse: WarehouseResource) -> dg.MaterializeResult[None]:
    """Table records.parameter_sets: candidates with their evidence, judged by the gate."""
    outcome = run(context, warehouse, "parameter_sets")
    return dg.MaterializeResult(metadata={**counts(outcome), "sets": table(ask(warehouse, SETS))})


@dg.asset(deps=["parameter_sets"], group_name="calibration", pool=POOL)
def published_parameters(context: dg.AssetExecutionContext, warehouse: WarehouseResource) -> dg.MaterializeResult[None]:
    """The object store's parameter documents: approved sets, replaced by rename, never half-written."""
    outcome = run(context, warehouse, "published_parameters")
    return dg.MaterializeResult(metadata={**counts(outcome), "sets": table(ask(warehouse, SETS))})
