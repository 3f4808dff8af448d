"""Tables of the charts of a run: every series that the engine or the algorithm plotted.

Holds: series and their points, of every chart and in every shape of point.
Belongs here: a column for something that stands in a chart.
Never here: the equity curve as money (`records.equity` has it), or anything computed from points.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, mapped_column

from warehouse.models.base import RECORDS, Base, key, references, statistic, text
from warehouse.models.records.runs import run_reference


class ChartSeries(Base):
    """A series of a chart, with the number of its points that are stored."""

    __tablename__ = "chart_series"
    __table_args__ = ({"schema": RECORDS},)

    run_id: Mapped[str] = run_reference()
    chart: Mapped[key]
    series: Mapped[key]
    chart_type: Mapped[str | None]
    """overlay or stacked."""
    series_type: Mapped[str | None]
    """line, scatter, candle, bar, flag, stacked_area, pie, treemap, heatmap, scatter_3d."""
    unit: Mapped[str | None]
    series_index: Mapped[int | None]
    """The pane of the chart the series is drawn in."""
    index_name: Mapped[str | None]
    symbol: Mapped[str | None]
    color: Mapped[str | None]
    marker: Mapped[str | None]
    tooltip: Mapped[str | None]
    """The template of its points' tooltips."""
    points: Mapped[int]


class ChartPoint(Base):
    """A point of a series; figures are for display, so they are floats.

    The database keeps no primary key: an index over millions of points would cost more than the points do. The writer
    keeps (run, chart, series, x, position) unique.
    """

    __tablename__ = "chart_points"
    __table_args__ = ({"schema": RECORDS},)

    run_id: Mapped[str] = mapped_column(Text, info=references("records.runs.run_id"))
    chart: Mapped[text]
    series: Mapped[text]
    x: Mapped[statistic]
    """As it stands in the file: unix seconds UTC in every series the engine writes."""
    position: Mapped[int]
    """0, or a count where the series repeats an x."""
    sampled_at: Mapped[dt.datetime | None]
    """`x` as an instant; None where it is no time of any calendar."""
    value: Mapped[float | None]
    """y, or the close of a candle; None where the engine wrote a null."""
    open: Mapped[float | None]
    high: Mapped[float | None]
    low: Mapped[float | None]
    close: Mapped[float | None]
    z: Mapped[float | None]
    """A third figure (heat maps, scatter in three dimensions)."""
    tooltip: Mapped[str | None]
    sampling: Mapped[text]
    """The kind of file that carried it: main, or of a live run second, minute, ten_minute."""
    as_of: Mapped[dt.datetime | None]
    """The newest time inside those files. Of two versions of a point the finer sampled stands, then the newer."""

    __mapper_args__ = {"primary_key": ["run_id", "chart", "series", "x", "position"]}  # noqa: RUF012 (declared so by the base)
