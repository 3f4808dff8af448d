"""Runs into the warehouse: as what they are, once, and never less complete than before."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from pipelines.errors import NotFound
from pipelines.parsing.lean import spool
from pipelines.parsing.lean.spool import Spool
from pipelines.steps.lean import runs as lean_runs
from pipelines.steps.lean import tables as lean_tables
from pipelines.steps.lean.reparse import reparse_outdated
from pipelines.steps.lean.runs import RunOutcome, ingest_run, refresh_states
from pipelines.steps.lean.tables import exact_sum
from tests.shared import shared_path
from tests.steps.asking import ask
from warehouse import raw_store
from warehouse.access import Warehouse
from warehouse.keys import stable_id

DATA = Path(__file__).resolve().parent.parent / "data" / "runs"
LIVE, COPY = DATA / "live" / "2-L-3100000002", DATA / "live" / "2-L-3100000002.at-2010Z"
AGES = dt.timedelta(days=365_000)
REPRESENTATIVE = (
    "lean/BasicTemplateIndiaAlgorithm",
    "lean/BasicSetAccountCurrencyAlgorithm",
    "lean/BybitCryptoRegressionAlgorithm",
    "lean/DelistingFutureOptionRegressionAlgorithm",
    "lean/HourReverseSplitRegressionAlgorithm",
    "lean/ImmediateExecutionModelWorksWithBinanceFeeModel",
    "lean/CustomDataRegressionAlgorithm",
    "own/tk-tastytrade-small",
)


def take(warehouse: Warehouse, *folders: Path, stale_after: dt.timedelta = AGES, **options: Any) -> list[RunOutcome]:
    with warehouse.writer("test") as session:
        return [ingest_run(session, folder, stale_after=stale_after, **options) for folder in folders]


def everything(warehouse: Warehouse) -> dict[str, list[tuple[Any, ...]]]:
    """Every row a run fills, without the columns that say when it was read and from where."""
    tables = ("orders", "order_events", "closed_trades", "equity", "profit_loss", "holdings", "cash", "run_parameters",
              "run_statistics", "run_messages", "run_fees")  # fmt: skip
    found = {name: ask(warehouse, f"SELECT * FROM records.{name} ORDER BY ALL") for name in tables}
    found["runs"] = ask(
        warehouse, "SELECT * EXCLUDE (learnt_at, updated_at, source_path) FROM records.runs ORDER BY run_id"
    )
    return found


def edited(source: Path, target: Path, **members: object) -> Path:
    shutil.copytree(source, target)
    (main,) = [path for path in target.glob("*.json") if path.stem.endswith("Probe")]
    main.write_text(json.dumps({**json.loads(main.read_bytes()), **members}))
    return target


def test_a_run_is_named_by_its_algorithm_and_start(warehouse: Warehouse) -> None:
    (outcome,) = take(warehouse, DATA / "quits")
    assert outcome.run_id == stable_id("run", "QuitProbe", "2026-11-22T15:02:35Z")
    assert (outcome.outcome, outcome.mode, outcome.state, outcome.missing) == ("ingested", "backtest", "stopped", ())


def test_a_run_of_a_runtime_error_keeps_error_and_stack(warehouse: Warehouse) -> None:
    take(warehouse, DATA / "boom")
    ((state, error, stack),) = ask(warehouse, "SELECT state, error, stack_trace FROM records.runs")
    assert state == "runtime_error"
    assert "data feed returned None" in error
    assert "boom.py: line 12" in stack
    assert ask(warehouse, "SELECT count(*) > 0 FROM marts.run_errors") == [(True,)]


def test_reading_the_same_bytes_again_changes_nothing(warehouse: Warehouse) -> None:
    folders = [DATA / "quits", DATA / "combo", DATA / "killed", LIVE, COPY]
    take(warehouse, *folders)
    before = everything(warehouse)
    with warehouse.writer("test") as session:
        again = [ingest_run(session, folder, stale_after=AGES) for folder in folders]
        assert not session.changed
    assert {outcome.outcome for outcome in again} == {"unchanged"}
    assert everything(warehouse) == before


def test_the_same_run_in_another_folder_is_the_same_run(warehouse: Warehouse, tmp_path: Path) -> None:
    take(warehouse, DATA / "quits")
    shutil.copytree(DATA / "quits", tmp_path / "copy")
    assert [outcome.outcome for outcome in take(warehouse, tmp_path / "copy")] == ["unchanged"]
    assert ask(warehouse, "SELECT name FROM records.runs") == [("quits",)]


def test_a_killed_run_is_running_until_its_newest_time_is_old(warehouse: Warehouse) -> None:
    (outcome,) = take(warehouse, DATA / "killed")
    assert (outcome.state, outcome.orders) == ("running", 0)
    assert ask(warehouse, "SELECT state, is_complete, ended_at FROM records.runs") == [("running", False, None)]
    with warehouse.writer("test") as session:
        assert refresh_states(session, stale_after=dt.timedelta(0)) == 1
        assert refresh_states(session, stale_after=dt.timedelta(0)) == 0
    assert ask(warehouse, "SELECT state FROM marts.runs") == [("killed",)]


def test_a_run_killed_in_the_middle_knows_how_many_orders_it_had(warehouse: Warehouse) -> None:
    take(warehouse, shared_path("runs", "unfinished", "killed-after-80-seconds"), stale_after=dt.timedelta(0))
    sql = "SELECT state, is_complete, orders, orders_stored, events, fills FROM marts.runs"
    assert ask(warehouse, sql) == [("killed", False, 61_454, 126, 100, 51)]


def test_a_live_run_has_its_days_holdings_and_cash(warehouse: Warehouse) -> None:
    (outcome,) = take(warehouse, LIVE)
    assert (outcome.mode, outcome.state, outcome.orders, outcome.events, outcome.fills) == (
        "paper",
        "stopped",
        10,
        20,
        10,
    )
    assert outcome.missing == ()
    assert ask(warehouse, "SELECT currency, amount FROM records.cash") == [("USD", Decimal(249_904))]
    assert ask(warehouse, "SELECT count(*) FROM records.holdings") == [(0,)]
    assert ask(warehouse, "SELECT fee, events_with_fee FROM marts.run_fees") == [("8.0", 10)]
    assert ask(warehouse, "SELECT brokerage_model, account_currency FROM records.runs") == [("tastytrade", "USD")]


@pytest.mark.parametrize("order", [(COPY, LIVE), (LIVE, COPY)])
def test_a_copy_made_while_running_and_the_final_files_are_one_run(
    warehouse: Warehouse, order: tuple[Path, Path]
) -> None:
    outcomes = take(warehouse, *order)
    assert len({outcome.run_id for outcome in outcomes}) == 1
    assert ask(warehouse, "SELECT name, state, is_complete FROM records.runs") == [("2-L-3100000002", "stopped", True)]
    assert ask(warehouse, "SELECT orders, events FROM marts.runs") == [(10, 20)]
    assert ask(warehouse, "SELECT count(DISTINCT sha256) FROM records.run_files WHERE role = 'main'") == [(2,)]
    assert outcomes[1].outcome == ("superseded" if order[1] == COPY else "ingested")


@pytest.mark.slow
def test_order_of_reading_makes_no_difference(warehouse: Warehouse, warehouse_template: Path, tmp_path: Path) -> None:
    shutil.copytree(warehouse_template, tmp_path / "other")
    other = Warehouse(tmp_path / "other")
    take(warehouse, COPY, LIVE)
    take(other, LIVE, COPY)
    assert everything(warehouse) == everything(other)


def test_live_history_that_newer_files_no_longer_carry_is_kept(warehouse: Warehouse, tmp_path: Path) -> None:
    take(warehouse, COPY)
    pruned = tmp_path / "2-L-3100000002"
    shutil.copytree(LIVE, pruned)
    events = pruned / "L-3100000002-2026-11-17-order-events.json"
    events.write_text(json.dumps(json.loads(events.read_bytes())[-4:]))
    take(warehouse, pruned)
    assert ask(warehouse, "SELECT count(*) FROM records.order_events") == [(20,)]


def test_what_is_settled_in_cash_belongs_to_the_session_that_ended(warehouse: Warehouse) -> None:
    take(warehouse, DATA / "settled")
    sql = "SELECT kind, session_date, filled_at::DATE, fee FROM marts.fills WHERE kind <> 'trade' ORDER BY order_id"
    assert ask(warehouse, sql) == [
        ("assignment", dt.date(2021, 1, 4), dt.date(2021, 1, 5), None),
        ("expiry", dt.date(2021, 1, 4), dt.date(2021, 1, 5), None),
        ("assignment", dt.date(2021, 1, 6), dt.date(2021, 1, 7), None),
        ("expiry", dt.date(2021, 1, 6), dt.date(2021, 1, 7), None),
    ]


def test_an_index_option_has_one_key_and_its_contract(warehouse: Warehouse) -> None:
    take(warehouse, DATA / "settled")
    sql = "SELECT security_type, underlying, expiry, call_put, strike, style FROM records.instruments WHERE instrument_key = ?"
    assert ask(warehouse, sql, "SPXW  210104C03700000") == [
        ("index_option", "SPX", dt.date(2021, 1, 4), "C", Decimal(3700), "european")
    ]


def test_a_bad_order_is_kept_apart_and_the_rest_is_taken(warehouse: Warehouse, tmp_path: Path) -> None:
    orders = json.loads((DATA / "quits" / "QuitProbe.json").read_bytes())["orders"]
    orders["1"]["price"] = "abc"
    folder = edited(DATA / "quits", tmp_path / "bad", orders=orders)
    (outcome,) = take(warehouse, folder)
    assert (outcome.outcome, outcome.refused_rows) == ("partial", 1)
    assert ask(warehouse, "SELECT field, value, state FROM marts.quarantine") == [("$.orders.1.price", "abc", "open")]
    assert ask(warehouse, "SELECT is_complete, events, orders_stored FROM marts.runs") == [(False, 2, 0)]
    take(warehouse, DATA / "quits")
    assert ask(warehouse, "SELECT is_complete, orders_stored FROM marts.runs") == [(True, 1)]


def test_an_amount_that_no_column_holds_is_refused_by_its_place(warehouse: Warehouse, tmp_path: Path) -> None:
    orders = json.loads((DATA / "quits" / "QuitProbe.json").read_bytes())["orders"]
    orders["1"]["quantity"] = 10**30
    orders["1"]["value"] = float(10**30) * orders["1"]["price"]
    (outcome,) = take(warehouse, edited(DATA / "quits", tmp_path / "large", orders=orders))
    assert outcome.outcome == "partial"
    assert ask(warehouse, "SELECT field FROM marts.quarantine") == [("$.orders.1",)]


def test_an_event_that_no_column_holds_is_refused_with_its_file(warehouse: Warehouse, tmp_path: Path) -> None:
    folder = tmp_path / "quits"
    shutil.copytree(DATA / "quits", folder)
    path = folder / "QuitProbe-order-events.json"
    events = json.loads(path.read_bytes())
    events[1]["fillPrice"] = 10**25
    path.write_text(json.dumps(events))
    (outcome,) = take(warehouse, folder)
    assert (outcome.outcome, outcome.refused_rows) == ("partial", 1)
    assert ask(warehouse, "SELECT file, field, value FROM marts.quarantine") == [
        (str(path), "event QuitProbe-1-2", "1" + "0" * 25)
    ]
    assert ask(warehouse, "SELECT count(*) FROM records.order_events") == [(1,)]


@pytest.mark.slow
def test_a_run_too_large_for_memory_gives_the_same_rows(
    warehouse: Warehouse, warehouse_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(warehouse_template, tmp_path / "other")
    other = Warehouse(tmp_path / "other")
    folders = [DATA / "combo", LIVE, DATA / "settled"]
    take(warehouse, *folders)
    monkeypatch.setattr(lean_runs, "Spool", partial(Spool, limit=0))
    monkeypatch.setattr(lean_runs, "_LARGE_FILE", 0)
    monkeypatch.setattr(lean_tables, "_MANY_ROWS", 0)
    monkeypatch.setattr(spool, "_UNPACKED", 0)
    monkeypatch.setattr(spool, "_HANDED_OUT", 1)
    monkeypatch.setattr(raw_store, "_BLOCK", 700)
    assert {outcome.outcome for outcome in take(other, *folders)} == {"ingested"}
    assert everything(other) == everything(warehouse)
    assert not list((tmp_path / "other").rglob("spool/*"))


def test_a_broken_main_file_is_refused_whole_and_taken_once_it_is_mended(warehouse: Warehouse, tmp_path: Path) -> None:
    folder = tmp_path / "quits"
    shutil.copytree(DATA / "quits", folder)
    main = folder / "QuitProbe.json"
    whole = main.read_bytes()
    main.write_bytes(whole[:5000])
    assert [outcome.outcome for outcome in take(warehouse, folder)] == ["refused"]
    assert ask(warehouse, "SELECT count(*) FROM records.runs") == [(0,)]
    assert ask(warehouse, "SELECT state FROM marts.quarantine") == [("open",)]
    main.write_bytes(whole)
    assert [outcome.outcome for outcome in take(warehouse, folder)] == ["ingested"]
    assert ask(warehouse, "SELECT state FROM marts.quarantine") == [("resolved",)]


def test_a_broken_event_file_leaves_the_run_without_events(warehouse: Warehouse, tmp_path: Path) -> None:
    folder = tmp_path / "quits"
    shutil.copytree(DATA / "quits", folder)
    events = folder / "QuitProbe-order-events.json"
    whole = events.read_bytes()
    events.write_bytes(whole[:100])
    (outcome,) = take(warehouse, folder)
    assert outcome.outcome == "partial"
    assert any("have no fill event" in reason for reason in outcome.missing)
    events.write_bytes(whole)
    (outcome,) = take(warehouse, folder)
    assert (outcome.outcome, outcome.missing, outcome.events) == ("ingested", (), 2)


def test_a_folder_without_main_file_is_refused_by_name(warehouse: Warehouse, tmp_path: Path) -> None:
    shutil.copy(DATA / "quits" / "QuitProbe-order-events.json", tmp_path)
    (outcome,) = take(warehouse, tmp_path)
    assert outcome.outcome == "refused"
    assert outcome.message is not None
    assert "QuitProbe.json is not there" in outcome.message
    with pytest.raises(NotFound):
        take(warehouse, tmp_path.parent)


def test_two_different_runs_of_one_id_and_start_stay_apart_in_any_order(
    warehouse: Warehouse, warehouse_template: Path, tmp_path: Path
) -> None:
    state = json.loads((DATA / "quits" / "QuitProbe.json").read_bytes())["state"]
    first = tmp_path / "quits"
    # Its trace would break off before the ends that are made up here.
    shutil.copytree(DATA / "quits", first, ignore=shutil.ignore_patterns("log.txt"))
    later = edited(first, tmp_path / "later", state={**state, "EndTime": "2026-11-22T15:09:00Z"})
    latest = edited(first, tmp_path / "latest", state={**state, "EndTime": "2026-11-22T15:10:00Z"})
    shutil.copytree(warehouse_template, tmp_path / "other")
    other = Warehouse(tmp_path / "other")
    folders = [first, later, latest]
    found = []
    for store, order in ((warehouse, folders), (other, [latest, folders[0], later])):
        assert {outcome.outcome for outcome in take(store, *order)} == {"ingested"}
        with store.writer("test") as session:
            # A run that moved out of another one's way is not read again.
            assert reparse_outdated(session, stale_after=AGES) == []
        assert {outcome.outcome for outcome in take(store, *folders)} == {"unchanged"}
        found.append(everything(store))
        names = ask(store, "SELECT name, run_id FROM records.runs ORDER BY name")
        assert dict(names)["quits"] == stable_id("run", "QuitProbe", "2026-11-22T15:02:35Z")
        assert len({run_id for _, run_id in names}) == 3
        assert ask(store, "SELECT count(*), count(DISTINCT run_id) FROM records.orders") == [(3, 3)]
    assert found[0] == found[1]


def test_a_corrected_file_replaces_the_rows_and_keeps_the_old_bytes(warehouse: Warehouse, tmp_path: Path) -> None:
    statistics = json.loads((DATA / "quits" / "QuitProbe.json").read_bytes())["statistics"]
    corrected = edited(DATA / "quits", tmp_path / "quits", statistics={**statistics, "End Equity": "1"})
    outcomes = take(warehouse, DATA / "quits", corrected)
    assert len({outcome.run_id for outcome in outcomes}) == 1
    assert ask(warehouse, "SELECT end_equity FROM marts.runs") == [(Decimal(1),)]
    assert ask(warehouse, "SELECT count(*) FROM records.run_files WHERE role = 'main'") == [(2,)]


def test_a_rehearsal_marks_its_sessions_to_be_reconciled(warehouse: Warehouse) -> None:
    take(warehouse, DATA / "quits")
    with warehouse.writer("look") as session:
        assert session.dirty_days(lean_runs.DIRTY_DOMAIN) == []
    take(warehouse, DATA / "quits", rehearses="main")
    with warehouse.writer("look") as session:
        assert session.dirty_days(lean_runs.DIRTY_DOMAIN) == [dt.date(2013, 10, 7)]
        session.clear_dirty(lean_runs.DIRTY_DOMAIN, [dt.date(2013, 10, 7)])
    assert ask(warehouse, "SELECT account, relation FROM records.run_accounts") == [("main", "rehearsal")]
    take(warehouse, DATA / "quits", rehearses="main")
    with warehouse.writer("look") as session:
        assert session.dirty_days(lean_runs.DIRTY_DOMAIN) == []


def test_an_account_is_only_for_runs_that_trade_in_one(warehouse: Warehouse) -> None:
    take(warehouse, DATA / "quits", LIVE, account="main")
    assert ask(warehouse, "SELECT count(*) FROM records.run_accounts") == [(0,)]


def test_fees_of_28_digits_are_added_up_exactly() -> None:
    texts = [("0.0000000000000000000000000001", 1), ("12345678901.9999999999999999999999999999", 1), ("0.5", 2)]
    assert format(exact_sum(texts), "f") == "12345678903.0000000000000000000000000000"


@pytest.mark.parametrize("name", REPRESENTATIVE)
def test_a_recorded_run_has_its_golden_totals_in_the_views(warehouse: Warehouse, name: str) -> None:
    folder = shared_path("runs", *name.split("/"))
    entry = json.loads(shared_path("runs", "GOLDEN.json").read_bytes())[name]
    take(warehouse, folder)
    sql = "SELECT orders, orders_stored, events, fills, insights, is_complete FROM marts.runs"
    counts = (entry["orders"], entry["orders"], entry.get("events", 0), entry.get("fills", 0), entry["insights"], True)
    assert ask(warehouse, sql) == [counts]
    fees = dict(ask(warehouse, "SELECT currency, fee FROM marts.run_fees"))
    assert fees == entry.get("fees_by_currency", {})
    trades = ask(warehouse, "SELECT count(*), coalesce(sum(profit_loss), 0) FROM records.closed_trades")
    assert trades == [(entry["closed_trades"], Decimal(entry["closed_trades_pl"]))]
    kept = dict(ask(warehouse, "SELECT name, value_text FROM records.run_statistics WHERE section = 'statistics'"))
    assert {key: kept.get(key) for key in entry["statistics"]} == entry["statistics"]
    orphans = "SELECT count(*) FROM marts.fills f ANTI JOIN records.instruments i USING (instrument_key)"
    assert ask(warehouse, orphans) == [(0,)]


def test_a_run_read_by_an_earlier_parser_is_read_again_from_the_kept_bytes(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    folder = tmp_path / "2-L-3100000002"
    shutil.copytree(LIVE, folder)
    take(warehouse, folder, COPY)
    before = everything(warehouse)
    shutil.rmtree(folder)
    with warehouse.writer("test") as session:
        session.execute("UPDATE records.runs SET parser_version = 'lean-0'")
        session.execute("DELETE FROM records.orders")
        (outcome,) = reparse_outdated(session, stale_after=AGES)
        assert reparse_outdated(session, stale_after=AGES) == []
    assert (outcome.outcome, outcome.name) == ("ingested", "2-L-3100000002")
    assert everything(warehouse) == before
