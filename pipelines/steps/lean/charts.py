"""The charts of a run as rows: series, and points by the thousand.

Holds: points put into frames, batches written, and which version of a point stands.
Belongs here: SQL and frames of `records.chart_series` and `records.chart_points`.
Never here: the notation of a chart (`pipelines.parsing.lean.charts`), the equity curve as money.

The files of a live run sample one series at several rates, and its older points fall out of every file. So points are
joined, never replaced: of two versions of a point the finer sampled stands, then the newer. That makes the order in
which copies of a run are read of no account.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import repeat
from typing import TYPE_CHECKING, Any

import polars as pl

from pipelines.parsing.lean.charts import COLUMNS, LeanSeries, PointColumns, parse_chart
from pipelines.parsing.refusals import Refusal
from pipelines.privacy import redact_text
from warehouse.frames import INSTANT, conform, frame, frame_schema
from warehouse.models.records.charts import ChartPoint, ChartSeries

if TYPE_CHECKING:
    from warehouse.session import WriteSession

SAMPLINGS = ("main", "ten_minute", "minute", "second")
"""From coarse to fine."""

_BATCH = 100_000
_KEY = ["chart", "series", "x", "position"]
_FIRST_SECOND, _LAST_SECOND = -62_135_596_800, 253_402_300_799  # the years 1 to 9999


@dataclass(frozen=True, slots=True)
class ChartSource:
    """A chart as it stands in one file."""

    file_name: str
    sampling: str
    chart: str
    data: bytes


@dataclass(slots=True)
class _Batch:
    """Points of any number of series, column by column."""

    chart: list[str] = field(default_factory=list)
    series: list[str] = field(default_factory=list)
    sampling: list[str] = field(default_factory=list)
    position: list[int] = field(default_factory=list)
    columns: dict[str, list[Any]] = field(default_factory=lambda: {name: [] for name in COLUMNS})

    def add(self, source: ChartSource, series: str, points: PointColumns) -> None:
        height = points.height
        self.chart.extend(repeat(source.chart, height))
        self.series.extend(repeat(series, height))
        self.sampling.extend(repeat(source.sampling, height))
        self.position.extend(points.position)
        for name, values in self.columns.items():
            values.extend(points.columns.get(name) or repeat(None, height))

    def frame(self, run_id: str, as_of: dt.datetime | None) -> pl.DataFrame:
        schema = frame_schema(ChartPoint)
        given: dict[str, list[Any]] = {
            "chart": self.chart,
            "series": self.series,
            "sampling": self.sampling,
            "position": self.position,
            **self.columns,
        }
        points = pl.DataFrame([pl.Series(name, values, dtype=schema[name]) for name, values in given.items()])
        in_calendar = pl.col("x").is_between(_FIRST_SECOND, _LAST_SECOND)
        microseconds = (pl.col("x") * 1_000_000).round().cast(pl.Int64, strict=False)
        return conform(
            ChartPoint,
            points.with_columns(
                pl.lit(run_id).alias("run_id"),
                pl.lit(as_of, dtype=INSTANT).alias("as_of"),
                pl.when(in_calendar).then(microseconds).cast(INSTANT).alias("sampled_at"),
            ),
        )


def write_charts(
    session: WriteSession,
    run_id: str,
    sources: Iterable[ChartSource],
    *,
    as_of: dt.datetime | None,
    is_new: bool = False,
    join: bool = False,
) -> list[tuple[str, Refusal]]:
    """Write every series of these charts; returns what could not be read, by file.

    `as_of` is the newest time inside the files. With `join` the points of earlier versions stay, else they go;
    `is_new` says that there are none.
    """
    reading = _Reading(run_id, as_of)
    batches = reading.batches(sources)
    if join:
        _join(session, run_id, batches)
    elif is_new:
        for batch in batches:
            session.insert(ChartPoint, batch)
    else:
        _replace(session, run_id, batches)
    series = frame(ChartSeries, reading.series.values())
    if join:
        series = _with_stored_series(session, run_id, series)
    if is_new:
        session.insert(ChartSeries, series)
    else:
        session.replace(ChartSeries, series, "run_id = ?", (run_id,))
    return reading.refused


class _Reading:
    """Reads charts; after its batches are taken it knows the series and the refusals."""

    def __init__(self, run_id: str, as_of: dt.datetime | None) -> None:
        self.series: dict[tuple[str, str], dict[str, object]] = {}
        self.refused: list[tuple[str, Refusal]] = []
        self._run_id = run_id
        self._as_of = as_of

    def batches(self, sources: Iterable[ChartSource]) -> Iterator[pl.DataFrame]:
        """Frames of a bounded number of points."""
        batch = _Batch()
        for source in sources:
            refused: list[Refusal] = []
            for series in parse_chart(source.chart, source.data, refused):
                row = self._row(series)
                for piece in series.pieces:
                    batch.add(source, series.name, _without_numbers(piece))
                    row["points"] += piece.height  # type: ignore[operator]
                    if len(batch.position) >= _BATCH:
                        yield batch.frame(self._run_id, self._as_of)
                        batch = _Batch()
            self.refused += [(source.file_name, refusal) for refusal in refused]
        if batch.position:
            yield batch.frame(self._run_id, self._as_of)

    def _row(self, series: LeanSeries) -> dict[str, object]:
        # The first file that has a series describes it: the main one, where it is among them.
        return self.series.setdefault(
            (series.chart.name, series.name),
            {
                "run_id": self._run_id,
                "chart": series.chart.name,
                "series": series.name,
                "chart_type": series.chart.chart_type,
                "series_type": series.series_type,
                "unit": series.unit,
                "series_index": series.index,
                "index_name": series.index_name,
                "symbol": series.chart.symbol,
                "color": series.color,
                "marker": series.marker,
                "tooltip": series.tooltip,
                "points": 0,
            },
        )


def _without_numbers(points: PointColumns) -> PointColumns:
    """Points whose tooltips carry no account numbers."""
    tooltips = points.columns.get("tooltip")
    if not tooltips or not any(tooltips):
        return points
    redacted = [text and redact_text(text) for text in tooltips]
    return PointColumns({**points.columns, "tooltip": redacted}, points.position)


def _replace(session: WriteSession, run_id: str, batches: Iterator[pl.DataFrame]) -> None:
    """Write all points anew. Only what fits into one batch is compared with what is there."""
    first, second = next(batches, None), next(batches, None)
    if second is None:
        found = pl.DataFrame(schema=frame_schema(ChartPoint)) if first is None else first
        session.replace(ChartPoint, found, "run_id = ?", (run_id,))
        return
    session.execute("DELETE FROM records.chart_points WHERE run_id = ?", (run_id,))
    for batch in (first, second):
        if batch is not None:
            session.insert(ChartPoint, batch)
    for batch in batches:
        session.insert(ChartPoint, batch)


def _join(session: WriteSession, run_id: str, batches: Iterator[pl.DataFrame]) -> None:
    old = conform(ChartPoint, session.frame("SELECT * FROM records.chart_points WHERE run_id = ?", (run_id,)))
    fineness = pl.col("sampling").replace_strict({name: rank for rank, name in enumerate(SAMPLINGS)})
    joined = (
        pl.concat([old, *batches])
        .with_columns(fineness.alias("fineness"))
        .sort([*_KEY, "fineness", "as_of"], nulls_last=False, maintain_order=True)
        .unique(_KEY, keep="last", maintain_order=True)
        .drop("fineness")
    )
    session.replace(ChartPoint, joined, "run_id = ?", (run_id,))


def _with_stored_series(session: WriteSession, run_id: str, given: pl.DataFrame) -> pl.DataFrame:
    """Series of both versions, as the newer describes them; every count is that of the points that stand."""
    key = ["chart", "series"]
    stored = conform(ChartSeries, session.frame("SELECT * FROM records.chart_series WHERE run_id = ?", (run_id,)))
    counts = session.frame(
        "SELECT chart, series, count(*) AS counted FROM records.chart_points WHERE run_id = ? GROUP BY ALL", (run_id,)
    )
    together = pl.concat([given, stored.join(given.select(key), on=key, how="anti")])
    return (
        together.join(counts, on=key, how="left")
        .with_columns(pl.col("counted").fill_null(0).cast(pl.Int64).alias("points"))
        .drop("counted")
    )
