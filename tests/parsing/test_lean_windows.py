"""Rolling windows of the performance: every figure kept, what is no window refused by its place."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal

import pytest

from pipelines.parsing.lean.windows import figure_names, missing_figures, parse_window
from pipelines.parsing.refusals import Refused

WINDOW = (
    b'{"tradeStatistics": {"totalNumberOfTrades": 3, "averageTradeDuration": "1.02:00:00", "winRate": "0.6667"}, '
    b'"portfolioStatistics": {"endEquity": "101000.5", "sharpeRatio": "-0.12"}, "closedTrades": []}'
)


def test_a_window_gives_every_figure_with_its_length_and_last_day() -> None:
    figures = parse_window("M6_20200229", WINDOW)
    assert {(figure.months, figure.ends_on) for figure in figures} == {(6, dt.date(2020, 2, 29))}
    found = {(figure.section, figure.name): (figure.text, figure.number, figure.unit) for figure in figures}
    assert found == {
        ("trade", "totalNumberOfTrades"): ("3", Decimal(3), None),
        ("trade", "averageTradeDuration"): ("1.02:00:00", Decimal(93600), "s"),
        ("trade", "winRate"): ("0.6667", Decimal("0.6667"), None),
        ("portfolio", "endEquity"): ("101000.5", Decimal("101000.5"), None),
        ("portfolio", "sharpeRatio"): ("-0.12", Decimal("-0.12"), None),
    }


@pytest.mark.parametrize(
    ("key", "data"),
    [("M6", WINDOW), ("M6_20200230", WINDOW), ("M1_20200131", b"[1]"), ("M1_20200131", b'{"tradeStatistics": 3}')],
)
def test_what_is_no_window_is_refused_by_its_place(key: str, data: bytes) -> None:
    with pytest.raises(Refused) as refused:
        parse_window(key, data)
    assert (refused.value.refusal.field or "").startswith(f"$.rollingWindow.{key}")


def test_a_figure_cut_out_of_one_window_is_named_by_its_window() -> None:
    whole = {"tradeStatistics": {"a": "1", "b": None}, "portfolioStatistics": {"c": "2"}}
    names = {key: figure_names(json.dumps(whole).encode()) for key in ("M1_20200131", "M3_20200131")}
    assert list(missing_figures(names)) == []
    cut = {**whole, "tradeStatistics": {"a": "1"}}
    (found,) = missing_figures({**names, "M6_20200131": figure_names(json.dumps(cut).encode())})
    assert (found.field, found.value) == ("$.rollingWindow.M6_20200131", "1: tradeStatistics.b")
    assert figure_names(b"[") == frozenset()
