"""Derived tables and views are made again when, and only when, the code behind them changed."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import pytest

from tests.warehouse.samples import INSTANT
from warehouse import build_derived, catalogue, views_loader
from warehouse.access import Warehouse
from warehouse.connections import open_in_memory
from warehouse.errors import SchemaError
from warehouse.frames import frame
from warehouse.models.derived.reconciliation import AccountAdjustment
from warehouse.models.derived.trades import TradeOrder
from warehouse.models.records.market import DailyPrice
from warehouse.models.records.runs import OrderEvent

DAY = dt.date(2026, 3, 9)


def pretend(monkeypatch: pytest.MonkeyPatch, **changed: str) -> None:
    """Be a release whose code behind some domains differs."""
    hashes = {**build_derived.code_hashes(), **{name.replace("_", ".", 1): text for name, text in changed.items()}}
    monkeypatch.setattr(build_derived, "code_hashes", lambda: hashes)


def fill(warehouse: Warehouse) -> None:
    event = {"run_id": "r", "order_id": 1, "event_id": 1, "event_key": "k", "occurred_at": INSTANT, "kind": "trade"}
    event |= {"session_date": DAY, "status": "filled", "symbol_id": "s", "symbol": "s", "instrument_key": "s"}
    event |= {"direction": "buy", "fill_quantity": 1, "fill_quantity_text": "1", "fill_price": 1}
    event |= {"fill_price_text": "1", "is_assignment": False, "is_in_the_money": False}
    price = {"source": "s", "symbol": "SPY", "session_date": DAY, "revision": 0, "close": 1.0, "adjusted_close": 1.0}
    adjustment = {"row_id": "x", "account": "main", "session_date": DAY, "adjustment_class": "other", "amount": 1}
    order = {"run_id": "r", "order_id": 1, "trade_id": "t", "part": "open"}
    order |= {"trade_run_id": "r", "joined_by": "tag", "trades": 1}
    with warehouse.writer("fill") as session:
        session.insert(OrderEvent, frame(OrderEvent, [event]))
        session.insert(DailyPrice, frame(DailyPrice, [price | {"known_at": INSTANT}]))
        session.insert(AccountAdjustment, frame(AccountAdjustment, [adjustment]))
        session.insert(TradeOrder, frame(TradeOrder, [order]))


def test_every_declared_derived_table_is_made(warehouse: Warehouse) -> None:
    with warehouse.reader() as reading:
        made = reading.execute("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'derived'").fetchall()
    assert {name for (name,) in made} == {table.name for table in catalogue.tables_of(["derived"])}


def test_every_view_of_the_release_can_be_created_and_says_its_grain(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    warehouse.create_or_upgrade()
    with warehouse.reader() as reading:
        made = dict(
            reading.execute("SELECT view_name, comment FROM duckdb_views() WHERE schema_name = 'marts'").fetchall()
        )
        for name in made:
            reading.execute(f'SELECT * FROM marts."{name}"').fetchall()
    assert set(made) == {view.name for view in views_loader.read_views()}
    grain = re.compile(r"grain:|one row per", re.IGNORECASE)
    assert [name for name, comment in made.items() if not grain.search(comment or "")] == []


def test_nothing_is_rebuilt_while_the_code_is_the_same(warehouse: Warehouse) -> None:
    fill(warehouse)
    with warehouse.writer("another") as session:
        assert not session.changed
        assert session.rows("SELECT count(*) FROM derived.account_adjustments") == [(1,)]
        assert session.rows("SELECT count(*) FROM ops.dirty_days") == [(0,)]


def test_other_code_empties_its_own_tables_and_asks_for_their_days_again(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(warehouse)
    pretend(monkeypatch, derived_reconciliation="other")
    with warehouse.writer("a later release") as session:
        assert session.changed
        assert session.rows("SELECT count(*) FROM derived.account_adjustments") == [(0,)]
        assert session.rows("SELECT count(*) FROM derived.trade_orders") == [(1,)]
        assert session.dirty_days("reconciliation") == [DAY]
        assert session.dirty_days("trades") == []
        session.clear_dirty("reconciliation", [DAY])
    with warehouse.writer("the same release") as session:
        assert not session.changed
        assert session.dirty_days("reconciliation") == []


@pytest.mark.parametrize("domain", ["trades", "correlations"])
def test_each_domain_asks_for_its_own_days(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch, domain: str) -> None:
    fill(warehouse)
    pretend(monkeypatch, **{f"derived_{domain}": "other"})
    with warehouse.writer("a later release") as session:
        assert session.dirty_days(domain) == [DAY]


def test_a_table_that_no_model_declares_any_more_goes(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    with warehouse.writer("an older release") as session:
        session.execute("CREATE TABLE derived.former (x INT)")
    pretend(monkeypatch, marts="other")
    with warehouse.writer("a later release") as session:
        assert session.rows("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'former'") == [(0,)]


def test_the_hash_of_code_follows_contents_not_the_folder(tmp_path: Path) -> None:
    hashes = []
    for folder, text in (("a", "x = 1\n"), ("b", "x = 1\n"), ("c", "x = 2\n")):
        path = tmp_path / folder / "step.py"
        path.parent.mkdir()
        path.write_text(text)
        hashes.append(build_derived.hash_of([path]))
    assert hashes[0] == hashes[1] != hashes[2]


def test_the_code_behind_every_domain_is_found() -> None:
    assert set(build_derived.code_hashes()) == {f"derived.{domain.name}" for domain in build_derived.DOMAINS} | {
        "marts"
    }
    for domain in build_derived.DOMAINS:
        assert (build_derived.MODELS / "derived" / domain.models).is_file()
    declared = {f"{domain.models}" for domain in build_derived.DOMAINS}
    assert declared == {path.name for path in (build_derived.MODELS / "derived").glob("[!_]*.py")}


# --- views -----------------------------------------------------------------------------------------------------------


def views(folder: Path, **texts: str) -> list[views_loader.View]:
    folder.mkdir(exist_ok=True)
    for name, text in texts.items():
        (folder / f"{name}.sql").write_text(text, encoding="utf-8")
    return views_loader.read_views(folder)


def test_views_may_use_each_other_in_any_order(tmp_path: Path) -> None:
    made = views(
        tmp_path / "views",
        a="-- marts.a: uses b\n-- Grain: one.\nSELECT x + 1 AS x FROM marts.b",
        b="/* b */ create or replace view marts.b as select x from marts.c;\n",
        c="-- c; a semicolon, it's here\nWITH one AS (SELECT 1 AS x) SELECT x FROM one;",
    )
    with open_in_memory() as connection:
        connection.execute("CREATE SCHEMA marts")
        assert views_loader.create_views(connection, made) == []
        assert connection.execute("SELECT x FROM marts.a").fetchall() == [(2,)]
        comments = connection.execute("SELECT comment FROM duckdb_views() WHERE view_name IN ('a', 'c')").fetchall()
    assert comments == [("marts.a: uses b\nGrain: one.",), ("c; a semicolon, it's here",)]


def test_a_view_that_fails_is_named_with_its_file_and_the_databases_own_words(tmp_path: Path) -> None:
    made = views(tmp_path / "views", good="SELECT 1 AS x", bad="SELECT x FROM records.nowhere", uses="FROM marts.bad")
    with open_in_memory() as connection:
        connection.execute("CREATE SCHEMA marts")
        failures = views_loader.create_views(connection, made)
    assert [failure.view.name for failure in failures] == ["bad", "uses"]
    error = views_loader.failed(failures)
    assert str(tmp_path / "views" / "bad.sql") in (error.where or "")
    assert "nowhere" in (error.why or "")


def test_views_that_need_each_other_end_in_an_error(tmp_path: Path) -> None:
    made = views(tmp_path / "views", a="SELECT * FROM marts.b", b="SELECT * FROM marts.a")
    with open_in_memory() as connection:
        connection.execute("CREATE SCHEMA marts")
        assert len(views_loader.create_views(connection, made)) == 2


def test_a_release_with_a_broken_view_changes_nothing(
    warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(warehouse)
    broken = views(tmp_path / "views", bad="SELECT x FROM records.nowhere")
    monkeypatch.setattr(views_loader, "read_views", lambda: broken)
    pretend(monkeypatch, marts="other", derived_reconciliation="other")
    with pytest.raises(SchemaError, match=r"bad\.sql"), warehouse.writer("a test"):
        pass
    with warehouse.reader() as reading:
        assert reading.execute("SELECT count(*) FROM marts.files").fetchall() == [(0,)]
        assert reading.execute("SELECT count(*) FROM derived.account_adjustments").fetchall() == [(1,)]


def test_rows_stay_until_they_are_made_again_where_only_the_code_that_fills_them_changed(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(warehouse)
    form = build_derived.code_hashes()["derived.reconciliation"].partition("-")[0]
    pretend(monkeypatch, derived_reconciliation=f"{form}-other")
    with warehouse.writer("a release with another rule") as session:
        assert session.rows("SELECT count(*) FROM derived.account_adjustments") == [(1,)]
        assert session.dirty_days("reconciliation") == [DAY]
