"""Pictures for people: equity, drawdown, fees, strategy trades, optimisations.

Holds: functions from frames to SVG or PNG bytes.
Belongs here: drawing.
Never here: queries (callers bring the frame), Dagster, regimes (`regime_plots`).
"""

from __future__ import annotations

import base64
import datetime as dt
import io
from collections.abc import Iterator
from math import nan

import matplotlib as mpl
import polars as pl

mpl.use("Agg")

from matplotlib import dates as mdates
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

SIZE = (9, 3.6)
DPI = 110
REGIME_COLOURS = {"Normal": "#4c9a6a", "Stressed": "#e0a030", "Crisis": "#c0392b"}


def as_markdown(png: bytes, title: str) -> str:
    """An image as markdown that needs no file and no network."""
    return f"![{title}](data:image/png;base64,{base64.b64encode(png).decode()})"


def equity(frame: pl.DataFrame) -> bytes:
    """Equity curves over time. `frame`: name, sampled_at, close_equity."""
    figure, axes = _canvas("Equity", "account currency")
    for (name,), curve in sorted(frame.group_by("name"), key=lambda item: str(item[0][0])):
        axes.plot(
            curve["sampled_at"].to_list(), curve["close_equity"].cast(pl.Float64).to_list(), label=str(name), lw=1.2
        )
    if frame.height:
        axes.legend(loc="best", fontsize=8)
    return _png(figure)


def equity_with_drawdown(frame: pl.DataFrame) -> bytes:
    """An equity curve above its drawdown in percent. `frame`: sampled_at, close_equity, drawdown_share, by time."""
    figure, (above, below) = plt.subplots(2, 1, figsize=SIZE, dpi=DPI, sharex=True, height_ratios=(2, 1))
    days = frame["sampled_at"].to_list()
    above.plot(days, frame["close_equity"].cast(pl.Float64).to_list(), color="#2c6fbb", lw=1.2)
    below.fill_between(
        days,
        (frame["drawdown_share"].cast(pl.Float64) * 100).fill_null(nan).to_list(),
        color="#c0392b",
        alpha=0.5,
        lw=0,
    )
    for axes, title, unit in ((above, "Equity", "account currency"), (below, "Drawdown", "%")):
        _dress(axes, title, unit)
        _dates(axes)
    return _png(figure)


def fees_by_month(frame: pl.DataFrame) -> bytes:
    """Fees of each month as bars, one colour for each run. `frame`: name, month, fee."""
    figure, axes = _canvas("Fees by month", "as charged by the engine")
    months = sorted(frame["month"].unique().to_list())
    stacked = dict.fromkeys(months, 0.0)
    for (name,), fees in sorted(frame.group_by("name"), key=lambda item: str(item[0][0])):
        paid = dict(zip(fees["month"].to_list(), fees["fee"].cast(pl.Float64).to_list(), strict=True))
        heights = [paid.get(month) or 0.0 for month in months]
        axes.bar(months, heights, width=25, bottom=list(stacked.values()), label=str(name))
        stacked = {month: stacked[month] + height for month, height in zip(months, heights, strict=True)}
    if frame.height:
        axes.legend(loc="best", fontsize=8)
    return _png(figure)


def trade_results(frame: pl.DataFrame) -> bytes:
    """Profit or loss of each closed strategy trade, cumulated by strategy. `frame`: strategy, closed_at, profit_loss."""
    figure, axes = _canvas("Strategy trades: profit and loss, cumulated", "account currency")
    ordered = frame.sort("closed_at")
    for (strategy,), trades in sorted(
        ordered.group_by("strategy", maintain_order=True), key=lambda item: str(item[0][0])
    ):
        results = trades["profit_loss"].cast(pl.Float64).cum_sum().to_list()
        axes.step(trades["closed_at"].to_list(), results, where="post", label=str(strategy), lw=1.2, marker=".", ms=4)
    if frame.height:
        axes.legend(loc="best", fontsize=8)
    return _png(figure)


def optimization_surface(frame: pl.DataFrame, statistic: str) -> bytes:
    """A statistic over two parameters as a heat map, or over one as a line; the winner is framed.

    `frame`: x, y (null where only one parameter varies), result, is_winner; `x` and `y` as the parameters' texts.
    Backtests that share both are shown by their mean: further parameters differ between them.
    """
    figure, axes = plt.subplots(figsize=SIZE, dpi=DPI)
    _dress(axes, f"Optimisation: {statistic}", "")
    columns, rows = (_in_order(frame[name].unique().to_list()) for name in ("x", "y"))
    cells = frame.group_by("x", "y").agg(pl.col("result").mean(), pl.col("is_winner").any())
    results = {(x, y): result for x, y, result in cells.select("x", "y", "result").iter_rows()}
    winners = [(x, y) for x, y in cells.filter(pl.col("is_winner")).select("x", "y").iter_rows()]
    axes.set_xticks(range(len(columns)), [column or "–" for column in columns], fontsize=8)
    if rows == [None]:
        axes.plot([results[column, None] for column in columns], marker="o", lw=1.2)
        for x, y in winners:
            axes.plot(columns.index(x), results[x, y], marker="s", ms=12, mfc="none", mec="#c0392b")
        return _png(figure)
    grid = [[nan if (found := results.get((column, row))) is None else found for column in columns] for row in rows]
    image = axes.imshow(grid, aspect="auto", origin="lower", cmap="viridis")
    axes.grid(visible=False)
    axes.set_yticks(range(len(rows)), [row or "–" for row in rows], fontsize=8)
    figure.colorbar(image, ax=axes)
    for x, y in winners:
        corner = (columns.index(x) - 0.5, rows.index(y) - 0.5)
        axes.add_patch(Rectangle(corner, 1, 1, fill=False, edgecolor="#c0392b", lw=2))
    return _png(figure)


