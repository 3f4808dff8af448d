"""Whatever is named is found out, taken or refused, and nothing stops the rest."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from pipelines.config import Settings, settings_from
from pipelines.parsing.identify import identify
from pipelines.steps.ingest import IngestReport, ingest_paths
from pipelines.steps.lean import runs as lean_runs
from tests.steps.asking import ask
from warehouse.access import Warehouse

DATA = Path(__file__).resolve().parent.parent / "data" / "runs"
# Copies of a run that was going on: an older reading of the same run.
COPIES = len(list(DATA.glob("live/*.at-*")))
RUNS = len([item for item in identify(DATA) if item.run]) - COPIES
"""Recorded runs; copies made while one of them went on are not counted."""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    document = {
        "accounts": [{"alias": "main"}],
        "deployments": [{"name": "rehearsal", "mode": "paper", "rehearses": "main", "results": ["results"]}],
    }
    return settings_from(document, tmp_path / "tomking.toml")


def take(warehouse: Warehouse, settings: Settings, *paths: Path, **options: Any) -> IngestReport:
    with warehouse.writer("test") as session:
        return ingest_paths(session, settings, list(paths), **options)


def test_a_folder_of_everything_is_taken_apart(warehouse: Warehouse, settings: Settings, tmp_path: Path) -> None:
    inbox = tmp_path / "mixed"
    shutil.copytree(DATA, inbox)
    (inbox / "odd").mkdir()
    (inbox / "odd" / "notes.csv").write_text("what,is\nthis,now\n")
    seen: list[tuple[int, int, str]] = []
    report = take(warehouse, settings, inbox, progress=lambda *step: seen.append(step))
    # Beside the runs there is the live runs' object store.
    assert report.outcomes == {"ingested": RUNS + 1, "superseded": COPIES, "refused": 1}
    total = RUNS + COPIES + 2
    assert [step[:2] for step in seen] == [(number, total) for number in range(total + 1)]
    assert json.dumps(dataclasses.asdict(report))
    refused = [item for item in report.items if item.outcome == "refused"]
    assert [item.name for item in refused] == ["notes.csv"]
    assert ask(warehouse, "SELECT count(*) FROM marts.runs") == [(RUNS,)]


def test_a_second_reading_changes_nothing(warehouse: Warehouse, settings: Settings) -> None:
    take(warehouse, settings, DATA)
    with warehouse.writer("test") as session:
        report = ingest_paths(session, settings, [DATA])
        assert not session.changed
    assert report.outcomes == {"unchanged": RUNS + COPIES + 1}


def test_strategy_trades_of_a_run_are_made_with_it(warehouse: Warehouse, settings: Settings) -> None:
    take(warehouse, settings, DATA / "settled", DATA / "combo")
    sql = "SELECT name, trade_id, kind, side, quantity, ended_by FROM marts.strategy_trades ORDER BY name, trade_id"
    assert ask(warehouse, sql) == [
        ("combo", "g1", "butterfly", "debit", 10, "closed"),
        ("settled", "g1", "vertical", "credit", 1, "cash_settled"),
        ("settled", "g2", "vertical", "credit", 1, "cash_settled"),
        ("settled", "g3", "vertical", "credit", 1, "open"),
    ]


def test_a_run_in_a_deployments_folder_rehearses_its_account(
    warehouse: Warehouse, settings: Settings, tmp_path: Path
) -> None:
    shutil.copytree(DATA / "quits", tmp_path / "results" / "quits")
    take(warehouse, settings, tmp_path / "results", DATA / "boom")
    assert ask(warehouse, "SELECT name, account, account_relation FROM marts.runs ORDER BY name") == [
        ("boom", None, None),
        ("quits", "main", "rehearsal"),
    ]


def test_a_step_that_fails_is_a_refusal_and_the_rest_goes_on(
    warehouse: Warehouse, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = lean_runs.ingest_run_files

    def failing(session: Any, run: Any, **options: Any) -> Any:
        if run.name == "boom":
            raise RuntimeError("nobody thought of this")
        return whole(session, run, **options)

    monkeypatch.setattr("pipelines.steps.ingest.ingest_run_files", failing)
    report = take(warehouse, settings, DATA / "boom", DATA / "quits")
    assert report.outcomes == {"refused": 1, "ingested": 1}
    assert ask(warehouse, "SELECT reason FROM marts.quarantine") == [("RuntimeError: nobody thought of this",)]


def test_what_is_not_there_or_not_known_is_refused_by_name(
    warehouse: Warehouse, settings: Settings, tmp_path: Path
) -> None:
    odd = tmp_path / "picture.png"
    odd.write_bytes(b"\x89PNG")
    report = take(warehouse, settings, odd, tmp_path / "absent.csv")
    assert {item.name: item.outcome for item in report.items} == {"picture.png": "refused", "absent.csv": "refused"}
    assert report.refused == 2


def test_a_name_that_is_no_text_is_refused_and_the_rest_goes_on(
    warehouse: Warehouse, settings: Settings, tmp_path: Path
) -> None:
    shutil.copytree(DATA / "boom", tmp_path / "in" / "boom")
    shutil.copytree(DATA / "quits", os.fsdecode(os.fsencode(tmp_path / "in") + b"/\xff"))
    report = take(warehouse, settings, tmp_path / "in", progress=lambda *_: None)
    assert {item.name: item.outcome for item in report.items} == {"boom": "ingested", "\\xff": "refused"}
    assert ask(warehouse, "SELECT reason FROM marts.quarantine") == [("its name is no text in UTF-8: rename it",)]


def test_a_run_whose_result_comes_later_is_no_longer_in_quarantine(
    warehouse: Warehouse, settings: Settings, tmp_path: Path
) -> None:
    shutil.copytree(DATA / "boom", tmp_path / "boom")
    result = tmp_path / "boom" / "BoomProbe.json"
    whole = result.read_bytes()
    result.unlink()
    assert take(warehouse, settings, tmp_path).outcomes == {"refused": 1}
    result.write_bytes(whole)
    assert take(warehouse, settings, tmp_path).outcomes == {"ingested": 1}
    assert ask(warehouse, "SELECT state FROM marts.quarantine") == [("resolved",)]


def test_amounts_that_no_column_holds_together_stop_no_run(
    warehouse: Warehouse, settings: Settings, tmp_path: Path
) -> None:
    shutil.copytree(DATA / "combo", tmp_path / "combo")
    shutil.copytree(DATA / "quits", tmp_path / "quits")
    # Each number fits its column, their product and the sums of such products do not.
    events = tmp_path / "combo" / "ComboLimitOrderAlgorithm-order-events.json"
    written = json.loads(events.read_text())
    for event in written:
        if event["fillQuantity"]:
            event["fillPrice"] = event["fillQuantity"] = 10**19
    events.write_text(json.dumps(written))
    assert take(warehouse, settings, tmp_path).outcomes == {"ingested": 2}
    sql = "SELECT count(*) FROM marts.fills f JOIN marts.runs r USING (run_id) WHERE r.name = 'combo'"
    assert ask(warehouse, sql) == [(6,)]
    assert ask(warehouse, "SELECT count(*) FROM marts.run_money WHERE end_ours IS NULL AND name = 'combo'") == [(1,)]


def test_reports_add_up() -> None:
    assert IngestReport.empty() + IngestReport.empty() == IngestReport()
    assert IngestReport().summary == "nothing found"
