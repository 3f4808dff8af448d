"""Assets of market history.

Holds: the asset that reads daily prices.
Belongs here: prices and what corrects them.
Never here: correlations.
"""

import dagster as dg

from pipelines.defs.metadata import counts, table
from pipelines.defs.resources import WarehouseResource
from pipelines.defs.stages import POOL, ask, run


@dg.asset(group_name="market", kinds={"duckdb"}, pool=POOL)
def daily_prices(context: dg.AssetExecutionContext, warehouse: WarehouseResource) -> dg.MaterializeResult[None]:
    """Table records.daily_prices: closes from LEAN's data folder, CSV files and packages; corrections are revisions."""
    outcome = run(context, warehouse, "daily_prices")
    coverage = ask(
        warehouse,
        "select source, symbol, count(*) as days, min(session_date) as first_day, max(session_date) as last_day "
        "from records.daily_prices group by all order by all",
    )
    return dg.MaterializeResult(metadata={**counts(outcome), "coverage": table(coverage)})
