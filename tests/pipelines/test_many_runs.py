"""Hundreds of runs in one Dagster run: all are taken, and what the UI is given of them stays small."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest

from pipelines.defs.lean.assets import lean_results
from pipelines.defs.metadata import ROWS_SHOWN
from pipelines.defs.resources import WarehouseResource
from pipelines.defs.stages import now_and_then
from tests.pipelines.command_line import run
from tests.run_copies import copies

FEW, MANY = 40, 200
BROKEN = 3
LARGEST_METADATA = 400_000
"""Characters of one asset's metadata, its pictures included."""


@pytest.fixture
def instance(tmp_path: Path) -> Path:
    """The configuration of an empty instance that reads the runs of `tmp_path / "runs"`."""
    assert run(["init", str(tmp_path / "instance"), "--yes"]).code == 0
    config = tmp_path / "instance" / "tomking.toml"
    text = config.read_text(encoding="utf-8")
    assert "lean_results = [" in text
    config.write_text(text.replace("lean_results = [", f'lean_results = ["{tmp_path / "runs"}", ', 1), encoding="utf-8")
    return config


def materialized(resource: WarehouseResource) -> dict[str, dg.AssetMaterialization]:
    """The assets of one Dagster run over the results, by name."""
    result = dg.materialize([lean_results], resources={"warehouse": resource})
    assert result.success
    return {
        event.asset_key.to_user_string(): event.materialization
        for event in result.get_asset_materialization_events()
        if event.asset_key
    }


def main_file(folder: Path) -> Path:
    [main] = [path for path in folder.glob("1*.json") if "-" not in path.name]
    return main


def size(materialization: dg.AssetMaterialization) -> int:
    return sum(len(str(value.value)) for value in materialization.metadata.values())


@pytest.mark.slow
def test_one_dagster_run_takes_hundreds_of_runs_and_its_metadata_stays_bounded(instance: Path, tmp_path: Path) -> None:
    resource = WarehouseResource(config_path=str(instance))
    copies(tmp_path / "runs", FEW)
    small = materialized(resource)
    assert small["lean_runs"].metadata["rows"].value == FEW

    more = copies(tmp_path / "runs", MANY - FEW, first=FEW, of=("quits", "combo"))
    for folder in more[:BROKEN]:
        main = main_file(folder)
        main.write_bytes(main.read_bytes()[:1000])
    large = materialized(resource)
    with resource.warehouse().reader() as connection:
        [(runs, names)] = connection.execute("SELECT count(*), count(DISTINCT run_id) FROM marts.runs").fetchall()
        [(trades,)] = connection.execute("SELECT count(DISTINCT run_id) FROM marts.strategy_trades").fetchall()
        [(refused,)] = connection.execute("SELECT count(*) FROM marts.quarantine").fetchall()
    assert runs == names == large["lean_runs"].metadata["rows"].value == MANY - BROKEN
    assert trades == runs, "every run has its strategy trades"
    assert refused == BROKEN

    assert all(size(one) < LARGEST_METADATA for one in large.values())
    shown = str(large["lean_runs"].metadata["files"].value).splitlines()
    assert len(shown) <= ROWS_SHOWN + 5
    assert sum("refused" in line for line in shown[2 : 2 + BROKEN]) == BROKEN, "what went wrong comes first"


@pytest.mark.slow
def test_a_second_dagster_run_over_the_same_folder_changes_nothing(instance: Path, tmp_path: Path) -> None:
    resource = WarehouseResource(config_path=str(instance))
    copies(tmp_path / "runs", FEW)
    materialized(resource)
    published = resource.warehouse().published_path.stat().st_ino
    again = materialized(resource)
    assert again["lean_runs"].metadata["outcomes"].value == f"{FEW} unchanged"
    assert resource.warehouse().published_path.stat().st_ino == published


def test_progress_is_told_now_and_then_whatever_the_number_of_things() -> None:
    told: list[str] = []

    class Log:
        def info(self, text: str, *values: object) -> None:
            told.append(text % values)

    never = now_and_then(Log(), seconds=3600)  # type: ignore[arg-type]
    always = now_and_then(Log(), seconds=0)  # type: ignore[arg-type]
    for number in range(1000):
        never(number, 1000, "a run")
    assert told == []
    always(7, 1000, "a run")
    assert told == ["7 of 1000: a run"]
