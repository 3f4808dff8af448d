"""Assets of correlation regimes.

Holds: regime labels, pair and group correlations.
Belongs here: what is computed from prices.
Never here: thresholds being calibrated (the calibration's).
"""

from collections.abc import Iterator

import dagster as dg

from pipelines.defs.metadata import picture, table
from pipelines.defs.resources import WarehouseResource
from pipelines.defs.stages import POOL, ask, results, rows_of, run
from pipelines.steps.regimes.pictures import regime_pictures
from warehouse.access import WriteSession

TABLES = {
    "regimes": "records.regime_days",
    "pair_correlations": "derived.pair_correlations",
    "group_correlations": "derived.group_correlations",
    "group_regimes": "derived.group_regimes",
}


@dg.multi_asset(
    specs=[
        dg.AssetSpec(name, deps=["daily_prices"], group_name="regimes", kinds={"duckdb"}, description=f"Table {sql}")
        for name, sql in TABLES.items()
    ],
    pool=POOL,
)
def regime_labels(
    context: dg.AssetExecutionContext, warehouse: WarehouseResource
) -> Iterator[dg.MaterializeResult[None]]:
    """Label every session that has prices and no label yet, as known now."""
    outcome = run(context, warehouse, "regimes")
    metadata = {name: {"rows": rows_of(warehouse, sql)} for name, sql in TABLES.items()}
    with warehouse.warehouse().reader() as connection:
        reader = WriteSession(connection, path=warehouse.warehouse().published_path, raw=warehouse.warehouse().raw)
        for universe, pictures in regime_pictures(reader, warehouse.settings()).items():
            for name, image in pictures.items():
                metadata["regimes"][f"{name}_{universe}"] = picture(image, f"{name} of {universe}")
    metadata["regimes"]["newest"] = table(
        ask(
            warehouse,
            "select universe, session_date, regime, mean_correlation, score, reason from marts.regimes "
            "qualify row_number() over (partition by universe order by session_date desc) <= 5 order by universe, session_date desc",
        )
    )
    metadata["regimes"]["age_of_inputs"] = table(
        ask(
            warehouse,
            "select universe, symbol, newest_price, price_age_days, newest_label, label_age_days, holds_back "
            "from marts.correlation_inputs order by price_age_days desc nulls first, universe, symbol",
        )
    )
    yield from results(metadata, outcome, "regimes")
