"""Optimisations: a thing of their own, joined to their backtests whichever is read first."""

from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from pipelines.config import Settings
from pipelines.parsing.identify import OPTIMIZATION, RUN, identify
from pipelines.steps.ingest import IngestReport, ingest_paths
from tests.shared import shared_path
from tests.steps.asking import ask
from warehouse.access import Warehouse

DATA = Path(__file__).resolve().parent.parent / "data" / "runs"
CHILDREN = ("0000000a-1111-4222-8333-444444444444", "0000000b-1111-4222-8333-444444444444")
STAMP = "2026-03-04T10:0{minute}:00.0000000Z TRACE:: "
SECRET = "tok-77e1d09b5c2a4f68"


@pytest.fixture
def search(tmp_path: Path) -> Path:
    """A finished search over two backtests, as LEAN's command line leaves it."""
    folder = tmp_path / "optimizations" / "2026-03-04_10-00-00"
    for number, child in enumerate(CHILDREN):
        child_of(folder, child, number)
    (folder / "code").mkdir()
    (folder / "code" / "main.py").write_text("x = 1\n")
    (folder / "config").write_text(json.dumps({"id": 4100000009, "api-token": SECRET}))
    (folder / "optimizer-config.json").write_text(
        json.dumps(
            {
                "optimization-strategy": "GridSearchOptimizationStrategy",
                "optimization-criterion": {"target": "Statistics.Sharpe Ratio", "extremum": "max"},
                "parameters": [{"name": "fast", "min": 1, "max": 2, "step": 1}],
                "constraints": [],
            }
        )
    )
    write_log(folder, ended=True)
    return folder


def child_of(folder: Path, child: str, number: int, optimization: str | None = "4100000009") -> None:
    shutil.copytree(DATA / "quits", folder / child)
    for path in list((folder / child).iterdir()):
        path.rename(path.with_name(path.name.replace("QuitProbe", child)))
    main = folder / child / f"{child}.json"
    result = json.loads(main.read_bytes())
    result["state"] |= {"StartTime": f"2026-03-04T10:0{number}:05Z"}
    if optimization is not None:
        result["state"]["OptimizationId"] = optimization
    main.write_text(json.dumps(result))


def write_log(folder: Path, *, ended: bool) -> None:
    lines = [STAMP.format(minute=0) + "LeanOptimizer.Start(OID 4100000009): start ended. Waiting on 2 backtests"]
    for number, child in enumerate(CHILDREN):
        launch = f"LeanOptimizer.LaunchLeanForParameterSet(OID 4100000009): launched backtest '{child}'"
        lines.append(STAMP.format(minute=number) + f"{launch} with parameters 'fast:{number + 1}'")
    if ended:
        lines.append(
            STAMP.format(minute=3) + "LeanOptimizer.TriggerOnEndEvent(OID 4100000009): Optimization has ended. Result "
            "for Target: ['Statistics'].['Sharpe Ratio'] at: 1.5: was reached using ParameterSet: (fast:2) backtestId "
            f"'{CHILDREN[1]}'. "
        )
    (folder / "log.txt").write_text("\n".join(lines) + "\n")


def take(warehouse: Warehouse, *paths: Path) -> IngestReport:
    settings = Settings(root=warehouse.path.parent)
    with warehouse.writer("test") as session:
        return ingest_paths(session, settings, list(paths))


def rows(warehouse: Warehouse) -> dict[str, list[tuple[Any, ...]]]:
    return {
        "optimizations": ask(warehouse, "SELECT * EXCLUDE (learnt_at, updated_at) FROM records.optimizations"),
        "backtests": ask(warehouse, "SELECT * FROM records.optimization_backtests ORDER BY ALL"),
        "code": ask(warehouse, "SELECT * FROM records.run_code ORDER BY ALL"),
        "runs": ask(
            warehouse, "SELECT run_id, algorithm_id, mode, optimization_id, code_hash FROM records.runs ORDER BY run_id"
        ),
    }


def test_a_search_is_found_beside_its_backtests(search: Path) -> None:
    found = identify(search.parent)
    assert [(one.kind, one.path.name) for one in found] == [
        (RUN, CHILDREN[0]),
        (RUN, CHILDREN[1]),
        (OPTIMIZATION, search.name),
    ]


def test_a_search_is_kept_with_its_space_and_its_winner(warehouse: Warehouse, search: Path) -> None:
    report = take(warehouse, search)
    assert report.outcomes == {"ingested": 3}
    ((status, strategy, target, extremum, space, wanted, winner, chosen, value),) = ask(
        warehouse,
        "SELECT status, strategy, target_metric, target_extremum, space_json, backtests, winner_algorithm_id, "
        "winner_parameters_json, winner_value FROM records.optimizations",
    )
    assert (status, strategy, extremum, wanted) == ("completed", "GridSearchOptimizationStrategy", "max", 2)
    assert (target, winner, value) == ("['Statistics'].['Sharpe Ratio']", CHILDREN[1], 1.5)
    assert json.loads(chosen) == {"fast": "2"}
    assert json.loads(space) == [{"name": "fast", "min": 1, "max": 2, "step": 1}]
    assert ask(
        warehouse,
        "SELECT r.mode, b.parameters_json FROM records.optimization_backtests b JOIN records.runs r "
        "USING (optimization_id, algorithm_id) ORDER BY b.position",
    ) == [("optimization", '{"fast": "1"}'), ("optimization", '{"fast": "2"}')]


