"""Curves of a LEAN result: the equity curve and the map of booked profits.

Holds: points of every form as columns, the profit-and-loss map as columns.
Belongs here: a series of amounts by time.
Never here: charts that are kept as they were plotted (`lean_charts`), or closed trades.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import cast

import polars as pl
from msgspec import Raw

from pipelines.parsing.lean.columns import INSTANT, Rows, read_entries
from pipelines.parsing.lean.exact_json import ABSENT
from pipelines.parsing.lean.keys import first_of, plain_keys
from pipelines.parsing.lean.stream import split
from pipelines.parsing.refusals import Refusal

EQUITY = pl.Schema(
    {
        "sampled_at": INSTANT,
        "position": pl.Int64(),
        "open": pl.String(),
        "high": pl.String(),
        "low": pl.String(),
        "close": pl.String(),
    }
)
"""One row per point, amounts as the texts that stand in the file; only `close` where the engine wrote a line.
`position` counts the points of one instant."""
PROFIT_LOSS = pl.Schema({"booked_at": INSTANT, "position": pl.Int64(), "amount": pl.String()})
"""One row per closing fill; `position` tells entries of one microsecond apart."""

_BLOCK = 4 << 20
_VALUES = ("series", "Equity", "values")
_PLACE = "$.charts.Strategy Equity.series.Equity.values"
_LINE, _CANDLE = 2, 5

_Point = list[Raw] | dict[str, Raw]


def parse_equity(chart: bytes) -> tuple[pl.DataFrame, list[Refusal]]:
    """The curve of the chart `Strategy Equity`, and a refusal for each point that cannot be read.

    Points are lists today and objects before 2024-02-02. Raises `Unreadable` where the chart is no JSON.
    """
    frames, refusals, first = [], list[Refusal](), 0
    blocks = (chart[start : start + _BLOCK] for start in range(0, len(chart), _BLOCK))
    for part in split(blocks, [_VALUES]):
        if part.is_batch and part.data[:1] == b"[":
            found, count, refused = _points(part.data, first)
            frames.append(found)
            refusals += refused
            first += count
    return counted(frames, EQUITY), refusals


def parse_profit_loss(data: bytes) -> tuple[pl.DataFrame, list[Refusal]]:
    """Entries of the profit-and-loss map (without `position`), and a refusal for each that cannot be read."""
    keys, amounts, _, refusals = read_entries(data, Raw, is_map=True, place=lambda key: f"$.profitLoss.{key}")
    rows = Rows(len(keys), lambda row: f"$.profitLoss.{keys[row]}")
    columns = {
        "booked_at": rows.instants("", keys, required=True),
        "amount": rows.numbers("", amounts, required=True),
    }
    schema = pl.Schema({name: PROFIT_LOSS[name] for name in columns})
    return rows.frame(schema, columns), [*refusals, *rows.refusals]


def counted(frames: Iterable[pl.DataFrame], schema: pl.Schema) -> pl.DataFrame:
    """One frame of these, the rows of one instant (the schema's first column) counted from 0 as `position`."""
    instant = next(iter(schema))
    nothing = pl.DataFrame(schema={name: kind for name, kind in schema.items() if name != "position"})
    together = pl.concat([nothing, *(frame.select(nothing.columns) for frame in frames)])
    return together.with_columns(
        position=pl.int_range(pl.len(), dtype=pl.Int64).over(instant) if together.height else pl.lit(0, dtype=pl.Int64)
    ).select(schema.names())


def _points(data: bytes, first: int) -> tuple[pl.DataFrame, int, list[Refusal]]:
    def place(number: str | int) -> str:
        return f"{_PLACE}[{first + int(number)}]"

    kind = cast("type[_Point]", _Point)
    _, points, positions, refusals = read_entries(data, kind, is_map=False, place=place)
    rows = Rows(len(points), lambda row: place(positions[row]))
    listed = [_coordinates(point) if isinstance(point, dict) else point for point in points]
    odd = pl.Series([len(point) not in (_LINE, _CANDLE) for point in listed], dtype=pl.Boolean)
    rows.refuse_where(odd, "neither a point nor a candle")
    columns = {"sampled_at": rows.seconds("", rows.numbers("", _at(listed, 0), required=True))}
    for number, name in enumerate(("open", "high", "low"), start=1):
        columns[name] = rows.numbers("", [point[number] if len(point) == _CANDLE else ABSENT for point in listed])
    columns["close"] = rows.numbers("", _at(listed, -1))
    columns["position"] = pl.repeat(0, len(points), dtype=pl.Int64, eager=True)
    return rows.frame(EQUITY, columns), len(points) + len(refusals), [*refusals, *rows.refusals]


def _coordinates(point: dict[str, Raw]) -> list[Raw]:
    """A point or candle that was written with names, as until 2024-02-02; nothing for what is neither."""
    if point.keys() == {"x", "y"}:
        return [point["x"], point["y"]]
    members = plain_keys(point)
    moment = first_of(members, "x", "time")
    if members.keys() & {"close", "c"}:
        return [moment, *(first_of(members, name, name[0]) for name in ("open", "high", "low", "close"))]
    return [moment, first_of(members, "y", "value")] if members.keys() & {"y", "value"} else []


def _at(points: Sequence[list[Raw]], number: int) -> list[Raw]:
    return [point[number] if -1 <= number < len(point) and point else ABSENT for point in points]
