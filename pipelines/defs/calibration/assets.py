"""Assets of parameter sets.

Holds: calibration with its gate, shadow runs, and publishing into LEAN's object store.
Belongs here: the way back to the algorithm.
Never here: starting LEAN.
"""

from typing import Any

import dagster as dg

from pipelines.defs.metadata import counts, table
from pipelines.defs.resources import WarehouseResource
from pipelines.defs.stages import POOL, ask, run

SETS = (
    "select parameter_set_id, state, effective_from, data_through, published_at, acknowledged_at "
    "from marts.parameter_sets order by effective_from desc, parameter_set_id"
)
HISTORY = (
    "select happened_at, deployment, parameter_set_id, state, actor, in_force_from, note from marts.parameter_history "
    "order by sequence desc limit 50"
)
PARTS = (
    "select data_through, deployment, part, is_taken, proposed, metric, against, scored_sessions, failed "
    "from marts.calibration_parts order by data_through desc, created_at desc, deployment, part"
)
STALENESS = (
    "select cache, unit, age_seconds, sum(pairs) as pairs, sum(pairs * mean_change) / sum(pairs) as mean_change "
    "from marts.cache_staleness group by all order by cache, age_seconds"
)
SHADOWS = "select * from marts.shadow_runs order by deployment, candidate desc, live"
DIFFERENT_DAYS = (
    "select deployment, candidate, live, session_date, regime, live_regime, size_share, live_size_share "
    "from marts.shadow_days where differs order by session_date desc, candidate limit 50"
)


@dg.asset(deps=["regimes", "fee_reconciliation", "breaches"], group_name="calibration", kinds={"duckdb"}, pool=POOL)
def parameter_sets(context: dg.AssetExecutionContext, warehouse: WarehouseResource) -> dg.MaterializeResult[None]:
    """Table records.parameter_sets: candidates with their evidence, judged by the gate."""
    outcome = run(context, warehouse, "parameter_sets")
    evidence = {"parts": table(ask(warehouse, PARTS)), "what age costs": table(ask(warehouse, STALENESS))}
    return dg.MaterializeResult(metadata={**counts(outcome), **_shown(warehouse), **evidence})


@dg.asset(deps=["published_parameters"], group_name="calibration", kinds={"duckdb"}, pool=POOL)
def shadow_runs(context: dg.AssetExecutionContext, warehouse: WarehouseResource) -> dg.MaterializeResult[None]:
    """Table records.shadow_days: candidates on days they have not seen, beside the set in force; nothing is applied."""
    outcome = run(context, warehouse, "shadow_runs")
    shown = {"shadow runs": table(ask(warehouse, SHADOWS)), "different days": table(ask(warehouse, DIFFERENT_DAYS))}
    return dg.MaterializeResult(metadata={**counts(outcome), **shown})


@dg.asset(deps=["parameter_sets"], group_name="calibration", pool=POOL)
def published_parameters(context: dg.AssetExecutionContext, warehouse: WarehouseResource) -> dg.MaterializeResult[None]:
    """The object store's parameter documents: approved sets, replaced by rename, never half-written."""
    outcome = run(context, warehouse, "published_parameters")
    return dg.MaterializeResult(metadata={**counts(outcome), **_shown(warehouse)})


def _shown(warehouse: WarehouseResource) -> dict[str, dg.MetadataValue[Any]]:
    return {"sets": table(ask(warehouse, SETS)), "history": table(ask(warehouse, HISTORY))}
