"""What a run wrote beside its result: each file's rows, once, whatever else is broken and however often it is read."""

from __future__ import annotations

import datetime as dt
import errno
import gzip
import json
import re
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from pipelines.config import Settings
from pipelines.steps.ingest import IngestItem, ingest_paths
from pipelines.steps.lean.runs import RunOutcome, ingest_run
from tests.shared import shared_path
from tests.steps.asking import ask
from warehouse.access import Warehouse

DATA = Path(__file__).resolve().parent.parent / "data" / "runs"
AGES = dt.timedelta(days=365_000)
TABLES = (
    "chart_series", "chart_points", "insights", "analysis_findings", "data_monitor_reports", "data_requests",
    "launch_settings", "run_code", "run_messages",
)  # fmt: skip
REPORT = "data-monitor-report-20260101000000000.json"
SECRET = "tok-3f9a7c51d2e84b06"


def take(warehouse: Warehouse, *folders: Path) -> list[RunOutcome]:
    with warehouse.writer("test") as session:
        return [ingest_run(session, folder, stale_after=AGES) for folder in folders]


def read(warehouse: Warehouse, folder: Path) -> tuple[IngestItem, ...]:
    """As the command does, which walks the folder first."""
    with warehouse.writer("test") as session:
        return ingest_paths(session, Settings(root=Path("/nowhere")), [folder]).items


def rows(warehouse: Warehouse) -> dict[str, list[tuple[Any, ...]]]:
    return {table: ask(warehouse, f"SELECT * FROM records.{table} ORDER BY ALL") for table in TABLES}


def charts_in(path: Path) -> Counter[tuple[str, str, float]]:
    """(chart, series, x) of every point of a file, counted."""
    charts = json.loads(path.read_bytes()).get("charts") or {}
    return Counter(
        (chart, series, float(point["x"] if isinstance(point, dict) else point[0]))
        for chart, told in charts.items()
        for series, drawn in told["series"].items()
        for point in drawn["values"]
    )


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A run as LEAN's command line leaves it: with its launch configuration and a copy of the code."""
    return as_of_command_line(tmp_path / "2026-01-02_03-04-05", "x = 1\n")


def as_of_command_line(folder: Path, code: str) -> Path:
    shutil.copytree(DATA / "quits", folder)
    (folder / "config").write_text(json.dumps({"id": 1234567890, "backtest-name": "Fox", "api-token": SECRET}))
    (folder / "code" / "sub" / "__pycache__").mkdir(parents=True)
    (folder / "code" / "main.py").write_text(code)
    (folder / "code" / "sub" / "rules.py").write_text("y = 2\n")
    (folder / "code" / "research.ipynb").write_text("{}")
    (folder / "code" / "notes.txt").write_text("not copied by the command line")
    (folder / "code" / "sub" / "__pycache__" / "rules.py").write_text("compiled")
    return folder


@pytest.mark.parametrize("run", ["boom", "combo", "quits", "settled", "killed"])
def test_every_point_of_every_chart_is_a_row(warehouse: Warehouse, run: str) -> None:
    take(warehouse, DATA / run)
    (main,) = (path for path in (DATA / run).glob("*.json") if not path.stem.endswith(("-summary", "-order-events")))
    stored = ask(warehouse, "SELECT chart, series, x FROM records.chart_points")
    assert Counter(stored) == charts_in(main)
    assert ask(
        warehouse,
        "SELECT count(*) FROM records.chart_series s WHERE points <> (SELECT count(*) FROM records.chart_points p "
        "WHERE p.chart = s.chart AND p.series = s.series)",
    ) == [(0,)]


def test_a_chart_of_every_kind_keeps_its_figures(warehouse: Warehouse) -> None:
    folder = shared_path("runs", "own", "misc-charts")
    take(warehouse, folder)
    charts = json.loads((folder / "ChartProbe.json").read_bytes())["charts"]
    for chart, told in charts.items():
        for series, drawn in told["series"].items():
            figures = ask(
                warehouse,
                "SELECT epoch(sampled_at), value, open, high, low, close FROM records.chart_points "
                "WHERE chart = ? AND series = ? ORDER BY x, position",
                chart,
                series,
            )
            points = sorted(
                ([point["x"], point["y"]] if isinstance(point, dict) else point for point in drawn["values"]),
                key=lambda point: point[0],
            )
            assert [row[0] for row in figures] == [point[0] for point in points]
            assert [row[1] for row in figures] == [point[-1] for point in points]
            assert [list(row[2:]) for row in figures] == [
                point[1:] if len(point) == 5 else [None] * 4 for point in points
            ]


