"""Daily prices into the warehouse.

Covers: CSV files, LEAN's data folder and the packaged history; known bytes, corrections as revisions, quarantine,
configured sources, and days that are asked for again.
"""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from pipelines.config import PathSettings, Settings, UniverseSettings
from pipelines.errors import ConfigurationError
from pipelines.steps.market.prices import ingest_configured_prices, ingest_package_prices, ingest_prices
from tests.shared import shared_path
from warehouse.access import Warehouse

DAYS = ("20200102", "20200103", "20200106")


def write_csv(path: Path, closes: Mapping[str, str]) -> Path:
    path.write_text("date,close\n" + "".join(f"{day},{close}\n" for day, close in closes.items()))
    return path


def write_zip(path: Path, rows: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(f"{path.stem}.csv", rows)
    path.write_bytes(buffer.getvalue())


def lean_folder(root: Path) -> Path:
    """Two securities that used the ticker `old`, a currency pair, and one ticker without a map file."""
    usa = root / "equity" / "usa"
    row = "{} 00:00,100000,110000,90000,{},5\n"
    write_zip(usa / "daily" / "old.zip", "".join(row.format(day, 100000 + 1000 * k) for k, day in enumerate(DAYS)))
    write_zip(usa / "daily" / "new.zip", row.format("20200106", 105000) + row.format("20200107", 106000))
    write_zip(usa / "daily" / "lone.zip", row.format("20200102", 100000))
    for folder in ("map_files", "factor_files"):
        (usa / folder).mkdir()
    (usa / "map_files" / "new.csv").write_text("20200103,old,Q\n20200105,old,Q\n20501231,new,Q\n")
    (usa / "factor_files" / "new.csv").write_text("20200103,1,0.5,1\n20200105,1,0.5,10\n20501231,1,1,0")
    write_zip(root / "forex" / "oanda" / "daily" / "eurusd.zip", "20200102 00:00,1.1,1.2,1.0,1.1,0,1.1,1.2,1.0,1.1,0\n")
    return root


def newest(
    warehouse: Warehouse, columns: str = "symbol, session_date::text, close, adjusted_close, revision"
) -> list[Any]:
    with warehouse.reader() as con:
        return con.execute(f"select {columns} from records.daily_prices order by all").fetchall()


def test_a_csv_file_is_taken_once_and_known_bytes_change_nothing(warehouse: Warehouse, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "spy.csv", {"2020-01-02": "324.87", "2020-01-03": "322.41"})
    with warehouse.writer("test") as session:
        outcome = ingest_prices(session, path)
    assert (outcome.outcome, outcome.source, outcome.new, outcome.symbols) == ("ingested", "csv", 2, ("SPY",))
    assert (outcome.first_day, outcome.last_day) == ("2020-01-02", "2020-01-03")
    assert newest(warehouse) == [("SPY", "2020-01-02", 324.87, None, 1), ("SPY", "2020-01-03", 322.41, None, 1)]
    with warehouse.writer("test") as session:
        again = ingest_prices(session, path)
        assert not session.changed
    assert again.outcome == "unchanged"


def test_a_corrected_price_is_a_further_revision_and_the_first_stays(warehouse: Warehouse, tmp_path: Path) -> None:
    path = tmp_path / "spy.csv"
    with warehouse.writer("test") as session:
        ingest_prices(session, write_csv(path, {"2020-01-02": "324.87", "2020-01-03": "322.41"}))
        first_known = session.now
    with warehouse.writer("test") as session:
        outcome = ingest_prices(session, write_csv(path, {"2020-01-02": "324.87", "2020-01-03": "322.40"}))
        assert session.dirty_days("correlations") == [dt.date(2020, 1, 3)]
    assert (outcome.new, outcome.corrected) == (0, 1)
    rows = newest(warehouse, "session_date::text, revision, close, known_at")
    assert [row[:3] for row in rows] == [
        ("2020-01-02", 1, 324.87),
        ("2020-01-03", 1, 322.41),
        ("2020-01-03", 2, 322.4),
    ]
    assert rows[1][3] == first_known
    with warehouse.writer("test") as session:
        back = ingest_prices(session, write_csv(path, {"2020-01-02": "324.87", "2020-01-03": "322.42"}))
    assert back.corrected == 1


def test_bad_rows_are_in_quarantine_by_line_and_the_rest_is_taken(warehouse: Warehouse, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "spy.csv", {"2020-01-02": "324.87", "2020-01-03": "n/a", "soon": "1"})
    with warehouse.writer("test") as session:
        outcome = ingest_prices(session, path)
    assert (outcome.outcome, outcome.new, outcome.refused) == ("partial", 1, 2)
    with warehouse.reader() as con:
        assert con.execute("select line, field, value from ops.quarantine order by line").fetchall() == [
            (3, "close", "n/a"),
            (4, "date", "soon"),
        ]
        assert con.execute("select kind, outcome from ops.files").fetchall() == [("price_csv", "partial")]


def test_a_file_with_an_unknown_header_is_refused_whole(warehouse: Warehouse, tmp_path: Path) -> None:
    path = tmp_path / "spy.csv"
    path.write_text("date,close,mood\n2020-01-02,1,good\n")
    with warehouse.writer("test") as session:
        outcome = ingest_prices(session, path)
    assert (outcome.outcome, outcome.message) == ("refused", "the column is not known in a price file")
    assert newest(warehouse) == []
    with warehouse.reader() as con:
        assert con.execute("select field from ops.quarantine").fetchall() == [("mood",)]


def test_a_data_folder_of_lean_is_read_by_its_map_and_factor_files(warehouse: Warehouse, tmp_path: Path) -> None:
    root = lean_folder(tmp_path / "data")
    with warehouse.writer("test") as session:
        outcome = ingest_prices(session, root)
    assert newest(warehouse) == [
        ("EURUSD", "2020-01-02", 1.1, None, 1),
        ("LONE", "2020-01-02", 10.0, None, 1),
        ("NEW", "2020-01-03", 10.1, 5.05, 1),
        ("NEW", "2020-01-06", 10.5, 10.5, 1),
        ("NEW", "2020-01-07", 10.6, 10.6, 1),
    ]
    assert (outcome.outcome, outcome.refused) == ("partial", 2)
    with warehouse.reader() as con:
        reasons = con.execute("select reason from ops.quarantine order by line").fetchall()
        assert [reason.split(" belong")[0] for (reason,) in reasons] == [
            "1 rows from 2020-01-02 to 2020-01-02",
            "1 rows from 2020-01-06 to 2020-01-06",
        ]
        (traced,) = con.execute(
            "select count(*) from records.daily_prices p join ops.files f using (sha256) where f.path like '%.zip'"
        ).fetchall()
    assert traced == (5,)
    with warehouse.writer("test") as session:
        assert ingest_prices(session, root).outcome == "unchanged"
        assert not session.changed


def test_a_new_factor_file_corrects_adjusted_closes_only(warehouse: Warehouse, tmp_path: Path) -> None:
    root = lean_folder(tmp_path / "data")
    with warehouse.writer("test") as session:
        ingest_prices(session, root)
    (root / "equity" / "usa" / "factor_files" / "new.csv").write_text(
        "20200103,1,0.25,1\n20200105,1,0.25,10\n20501231,1,1,0"
    )
    with warehouse.writer("test") as session:
        outcome = ingest_prices(session, root)
    assert (outcome.new, outcome.corrected) == (0, 1)
    assert ("NEW", "2020-01-03", 10.1, 2.525, 2) in newest(warehouse)


def test_one_zip_of_a_data_folder_and_a_choice_of_symbols(warehouse: Warehouse, tmp_path: Path) -> None:
    root = lean_folder(tmp_path / "data")
    with warehouse.writer("test") as session:
        assert ingest_prices(session, root / "equity" / "usa" / "daily" / "new.zip").symbols == ("NEW",)
        assert ingest_prices(session, root, symbols={"EURUSD"}).symbols == ("EURUSD",)
        nothing = ingest_prices(session, tmp_path)
        assert (nothing.outcome, nothing.message) == ("refused", "this is no data folder of LEAN")
        with pytest.raises(FileNotFoundError):
            ingest_prices(session, tmp_path / "absent.csv")


def test_a_damaged_zip_costs_its_own_history_only(warehouse: Warehouse, tmp_path: Path) -> None:
    root = lean_folder(tmp_path / "data")
    (root / "equity" / "usa" / "daily" / "lone.zip").write_bytes(b"torn")
    (root / "equity" / "usa" / "map_files" / "torn.csv").write_text("?\n")
    with warehouse.writer("test") as session:
        outcome = ingest_prices(session, root)
    assert outcome.symbols == ("EURUSD", "NEW")
    assert outcome.refused == 4
    with warehouse.reader() as con:
        assert con.execute("select count(*) from ops.files where outcome = 'refused'").fetchall() == [(1,)]


def test_the_packaged_history_has_twenty_stocks(warehouse: Warehouse) -> None:
    pytest.importorskip("skfolio", reason="the optional extra `demo` is not installed")
    with warehouse.writer("test") as session:
        outcome = ingest_package_prices(session)
        assert ingest_package_prices(session).outcome == "unchanged"
    assert (outcome.outcome, outcome.bars, len(outcome.symbols)) == ("ingested", 20 * 8313, 20)
    assert (outcome.first_day, outcome.last_day) == ("1990-01-02", "2022-12-28")
    with warehouse.reader() as con:
        assert con.execute("select count(*) from records.daily_prices where close is null").fetchall() == [(166260,)]


def test_an_absent_package_is_named_with_the_extra_that_brings_it(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with warehouse.writer("test") as session, pytest.raises(ConfigurationError, match=r"tomking\[demo\]"):
        ingest_package_prices(session)


def test_configured_sources_are_read_and_an_absent_one_stops_nothing(warehouse: Warehouse, tmp_path: Path) -> None:
    lean_folder(tmp_path / "data")
    (tmp_path / "closes").mkdir()
    write_csv(tmp_path / "closes" / "gld.csv", {"2020-01-02": "143.95"})
    write_csv(tmp_path / "tlt.csv", {"2020-01-02": "137.0"})
    settings = Settings(
        root=tmp_path,
        paths=PathSettings(lean_data="data", prices=("absent.csv", "closes", "tlt.csv")),
        universes=(UniverseSettings(name="mixed", symbols=("NEW", "GLD")),),
    )
    with warehouse.writer("test") as session:
        report = ingest_configured_prices(session, settings)
    assert [(outcome.outcome, outcome.symbols) for outcome in report.outcomes] == [
        ("partial", ("NEW",)),
        ("refused", ()),
        ("ingested", ("GLD",)),
        ("ingested", ("TLT",)),
    ]
    assert report.outcomes[1].message == "the configured path is not there"


def test_the_sample_data_folder_is_read_whole(warehouse: Warehouse) -> None:
    root = shared_path("samples", "lean-data")
    with warehouse.writer("test") as session:
        outcome = ingest_prices(session, root)
    assert {"SPY", "QQQ", "GOOG", "GOOGL", "WM", "EURUSD", "XAUUSD"} <= set(outcome.symbols)
    with warehouse.reader() as con:
        firsts = dict(
            con.execute("select symbol, min(session_date)::text from records.daily_prices group by all").fetchall()
        )
    assert firsts["USO"] == "2006-04-10"
    assert firsts["WM"] == "1998-01-02"
    assert firsts["GOOG"] == "2014-03-27"
