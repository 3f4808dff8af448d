"""Pictures are drawn of whatever there is: nothing, one run, one parameter or two, values that are texts."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import polars as pl
import pytest

from pipelines.plots import crises as crisis_plots
from pipelines.plots import figures as plots
from tomking.kernel.crisis import HeldLeg, rehearse, shocks

PNG = b"\x89PNG"
LARGEST = 100_000
"""Bytes of a picture inside metadata."""
START = dt.datetime(2026, 11, 16, 14, 30, tzinfo=dt.UTC)


def surface(*points: tuple[str | None, str | None, float | None, bool]) -> pl.DataFrame:
    schema = {"x": pl.String, "y": pl.String, "result": pl.Float64, "is_winner": pl.Boolean}
    return pl.DataFrame(list(points), schema=schema, orient="row")


@pytest.mark.parametrize(
    "points",
    [
        [
            ("14", "0.35", -0.6, False),
            ("21", "0.35", -0.8, False),
            ("14", "0.5", -0.4, True),
            ("21", "0.5", None, False),
        ],
        [("14", "0.35", -0.6, False), ("21", "0.5", -0.8, True)],
        [("14", "0.35", -0.6, False), ("14", "0.35", -0.8, True)],
        [("9", None, 1.0, False), ("10", None, 2.0, True)],
        [("narrow", "put", 1.0, False), ("wide", None, 2.0, False), ("10", "call", 3.0, True)],
    ],
    ids=["grid", "gaps", "a further parameter", "one parameter", "texts"],
)
def test_an_optimisation_is_drawn_whatever_its_parameters_are(points: list[tuple[str, str, float, bool]]) -> None:
    drawn = plots.optimization_surface(surface(*points), "Sharpe Ratio")
    assert drawn.startswith(PNG)
    assert len(drawn) < LARGEST


def test_values_of_parameters_stand_in_the_order_of_their_numbers() -> None:
    assert plots._in_order(["10", "9", "wide", "0.5", None, "narrow"]) == [None, "0.5", "9", "10", "narrow", "wide"]


def test_a_curve_stands_above_its_drawdown() -> None:
    frame = pl.DataFrame(
        {
            "sampled_at": [START + dt.timedelta(minutes=5 * number) for number in range(3)],
            "close_equity": [Decimal(100), Decimal(90), Decimal(110)],
            "drawdown_share": [0.0, -0.1, None],
        },
        schema={
            "sampled_at": pl.Datetime("us", "UTC"),
            "close_equity": pl.Decimal(38, 6),
            "drawdown_share": pl.Float64,
        },
    )
    assert plots.equity_with_drawdown(frame).startswith(PNG)


def test_fees_of_runs_are_stacked_by_month_also_where_one_has_none() -> None:
    frame = pl.DataFrame(
        [("one", dt.date(2026, 10, 1), Decimal("1.5")), ("one", dt.date(2026, 11, 1), Decimal(2)),
         ("other", dt.date(2026, 11, 1), Decimal("0.65"))],
        schema={"name": pl.String, "month": pl.Date, "fee": pl.Decimal(38, 6)},
        orient="row",
    )  # fmt: skip
    assert plots.fees_by_month(frame).startswith(PNG)


def test_trades_and_comparisons_are_drawn_with_what_is_missing_left_out() -> None:
    trades = pl.DataFrame(
        [("strangle", START, Decimal(10)), ("strangle", START + dt.timedelta(days=1), Decimal(-30))],
        schema={"strategy": pl.String, "closed_at": pl.Datetime("us", "UTC"), "profit_loss": pl.Decimal(38, 6)},
        orient="row",
    )
    assert plots.trade_results(trades).startswith(PNG)
    days = pl.DataFrame(
        [
            (dt.date(2026, 11, 16), Decimal(100), None, None),
            (dt.date(2026, 11, 17), Decimal(90), Decimal(95), Decimal(5)),
        ],
        schema={
            "day": pl.Date,
            "equity_a": pl.Decimal(38, 6),
            "equity_b": pl.Decimal(38, 6),
            "difference": pl.Decimal(38, 6),
        },
        orient="row",
    )
    assert plots.comparison(days, "one", "other").startswith(PNG)


def test_a_rehearsal_is_drawn_with_a_panel_for_each_crisis() -> None:
    leg = HeldLeg("t", "s", "SPY", "p", -1, 100, 600.0, "P", 540.0, dt.date(2027, 2, 26), 0.2)
    afters = rehearse([leg], dt.date(2026, 11, 30), shocks())
    rows = [
        (one.shock.scenario, one.shock.span, one.shock.session, one.shock.mark, one.loss / 50_000) for one in afters
    ]
    names = ["scenario", "span", "session_date", "mark", "loss_share"]
    whole = crisis_plots.losses(pl.DataFrame(rows, schema=names, orient="row"), 0.30)
    part = crisis_plots.losses(pl.DataFrame(rows[:2], schema=names, orient="row"), 0.30)
    assert whole.startswith(PNG)
    assert part.startswith(PNG)
    assert len(part) < len(whole) < LARGEST
