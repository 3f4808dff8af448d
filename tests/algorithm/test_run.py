"""The whole algorithm over four months of recorded quotes on the stand-in for LEAN."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import defaultdict
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from tests.algorithm.conftest import Traded
from tests.algorithm.support import DATA, MAIN, ROOT, STARTED, journal, of_kind, publish, trade
from tests.lean_double.data import DataFolder
from tests.lean_double.names import OptionRight, OptionStyle, OrderStatus, OrderType
from tests.lean_double.results import write_results
from tests.lean_double.symbols import Symbol
from tomking.kernel.contracts import parse_tag, validate_entry
from tomking.kernel.fees import FeeFill, schedule_for
from tomking.kernel.instruments import from_occ
from tomking.kernel.sessions import is_session, session_of, sessions_between


def fills(traded: Traded) -> list[tuple[datetime, str, int, Decimal, int]]:
    """(time, contract, signed quantity, price, order id) of every fill."""
    return [
        (e.utc_time, e.symbol.value, int(e.fill_quantity), Decimal(str(e.fill_price)), e.order_id)
        for e in traded.run.algorithm.transactions.events
        if e.status == OrderStatus.FILLED
    ]


def test_the_run_trades_and_ends_without_an_error(traded: Traded) -> None:
    assert traded.run.error == ""
    assert len(fills(traded)) >= 20
    assert of_kind(traded.lines, "error") == []
    assert of_kind(traded.lines, "run_ended") == traded.lines[-1:]


def test_trades_end_at_the_target_at_the_stop_and_on_the_date(traded: Traded) -> None:
    actions = {line["action"] for line in of_kind(traded.lines, "order_sent")}
    assert actions == {"open", "close:target", "close:stop", "close:dte"}
    ended = of_kind(traded.lines, "trade_ended")
    assert len(ended) >= 8
    assert len({line["trade_id"] for line in ended}) == len(ended)


def test_every_journal_line_keeps_the_schema_and_the_sequence_has_no_gap(traded: Traded) -> None:
    for line in traded.lines:
        validate_entry(line)
    assert traded.lines[0]["kind"] == "run_started"
    assert [line["seq"] for line in traded.lines] == list(range(1, len(traded.lines) + 1))
    (folder,) = (traded.store / "tomking" / "demo" / "journal").iterdir()
    assert sorted(int(path.stem) for path in folder.iterdir()) == list(range(1, len(list(folder.iterdir())) + 1))


def test_the_applied_set_is_the_published_one_by_its_hash(traded: Traded) -> None:
    (applied,) = of_kind(traded.lines, "parameters_applied")
    assert applied["sha256"] == traded.parameters.sha256
    assert applied["set_id"] == traded.parameters.id
    texts = {"Parameter set": traded.parameters.id, "Parameter set sha256": traded.parameters.sha256}
    texts["Journal"] = str(traded.lines[0]["run_key"])
    for statistics in (traded.run.algorithm.runtime_statistics, traded.run.algorithm.summary_statistics):
        assert statistics.items() >= texts.items()


def test_every_fill_has_a_fee_forecast_equal_to_the_schedule(traded: Traded) -> None:
    forecasts = {(line["order_id"], line["event_id"]): line for line in of_kind(traded.lines, "fee_forecast")}
    schedule = schedule_for("tastytrade")
    orders = traded.run.algorithm.transactions.orders
    events = [e for e in traded.run.algorithm.transactions.events if e.status == OrderStatus.FILLED]
    assert len(forecasts) == len(events)
    for event in events:
        line, instrument = forecasts[event.order_id, event.id], from_occ(event.symbol.value)
        tag = parse_tag(orders[event.order_id].tag)
        assert tag is not None
        fill = FeeFill(
            "equity_option",
            "buy" if event.fill_quantity > 0 else "sell",
            "open" if tag.action == "open" else "close",
            Decimal(str(abs(event.fill_quantity))),
            Decimal(str(event.fill_price)),
            Decimal(100),
            session_of(event.utc_time),
            instrument.fee_root,
        )
        (expected,) = schedule.fees_for_leg([fill])
        assert line["components"] == {fee.component: str(fee.amount) for fee in expected.fees}
        assert line["total"] == str(expected.total)
        assert Decimal(str(line["modelled"])) == Decimal(str(event.order_fee.value.amount))
        assert (line["trade_id"], line["strategy"]) == (tag.trade_id, tag.strategy)


def test_no_short_position_is_alive_below_the_exit_date(traded: Traded) -> None:
    held: dict[str, int] = defaultdict(int)
    booked = fills(traded)
    for day in sessions_between(date(2019, 12, 2), date(2020, 3, 31)):
        while booked and session_of(booked[0][0]) <= day:
            _, key, quantity, _, _ = booked.pop(0)
            held[key] += quantity
        for key, quantity in held.items():
            expiry = from_occ(key).expiry
            assert expiry is not None
            # What is held after the last session at or above the exit date is below it on the next one.
            assert quantity == 0 or (expiry - day).days >= 21, f"{key} on {day}"
    assert of_kind(traded.lines, "decision") != []
    assert [line for line in of_kind(traded.lines, "decision") if line["action"] == "exception"] == []


def test_no_order_crosses_zero_and_combinations_are_the_only_orders(traded: Traded) -> None:
    held: dict[str, int] = defaultdict(int)
    for _, key, quantity, _, _ in fills(traded):
        assert held[key] * (held[key] + quantity) >= 0
        held[key] += quantity
    assert all(quantity == 0 for quantity in held.values())
    orders = traded.run.algorithm.transactions.orders.values()
    assert {order.order_type for order in orders} == {OrderType.COMBO_LIMIT}
    assert all(order.status != OrderStatus.INVALID for order in orders)


def test_an_exit_order_stands_on_every_bar_where_the_target_is_reached(traded: Traded) -> None:
    data = DataFolder(DATA)
    spy = Symbol.equity("SPY")
    legs: dict[str, list[tuple[datetime, str, int, Decimal, int]]] = defaultdict(list)
    sent: dict[str, datetime] = {}
    for order in traded.run.algorithm.transactions.orders.values():
        tag = parse_tag(order.tag)
        if tag is not None and tag.action.startswith("close"):
            sent.setdefault(tag.trade_id, order.created)
    for fill in fills(traded):
        tag = parse_tag(traded.run.algorithm.transactions.orders[fill[4]].tag)
        if tag is not None:
            legs[tag.trade_id].append(fill)
    checked = 0
    for trade_id, booked in legs.items():
        opening, ended = booked[:2], booked[-1][0]
        credit = -sum(quantity * price for _, _, quantity, price, _ in opening)
        bars = [data.quotes(_option(spy, key), range(2019, 2021)) for _, key, _, _, _ in opening]
        for moment in sorted(set(bars[0]) & set(bars[1])):
            local = moment.astimezone().astimezone(STARTED.tzinfo)
            if not opening[0][0] <= moment < ended or not is_session(local.date()):
                continue
            mids = [(b[moment].bid, b[moment].ask) for b in bars]
            cost = sum((bid.close + ask.close) / 2 for bid, ask in mids if bid is not None and ask is not None)
            last_of_day = moment.hour >= 21 or (moment.hour == 20 and moment.date() >= date(2020, 3, 9))
            if credit - cost >= credit / 2 and not last_of_day:
                assert sent[trade_id] <= moment
                checked += 1
    data.close()
    assert checked > 0


def _option(underlying: Symbol, key: str) -> Symbol:
    found = from_occ(key)
    assert found.expiry is not None
    right = OptionRight.PUT if found.call_put == "P" else OptionRight.CALL
    expiry = datetime.combine(found.expiry, datetime.min.time())
    return Symbol.create_option(underlying, "usa", OptionStyle.AMERICAN, right, float(found.strike or 0), expiry)


def test_every_order_decision_tells_the_age_of_its_quotes(traded: Traded) -> None:
    decisions = [
        line
        for line in of_kind(traded.lines, "decision")
        if str(line["action"]) == "open" or str(line["action"]).startswith("close:")
    ]
    assert decisions
    for line in decisions:
        ages = line["input_ages"]
        assert isinstance(ages, dict)
        assert {"price", "chain"} < ages.keys()
        quotes = {name: age for name, age in ages.items() if name not in ("price", "chain", "vix")}
        assert len(quotes) == 2
        assert all(Decimal(age) == 0 for age in quotes.values())
        # The chain is read once a session, and its volatility stands in for VIX as of the session before.
        assert Decimal(ages["chain"]) < 86_400
        assert Decimal(ages.get("vix", "0")) < 9 * 86_400


def test_nothing_fails_and_what_a_rule_stops_is_on_record(traded: Traded) -> None:
    assert of_kind(traded.lines, "error") == []
    assert {line["rule"] for line in of_kind(traded.lines, "refused")} == {"max_open", "vix_stop"}


def test_the_same_run_again_leaves_the_same_bytes(traded: Traded, tmp_path: Path) -> None:
    publish(tmp_path / "store", traded.parameters)
    write_results(trade(tmp_path / "store"), tmp_path / "results")
    for first in sorted([*traded.results.iterdir(), *traded.store.rglob("*")]):
        base = traded.results if first.is_relative_to(traded.results) else traded.store
        second = tmp_path / base.name / first.relative_to(base)
        assert second.exists()
        assert first.is_dir() or first.read_bytes() == second.read_bytes()


def test_the_result_files_pass_the_test_of_a_complete_backtest(traded: Traded) -> None:
    names = {path.name for path in traded.results.iterdir()}
    assert {"1000000001.json", "1000000001-summary.json", "1000000001-order-events.json", "log.txt"} <= names
    main = json.loads((traded.results / "1000000001.json").read_text())
    events = json.loads((traded.results / "1000000001-order-events.json").read_text())
    assert main["state"]["Status"] == "Completed"
    assert main["state"]["EndTime"]
    assert len(main["orders"]) == int(main["state"]["OrderCount"])
    assert main["algorithmConfiguration"]["brokerage"] == 36
    assert len({event["id"] for event in events}) == len(events)
    filled = {event["orderId"] for event in events if event["status"] == "filled"}
    assert filled == {order["id"] for order in main["orders"].values() if order["status"] == 3}
    assert main["charts"]["Strategy Equity"]["series"]["Equity"]["values"][-1][4] == float(
        main["statistics"]["End Equity"]
    )
    cash = sum(Decimal(str(e["fillPrice"])) * Decimal(str(e["fillQuantity"])) * -100 for e in events)
    fees = sum(Decimal(str(e.get("orderFeeAmount", 0))) for e in events)
    assert Decimal(main["statistics"]["End Equity"]) == Decimal(250_000) + cash - fees


def test_a_backtest_leaves_the_book_of_a_live_deployment_alone(traded: Traded) -> None:
    assert not (traded.store / "tomking" / "demo" / "state").exists()


def test_main_imports_and_runs_where_lean_is_not_installed(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.lean_double", "--algorithm", str(MAIN), "--data", str(DATA)]
    command += ["--results", str(tmp_path / "results"), "--object-store", str(tmp_path / "store")]
    command += ["--algorithm-id", "7", "--end", "2019-12-13", "--started-at", "2026-11-22T12:00:00Z"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "results" / "7.json").exists()
    assert of_kind(journal(tmp_path / "store"), "parameters_missing")


def test_nothing_the_algorithm_imports_comes_from_outside_the_image() -> None:
    script = (
        "import sys; sys.path[:0] = ['.', 'algorithm']\n"
        "from pathlib import Path\n"
        "from tests.lean_double.engine import load\n"
        "load(Path('algorithm/main.py'))\n"
        "found = {name.split('.')[0] for name in sys.modules}\n"
        "print(sorted(found & {'pipelines', 'warehouse', 'duckdb', 'polars', 'sqlalchemy', 'dagster', 'msgspec'}))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
