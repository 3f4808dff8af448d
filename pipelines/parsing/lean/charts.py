"""The charts of a result: every series, in every shape its points have had.

Holds: a chart's JSON as series with frames of points.
Belongs here: a notation of a chart, a series or a point.
Never here: the exact equity curve (`pipelines.parsing.lean.result`), or which version of a point stands.

A point is `[x, y]`, `[x, open, high, low, close]`, `[x, y, z]`, or an object of x, y and more (scatter today, every
series before 2024-02-02). Any figure but x may be null. Figures are for display: floats.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec import Raw

from pipelines.parsing.lean.exact_json import Unreadable, number_text, plain_text, read_file, read_map, read_object
from pipelines.parsing.lean.keys import first_of, plain_keys
from pipelines.parsing.refusals import Refusal, Refused

SERIES_TYPES = {
    0: "line",
    1: "scatter",
    2: "candle",
    3: "bar",
    4: "flag",
    5: "stacked_area",
    6: "pie",
    7: "treemap",
    9: "heatmap",
    10: "scatter_3d",
}
CHART_TYPES = {0: "overlay", 1: "stacked"}

COLUMNS = ("x", "value", "open", "high", "low", "close", "z", "tooltip")
"""What a point may have; `value` is its y, or the close of a candle."""

_PIECE = 1 << 20
_FIGURES = ("open", "high", "low", "close")
_Row = tuple[float | str | None, ...]


@dataclass(frozen=True, slots=True)
class LeanChart:
    """What a chart says of itself; `symbol` is the id of the security it belongs to."""

    name: str
    chart_type: str | None
    symbol: str | None


@dataclass(frozen=True, slots=True)
class PointColumns:
    """Some points of a series, column by column. A column that none of them has is not in `columns`.

    `position` counts, over the whole series, how often the x occurred before.
    """

    columns: Mapping[str, Sequence[Any]]
    position: Sequence[int]

    @property
    def height(self) -> int:
        """How many points."""
        return len(self.position)


@dataclass(frozen=True, slots=True)
class LeanSeries:
    """A series of a chart. `pieces` are its points, read while they are taken: a long series never stands in memory."""

    chart: LeanChart
    name: str
    series_type: str | None
    unit: str | None
    index: int | None
    index_name: str | None
    color: str | None
    marker: str | None
    tooltip: str | None
    pieces: Iterator[PointColumns]


class ChartsJson(msgspec.Struct):
    """The one member of a result that matters here; the others are skipped without being decoded."""

    charts: Raw = Raw(b"null")


def parse_charts(data: bytes) -> dict[str, Raw]:
    """The charts of a result in today's notation, by name. Raises `Refused`."""
    try:
        return read_map(read_file(data, ChartsJson).charts, "$.charts")
    except Unreadable as error:
        raise Refused(error.refusal) from error


def parse_chart(name: str, data: bytes | Raw, refused: list[Refusal]) -> Iterator[LeanSeries]:
    """The series of a chart, one after another; what cannot be read is added to `refused` by its place.

    The points of a series are to be taken before the next series is.
    """
    place = f"$.charts.{name}"
    try:
        found = plain_keys(read_map(data, place))
        series = read_map(found.get("series"), f"{place}.series")
        chart_type = _enum(first_of(found, "charttype"), CHART_TYPES)
        chart = LeanChart(name, chart_type, _symbol(found.get("symbol"), f"{place}.symbol"))
    except Unreadable as error:
        refused.append(error.refusal)
        return
    for key, raw in series.items():
        try:
            yield _series(chart, key, raw, refused)
        except Unreadable as error:
            refused.append(error.refusal)


def _series(chart: LeanChart, key: str, raw: Raw, refused: list[Refusal]) -> LeanSeries:
    place = f"$.charts.{chart.name}.series.{key}"
    found = plain_keys(read_map(raw, place))
    return LeanSeries(
        chart=chart,
        name=key,
        series_type=_enum(first_of(found, "seriestype"), SERIES_TYPES),
        unit=plain_text(first_of(found, "unit")),
        index=_whole(first_of(found, "index"), f"{place}.index"),
        index_name=plain_text(first_of(found, "indexname")) or None,
        color=plain_text(first_of(found, "color")) or None,
        marker=plain_text(first_of(found, "scattermarkersymbol")) or None,
        tooltip=plain_text(first_of(found, "tooltip")) or None,
        pieces=_points(first_of(found, "values"), f"{place}.values", refused),
    )


def _points(values: Raw, place: str, refused: list[Refusal]) -> Iterator[PointColumns]:
    data = bytes(values).strip()
    if data in (b"", b"null"):
        return
    positions, odd = _Positions(), _OddPoints(place)
    try:
        for piece in _pieces(data):
            columns = _plain(piece)
            if columns is None:
                columns = odd.read(piece)
            else:
                odd.seen += len(columns["x"])
            if columns:
                yield PointColumns(columns, positions.of(columns["x"]))
    except Unreadable as error:
        refused.append(error.refusal)
    refused += odd.refusal


def _pieces(data: bytes) -> Iterator[bytes]:
    """The list cut into lists of a bounded size, where nothing but plain points makes the cut safe."""
    if data[:1] != b"[" or b'"' in data or b"{" in data:
        yield data
        return
    begin, end = 1, len(data) - 1
    while end - begin > _PIECE:
        cut = data.find(b"]", begin + _PIECE, end) + 1
        comma = data.find(b",", cut, end)
        if not cut or comma < 0 or data[cut:comma].strip():
            break
        yield b"[" + data[begin:cut] + b"]"
        begin = comma + 1
    yield b"[" + data[begin:end] + b"]"


