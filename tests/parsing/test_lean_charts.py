"""Charts: every shape of point, nothing lost, nothing invented."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from pipelines.parsing.identify import runs_in
from pipelines.parsing.lean import charts as lean_charts
from pipelines.parsing.lean.charts import LeanSeries, parse_chart, parse_charts
from pipelines.parsing.lean.eras import to_current
from pipelines.parsing.refusals import Refusal, Refused
from tests.shared import shared_path

ABSCISSAS = st.integers(0, 4_000_000_000)
FIGURES = st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False))


def read(chart: object, name: str = "C") -> tuple[dict[str, tuple[LeanSeries, list[dict[str, Any]]]], list[Refusal]]:
    """Every series with its points as rows, and what was refused."""
    refused: list[Refusal] = []
    data = chart if isinstance(chart, bytes) else json.dumps(chart).encode()
    return {series.name: (series, rows_of(series)) for series in parse_chart(name, data, refused)}, refused


def rows_of(series: LeanSeries) -> list[dict[str, Any]]:
    rows = []
    for piece in series.pieces:
        for number in range(piece.height):
            row = {name: values[number] for name, values in piece.columns.items() if values[number] is not None}
            rows.append(row | {"position": piece.position[number]})
    return rows


def one_series(values: list[Any], **members: object) -> list[dict[str, Any]]:
    found, refused = read({"series": {"S": {"values": values, **members}}})
    assert refused == []
    return found["S"][1]


def main_of(run: str) -> bytes:
    (main,) = runs_in(shared_path("runs", *run.split("/")))
    assert main.main is not None
    return main.main.read_bytes()


def y_of(point: Any) -> float | None:
    y = point["y"] if isinstance(point, dict) else point[-1]
    return None if y is None else float(y)


@pytest.mark.parametrize(
    "run", ["own/misc-charts", "own/tk-tastytrade-small", "lean/LeveragePrecedenceRegressionAlgorithm", "own/misc-boom"]
)
def test_every_point_of_every_series_of_a_recorded_run_is_read(run: str) -> None:
    data = main_of(run)
    charts = json.loads(data)["charts"]
    assert parse_charts(data).keys() == charts.keys()
    for name, raw in parse_charts(data).items():
        found, refused = read(bytes(raw), name)
        assert refused == []
        assert found.keys() == charts[name]["series"].keys()
        for key, series in charts[name]["series"].items():
            assert [row.get("value") for row in found[key][1]] == [y_of(point) for point in series["values"]]
            assert [row["x"] for row in found[key][1]] == [
                point["x"] if isinstance(point, dict) else point[0] for point in series["values"]
            ]


def test_each_kind_of_series_keeps_what_it_says_of_itself() -> None:
    charts = json.loads(main_of("own/misc-charts"))["charts"]
    seen = set()
    for name, chart in charts.items():
        found, _ = read(chart, name)
        for key, raw in chart["series"].items():
            series = found[key][0]
            seen.add(series.series_type)
            assert series.series_type == lean_charts.SERIES_TYPES[raw["seriesType"]]
            assert series.chart.chart_type == lean_charts.CHART_TYPES[chart["chartType"]]
            assert (series.unit, series.index) == (raw["unit"], raw["index"])
            assert series.color == (raw.get("color") or None)
    assert {"line", "scatter", "bar", "candle", "stacked_area", "pie"} <= seen


@pytest.mark.parametrize(
    "sample",
    ["backtest-2021-pascal-SpyBondPortfolioRebalance", "backtest-2023-08-pascal-candles", "backtest-null-chart-point-pascal"],
)  # fmt: skip
def test_charts_of_older_notations_lose_no_point(sample: str) -> None:
    data = shared_path("samples", "lean", f"{sample}.json").read_bytes()
    charts = json.loads(data)["Charts"]
    for name, raw in parse_charts(to_current(data)).items():
        found, refused = read(bytes(raw), name)
        assert refused == []
        for key, (_, rows) in found.items():
            points = charts[name]["Series"][key]["Values"]
            assert [row.get("value") for row in rows] == [y_of(point) for point in points]


@given(st.lists(st.tuples(ABSCISSAS, FIGURES)))
def test_points_as_lists_and_as_objects_are_the_same_points(points: list[tuple[int, float | None]]) -> None:
    listed = one_series([list(point) for point in points])
    objects = one_series([{"x": x, "y": y} for x, y in points])
    assert listed == objects
    assert [(row["x"], row.get("value")) for row in listed] == points


@given(st.lists(st.tuples(ABSCISSAS, FIGURES, FIGURES, FIGURES, FIGURES)))
def test_a_candle_keeps_its_four_figures_and_counts_as_its_close(points: list[tuple[float | None, ...]]) -> None:
    names = ("x", "open", "high", "low", "close")
    rows = one_series([list(point) for point in points])
    assert [tuple(row.get(name) for name in names) for row in rows] == points
    assert [row.get("value") for row in rows] == [point[4] for point in points]


@given(st.lists(st.integers(0, 5), max_size=30), st.integers(1, 40))
def test_repeated_abscissas_are_told_apart_however_the_points_are_cut(xs: list[int], piece: int) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(lean_charts, "_PIECE", piece)
        rows = one_series([[x, number] for number, x in enumerate(xs)])
    assert [(row["x"], row["value"]) for row in rows] == list(zip(xs, range(len(xs)), strict=True))
    assert [row["position"] for row in rows] == [xs[:number].count(x) for number, x in enumerate(xs)]


@given(st.lists(st.sampled_from([[1, 2], [1, None], [1, 2, 3, 4, 5], [2, 3, 4], {"x": 3, "y": 4, "tooltip": "t"}])))
def test_shapes_may_be_mixed_in_one_series(points: list[Any]) -> None:
    assert len(one_series(points)) == len(points)


def test_a_scatter_keeps_its_tooltip_and_a_heat_map_its_third_figure() -> None:
    assert one_series([{"x": 1, "y": 2, "tooltip": "why"}])[0]["tooltip"] == "why"
    assert one_series([[1, 2, 3]])[0]["z"] == 3


def test_of_broken_points_the_first_is_named_and_the_others_are_counted() -> None:
    broken = [[1, 2], [None, 3], "x", [1], [1, "no"], [2, 3], {"y": 4}]
    found, refused = read({"series": {"S": {"values": broken}, "T": {"values": [[1, 2]]}}})
    assert [row["x"] for row in found["S"][1]] == [1, 2]
    assert len(found["T"][1]) == 1
    (refusal,) = refused
    assert refusal.field == "$.charts.C.series.S.values[1]"
    assert "and 4 more points" in refusal.reason


@pytest.mark.parametrize("chart", [b"3", b'"x"', b"[1]", b'{"series": 3}', b'{"series": {"S": 3}}', b'{"series"'])
def test_what_is_no_chart_is_refused_by_its_place(chart: bytes) -> None:
    found, refused = read(chart)
    assert found == {}
    (refusal,) = refused
    assert refusal.field is not None
    assert refusal.field.startswith("$.charts.C")


@given(st.binary(max_size=60), st.recursive(st.none() | st.integers() | st.text(), st.lists, max_leaves=8))
def test_no_bytes_and_no_values_break_the_reader(data: bytes, values: Any) -> None:
    read(data)
    read({"series": {"S": {"values": values}}})
    list(lean_charts._points(Raw(data), "$", []))


@pytest.mark.parametrize("data", [b"", b"[]", b'{"charts": 3}', b'{"charts": {"a"'])
def test_a_result_whose_charts_cannot_be_found_is_refused(data: bytes) -> None:
    with pytest.raises(Refused):
        parse_charts(data)
