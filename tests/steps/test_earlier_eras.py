"""Archives of earlier years and saved API replies become the same rows as files of today."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pipelines.config import Settings, settings_from
from pipelines.steps.ingest import IngestReport, ingest_paths
from tests.parsing.lean_ager import dump, hyphenated, load, mixed, pascal
from tests.shared import shared_path
from tests.steps.asking import ask
from warehouse.access import Warehouse

DATA = Path(__file__).resolve().parent.parent / "data" / "runs"
COMBO = DATA / "combo" / "ComboLimitOrderAlgorithm.json"
EVENTS = DATA / "combo" / "ComboLimitOrderAlgorithm-order-events.json"
ROWS = {
    "orders": "SELECT * EXCLUDE run_id FROM records.orders ORDER BY ALL",
    "order_events": "SELECT * EXCLUDE run_id FROM records.order_events ORDER BY ALL",
    "closed_trades": "SELECT * EXCLUDE (run_id, source_file) FROM records.closed_trades ORDER BY ALL",
    "equity": "SELECT * EXCLUDE run_id FROM records.equity ORDER BY ALL",
    "parameters": "SELECT name, value FROM records.run_parameters ORDER BY ALL",
    "statistics": "SELECT * EXCLUDE run_id FROM records.run_statistics WHERE section NOT IN ('state', 'server') ORDER BY ALL",
    "holdings": "SELECT * EXCLUDE run_id FROM records.holdings ORDER BY ALL",
    "cash": "SELECT * EXCLUDE run_id FROM records.cash ORDER BY ALL",
}


def settings(folder: Path) -> Settings:
    return settings_from({"accounts": [{"alias": "main"}]}, folder / "tomking.toml")


def take(warehouse: Warehouse, *paths: Path) -> IngestReport:
    with warehouse.writer("test") as session:
        return ingest_paths(session, settings(warehouse.path.parent), list(paths))


def rows(warehouse: Warehouse, *names: str) -> dict[str, list[tuple[Any, ...]]]:
    return {name: ask(warehouse, ROWS[name]) for name in names or ROWS}


@pytest.fixture
def another(warehouse_template: Path, tmp_path: Path) -> Callable[[], Warehouse]:
    def made() -> Warehouse:
        target = tmp_path / "another"
        shutil.copytree(warehouse_template, target)
        return Warehouse(target)

    return made


def aged_copy(source: Path, target: Path, age: Callable[[Any], Any]) -> Path:
    """A run's folder with its result, its day files and its events in older names."""
    shutil.copytree(source, target)
    for path in target.glob("*.json"):
        document = load(path.read_bytes())
        path.write_bytes(dump(age(document) if isinstance(document, dict) else hyphenated(document)))
    return target


@pytest.mark.parametrize("age", [pascal, mixed])
@pytest.mark.parametrize("name", ["combo", "settled", "boom", "live/2-L-3100000002"])
def test_a_run_in_older_names_gives_the_rows_of_the_run_itself(
    warehouse: Warehouse, another: Callable[[], Warehouse], tmp_path: Path, name: str, age: Callable[[Any], Any]
) -> None:
    older = aged_copy(DATA / name, tmp_path / "older" / Path(name).name, age)
    assert take(warehouse, older).outcomes == {"ingested": 1}
    other = another()
    take(other, DATA / name)
    assert rows(warehouse) == rows(other)
    run = "SELECT run_id, mode, state, is_complete, started_at, ended_at, start_equity, end_equity FROM records.runs"
    assert ask(warehouse, run) == ask(other, run)


def marked(text: bytes) -> bytes:
    """As an editor or a shell of Windows saves it: a mark before it, carriage returns at the ends of lines."""
    return b"\xef\xbb\xbf" + text.replace(b"\n", b"\r\n")


def spaced(text: bytes) -> bytes:
    """As a formatter prints it: even what is empty takes two lines."""
    return _spaced(load(text), "\n").encode()


def _spaced(value: Any, margin: str) -> str:
    inner = margin + "\t"
    if isinstance(value, dict):
        members = (f"{inner}{json.dumps(name)} : {_spaced(member, inner)}" for name, member in value.items())
        return "{" + ",".join(members) + margin + "}"
    if isinstance(value, list):
        return "[" + ",".join(inner + _spaced(member, inner) for member in value) + margin + "]"
    return dump(value).decode()