def test_the_points_of_all_files_of_a_live_run_are_joined_without_doubles(warehouse: Warehouse) -> None:
    folder = shared_path("runs", "live", "1-L-3100000001")
    take(warehouse, folder)
    expected: Counter[tuple[str, str, float]] = Counter()
    for path in folder.glob("L-*.json"):
        if not path.stem.endswith("order-events"):
            expected |= charts_in(path)
    assert Counter(ask(warehouse, "SELECT chart, series, x FROM records.chart_points")) == expected
    finest = ask(warehouse, "SELECT count(*) FROM records.chart_points WHERE sampling = 'second'")
    assert finest[0][0] > 0


@pytest.mark.parametrize("second_first", [True, False])
def test_copies_of_a_live_run_read_in_any_order_end_in_the_same_points(
    warehouse: Warehouse, tmp_path: Path, second_first: bool
) -> None:
    copies = [DATA / "live" / name for name in ("2-L-3100000002.at-2010Z", "2-L-3100000002")]
    take(warehouse, *(reversed(copies) if second_first else copies))
    expected: Counter[tuple[str, str, float]] = Counter()
    for folder in copies:
        for path in folder.glob("L-*.json"):
            if not path.stem.endswith("order-events"):
                expected |= charts_in(path)
    assert Counter(ask(warehouse, "SELECT chart, series, x FROM records.chart_points")) == expected


def test_the_order_of_copies_makes_no_row_different(
    warehouse: Warehouse, tmp_path: Path, warehouse_template: Path
) -> None:
    copies = [DATA / "live" / name for name in ("2-L-3100000002.at-2010Z", "2-L-3100000002")]
    shutil.copytree(warehouse_template, tmp_path / "other")
    other = Warehouse(tmp_path / "other")
    take(warehouse, *copies)
    take(other, *reversed(copies))
    assert rows(warehouse) == rows(other)


def test_reading_again_changes_nothing(warehouse: Warehouse, project: Path) -> None:
    folders = [project, DATA / "boom", DATA / "killed", DATA / "live" / "2-L-3100000002"]
    take(warehouse, *folders)
    before = rows(warehouse)
    with warehouse.writer("test") as session:
        assert [ingest_run(session, folder, stale_after=AGES).outcome for folder in folders] == ["unchanged"] * 4
        assert not session.changed
    assert rows(warehouse) == before


def test_a_finished_run_replaces_the_points_of_its_half(warehouse: Warehouse, tmp_path: Path) -> None:
    whole = json.loads((DATA / "combo" / "ComboLimitOrderAlgorithm.json").read_bytes())
    half = {name: whole[name] for name in ("charts", "orders", "state")} | {"statistics": {}}
    half["state"] = whole["state"] | {"Status": "Running", "EndTime": ""}
    half["charts"] = {"Only While Running": next(iter(whole["charts"].values()))}
    shutil.copytree(DATA / "combo", tmp_path / "half")
    (tmp_path / "half" / "ComboLimitOrderAlgorithm.json").write_text(json.dumps(half))
    take(warehouse, tmp_path / "half")
    assert ask(warehouse, "SELECT DISTINCT chart FROM records.chart_points") == [("Only While Running",)]
    take(warehouse, DATA / "combo")
    assert {chart for (chart,) in ask(warehouse, "SELECT chart FROM records.chart_series")} == {
        name for name, chart in whole["charts"].items() if chart["series"]
    }


