"""What the UI shows of LEAN's runs: tables and pictures of the newest ones.

Holds: the questions behind the metadata of this domain's assets.
Belongs here: a table or picture of runs. Each is bounded, however many runs there are: the newest come first.
Never here: drawing (pipelines.plots.figures), or a table of every run (the views have it).
"""

from __future__ import annotations

from typing import Any

import dagster as dg
import polars as pl

from pipelines.defs.metadata import ROWS_SHOWN, picture, table
from pipelines.defs.resources import WarehouseResource
from pipelines.defs.stages import ask
from pipelines.plots import figures as plots

Shown = dict[str, dg.MetadataValue[Any]]
CURVES = 6
"""Runs in one picture; more cannot be told apart."""
_NEWEST = "coalesce(ended_at, newest_at, started_at) DESC NULLS LAST, run_id"


def of_runs(warehouse: WarehouseResource) -> Shown:
    """The newest runs, what failed, the surface of the newest optimisation."""
    runs = (
        "SELECT name, mode, state, orders, fills, return_share, failed_data_share, started_at "
        f"FROM marts.runs ORDER BY {_NEWEST} LIMIT {ROWS_SHOWN}"
    )
    failed = (
        "SELECT name, mode, state, error_location, trim(split_part(coalesce(error, last_error), chr(10), 1)) AS what, "
        f"started_at FROM marts.failed_runs ORDER BY started_at DESC NULLS LAST, run_id LIMIT {ROWS_SHOWN}"
    )
    return {
        "runs": table(ask(warehouse, runs)),
        "failed runs": table(ask(warehouse, failed)),
        **_surface(warehouse),
    }


def of_equity(warehouse: WarehouseResource) -> Shown:
    """The newest curves together, the newest with its drawdown, the newest beside the one before it of its mode."""
    curves = ask(
        warehouse,
        f"SELECT name, sampled_at, close_equity FROM marts.equity WHERE close_equity IS NOT NULL AND run_id IN ("
        f"SELECT run_id FROM records.runs ORDER BY {_NEWEST} LIMIT {CURVES}) ORDER BY sampled_at, position",
    )
    newest = ask(
        warehouse,
        "SELECT name, sampled_at, close_equity, drawdown_share FROM marts.drawdown WHERE run_id = ("
        "SELECT run_id FROM records.runs WHERE run_id IN (SELECT DISTINCT run_id FROM records.equity) "
        f"ORDER BY {_NEWEST} LIMIT 1) ORDER BY sampled_at, position",
    )
    shown = {"curves": picture(plots.equity(curves), "equity")}
    if newest.height:
        shown["newest run"] = dg.MetadataValue.text(str(newest["name"][0]))
        shown["drawdown"] = picture(plots.equity_with_drawdown(newest), "drawdown")
    return shown | _beside_the_one_before(warehouse)


def of_fees(warehouse: WarehouseResource) -> Shown:
    """Fees by month of the newest runs that paid any, each in its own currency."""
    fees = ask(
        warehouse,
        "SELECT name || ' ' || fee_currency AS name, date_trunc('month', session_date) AS month, sum(fee_amount) AS fee "
        "FROM marts.fills JOIN records.runs USING (run_id) WHERE fee_amount IS NOT NULL AND run_id IN ("
        "SELECT run_id FROM records.runs WHERE run_id IN (SELECT DISTINCT run_id FROM records.run_fees) "
        f"ORDER BY {_NEWEST} LIMIT {CURVES}) GROUP BY ALL ORDER BY ALL",
    )
    return {"fees by month": picture(plots.fees_by_month(fees), "fees by month")} if fees.height else {}


def of_trades(warehouse: WarehouseResource) -> Shown:
    """Results of the strategy trades of the newest run that has any."""
    trades = ask(
        warehouse,
        "SELECT name, strategy, closed_at, profit_loss FROM marts.strategy_trades "
        "WHERE profit_loss IS NOT NULL AND closed_at IS NOT NULL AND run_id = ("
        "SELECT run_id FROM records.runs WHERE run_id IN (SELECT run_id FROM derived.strategy_trades "
        f"WHERE profit_loss IS NOT NULL AND closed_at IS NOT NULL) ORDER BY {_NEWEST} LIMIT 1) "
        "ORDER BY closed_at, trade_id",
    )
    if not trades.height:
        return {}
    return {
        "run": dg.MetadataValue.text(str(trades["name"][0])),
        "results": picture(plots.trade_results(trades), "strategy trades"),
    }


def _surface(warehouse: WarehouseResource) -> Shown:
    """The newest optimisation's target, or its Sharpe ratio, over the first two parameters that vary."""
    surface = ask(
        warehouse,
        "SELECT run_id, parameter, value, statistic, result, coalesce(is_winner, false) AS is_winner "
        "FROM marts.optimization_surface WHERE optimization_id = (SELECT optimization_id FROM records.runs "
        f"WHERE optimization_id IS NOT NULL ORDER BY {_NEWEST} LIMIT 1) AND (is_target OR statistic = 'Sharpe Ratio') "
        "QUALIFY dense_rank() OVER (ORDER BY is_target DESC, statistic) = 1 ORDER BY parameter, run_id",
    )
    if not surface.height:
        return {}
    first, *others = surface["parameter"].unique(maintain_order=True).to_list()
    other = others[0] if others else None
    values = {name: surface.filter(pl.col("parameter") == name) for name in (first, other) if name is not None}
    points = values[first].select("run_id", "result", "is_winner", x="value")
    if other is None:
        points = points.with_columns(y=pl.lit(None, dtype=pl.String))
    else:
        points = points.join(values[other].select("run_id", y="value"), on="run_id", how="left")
    title = f"{surface['statistic'][0]} by {first}" + (f" (across) and {other} (upwards)" if other else "")
    return {"optimisation": picture(plots.optimization_surface(points, title), "optimisation")}


def _beside_the_one_before(warehouse: WarehouseResource) -> Shown:
    """The newest curve and the newest other one of its mode that has days in common with it."""
    pair = ask(
        warehouse,
        "WITH curves AS (SELECT run_id, min(sampled_at) AS first, max(sampled_at) AS last FROM records.equity "
        "WHERE close_equity IS NOT NULL GROUP BY run_id), "
        f"newest AS (SELECT run_id, name, mode, first, last, row_number() OVER (ORDER BY {_NEWEST}) AS place "
        "FROM records.runs JOIN curves USING (run_id)) "
        "SELECT o.run_id AS older, o.name AS older_name, n.run_id AS newer, n.name AS newer_name FROM newest n "
        "JOIN newest o ON o.place > n.place AND o.mode = n.mode AND o.first <= n.last AND o.last >= n.first "
        "WHERE n.place = 1 ORDER BY o.place LIMIT 1",
    ).to_dicts()
    if not pair:
        return {}
    [runs] = pair
    both = ask(
        warehouse,
        "SELECT day, equity_a, equity_b, difference "
        f"FROM marts.compare_equity('{runs['older']}', '{runs['newer']}') ORDER BY day",
    )
    drawn = plots.comparison(both, runs["older_name"], runs["newer_name"])
    return {"beside the run before": picture(drawn, "comparison")}