def test_read_before_between_or_after_its_backtests_a_search_ends_in_the_same_rows(
    warehouse_template: Path, search: Path, tmp_path: Path
) -> None:
    alone = tmp_path / "alone" / search.name
    shutil.copytree(search, alone, ignore=shutil.ignore_patterns(*CHILDREN))
    one, other = (search / child for child in CHILDREN)
    endings = []
    for number, order in enumerate(((alone, one, other), (other, alone, one), (one, other, alone))):
        shutil.copytree(warehouse_template, tmp_path / f"state-{number}")
        warehouse = Warehouse(tmp_path / f"state-{number}")
        for part in order:
            take(warehouse, part)
        endings.append(rows(warehouse))
    assert all(ending == endings[0] for ending in endings)
    assert len(endings[0]["runs"]) == 2


def test_the_backtests_have_the_code_of_their_search(warehouse: Warehouse, search: Path) -> None:
    take(warehouse, search)
    assert ask(
        warehouse,
        "SELECT r.algorithm_id, c.path, s.text FROM records.run_code c JOIN records.source_files s USING (sha256) "
        "JOIN records.runs r USING (run_id) ORDER BY ALL",
    ) == [(child, "main.py", "x = 1\n") for child in CHILDREN]
    assert ask(warehouse, "SELECT count(DISTINCT code_hash), count(code_hash) FROM records.runs") == [(1, 2)]


def test_reading_a_search_again_changes_nothing(warehouse: Warehouse, search: Path) -> None:
    take(warehouse, search)
    before = rows(warehouse)
    assert take(warehouse, search).outcomes == {"unchanged": 3}
    assert rows(warehouse) == before


@pytest.mark.parametrize("running_first", [True, False])
def test_a_copy_made_while_it_ran_never_stands_over_the_end(
    warehouse: Warehouse, search: Path, tmp_path: Path, running_first: bool
) -> None:
    copy = tmp_path / "copy" / search.name
    shutil.copytree(search, copy, ignore=shutil.ignore_patterns(*CHILDREN))
    write_log(copy, ended=False)
    if running_first:
        take(warehouse, copy)
        assert ask(warehouse, "SELECT status FROM records.optimizations") == [("running",)]
    take(warehouse, search)
    if not running_first:
        assert take(warehouse, copy).outcomes == {"superseded": 1}
    assert ask(warehouse, "SELECT status, winner_algorithm_id FROM records.optimizations") == [
        ("completed", CHILDREN[1])
    ]


def test_a_backtest_that_does_not_name_its_search_is_joined_by_the_log(warehouse: Warehouse, search: Path) -> None:
    child = "0000000c-1111-4222-8333-444444444444"
    child_of(search, child, 5, optimization=None)
    with (search / "log.txt").open("a") as log:
        log.write(
            f"{STAMP.format(minute=4)}LeanOptimizer.LaunchLeanForParameterSet(OID 4100000009): launched backtest "
            f"'{child}' with parameters 'fast:9'\n"
        )
    take(warehouse, search / child, search)
    assert ask(
        warehouse, "SELECT mode, optimization_id, code_hash IS NOT NULL FROM records.runs WHERE algorithm_id = ?", child
    ) == [("optimization", "4100000009", True)]


def test_a_secret_of_the_configuration_is_nowhere(warehouse: Warehouse, search: Path) -> None:
    take(warehouse, search)
    for path in warehouse.path.parent.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert SECRET.encode() not in (gzip.decompress(data) if path.suffix == ".gz" else data)


def test_a_search_without_its_configuration_shows_the_values_it_tried(warehouse: Warehouse, search: Path) -> None:
    (search / "optimizer-config.json").unlink()
    take(warehouse, search)
    ((space,),) = ask(warehouse, "SELECT space_json FROM records.optimizations")
    assert json.loads(space) == [{"name": "fast", "values": ["1", "2"]}]


def test_a_broken_configuration_is_refused_by_itself(warehouse: Warehouse, search: Path) -> None:
    (search / "optimizer-config.json").write_text("{")
    report = take(warehouse, search)
    assert report.outcomes == {"ingested": 2, "partial": 1}
    assert ask(warehouse, "SELECT status FROM records.optimizations") == [("completed",)]
    assert len(ask(warehouse, "SELECT 1 FROM ops.quarantine WHERE resolved_at IS NULL")) == 1


def test_a_search_of_which_nothing_says_what_it_is_is_refused(warehouse: Warehouse, search: Path) -> None:
    (search / "log.txt").unlink()
    (search / "config").unlink()
    report = take(warehouse, search)
    assert report.outcomes == {"ingested": 2, "refused": 1}
    assert ask(warehouse, "SELECT count(*) FROM records.optimizations") == [(0,)]


def test_the_recorded_search_is_joined_to_all_of_its_backtests(warehouse: Warehouse) -> None:
    folder = shared_path("runs", "optimization", "2026-11-22_15-20-00")
    take(warehouse, folder)
    children = sum(path.is_dir() for path in folder.iterdir())
    assert ask(
        warehouse,
        "SELECT o.backtests, count(r.run_id), count(*) FILTER (r.algorithm_id = o.winner_algorithm_id), "
        "count(*) FILTER (p.value = (b.parameters_json ->> p.name)) "
        "FROM records.optimizations o JOIN records.optimization_backtests b USING (optimization_id) "
        "JOIN records.runs r USING (optimization_id, algorithm_id) JOIN records.run_parameters p USING (run_id) "
        "WHERE p.name = 'target' GROUP BY ALL",
    ) == [(children, children, 1, children)]
