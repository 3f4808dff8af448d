"""`tomking fees report`: what was paid in fees, for what, and what other routes would have cost.

Holds: the report.
Belongs here: choosing and printing rows of the views about costs.
Never here: the figures themselves (warehouse/views), rates and evidence (`commands.fees`).
"""

from __future__ import annotations

import click

from pipelines.commands.output import Session, console, json_option, pass_session, print_json, print_table

PARTS = {
    "paid, by what": (
        "fees_by",
        ("account", "dimension", "value", "legs", "units", "charged", "per_unit", "fees_over_premium",
         "fees_over_credit", "fees_over_profit_loss"),
        "account, dimension, value",
    ),
    "charges explained, by product": (
        "fee_model_shares",
        ("account", "broker", "product", "legs", "reproduced", "explained", "not_judged", "unknown", "explained_share",
         "unknown_share"),
        "account, product",
    ),
    "plan of each account, as its charges show": (
        "account_plans",
        ("account", "broker", "configured", "plan", "first_day", "orders", "reproduced", "by_venue", "unexplained",
         "other", "other_explained"),
        "account, first_day",
    ),
    "cheapest route that could have been taken, by month": (
        "fee_savings",
        ("account", "month", "charged", "best_broker", "best_plan", "best_size", "best_cost", "saving", "saving_share",
         "routes"),
        "account, month",
    ),
    "every route over all months": (
        "fee_alternatives",
        ("account", "broker", "plan", "size", "months", "feasible_months", "legs", "priced_legs", "charged", "cost",
         "saving"),
        "account, broker, plan, size",
    ),
    "route advised by the months before": (
        "fee_route_forecasts",
        ("account", "month", "advised_broker", "advised_plan", "advised_size", "predicted_share", "realised_share",
         "error"),
        "account, month",
    ),
    "forecast against charge, per order leg": (
        "fee_forecast_errors",
        ("account", "broker", "product", "legs", "legs_without", "bias", "mae", "mean_charged", "is_inside_bound"),
        "account, product",
    ),
}  # fmt: skip
"""Title, view, columns and order of each part."""
_WHOLE = {
    "fee_alternatives": (
        "(select account, broker, plan, size, count(*) as months, count(*) filter (where is_feasible) as feasible_months, "
        "sum(legs)::bigint as legs, sum(priced_legs)::bigint as priced_legs, sum(charged) as charged, sum(cost) as cost, "
        "sum(saving) as saving from marts.fee_alternatives group by account, broker, plan, size)"
    )
}


@click.command("report")
@click.option("--account", help="only this account")
@json_option
@pass_session
def report(session: Session, account: str | None) -> None:
    """Show what was paid in fees by strategy, symbol, product, days to expiry, broker and month, and at what saving.

    A saving counts only on routes that could have been taken and whose whole cost is known; it is negative where every
    other route would have cost more.
    """
    condition, given = ("account = ?", [account]) if account is not None else ("true", [])
    found = {}
    with session.reading() as reader:
        for title, (view, columns, order) in PARTS.items():
            source = _WHOLE.get(view, f"marts.{view}")
            sql = f"select {', '.join(columns)} from {source} where {condition} order by {order}"
            found[title] = (view, columns, reader.rows(sql, given))
    if session.as_json:
        print_json(
            {view: [dict(zip(columns, row, strict=True)) for row in rows] for view, columns, rows in found.values()}
        )
        return
    for title, (_, columns, rows) in found.items():
        if rows:
            print_table(title, columns, rows)
        else:
            console.print(f"{title}: nothing", markup=False)
