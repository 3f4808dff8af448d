"""What the views say of recorded runs: how they ended, what they held, how two of them compare."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pipelines.config import load_settings
from pipelines.steps.ingest import ingest_paths
from pipelines.steps.trades.strategy_trades import rebuild_trades
from tests.pipelines.command_line import run
from warehouse.access import Warehouse

RECORDINGS = Path(__file__).resolve().parent.parent / "data" / "runs"
LIVE = RECORDINGS / "live" / "2-L-3100000002"
Ask = Callable[..., list[tuple[Any, ...]]]


def edited(source: Path, target: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    """A copy of a run whose main file is changed."""
    shutil.copytree(source, target)
    [main] = target.glob("*Probe.json")
    document = json.loads(main.read_bytes())
    change(document)
    main.write_text(json.dumps(document), encoding="utf-8")
    return target


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """The recordings; a run that set and plotted its own metrics; a backtest of the days that were traded live."""
    folder = tmp_path_factory.mktemp("views")
    assert run(["init", str(folder / "instance"), "--yes"]).code == 0
    settings = load_settings(folder / "instance")
    found = Warehouse(settings.state_dir)

    def measured(document: dict[str, Any]) -> None:
        document["state"]["StartTime"] = "2026-11-22T12:00:00Z"
        document["statistics"]["cache hit rate"] = "91.5%"
        document["runtimeStatistics"]["open trades"] = "3"
        document["charts"]["metrics"] = {
            "name": "metrics",
            "chartType": 0,
            "series": {
                "hit rate": {
                    "name": "hit rate",
                    "unit": "%",
                    "index": 0,
                    "seriesType": 0,
                    "values": [[1381176000, 91.5]],
                }
            },
        }

    own = edited(RECORDINGS / "quits", folder / "metrics", measured)
    (own / "code").mkdir()
    (own / "code" / "main.py").write_text("class Strategy:\n    pass\n", encoding="utf-8")
    paths = [*(RECORDINGS / name for name in ("boom", "combo", "killed", "quits", "settled")), LIVE, own]
    with found.writer("recordings") as session:
        report = ingest_paths(session, settings, paths)
        assert not report.refused, report
    _as_backtest(found)
    return found


def _as_backtest(warehouse: Warehouse) -> None:
    """The live run once more as a backtest: filled a minute later, five cents better, one trade of it missing."""
    with warehouse.writer("a backtest of the same days") as session:
        [(live,)] = session.rows("SELECT run_id FROM records.runs WHERE mode = 'paper'")
        [(missing,)] = session.rows("SELECT max(trade_id) FROM derived.strategy_trades WHERE run_id = ?", (live,))
        session.execute(
            "INSERT INTO records.runs SELECT * REPLACE ('same-days' AS run_id, 'backtest' AS mode, 'same-days' AS name, "
            "DATE '2026-11-16' AS period_start, DATE '2026-11-20' AS period_end) FROM records.runs WHERE run_id = ?",
            (live,),
        )
        session.execute(
            "INSERT INTO records.orders SELECT * REPLACE ('same-days' AS run_id) FROM records.orders "
            "WHERE run_id = ? AND order_id NOT IN (SELECT order_id FROM derived.trade_orders "
            "WHERE run_id = ? AND trade_id = ?)",
            (live, live, missing),
        )
        session.execute(
            "INSERT INTO records.order_events SELECT * REPLACE ('same-days' AS run_id, "
            "occurred_at + INTERVAL 1 MINUTE AS occurred_at, "
            "CASE WHEN fill_quantity <> 0 THEN fill_price - sign(fill_quantity) * 0.05 ELSE 0 END AS fill_price) "
            "FROM records.order_events WHERE run_id = ? AND order_id IN "
            "(SELECT order_id FROM records.orders WHERE run_id = 'same-days')",
            (live,),
        )
        rebuild_trades(session, ["same-days"])


@pytest.fixture
def ask(warehouse: Warehouse) -> Ask:
    def rows(sql: str, *values: object) -> list[tuple[Any, ...]]:
        with warehouse.reader() as connection:
            return connection.execute(sql, list(values)).fetchall()

    return rows


# --- how runs ended -----------------------------------------------------------------------------------------------


def test_a_failed_run_says_where_its_own_code_failed(ask: Ask) -> None:
    [(state, where, last_order, orders)] = ask(
        "SELECT state, error_location, last_order_id, orders_stored FROM marts.failed_runs WHERE name = 'boom'"
    )
    assert (state, where, last_order, orders) == ("runtime_error", "boom.py:line 12", 1, 1)
    [(error, trace, last)] = ask("SELECT error, stack_trace, last_messages FROM marts.failed_runs WHERE name = 'boom'")
    assert "data feed returned None" in error
    assert "raise ValueError" in trace
    assert 1 <= len(last) <= 5


def test_only_runs_that_did_not_reach_their_end_have_failed(ask: Ask) -> None:
    assert ask("SELECT name, state FROM marts.failed_runs ORDER BY name") == [
        ("boom", "runtime_error"),
        ("killed", "killed"),
    ]


def test_messages_are_found_by_text_and_by_level(ask: Ask) -> None:
    [(message,)] = ask(
        "SELECT message FROM marts.run_log WHERE name = 'boom' AND source = 'algorithm' AND message LIKE '%“quoted”%'"
    )
    assert message.startswith("señal")
    errors = ask(
        "SELECT source, logged_at FROM marts.run_log WHERE name = 'boom' AND level = 'ERROR' AND source = 'engine'"
    )
    assert errors
    assert all(logged_at is not None for _source, logged_at in errors)


def test_a_run_says_how_long_it_took_and_what_it_returned(ask: Ask) -> None:
    [(seconds, gained, start, end)] = ask(
        "SELECT duration_seconds, return_share, start_equity, end_equity FROM marts.runs WHERE name = 'combo'"
    )
    assert seconds > 0
    assert gained == pytest.approx(float(end / start) - 1)


# --- metrics an algorithm sets itself -----------------------------------------------------------------------------


def test_a_metric_set_by_the_algorithm_is_a_row_with_a_typed_value(ask: Ask) -> None:
    assert ask(
        "SELECT section, statistic, value_number, unit, value_text FROM marts.run_statistics "
        "WHERE name = 'metrics' AND statistic IN ('cache hit rate', 'open trades') ORDER BY ALL"
    ) == [
        ("runtime", "open trades", Decimal(3), None, "3"),
        ("statistics", "cache hit rate", Decimal("91.5"), "%", "91.5%"),
    ]


def test_a_metric_plotted_by_the_algorithm_is_a_row_with_its_time_and_value(ask: Ask) -> None:
    assert ask(
        "SELECT chart, series, unit, sampled_at, value FROM marts.chart_points WHERE name = 'metrics' AND chart = 'metrics'"
    ) == [("metrics", "hit rate", "%", dt.datetime(2013, 10, 7, 20, tzinfo=dt.UTC), 91.5)]


# --- drawdown, positions, exposures, turnover ---------------------------------------------------------------------


def test_no_drawdown_is_above_its_peak_and_the_largest_of_a_run_is_among_them(ask: Ask) -> None:
    assert ask("SELECT * FROM marts.drawdown WHERE drawdown > 0 OR close_equity > peak OR drawdown_share < -1") == []
    assert (
        ask(
            "SELECT r.name FROM marts.run_drawdowns r JOIN (SELECT run_id, min(drawdown_share) AS lowest FROM marts.drawdown "
            "GROUP BY run_id) d USING (run_id) WHERE r.drawdown_share <> d.lowest OR r.peak_at > r.trough_at "
            "OR r.recovered_at < r.trough_at OR r.trough <> r.peak + r.drawdown"
        )
        == []
    )
    assert ask("SELECT count(*) FROM marts.run_drawdowns")[0][0] >= 4


def test_positions_after_the_last_fill_are_what_the_run_began_with_and_its_fills(ask: Ask) -> None:
    assert (
        ask(
            "SELECT p.symbol FROM marts.position_history p JOIN (SELECT run_id, instrument_key, sum(quantity) AS held "
            "FROM marts.fills GROUP BY ALL) f USING (run_id, instrument_key) LEFT JOIN derived.deployment_positions d "
            "ON d.run_id = p.run_id AND d.instrument = p.instrument_key "
            "WHERE p.is_last AND p.quantity <> f.held + coalesce(d.began_with, 0)"
        )
        == []
    )
    assert ask("SELECT DISTINCT quantity FROM marts.position_history WHERE name = 'combo' AND is_last") == [
        (Decimal(0),)
    ]


def test_exposures_add_up_and_the_last_are_of_what_is_still_held(ask: Ask) -> None:
    rows = ask("SELECT long_value, short_value, net_value, gross_value FROM marts.exposures WHERE unpriced = 0")
    assert rows
    for long, short, net, gross in rows:
        assert (net, gross) == (long + short, long - short)
        assert long >= 0 >= short
    still_held = (
        "SELECT name, count(*) FROM marts.position_history WHERE is_last AND quantity <> 0 GROUP BY ALL ORDER BY ALL"
    )
    assert ask(still_held) == ask(
        "SELECT name, sum(contracts) FROM marts.exposures WHERE session_date = "
        "(SELECT max(p.session_date) FROM marts.position_history p WHERE p.run_id = exposures.run_id) GROUP BY ALL ORDER BY ALL"
    )


def test_turnover_counts_every_trade_once(ask: Ask) -> None:
    assert (
        ask(
            "SELECT t.fills, f.fills FROM (SELECT run_id, sum(fills) AS fills FROM marts.turnover GROUP BY run_id) t "
            "FULL JOIN (SELECT run_id, count(*) AS fills FROM marts.fills WHERE kind = 'trade' GROUP BY run_id) f "
            "USING (run_id) WHERE t.fills IS DISTINCT FROM f.fills"
        )
        == []
    )


# --- run against run ----------------------------------------------------------------------------------------------


@pytest.fixture
def ids(ask: Ask) -> dict[str, str]:
    return dict(ask("SELECT name, run_id FROM marts.runs"))


@pytest.fixture
def pair(ask: Ask) -> tuple[str, str]:
    [(live,)] = ask("SELECT run_id FROM marts.runs WHERE mode = 'paper'")
    return live, "same-days"


def test_statistics_of_two_runs_stand_side_by_side(ask: Ask, ids: dict[str, str]) -> None:
    rows = ask("SELECT * FROM marts.compare_statistics(?, ?)", ids["quits"], ids["metrics"])
    differing = {(section, name): (a, b) for section, name, a, b, *_rest, differs in rows if differs}
    assert differing["statistics", "cache hit rate"] == (None, "91.5%")
    assert ("statistics", "Total Orders") not in differing
    assert ask("SELECT * FROM marts.compare_statistics(?, ?) WHERE differs", ids["quits"], ids["quits"]) == []


def test_code_of_two_runs_is_compared_by_content(ask: Ask, ids: dict[str, str]) -> None:
    assert ask("SELECT path, change FROM marts.compare_code(?, ?)", ids["quits"], ids["metrics"]) == [
        ("main.py", "added")
    ]
    assert ask("SELECT path, change FROM marts.compare_code(?, ?)", ids["metrics"], ids["metrics"]) == [
        ("main.py", "same")
    ]


def test_equity_is_aligned_by_day(ask: Ask, ids: dict[str, str]) -> None:
    rows = ask("SELECT * FROM marts.compare_equity(?, ?)", ids["boom"], ids["quits"])
    assert [row[0] for row in rows] == sorted({row[0] for row in rows})
    both = [(a, b, difference) for _day, a, b, difference, *_ in rows if a is not None and b is not None]
    assert both
    assert all(difference == b - a for a, b, difference in both)


def test_trades_that_differ_are_shown_with_both_sides(ask: Ask, pair: tuple[str, str]) -> None:
    rows = ask("SELECT matched, trade_a, trade_b, price_a, price_b, differs FROM marts.compare_trades(?, ?)", *pair)
    matched = [row for row in rows if row[0] == "same_contracts"]
    assert all(row[2] is None for row in rows if row[0] == "only_a")
    assert matched
    # Two legs sold five cents higher: ten cents of a hundred shares more credit.
    assert {b - a for _matched, _a, _b, a, b, _differs in matched} == {Decimal(10)}
    assert all(row[-1] for row in rows)
    itself = ask("SELECT differs FROM marts.compare_trades(?, ?) WHERE matched = 'same_contracts'", pair[0], pair[0])
    assert {differs for (differs,) in itself} == {False}


def test_legs_of_paired_trades_stand_side_by_side(ask: Ask, pair: tuple[str, str]) -> None:
    rows = ask(
        "SELECT order_a, order_b, fill_delay_seconds, quantity_a, quantity_b FROM marts.compare_legs(?, ?) "
        "WHERE matched = 'same_contracts'",
        *pair,
    )
    assert rows
    assert all(a == b for a, b, *_ in rows)
    assert {delay for _a, _b, delay, *_ in rows} == {60.0}
    assert all(a == b for *_, a, b in rows)


def test_live_trades_stand_beside_the_backtests(ask: Ask, pair: tuple[str, str]) -> None:
    rows = ask(
        "SELECT matched, live_trade_id, backtest_trade_id, fill_delay_seconds, price_difference "
        "FROM marts.backtest_to_live WHERE live_run_id = ? AND backtest_run_id = ? ORDER BY live_created_at",
        *pair,
    )
    paired = [row for row in rows if row[0] == "same_contracts"]
    assert paired
    assert all(live == backtest for _matched, live, backtest, *_ in paired)
    assert {(delay, better) for *_, delay, better in paired} == {(-60.0, Decimal(-10))}
    assert [row[0] for row in rows if row not in paired] == ["only_live"]


def test_a_backtest_of_other_days_is_not_compared_with_the_live_run(ask: Ask) -> None:
    assert ask("SELECT DISTINCT backtest_run_id FROM marts.backtest_to_live") == [("same-days",)]


def test_every_macro_says_its_grain_and_answers_of_runs_that_are_not_there(ask: Ask) -> None:
    macros = ask(
        "SELECT function_name, comment FROM duckdb_functions() WHERE schema_name = 'marts' AND function_type = 'table_macro'"
    )
    assert len(macros) >= 8
    for name, comment in macros:
        assert "Grain: one row per" in comment
        assert ask(f"SELECT * FROM marts.{name}('nothing', 'nothing either')") == []