@pytest.mark.parametrize("save_again", [marked, spaced])
@pytest.mark.parametrize("name", ["combo", "settled", "boom", "live/2-L-3100000002"])
def test_a_run_whose_files_were_saved_again_gives_the_rows_of_the_run_itself(
    warehouse: Warehouse,
    another: Callable[[], Warehouse],
    tmp_path: Path,
    name: str,
    save_again: Callable[[bytes], bytes],
) -> None:
    folder = tmp_path / "saved" / Path(name).name
    shutil.copytree(DATA / name, folder)
    for path in folder.rglob("*.json"):
        path.write_bytes(save_again(path.read_bytes()))
    assert take(warehouse, folder).outcomes == {"ingested": 1}
    other = another()
    take(other, DATA / name)
    assert rows(warehouse) == rows(other)


def backtest_reply(document: dict[str, Any]) -> dict[str, Any]:
    """A `backtests/read` reply as of 2023: everything but the orders, its map of parameters elsewhere."""
    configuration = document["algorithmConfiguration"]
    inner = {name: value for name, value in mixed(document).items() if name in ("charts", "rollingWindow", "statistics", "runtimeStatistics", "totalPerformance")}  # fmt: skip
    return {
        "backtest": {
            "note": None, "name": "Emotional Black Mosquito", "completed": True, "backtestId": "2d5e", "created": "2023-09-15 16:23:31",
            "status": "Completed.", "error": None, "stacktrace": None, "parameterSet": configuration["parameters"] or [],
            "backtestStart": configuration["startDate"], "backtestEnd": configuration["endDate"], "profitLoss": [], **inner,
        },
        "success": True,
    }  # fmt: skip


def order_pages(document: dict[str, Any], events: list[dict[str, Any]], algorithm_id: str) -> list[dict[str, Any]]:
    """Two pages of a `backtests/orders/read` reply: the events of an order stand inside it."""
    orders = [
        {
            **order,
            "events": [{**event, "algorithmId": algorithm_id} for event in events if event["orderId"] == order["id"]],
        }
        for order in document["orders"].values()
    ]
    half = len(orders) // 2
    pages = (orders[:half], orders[half:])
    return [{"orders": page, "length": len(orders), "success": True} for page in pages]


def save(folder: Path, name: str, document: object) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_bytes(dump(document))
    return path


def test_saved_replies_about_a_backtest_are_that_backtest(
    warehouse: Warehouse, another: Callable[[], Warehouse], tmp_path: Path
) -> None:
    document, events = load(COMBO.read_bytes()), load(EVENTS.read_bytes())
    reply = tmp_path / "cloud"
    save(reply, "read.json", backtest_reply(document))
    for number, page in enumerate(order_pages(document, events, "2d5e")):
        save(reply, f"orders-{number}.json", page)
    report = take(warehouse, reply)
    assert report.outcomes == {"ingested": 1}
    (run,) = ask(
        warehouse,
        "SELECT algorithm_id, state, is_complete, title, orders_claimed, CAST(started_at AS VARCHAR) FROM records.runs",
    )
    assert run[:5] == ("2d5e", "completed", True, "Emotional Black Mosquito", 6)
    assert run[5].startswith("2023-09-15 16:23:31")
    other = another()
    take(other, DATA / "combo")
    same = ("orders", "order_events", "closed_trades", "equity", "parameters")
    assert rows(warehouse, *same) == rows(other, *same)
    # A reply has no configuration of its own: what is known of it stands in other members.
    figures = "SELECT * EXCLUDE run_id FROM records.run_statistics WHERE section IN ('statistics', 'runtime', 'trade', 'portfolio') ORDER BY ALL"
    assert ask(warehouse, figures) == ask(other, figures)
    assert take(warehouse, reply).outcomes == {"unchanged": 1}


def test_a_reply_without_its_orders_is_kept_and_completed_by_them_later(warehouse: Warehouse, tmp_path: Path) -> None:
    document, events = load(COMBO.read_bytes()), load(EVENTS.read_bytes())
    folder = tmp_path / "cloud"
    save(folder, "read.json", backtest_reply(document))
    (item,) = take(warehouse, folder).items
    assert (item.outcome, item.reason) == ("ingested", "0 of 6 orders are there")
    for number, page in enumerate(order_pages(document, events, "2d5e")):
        save(folder, f"orders-{number}.json", page)
    (item,) = take(warehouse, folder).items
    assert (item.outcome, item.reason, item.counts["orders"]) == ("ingested", None, 6)
    assert ask(warehouse, "SELECT count(*), bool_and(is_complete) FROM records.runs") == [(1, True)]


