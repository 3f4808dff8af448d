"""The recorded live deployments become one history: killed, restarted, stopped, ended by an error."""

from __future__ import annotations

import datetime as dt
import shutil
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pipelines.config import DeploymentSettings, LeanSettings, Settings
from pipelines.steps.ingest import ingest_paths
from pipelines.steps.lean.deployments import rebuild_deployments
from warehouse.access import Warehouse

LIVE = Path(__file__).resolve().parent.parent / "data" / "runs" / "live"
RUNS = ("1-L-3100000001", "2-L-3100000002", "3-L-3100000003")
NEVER_STALE = LeanSettings(stale_after_hours=0)


def history(warehouse: Warehouse, *paths: Path, settings: Settings | None = None) -> Warehouse:
    instance = settings or Settings(root=Path("/nowhere"), lean=NEVER_STALE)
    with warehouse.writer("read") as session:
        ingest_paths(session, instance, paths)
    return warehouse


def ask(warehouse: Warehouse, sql: str) -> list[tuple[Any, ...]]:
    with warehouse.writer("look") as session:
        return session.rows(sql)


@pytest.fixture(scope="module")
def recorded(warehouse_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    state = tmp_path_factory.mktemp("recorded") / "state"
    shutil.copytree(warehouse_template, state)
    return history(Warehouse(state), LIVE)


def test_three_starts_are_one_deployment(recorded: Warehouse) -> None:
    [row] = ask(recorded, "SELECT deployment, mode, runs, state, orders, events, fills, open_positions, mismatches "
                          "FROM marts.deployments")  # fmt: skip
    assert row == ("L-3100000001", "paper", 3, "runtime_error", 42, 84, 42, 2, 0)
    assert ask(recorded, "SELECT name, state, link_reason FROM marts.deployment_runs ORDER BY position") == [
        (RUNS[0], "killed", "the first run"),
        (RUNS[1], "stopped", "began with the positions and cash the run before left"),
        (RUNS[2], "runtime_error", "began with the cash the run before left"),
    ]


def test_every_event_stands_once_in_one_sequence(recorded: Warehouse) -> None:
    [(events, keys, first, last)] = ask(
        recorded,
        "SELECT count(*), count(DISTINCT event_key), min(sequence), max(sequence) FROM marts.deployment_events",
    )
    assert (events, keys, first, last) == (84, 84, 1, 84)
    [(backwards,)] = ask(
        recorded,
        "SELECT count(*) FROM (SELECT occurred_at < lag(occurred_at) OVER (ORDER BY sequence) AS is_back "
        "FROM marts.deployment_events) WHERE is_back",
    )
    assert backwards == 0


def test_the_open_position_is_carried_over_the_kill(recorded: Warehouse) -> None:
    rows = ask(recorded, "SELECT run_position, began_with, filled, left_with, engine_quantity, mismatch "
                         "FROM marts.deployment_positions WHERE instrument = 'SPY   261231P00560000' ORDER BY 1")  # fmt: skip
    two, none = Decimal(-2), Decimal(0)
    assert rows == [(1, none, two, two, two, None), (2, two, -two, none, none, None), (3, none, two, two, two, None)]
    closing = ask(recorded, "SELECT position_after, trade_id FROM marts.deployment_events "
                            "WHERE run_position = 2 AND fill_quantity <> 0 ORDER BY sequence LIMIT 2")  # fmt: skip
    assert closing == [(none, "strangle-202611171701")] * 2


def test_time_between_the_starts_is_named(recorded: Warehouse) -> None:
    assert ask(recorded, "SELECT kind, reason, seconds FROM marts.deployment_gaps ORDER BY position") == [
        ("not_running", "the run was killed", 532),
        ("not_running", "the run was stopped", 61_307),
    ]


def test_parameter_sets_by_time_include_the_refused_one(recorded: Warehouse) -> None:
    rows = ask(recorded, "SELECT run_position, outcome, parameter_set_id, left(sha256, 8), came_by, times "
                         "FROM marts.deployment_parameter_sets ORDER BY first_at")  # fmt: skip
    assert rows == [
        (1, "applied", "ps-0001", "7d65ad31", "start", 1),
        (1, "applied", "ps-0002", "b3791ecd", "schedule", 1),
        (1, "refused", None, "ba475ee3", "schedule", 6),
        (1, "applied", "ps-0003", "a54efb34", "schedule", 1),
        (2, "applied", "ps-0003", "a54efb34", "start", 1),
        (2, "applied", "ps-0004", "df79d6f7", "schedule", 1),
        (3, "applied", "ps-0004", "df79d6f7", "start", 1),
    ]
    [(reason,)] = ask(recorded, "SELECT reason FROM marts.deployment_parameter_sets WHERE outcome = 'refused'")
    assert reason.startswith("Unterminated string")


def test_a_configured_deployment_gives_its_name(warehouse: Warehouse, tmp_path: Path) -> None:
    shutil.copytree(LIVE / RUNS[2], tmp_path / "live" / "2026-11-18_15-28-01")
    deployment = DeploymentSettings(name="strangles", mode="paper", results=("live",))
    settings = Settings(root=tmp_path, lean=NEVER_STALE, deployments=(deployment,))
    history(warehouse, LIVE / RUNS[0], LIVE / RUNS[1], tmp_path / "live", settings=settings)
    assert ask(warehouse, "SELECT deployment, named_by, runs FROM marts.deployments") == [
        ("strangles", "configuration", 3)
    ]


def test_folders_of_the_command_line_are_one_project(warehouse: Warehouse, tmp_path: Path) -> None:
    for run, folder in ((RUNS[0], "2026-11-16_15-20-01"), (RUNS[2], "2026-11-18_15-28-01")):
        shutil.copytree(LIVE / run, tmp_path / "Strangles" / "live" / folder)
    history(warehouse, tmp_path / "Strangles")
    rows = ask(warehouse, "SELECT deployment, named_by, position, link_reason FROM marts.deployment_runs "
                          "JOIN marts.deployments USING (deployment_id, deployment) ORDER BY position")  # fmt: skip
    assert rows == [
        ("Strangles", "project", 1, "the first run"),
        ("Strangles", "project", 2, "runs of the same project folder"),
    ]
    mismatches = ask(warehouse, "SELECT DISTINCT mismatch FROM marts.deployment_positions WHERE run_position = 2")
    assert mismatches == [("the run before left -2, this one began with 0",)]


def test_a_deployment_of_another_series_stays_apart(warehouse: Warehouse, tmp_path: Path) -> None:
    for run in RUNS:
        shutil.copytree(LIVE / run, tmp_path / run)
    for path in list((tmp_path / RUNS[2]).iterdir()):
        path.write_bytes(path.read_bytes().replace(b"3100000003", b"3200000001").replace(b"2026-11-18", b"2026-11-25"))
        path.rename(path.with_name(path.name.replace("3100000003", "3200000001").replace("2026-11-18", "2026-11-25")))
    shutil.move(tmp_path / RUNS[2], tmp_path / "1-L-3200000001")
    log = tmp_path / "1-L-3200000001" / "log.txt"
    log.write_bytes(log.read_bytes().replace(b"cash to 249904.0", b"cash to 250000"))
    history(warehouse, tmp_path)
    assert ask(warehouse, "SELECT deployment, runs FROM marts.deployments ORDER BY 1") == [
        ("L-3100000001", 2),
        ("L-3200000001", 1),
    ]


def test_nothing_changes_when_nothing_is_new(recorded: Warehouse) -> None:
    with recorded.writer("again") as session:
        assert rebuild_deployments(session, None) == set()
        assert not session.changed
        assert session.rows("SELECT count(*) FROM records.starting_holdings") == [(2,)]
        [(first,)] = session.rows("SELECT min(started_at) FROM marts.deployment_runs")
    assert first == dt.datetime(2026, 11, 16, 14, 20, 1, tzinfo=dt.UTC)