def comparison(frame: pl.DataFrame, name_a: str, name_b: str) -> bytes:
    """Two equity curves by day and their difference. `frame`: day, equity_a, equity_b, difference, by day."""
    figure, (above, below) = plt.subplots(2, 1, figsize=SIZE, dpi=DPI, sharex=True, height_ratios=(2, 1))
    days = frame["day"].to_list()
    for column, label, colour in (("equity_a", name_a, "#2c6fbb"), ("equity_b", name_b, "#e0a030")):
        above.plot(days, frame[column].cast(pl.Float64).to_list(), label=label, color=colour, lw=1.2)
    below.plot(days, frame["difference"].cast(pl.Float64).to_list(), color="#222222", lw=1.0)
    for axes, title, unit in ((above, "Equity", "account currency"), (below, "Second less first", "")):
        _dress(axes, title, unit)
        _dates(axes)
    above.legend(loc="best", fontsize=8)
    return _png(figure)


def fee_drift(frame: pl.DataFrame) -> bytes:
    """Modelled, expected and charged fees, cumulated. `frame`: session_date, modelled, expected, charged."""
    figure, axes = _canvas("Fees, cumulated", "USD")
    ordered = frame.sort("session_date")
    days = ordered["session_date"].to_list()
    for column, colour in (("modelled", "#888888"), ("expected", "#2c6fbb"), ("charged", "#c0392b")):
        axes.plot(days, ordered[column].cast(pl.Float64).cum_sum().to_list(), label=column, color=colour, lw=1.4)
    axes.legend(loc="upper left", fontsize=8)
    return _png(figure)


def fee_savings(frame: pl.DataFrame) -> bytes:
    """What the best route would have saved, by month, with its sign. `frame`: month, charged, saving (null: no route)."""
    figure, axes = _canvas("Fees by month, and what the cheapest route would have saved", "USD")
    ordered = frame.group_by("month").agg(pl.col("charged").sum(), pl.col("saving").sum()).sort("month")
    labels = [f"{month:%Y-%m}" for month in ordered["month"].to_list()]
    places = list(range(len(labels)))
    axes.bar(places, ordered["charged"].cast(pl.Float64).to_list(), width=0.8, color="#bbbbbb", label="charged")
    axes.bar(places, ordered["saving"].cast(pl.Float64).to_list(), width=0.5, color="#4c9a6a", label="saving")
    axes.set_xticks(places, labels, rotation=60, fontsize=7)
    axes.axhline(0, color="#222222", lw=0.8)
    axes.legend(loc="best", fontsize=8)
    return _png(figure)


def fees_by_value(frame: pl.DataFrame) -> bytes:
    """Fees per contract and in all, by strategy. `frame`: value, charged, per_unit."""
    figure, axes = _canvas("Fees by strategy", "USD")
    ordered = frame.sort("charged", descending=True)
    places = list(range(ordered.height))
    axes.bar(places, ordered["charged"].cast(pl.Float64).to_list(), color="#2c6fbb")
    names = [
        f"{value}\n{'' if each is None else f'{each:.2f} each'}"
        for value, each in zip(ordered["value"].to_list(), ordered["per_unit"].to_list(), strict=True)
    ]
    axes.set_xticks(places, names, rotation=30, fontsize=7)
    return _png(figure)


def regime_bands(days: list[dt.date], regimes: list[str]) -> Iterator[tuple[str, dt.date, dt.date]]:
    """Spells of one regime: each lasts until the first day of the next."""
    begun = 0
    for position in range(1, len(days) + 1):
        if position == len(days) or regimes[position] != regimes[begun]:
            yield regimes[begun], days[begun], days[min(position, len(days) - 1)]
            begun = position


def _in_order(values: list[str | None]) -> list[str | None]:
    """Parameter values in the order of their numbers, texts after them."""

    def key(value: str | None) -> tuple[bool, float, str]:
        try:
            return (False, float(value or 0), "")
        except ValueError:
            return (True, 0.0, value or "")

    return sorted(values, key=key)


def _canvas(title: str, unit: str) -> tuple[Figure, Axes]:
    figure, axes = plt.subplots(figsize=SIZE, dpi=DPI)
    _dress(axes, title, unit)
    _dates(axes)
    return figure, axes


def _dress(axes: Axes, title: str, unit: str) -> None:
    axes.set_title(title, fontsize=10, loc="left")
    axes.set_ylabel(unit)
    axes.grid(alpha=0.25)


def _dates(axes: Axes) -> None:
    axes.xaxis.set_major_formatter(mdates.ConciseDateFormatter(mdates.AutoDateLocator()))  # type: ignore[no-untyped-call]


def _png(figure: Figure) -> bytes:
    buffer = io.BytesIO()
    figure.tight_layout()
    figure.savefig(buffer, format="png")
    plt.close(figure)
    return buffer.getvalue()