@pytest.mark.parametrize("older", [False, True])
def test_saved_replies_about_a_deployment_are_a_live_run(warehouse: Warehouse, tmp_path: Path, older: bool) -> None:
    document = load((DATA / "live" / "2-L-3100000002" / "L-3100000002.json").read_bytes())
    del document["state"]
    said = {
        "success": True, "message": "", "status": "Runtime Error", "deployId": "L-0a1b", "launched": "2021-05-06 10:00:00",
        "stopped": "2021-05-07 11:00:00", "brokerage": "PaperBrokerage", "projectName": "ic",
    }  # fmt: skip
    folder = tmp_path / "live"
    if older:
        save(folder, "live.json", {**said, "LiveResults": {"version": 3, "results": pascal(document)}})
    else:
        names = ("runtimeStatistics", "serverStatistics", "charts")
        save(folder, "live.json", {**said, **{name: document[name] for name in names}})
        save(folder, "orders.json", order_pages(document, [], "L-0a1b")[1])
        save(folder, "portfolio.json", {"portfolio": {name: document[name] for name in ("holdings", "cash")}, "success": True})  # fmt: skip
    assert take(warehouse, folder).outcomes == {"ingested": 1}
    run = "SELECT algorithm_id, mode, state, CAST(ended_at AS VARCHAR)[:19] FROM records.runs"
    assert ask(warehouse, run) == [("L-0a1b", "live", "runtime_error", "2021-05-07 11:00:00")]
    wanted = len(document["orders"]) if older else len(document["orders"]) - len(document["orders"]) // 2
    assert ask(warehouse, "SELECT count(*) FROM records.orders") == [(wanted,)]
    assert ask(warehouse, "SELECT currency FROM records.cash") == [("USD",)]
    assert ask(warehouse, "SELECT count(*) FROM records.run_statistics WHERE section = 'server'")[0][0] > 0


def test_what_belongs_to_a_run_and_lies_alone_is_refused_by_name(warehouse: Warehouse, tmp_path: Path) -> None:
    document, events = load(COMBO.read_bytes()), load(EVENTS.read_bytes())
    page = order_pages(document, events, "2d5e")[0]
    alone = {
        "orders.json": (page, "orders read from the cloud API; save the reply of backtests/read"),
        "list.json": (page["orders"], "orders read from the cloud API"),
        "portfolio.json": ({"portfolio": {"holdings": [], "cash": []}, "success": True}, "a portfolio read from"),
        "events.json": (hyphenated(events), "order events; put the result"),
        "failed.json": ({"success": False, "errors": ["no"]}, "a reply of the cloud API that says the request failed"),
        "all.json": ({"backtests": [], "count": 0, "success": True}, "a list of backtests from the cloud API"),
    }
    for name, (content, _) in alone.items():
        save(tmp_path / "alone", name, content)
    report = take(warehouse, tmp_path / "alone")
    assert report.outcomes == {"refused": len(alone)}
    for item in report.items:
        assert item.reason is not None
        assert alone[item.name][1] in item.reason
    save(tmp_path / "headless", "X-order-events.json", events)
    (item,) = take(warehouse, tmp_path / "headless").items
    assert item.reason == "the result X.json is not there; put it beside the other files of its run"


def test_orders_of_another_backtest_are_not_taken_for_this_ones(warehouse: Warehouse, tmp_path: Path) -> None:
    document, events = load(COMBO.read_bytes()), load(EVENTS.read_bytes())
    folder = tmp_path / "cloud"
    save(folder, "read.json", backtest_reply(document))
    save(folder, "orders.json", order_pages(document, events, "another")[1])
    assert take(warehouse, folder).outcomes == {"ingested": 1, "refused": 1}
    assert ask(warehouse, "SELECT count(*) FROM records.orders") == [(0,)]


def test_a_part_that_is_broken_is_refused_and_the_run_is_kept(warehouse: Warehouse, tmp_path: Path) -> None:
    document, events = load(COMBO.read_bytes()), load(EVENTS.read_bytes())
    folder = tmp_path / "cloud"
    save(folder, "read.json", backtest_reply(document))
    page = order_pages(document, events, "2d5e")[1]
    page["orders"][0]["price"] = "much"
    save(folder, "orders.json", page)
    (item,) = take(warehouse, folder).items
    assert (item.outcome, item.counts["orders"], item.counts["refused rows"]) == ("partial", 2, 1)


