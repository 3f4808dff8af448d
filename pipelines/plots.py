"""Pictures for people: equity, fee drift, regimes.

Holds: functions from frames to SVG or PNG bytes.
Belongs here: drawing.
Never here: queries (callers bring the frame) or Dagster.
"""

from __future__ import annotations

import base64
import datetime as dt
import io
from collections.abc import Iterator

import matplotlib as mpl
import polars as pl

mpl.use("Agg")

from matplotlib import dates as mdates
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

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


def fee_drift(frame: pl.DataFrame) -> bytes:
    """Modelled, expected and charged fees, cumulated. `frame`: session_date, modelled, expected, charged."""
    figure, axes = _canvas("Fees, cumulated", "USD")
    ordered = frame.sort("session_date")
    days = ordered["session_date"].to_list()
    for column, colour in (("modelled", "#888888"), ("expected", "#2c6fbb"), ("charged", "#c0392b")):
        axes.plot(days, ordered[column].cast(pl.Float64).cum_sum().to_list(), label=column, color=colour, lw=1.4)
    axes.legend(loc="upper left", fontsize=8)
    return _png(figure)


def regime_timeline(frame: pl.DataFrame) -> bytes:
    """Regime as bands under mean correlation and score. `frame`: session_date, regime, mean_correlation, score."""
    figure, axes = _canvas("Regime, 20-day mean correlation and diversification score", "mean correlation")
    ordered = frame.sort("session_date")
    days = ordered["session_date"].to_list()
    correlation = ordered["mean_correlation"].to_list()
    axes.plot(days, correlation, color="#222222", lw=0.9, label="mean correlation")
    for regime, start, stop in _bands(days, ordered["regime"].to_list()):
        first, last = mdates.date2num([start, stop])  # type: ignore[no-untyped-call]
        axes.axvspan(first, last, color=REGIME_COLOURS[regime], alpha=0.30, lw=0)
    handles = [Patch(color=colour, alpha=0.30, label=regime) for regime, colour in REGIME_COLOURS.items()]
    right = axes.twinx()
    right.plot(days, ordered["score"].to_list(), color="#2c6fbb", lw=0.8, alpha=0.8)
    right.set_ylabel("score", color="#2c6fbb")
    right.set_ylim(0, 100)
    axes.legend(handles=[*axes.get_lines(), *handles], loc="upper left", fontsize=8, ncol=4)
    return _png(figure)


def _bands(days: list[dt.date], regimes: list[str]) -> Iterator[tuple[str, dt.date, dt.date]]:
    """Spells of one regime: each lasts until the first day of the next."""
    begun = 0
    for position in range(1, len(days) + 1):
        if position == len(days) or regimes[position] != regimes[begun]:
            yield regimes[begun], days[begun], days[min(position, len(days) - 1)]
            begun = position


def _canvas(title: str, unit: str) -> tuple[Figure, Axes]:
    figure, axes = plt.subplots(figsize=(9, 3.6), dpi=110)
    axes.set_title(title, fontsize=10, loc="left")
    axes.set_ylabel(unit)
    axes.grid(alpha=0.25)
    axes.xaxis.set_major_formatter(mdates.ConciseDateFormatter(mdates.AutoDateLocator()))  # type: ignore[no-untyped-call]
    return figure, axes


def _png(figure: Figure) -> bytes:
    buffer = io.BytesIO()
    figure.tight_layout()
    figure.savefig(buffer, format="png")
    plt.close(figure)
    return buffer.getvalue()
