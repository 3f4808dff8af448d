"""How strategies' results move together: marts.strategy_correlations on made-up attribution."""

from __future__ import annotations

import datetime as dt

import duckdb
import numpy as np
import pytest

from tomking.kernel.correlation import fisher_interval
from warehouse.views_loader import FOLDER

Row = tuple[str, str, dt.date, float, float, float]


def answer(rows: list[Row]) -> list[tuple[object, ...]]:
    with duckdb.connect(":memory:") as connection:
        connection.execute("CREATE SCHEMA marts")
        connection.execute(
            "CREATE TABLE marts.attribution (run_id VARCHAR, strategy VARCHAR, session_date DATE, "
            "profit_loss DECIMAL(18, 6), delta DECIMAL(18, 6), vega DECIMAL(18, 6))"
        )
        connection.executemany("INSERT INTO marts.attribution VALUES (?, ?, ?, ?, ?, ?)", rows)
        connection.execute(next(FOLDER.rglob("strategy_correlations.sql")).read_text(encoding="utf-8"))
        return connection.execute("SELECT * FROM marts.strategy_correlations ORDER BY ALL").fetchall()


def of(strategy: str, results: list[float], vega: list[float] | None = None, first: int = 0) -> list[Row]:
    start = dt.date(2024, 7, 1)
    return [
        ("run", strategy, start + dt.timedelta(days=first + place), value, 2 * value, (vega or results)[place])
        for place, value in enumerate(results)
    ]


def test_two_strategies_of_different_underlyings_are_one_bet_on_volatility() -> None:
    draw = np.random.default_rng(4)
    one, other, common = (np.round(draw.normal(0, 100, 60), 2).tolist() for _ in range(3))
    (row,) = answer([*of("strangle", one, common), *of("friday0dte", other, common)])
    assert row[:4] == ("run", "friday0dte", "strangle", 60)
    expected = float(np.asarray(np.corrcoef(one, other))[0, 1])
    assert row[6] == pytest.approx(expected, abs=1e-12)
    assert row[7:9] == pytest.approx(fisher_interval(expected, 60, 0.90), abs=1e-7)
    assert row[9] == pytest.approx(expected, abs=1e-12)
    assert row[10] == pytest.approx(1.0)


def test_trades_of_a_session_are_added_and_only_common_sessions_count() -> None:
    results = [float(place % 7) for place in range(40)]
    halves = [value / 2 for value in results]
    rows = [*of("a", halves), *of("a", halves), *of("b", results, first=10)]
    (row,) = answer(rows)
    assert row[3:6] == (30, dt.date(2024, 7, 11), dt.date(2024, 8, 9))
    assert row[6] == pytest.approx(np.asarray(np.corrcoef(results[10:], results[:30]))[0, 1], abs=1e-12)


def test_few_sessions_and_a_side_that_never_moved_have_no_figure() -> None:
    (short,) = answer([*of("a", [1.0, 2.0] * 9), *of("b", [2.0, 1.0] * 9)])
    assert short[3] == 18
    assert short[6:] == (None,) * 5
    (flat,) = answer([*of("a", [1.0, 2.0] * 15), *of("b", [5.0] * 30, [1.0, 3.0] * 15)])
    assert flat[6:10] == (None,) * 4
    assert flat[10] == pytest.approx(1.0)
