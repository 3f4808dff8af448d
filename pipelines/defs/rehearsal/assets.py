"""The asset of the evening's crisis rehearsal.

Holds: the rehearsal with its tables and picture.
Belongs here: what the present book would lose.
Never here: shocks, prices, the entry block (pipelines.steps.rehearsal.rehearse).
"""

import dagster as dg
import polars as pl

from pipelines.defs.metadata import counts, picture, table
from pipelines.defs.resources import WarehouseResource
from pipelines.defs.stages import POOL, ask, run
from pipelines.plots import crises as crisis_plots

QUESTIONS = {
    "books": "select deployment, name, book_date, legs, left_out, equity, worst_look, worst_loss, worst_share, cap, is_blocked "
    "from marts.crisis_rehearsals where is_newest order by worst_share desc nulls last",
    "scenarios": "select deployment, scenario, span, session_date, mark, loss, loss_share, margin_before, margin_after, "
    "is_margin_call from marts.crisis_looks where is_newest and is_worst order by deployment, position",
    "by strategy": "select deployment, scenario, strategy, sum(loss) as loss, sum(loss_share) as loss_share "
    "from marts.crisis_losses where is_newest group by all order by all",
    "by underlying": "select deployment, scenario, group_name, underlying, sum(loss) as loss, sum(loss_share) as loss_share "
    "from marts.crisis_losses where is_newest group by all order by all",
}
LOOKS = (
    "select coalesce(deployment, rehearsal_id) as book, scenario, span, session_date, mark, loss_share "
    "from marts.crisis_looks where is_newest and loss_share is not null order by book, position"
)
CAPS = "select coalesce(deployment, rehearsal_id) as book, cap from marts.crisis_rehearsals where is_newest"


@dg.asset(
    deps=["journal_entries", "strategy_trades", "daily_prices", "published_parameters"],
    group_name="rehearsal",
    kinds={"duckdb"},
    pool=POOL,
)
def crisis_rehearsal(context: dg.AssetExecutionContext, warehouse: WarehouseResource) -> dg.MaterializeResult[None]:
    """The present book taken through 2018-02-05, 2020-03, 2024-08-05 and 2025-04; entries stopped above the cap."""
    outcome = run(context, warehouse, "crisis_rehearsal")
    shown = {name: table(ask(warehouse, query)) for name, query in QUESTIONS.items()}
    looks = ask(warehouse, LOOKS)
    for book, cap in ask(warehouse, CAPS).iter_rows():
        mine = looks.filter(pl.col("book") == book)
        if mine.height:
            shown[f"picture_{book}"] = picture(crisis_plots.losses(mine, float(cap)), f"losses of {book}")
    return dg.MaterializeResult(metadata={**counts(outcome), **shown})