def test_insights_analysis_and_requests_are_those_of_the_files(warehouse: Warehouse) -> None:
    folder = shared_path("runs", "lean", "LeveragePrecedenceRegressionAlgorithm")
    (outcome,) = take(warehouse, folder)
    insights = json.loads(next(folder.rglob("alpha-results.json")).read_bytes())
    assert ask(warehouse, "SELECT insight_id, symbol_id, weight FROM records.insights ORDER BY position") == [
        (insight["id"], insight["symbol"], insight["weight"]) for insight in insights
    ]
    analysis = json.loads((folder / f"{folder.name}.json").read_bytes())["analysis"]
    assert ask(warehouse, "SELECT issue, occurrences FROM records.analysis_findings ORDER BY position") == [
        (finding["issue"], finding.get("count")) for finding in analysis
    ]
    report = json.loads(next(folder.glob("data-monitor-report-*.json")).read_bytes())
    ((requests, share),) = ask(warehouse, "SELECT requests, failed_percentage FROM records.data_monitor_reports")
    assert (requests, float(share)) == (
        report["total-data-requests-count"],
        report["failed-data-requests-percentage"],
    )
    for succeeded, name in ((True, "succeeded"), (False, "failed")):
        (listed,) = folder.glob(f"{name}-data-requests-*.txt")
        assert ask(
            warehouse, "SELECT path FROM records.data_requests WHERE succeeded = ? ORDER BY position", succeeded
        ) == [(line,) for line in listed.read_text().splitlines()]
    assert bool(outcome.warnings) == (share > 25)


@pytest.mark.parametrize(("share", "warned"), [(93.0, True), (25.0, False), (None, False)])
def test_a_high_share_of_failed_requests_is_a_warning_and_no_refusal(
    warehouse: Warehouse, tmp_path: Path, share: float | None, warned: bool
) -> None:
    shutil.copytree(DATA / "quits", tmp_path / "run")
    report = {"total-data-requests-count": 40, "failed-data-requests-percentage": share}
    (tmp_path / "run" / REPORT).write_text(json.dumps(report))
    (outcome,) = take(warehouse, tmp_path / "run")
    assert outcome.outcome == "ingested"
    assert [re.match(r"[\d.]+", text)[0] for text in outcome.warnings] == (["93"] if warned else [])  # type: ignore[index]


def test_settings_are_kept_and_a_planted_secret_is_nowhere(warehouse: Warehouse, project: Path) -> None:
    take(warehouse, project)
    settings = dict(ask(warehouse, "SELECT name, value FROM records.launch_settings"))
    assert settings == {"id": "1234567890", "backtest-name": "Fox", "api-token": "REDACTED"}
    for path in warehouse.path.parent.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert SECRET.encode() not in (gzip.decompress(data) if path.suffix == ".gz" else data)


def test_the_code_of_a_run_is_read_back_exactly(warehouse: Warehouse, project: Path) -> None:
    take(warehouse, project)
    stored = ask(
        warehouse,
        "SELECT c.path, s.text, s.language FROM records.run_code c JOIN records.source_files s USING (sha256)",
    )
    assert {path: text for path, text, _ in stored} == {
        "main.py": "x = 1\n",
        "sub/rules.py": "y = 2\n",
        "research.ipynb": "{}",
    }
    assert {language for _, _, language in stored} == {"python", "notebook"}


def test_runs_of_the_same_code_share_its_text_and_its_hash(warehouse: Warehouse, project: Path, tmp_path: Path) -> None:
    again = as_of_command_line(tmp_path / "2026-01-02_03-05-00", "x = 1\n")
    other = as_of_command_line(tmp_path / "2026-01-02_03-06-00", "x = 3\n")
    for number, folder in enumerate((again, other)):
        main = folder / "QuitProbe.json"
        result = json.loads(main.read_bytes())
        result["state"]["StartTime"] = f"2026-11-22T16:00:0{number}Z"
        main.write_text(json.dumps(result))
    take(warehouse, project, again, other)
    hashes = dict(ask(warehouse, "SELECT name, code_hash FROM records.runs"))
    assert hashes[project.name] == hashes[again.name] != hashes[other.name]
    assert ask(warehouse, "SELECT count(*) FROM records.source_files WHERE language = 'python'") == [(3,)]
    changed = ask(
        warehouse,
        "SELECT path FROM records.run_code a JOIN records.run_code b USING (path) JOIN records.runs r ON r.run_id = "
        "a.run_id JOIN records.runs q ON q.run_id = b.run_id WHERE r.name = ? AND q.name = ? AND a.sha256 <> b.sha256",
        project.name,
        other.name,
    )
    assert changed == [("main.py",)]


def test_a_run_without_code_has_no_hash_of_it(warehouse: Warehouse) -> None:
    take(warehouse, DATA / "quits")
    assert ask(warehouse, "SELECT code_hash FROM records.runs") == [(None,)]


