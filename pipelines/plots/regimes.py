"""Pictures of regimes that a trader looks at: the state over index and VIX, correlations now and then, the score.

Holds: functions from frames and matrices to PNG bytes.
Belongs here: drawing of regimes, correlations and scores.
Never here: queries (callers bring the data), other pictures (`plots`).
"""

from __future__ import annotations

import datetime as dt
import io
import math
from collections.abc import Sequence

import polars as pl
from matplotlib import dates as mdates
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import ScalarFormatter

from pipelines.plots.figures import DPI, REGIME_COLOURS, regime_bands
from tomking.kernel.correlation import Array

MOST_NAMES = 40
"""Names written along a heat map; of a wider universe none is readable."""
MOST_FIGURES = 12
"""Names up to which each cell of a heat map has its figure."""


def state_timeline(frame: pl.DataFrame, title: str) -> bytes:
    """Regime as bands under the index and, where known, VIX; the two axes of the state below. The title ends with now.

    `frame`: session_date, regime, index, vix, semi_volatility, correlation_forecast, by day; null where unknown.
    """
    figure, axes = plt.subplots(3, 1, figsize=(11, 6.6), dpi=DPI, sharex=True, height_ratios=(3, 1.4, 1.4))
    ordered = frame.sort("session_date")
    days, regimes = ordered["session_date"].to_list(), ordered["regime"].to_list()
    index, vix, state = axes
    index.plot(days, ordered["index"].to_list(), color="#222222", lw=1.1)
    index.set_yscale("log")
    index.yaxis.set_major_formatter(ScalarFormatter())
    index.yaxis.set_minor_formatter(ScalarFormatter())
    index.set_title(f"{title}{_now(days, regimes)}", fontsize=10, loc="left")
    index.set_ylabel("index")
    vix.plot(days, ordered["vix"].to_list(), color="#7a3b8f", lw=0.9)
    vix.set_ylabel("VIX")
    if ordered["vix"].null_count() == ordered.height:
        vix.text(0.5, 0.5, "no VIX in the warehouse", transform=vix.transAxes, ha="center", va="center")
    state.plot(days, (ordered["semi_volatility"] * 100).to_list(), color="#c0392b", lw=0.9, label="semi-volatility, %")
    right = state.twinx()
    right.plot(days, ordered["correlation_forecast"].to_list(), color="#2c6fbb", lw=0.9)
    right.set_ylabel("forecast\ncorrelation", color="#2c6fbb", fontsize=8)
    state.set_ylabel("semi-volatility\n% a year", color="#c0392b", fontsize=8)
    for one in axes:
        _shade(one, days, regimes)
        one.grid(alpha=0.25)
    handles = [Patch(color=colour, alpha=0.35, label=regime) for regime, colour in REGIME_COLOURS.items()]
    index.legend(handles=handles, loc="upper left", fontsize=8, ncol=3)
    state.xaxis.set_major_formatter(mdates.ConciseDateFormatter(mdates.AutoDateLocator()))  # type: ignore[no-untyped-call]
    return _png(figure)


def correlation_maps(now: Array, before: Array, names: Sequence[str], now_on: dt.date, before_on: dt.date) -> bytes:
    """Two correlation matrices on one scale, and what changed between them; missing pairs are grey."""
    figure, axes = plt.subplots(1, 3, figsize=(14, 4.9), dpi=DPI)
    shown = ((now, f"20 days to {now_on}"), (before, f"20 days to {before_on}"), (now - before, "change"))
    for one, (matrix, title) in zip(axes, shown, strict=True):
        one.set_facecolor("#bbbbbb")
        image = one.imshow(matrix, vmin=-1, vmax=1, cmap="RdBu_r")
        one.set_title(title, fontsize=10, loc="left")
        if len(names) <= MOST_NAMES:
            one.set_xticks(range(len(names)), names, rotation=90, fontsize=7)
            one.set_yticks(range(len(names)), names, fontsize=7)
            if len(names) <= MOST_FIGURES:
                _write_cells(one, matrix)
        else:
            one.set_xticks([])
            one.set_yticks([])
    figure.colorbar(image, ax=axes, shrink=0.8)
    return _png(figure, tight=False)


def score_with_losses(frame: pl.DataFrame, title: str) -> bytes:
    """The score out of 100 and the points lost to concentration and to correlation, stacked above it.

    `frame`: session_date, score, score_lost_to_concentration, score_lost_to_correlation; days without a score are
    left out.
    """
    figure, axes = plt.subplots(figsize=(11, 3.8), dpi=DPI)
    known = frame.drop_nulls("score").sort("session_date")
    days, score = known["session_date"].to_list(), known["score"].to_list()
    concentration = known["score_lost_to_concentration"].clip(lower_bound=0.0).to_list()
    correlation = known["score_lost_to_correlation"].clip(lower_bound=0.0).to_list()
    axes.stackplot(
        days,
        score,
        correlation,
        concentration,
        colors=["#4c9a6a", "#e0a030", "#c0392b"],
        labels=["score", "lost to correlation", "lost to concentration"],
        alpha=0.8,
    )
    axes.set_ylim(0, 100)
    axes.set_ylabel("points")
    axes.set_title(title, fontsize=10, loc="left")
    axes.grid(alpha=0.25)
    axes.legend(loc="lower left", fontsize=8, ncol=3)
    axes.xaxis.set_major_formatter(mdates.ConciseDateFormatter(mdates.AutoDateLocator()))  # type: ignore[no-untyped-call]
    return _png(figure)


def _now(days: list[dt.date], regimes: list[str]) -> str:
    """The newest regime and its first session, as the end of a title."""
    if not days:
        return ""
    changes = [day for day, one, before in zip(days[1:], regimes[1:], regimes, strict=False) if one != before]
    return f" · {regimes[-1]} since {changes[-1] if changes else days[0]}"


def _write_cells(axes: Axes, matrix: Array) -> None:
    """The figure of each cell, white on strong colours; the diagonal says nothing."""
    for row, line in enumerate(matrix.tolist()):
        for column, value in enumerate(line):
            if row != column and math.isfinite(value):
                colour = "white" if abs(value) > 0.6 else "#222222"
                axes.text(column, row, f"{value:.2f}", ha="center", va="center", fontsize=7, color=colour)


def _shade(axes: Axes, days: list[dt.date], regimes: list[str]) -> None:
    for regime, start, stop in regime_bands(days, regimes):
        first, last = mdates.date2num([start, stop])  # type: ignore[no-untyped-call]
        axes.axvspan(first, last, color=REGIME_COLOURS[regime], alpha=0.30, lw=0)


def _png(figure: Figure, *, tight: bool = True) -> bytes:
    buffer = io.BytesIO()
    if tight:
        figure.tight_layout()
    figure.savefig(buffer, format="png", bbox_inches=None if tight else "tight")
    plt.close(figure)
    return buffer.getvalue()
