"""The picture of a crisis rehearsal.

Holds: the losses of a book at every look, by scenario.
Belongs here: drawing of rehearsals.
Never here: queries (callers bring the frame), other pictures (`plots`, `regime_plots`).
"""

from __future__ import annotations

import io

import polars as pl
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from pipelines.plots.figures import DPI

_COLOURS = {"day": "#2c6fbb", "path": "#7a3b8f"}
_NARROWEST = 4
"""Sessions' worth of width that a panel has at least, so that its title fits."""


def losses(frame: pl.DataFrame, cap: float) -> bytes:
    """Loss in per cent of equity at each session: alone and along the path, at the close and (thin) at the low.

    `frame`: scenario, span, session_date, mark, loss_share, in order; `cap` is drawn as a line.
    """
    scenarios = frame["scenario"].unique(maintain_order=True).to_list()
    sessions = [frame.filter(pl.col("scenario") == name)["session_date"].n_unique() for name in scenarios]
    widths = [max(count, _NARROWEST) for count in sessions]
    figure, panels = plt.subplots(
        1, len(scenarios), figsize=(11, 3.8), dpi=DPI, sharey=True, squeeze=False, width_ratios=widths
    )
    for axes, name in zip(panels[0], scenarios, strict=True):
        _panel(axes, frame.filter(pl.col("scenario") == name), cap)
        axes.set_title(name, fontsize=9, loc="left")
    panels[0][0].set_ylabel("loss, % of equity")
    # The widest panel has room, and every kind of line.
    panels[0][widths.index(max(widths))].legend(fontsize=7, loc="upper left")
    buffer = io.BytesIO()
    figure.tight_layout()
    figure.savefig(buffer, format="png")
    plt.close(figure)
    return buffer.getvalue()


def _panel(axes: Axes, looks: pl.DataFrame, cap: float) -> None:
    days = looks["session_date"].unique().sort().to_list()
    for (span, mark), rows in sorted(looks.group_by("span", "mark"), key=lambda item: str(item[0])):
        places = [days.index(day) for day in rows["session_date"].to_list()]
        heights = (rows["loss_share"] * 100).to_list()
        is_close = mark == "close"
        axes.plot(
            places,
            heights,
            color=_COLOURS[str(span)],
            lw=1.6 if is_close else 0.7,
            marker="o" if is_close else "v",
            ms=3.5,
            ls="-" if is_close else ":",
            label=f"{span}, {mark}",
        )
    axes.axhline(cap * 100, color="#c0392b", lw=1.0, ls="--", label="cap")
    axes.axhline(0, color="#888888", lw=0.6)
    shown = range(0, len(days), max(1, len(days) // 6))
    axes.set_xticks(list(shown), [days[place].strftime("%m-%d") for place in shown], fontsize=7, rotation=45)
    axes.grid(alpha=0.25)