@pytest.mark.parametrize(
    ("name", "broken", "whole"),
    [
        ("config", "{", '{"id": 1234567890}'),
        (
            REPORT,
            '{"total-data-requests-count": "many"}',
            '{"total-data-requests-count": 12, "data-request-rates": []}',
        ),
        (REPORT, "\0", '{"total-data-requests-count": 12}'),
    ],
)
def test_a_broken_file_beside_the_result_is_refused_by_itself_and_tried_again(
    warehouse: Warehouse, tmp_path: Path, name: str, broken: str, whole: str
) -> None:
    shutil.copytree(DATA / "quits", tmp_path / "run")
    (tmp_path / "run" / name).write_text(broken)
    (outcome,) = take(warehouse, tmp_path / "run")
    assert (outcome.outcome, outcome.missing) == ("partial", ())
    assert len(ask(warehouse, "SELECT 1 FROM ops.quarantine WHERE resolved_at IS NULL")) == 1
    (tmp_path / "run" / name).write_text(whole)
    (outcome,) = take(warehouse, tmp_path / "run")
    assert outcome.outcome == "ingested"
    assert ask(warehouse, "SELECT 1 FROM ops.quarantine WHERE resolved_at IS NULL") == []


@pytest.mark.parametrize("name", ["log.txt", "QuitProbe-log.txt", "QuitProbe-order-events.json", "QuitProbe-summary.json", "config", "code/main.py", "succeeded-data-requests-1.txt"])  # fmt: skip
def test_a_file_that_cannot_be_opened_is_left_out_and_taken_once_it_can(
    warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    folder = as_of_command_line(tmp_path / "run", "x = 1\n")
    (folder / "succeeded-data-requests-1.txt").write_text("equity/usa/daily/spy.zip\n")
    whole, opened = Path.open, folder / name

    def refusing(path: Path, *args: Any, **options: Any) -> Any:
        if path == opened:
            raise PermissionError(errno.EACCES, "Permission denied")
        return whole(path, *args, **options)

    monkeypatch.setattr(Path, "open", refusing)
    for expected in ("partial", "unchanged"):
        (outcome,) = read(warehouse, folder)
        assert (outcome.outcome, outcome.run_id is None) == (expected, False)
        assert "Permission denied" in (outcome.reason or "")
        waiting = ask(warehouse, "SELECT file, reason FROM marts.quarantine WHERE state = 'open'")
        assert [(Path(file).name, "Permission denied" in reason) for file, reason in waiting] == [(opened.name, True)]
    monkeypatch.undo()
    (outcome,) = read(warehouse, folder)
    assert (outcome.outcome, outcome.reason) == ("ingested", None)
    assert ask(warehouse, "SELECT count(*) FROM marts.quarantine WHERE state = 'open'") == [(0,)]
    assert ask(warehouse, "SELECT count(*) FROM records.run_files WHERE file_name = ?", name) == [(1,)]


@pytest.mark.parametrize(
    ("listed", "line"),
    [
        (b"equity/a.zip\nequity/b.z", 2),
        (b"equity/a.zip\n\xff\xfe\0\n", 2),
        (b"equity/a.zip\n", None),
        (b"some words\nequity/b.zip\n", 1),
    ],
)
def test_a_list_of_requests_that_was_cut_is_named_and_its_rest_is_kept(
    warehouse: Warehouse, tmp_path: Path, listed: bytes, line: int | None
) -> None:
    shutil.copytree(DATA / "quits", tmp_path / "run")
    (tmp_path / "run" / "succeeded-data-requests-1.txt").write_bytes(listed)
    (tmp_path / "run" / REPORT).write_text(
        '{"total-data-requests-count": 2, "succeeded-data-requests-count": 2, "failed-data-requests-count": 0}'
    )
    (outcome,) = take(warehouse, tmp_path / "run")
    assert (outcome.outcome, outcome.missing, outcome.refused_rows) == ("partial", (), 1)
    found = ask(warehouse, "SELECT file, line FROM marts.quarantine")
    assert [(Path(file).name, at) for file, at in found] == [("succeeded-data-requests-1.txt", line)]
    kept = {path for (path,) in ask(warehouse, "SELECT path FROM records.data_requests")}
    assert kept >= {path for path in ("equity/a.zip", "equity/b.zip") if path.encode() + b"\n" in listed}
    (tmp_path / "run" / "succeeded-data-requests-1.txt").write_bytes(b"equity/a.zip\nequity/b.zip\n")
    assert [outcome.outcome for outcome in take(warehouse, tmp_path / "run")] == ["ingested"]
    assert ask(warehouse, "SELECT count(*) FROM marts.quarantine WHERE state = 'open'") == [(0,)]


def test_a_broken_series_is_refused_by_its_place_and_the_others_stay(warehouse: Warehouse, tmp_path: Path) -> None:
    shutil.copytree(DATA / "quits", tmp_path / "run")
    main = tmp_path / "run" / "QuitProbe.json"
    result = json.loads(main.read_bytes())
    result["charts"]["Benchmark"]["series"] = {"Odd": {"values": [[1, "x"], [2, 3]]}, "Worse": 7}
    main.write_text(json.dumps(result))
    (outcome,) = take(warehouse, tmp_path / "run")
    assert (outcome.outcome, outcome.refused_rows) == ("partial", 2)
    places = {field for (field,) in ask(warehouse, "SELECT field FROM ops.quarantine")}
    assert places == {"$.charts.Benchmark.series.Odd.values[0]", "$.charts.Benchmark.series.Worse"}
    assert ask(warehouse, "SELECT x FROM records.chart_points WHERE chart = 'Benchmark'") == [(2.0,)]


@pytest.mark.parametrize("run", ["boom", "quits", "live/2-L-3100000002"])
def test_every_line_of_both_logs_can_be_searched(warehouse: Warehouse, run: str) -> None:
    take(warehouse, DATA / run)
    (own,) = (DATA / run).glob("*-log.txt")
    for source, path in (("engine", DATA / run / "log.txt"), ("algorithm", own)):
        messages = "\n".join(
            text for (text,) in ask(warehouse, "SELECT message FROM records.run_messages WHERE source = ?", source)
        )
        for line in path.read_text(encoding="utf-8").splitlines():
            bare = re.sub(r"^\d\S+ (?:[A-Z]+::? |\d\d:\d\d:\d\d )?", "", line)
            assert bare in messages


def test_levels_and_instants_of_messages(warehouse: Warehouse) -> None:
    take(warehouse, DATA / "boom")
    found = ask(
        warehouse,
        "SELECT source, level, count(*), count(stamped_at) FROM records.run_messages WHERE stamp_text IS NOT NULL "
        "GROUP BY ALL ORDER BY ALL",
    )
    lines = (DATA / "boom" / "log.txt").read_text().splitlines()
    written = Counter(match[1] for line in lines if (match := re.match(r"\S+Z (TRACE|ERROR|DEBUG)::", line)))
    assert {level: (count, stamped) for source, level, count, stamped in found if source == "engine"} == {
        level: (count, count) for level, count in written.items()
    }
    ((level,),) = ask(
        warehouse,
        "SELECT level FROM records.run_messages WHERE source = 'algorithm' AND message LIKE 'Runtime Error:%'",
    )
    assert level == "ERROR"
    reports = ask(warehouse, "SELECT message FROM records.run_messages WHERE level = 'REPORT' ORDER BY line")
    assert [text for (text,) in reports] == [
        line for line in lines if line.startswith(("STATISTICS:: ", "DATA USAGE:: "))
    ]


def test_account_numbers_stay_out_of_findings_and_tooltips(warehouse: Warehouse, tmp_path: Path) -> None:
    shutil.copytree(DATA / "quits", tmp_path / "run")
    main = tmp_path / "run" / "QuitProbe.json"
    result = json.loads(main.read_bytes())
    sample = {"account": 123456789, "note": "x5WX00001 was full", "figure": 1.5}
    result["analysis"] = [{"name": "n", "issue": "account 123456789", "sample": sample, "solutions": []}]
    result["charts"]["C"] = {"series": {"S": {"values": [{"x": 1, "y": 2, "tooltip": "in 5WX00001"}]}}}
    main.write_text(json.dumps(result))
    take(warehouse, tmp_path / "run")
    ((issue, stored),) = ask(warehouse, "SELECT issue, sample_json FROM records.analysis_findings")
    assert json.loads(stored) == {"account": "REDACTED", "note": "REDACTED was full", "figure": 1.5}
    assert issue == "account REDACTED"
    assert ask(warehouse, "SELECT tooltip FROM records.chart_points WHERE chart = 'C'") == [("in REDACTED",)]