SAMPLES = {
    "backtest-2021-pascal-SpyBondPortfolioRebalance": ("backtest", "completed", True, 21, 10, 438),
    "backtest-2021-pascal-BeastVsPenny": ("backtest", "completed", True, 73, 36, 436),
    "backtest-2021-pascal-CheeseMilkHourlyRebalance": ("backtest", "completed", True, 17, 15, 2614),
    "backtest-2021-pascal-test_report_data": ("backtest", "completed", True, 8, 0, 3),
    "backtest-2023-08-pascal-candles": ("backtest", "completed", False, 1, 0, 186),
    "backtest-null-chart-point-pascal": ("backtest", "killed", False, 0, 0, 0),
    "live-result-pascal-null-chart-point": ("live", "stopped", False, 0, 0, 0),
}
"""mode, state, whole, orders, closed trades, points of the curve."""


def test_every_sample_is_read_or_refused_as_what_it_is(warehouse: Warehouse) -> None:
    report = take(warehouse, shared_path("samples", "lean"))
    refused = {item.name: item.reason or "" for item in report.items if item.outcome == "refused"}
    assert {name: reason.partition(";")[0] for name, reason in refused.items()} == {
        "api-orders-read-2024-camel-by-type.json": "orders read from the cloud API",
        "api-orders-read-pascal-by-type.json": "orders read from the cloud API",
        "insights-camel-and-kebab.json": "insights",
        "order-event-kebab-pre-2024-04.json": "order events",
    }
    assert report.outcomes == {"ingested": len(SAMPLES), "refused": 4}
    found = ask(
        warehouse,
        """SELECT name, mode, state, is_complete,
            (SELECT count(*) FROM records.orders o WHERE o.run_id = r.run_id),
            (SELECT count(*) FROM records.closed_trades t WHERE t.run_id = r.run_id),
            (SELECT count(*) FROM records.equity e WHERE e.run_id = r.run_id)
        FROM records.runs r""",
    )
    assert {name: tuple(rest) for name, *rest in found} == SAMPLES


def test_the_figures_of_2021_are_those_of_the_files(warehouse: Warehouse) -> None:
    folder = shared_path("samples", "lean")
    take(warehouse, folder)
    for name in list(SAMPLES)[:3]:
        document = json.loads((folder / f"{name}.json").read_bytes(), parse_float=Decimal)
        trades = document["TotalPerformance"]["ClosedTrades"]
        (mine,) = ask(
            warehouse,
            f"""SELECT sum(profit_loss), sum(total_fees), sum(end_trade_drawdown) FROM records.closed_trades
            JOIN records.runs USING (run_id) WHERE name = '{name}'""",
        )
        columns = ("ProfitLoss", "TotalFees", "EndTradeDrawdown")
        assert mine == tuple(sum(Decimal(trade[column]) for trade in trades) for column in columns)
        (value,) = ask(
            warehouse,
            f"""SELECT sum(value), sum(CAST(price_text AS DECIMAL(38, 12))) FROM records.orders
            JOIN records.runs USING (run_id) WHERE name = '{name}'""",
        )
        orders = document["Orders"].values()
        assert value[1] == sum(order["Price"] for order in orders)
        (fees,) = ask(
            warehouse,
            f"""SELECT value_text FROM records.run_statistics JOIN records.runs r USING (run_id)
            WHERE r.name = '{name}' AND section = 'statistics' AND run_statistics.name = 'Total Fees'""",
        )
        assert fees == (document["Statistics"]["Total Fees"],)


def test_strikes_of_the_old_scale_come_from_the_option_text(warehouse: Warehouse) -> None:
    take(warehouse, shared_path("samples", "lean", "backtest-2021-pascal-test_report_data.json"))
    found = ask(
        warehouse,
        """SELECT o.security_type, i.strike FROM records.orders o JOIN records.instruments i USING (instrument_key)
        WHERE i.strike IS NOT NULL ORDER BY o.order_id""",
    )
    assert found == [("index_option", Decimal(3825)), ("option", Decimal(385)), ("future_option", Decimal(1835))]


def test_a_finished_run_of_2021_has_a_period_and_equity_but_no_clock(warehouse: Warehouse) -> None:
    take(warehouse, shared_path("samples", "lean", "backtest-2021-pascal-SpyBondPortfolioRebalance.json"))
    (run,) = ask(
        warehouse,
        """SELECT CAST(period_start AS VARCHAR), CAST(period_end AS VARCHAR), start_equity, end_equity, started_at, ended_at
        FROM records.runs""",
    )
    assert run == ("2020-01-01", "2020-03-31", Decimal(10000), Decimal("9065.5778"), None, None)