def _plain(piece: bytes) -> dict[str, Sequence[Any]] | None:
    """The columns of points that are lists of one length; None where they are anything else."""
    try:
        points = msgspec.json.decode(piece, type=list[list[float | None]])
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    lengths = set(map(len, points))
    if len(lengths) != 1 or not lengths <= {2, 3, 5}:
        return None
    columns = list(zip(*points, strict=True))
    if None in columns[0]:
        return None
    if len(columns) == 5:
        return {"x": columns[0], "value": columns[4], **dict(zip(_FIGURES, columns[1:], strict=True))}
    return dict(zip(("x", "value", "z"), columns, strict=False))


class _Positions:
    """Counts how often an x occurred before in its series. Nearly every series is in order and repeats none."""

    def __init__(self) -> None:
        self._before = array("d")
        self._seen: dict[float, int] | None = None
        self._last = -math.inf

    def of(self, xs: Sequence[float]) -> Sequence[int]:
        """The positions of further points."""
        if self._seen is None and self._in_order(xs):
            self._before.extend(xs)
            self._last = xs[-1]
            return [0] * len(xs)
        if self._seen is None:
            self._seen = dict.fromkeys(self._before, 1)
        found = []
        for x in xs:
            count = self._seen.get(x, 0)
            self._seen[x] = count + 1
            found.append(count)
        return found

    def _in_order(self, xs: Sequence[float]) -> bool:
        return xs[0] > self._last and all(map(float.__lt__, xs, xs[1:]))


class _OddPoints:
    """Points of other or mixed shapes, one by one. Of a series' broken points the first is named, the rest counted."""

    def __init__(self, place: str) -> None:
        self.seen = 0
        self._place = place
        self._first: Refusal | None = None
        self._broken = 0

    def read(self, piece: bytes) -> dict[str, Sequence[Any]]:
        """The columns of what can be read. Raises `Unreadable` for what is no list."""
        rows: list[_Row] = []
        points = read_object(piece, list[Raw], self._place)
        for number, raw in enumerate(points, start=self.seen):
            try:
                rows.append(_row(raw, f"{self._place}[{number}]"))
            except Unreadable as error:
                self._first, self._broken = self._first or error.refusal, self._broken + 1
        self.seen += len(points)
        return dict(zip(COLUMNS, zip(*rows, strict=True), strict=True)) if rows else {}

    @property
    def refusal(self) -> list[Refusal]:
        """What was refused of the whole series."""
        if self._first is None:
            return []
        more = f" (and {self._broken - 1} more points of this series)" if self._broken > 1 else ""
        return [Refusal(self._first.reason + more, field=self._first.field, value=self._first.value)]


def _row(raw: Raw, place: str) -> _Row:
    point: Any = read_object(raw, Any, place)
    if isinstance(point, dict):
        members = plain_keys(read_object(raw, dict[str, Raw], place))
        candle = tuple(_figure(first_of(members, name, name[0]), place) for name in _FIGURES)
        value = _figure(first_of(members, "y", "value"), place)
        return (
            _abscissa(first_of(members, "x", "time"), place),
            candle[3] if value is None else value,
            *candle,
            _figure(first_of(members, "z"), place),
            plain_text(first_of(members, "tooltip")) or None,
        )
    if not isinstance(point, list) or len(point) not in (2, 3, 5):
        raise Unreadable("neither a point nor a candle", field=place, value=bytes(raw).decode("utf-8", "replace"))
    x, *figures = read_object(raw, list[Raw], place)
    read = [_figure(figure, place) for figure in figures]
    if len(read) == 4:
        return (_abscissa(x, place), read[3], read[0], read[1], read[2], read[3], None, None)
    return (_abscissa(x, place), read[0], None, None, None, None, read[1] if len(read) == 2 else None, None)


def _abscissa(raw: Raw, place: str) -> float:
    x = _figure(raw, place)
    if x is None:
        raise Unreadable("a point without an x", field=place)
    return x


def _figure(raw: Raw, place: str) -> float | None:
    text = number_text(raw, place)
    if text is None:
        return None
    figure = float(text)
    if not math.isfinite(figure):
        raise Unreadable("a number of absurd size", field=place, value=text[:200])
    return figure


def _enum(raw: Raw, names: Mapping[int, str]) -> str | None:
    """The name of an enum's number; a number from a later engine keeps its figure, a name stays one."""
    text = plain_text(raw)
    if text is None:
        return None
    if text.isascii() and text.isdigit():
        return names.get(int(text[:9]), text[:9])
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in text[:40]).lstrip("_")


def _whole(raw: Raw, place: str) -> int | None:
    figure = _figure(raw, place)
    return None if figure is None or not figure.is_integer() or abs(figure) > 1e15 else int(figure)


def _symbol(raw: Raw | None, place: str) -> str | None:
    """The symbol a chart belongs to: its id, whether it stands there as an object or as text."""
    if raw is None or bytes(raw) == b"null":
        return None
    if bytes(raw)[:1] == b"{":
        found = plain_keys(read_object(raw, dict[str, Raw], place))
        return plain_text(first_of(found, "id", "value"))
    return plain_text(raw)
