"""Runs that are taken in together come to what each would have come to by itself."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from pipelines.config import settings_from
from pipelines.parsing.identify import identify
from pipelines.parsing.lean.run import LeanRun
from pipelines.steps.ingest import IngestReport, Progress, ingest_paths
from pipelines.steps.lean import run_groups
from pipelines.steps.lean import runs as lean_runs
from pipelines.steps.lean.side_files import SideFiles, write_side_files
from tests.run_copies import copies
from tests.steps.asking import ask
from tests.steps.fingerprint import content, differences
from warehouse.access import Warehouse
from warehouse.errors import StorageError
from warehouse.raw_store import RawFile, RawStore

DATA = Path(__file__).resolve().parent.parent / "data" / "runs"


def take(warehouse: Warehouse, folder: Path, progress: Progress | None = None) -> IngestReport:
    with warehouse.writer("test") as session:
        return ingest_paths(session, settings_from({}, folder.parent / "tomking.toml"), [folder], progress=progress)


def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on no run is taken together with another."""
    monkeypatch.setattr(run_groups, "_SMALL", -1)


def of_everything(folder: Path) -> Path:
    """Recordings of every kind, copies, and a copy of a run that is there already."""
    for name in ("boom", "combo", "quits", "live"):
        shutil.copytree(DATA / name, folder / name)
    shutil.copytree(DATA / "combo", folder / "combo-again")
    [broken] = copies(folder / "broken", 1, of=("boom",))
    main = next(path for path in broken.glob("1*.json") if "-" not in path.name)
    main.write_bytes(main.read_bytes()[:1000])
    copies(folder / "copies", 3)
    return folder


@pytest.mark.slow
def test_together_or_one_by_one_the_content_is_the_same(
    warehouse: Warehouse, warehouse_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = of_everything(tmp_path / "runs")
    together = take(warehouse, folder)
    alone(monkeypatch)
    shutil.copytree(warehouse_template, tmp_path / "other")
    other = Warehouse(tmp_path / "other")
    assert take(other, folder) == together
    with warehouse.writer("test") as mine, other.writer("test") as theirs:
        assert differences(content(mine, ignore=()), content(theirs, ignore=())) == {}


def test_one_run_that_fails_takes_no_other_with_it(
    warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copies(tmp_path / "runs", 4, of=("boom",))

    def fails(session: Any, run_id: str, run: LeanRun, *given: Any, **more: Any) -> SideFiles:
        if run.algorithm_id.endswith("2"):
            raise ZeroDivisionError("nobody thought of this")
        return write_side_files(session, run_id, run, *given, **more)

    monkeypatch.setattr(lean_runs, "write_side_files", fails)
    seen: list[int] = []
    report = take(warehouse, tmp_path / "runs", lambda done, _total, _what: seen.append(done))
    assert [item.outcome for item in report.items] == ["ingested", "ingested", "refused", "ingested"]
    assert report.items[2].reason == "ZeroDivisionError: nobody thought of this"
    assert ask(warehouse, "SELECT count(*), sum(orders) > 0 FROM marts.runs") == [(3, True)]
    assert ask(warehouse, "SELECT count(*) FROM marts.quarantine") == [(1,)]
    assert (seen[0], seen[-1]) == (0, 4)

    monkeypatch.undo()
    assert take(warehouse, tmp_path / "runs").outcomes == {"unchanged": 3, "ingested": 1}
    assert ask(warehouse, "SELECT count(*) FROM marts.quarantine WHERE state = 'open'") == [(0,)]


def test_a_file_that_goes_away_meanwhile_is_named_and_the_others_are_taken(
    warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = copies(tmp_path / "runs", 3, of=("boom",))
    put = RawStore.put

    def missing(store: RawStore, path: Path) -> RawFile:
        if path.is_relative_to(made[1]):
            raise FileNotFoundError(2, "No such file or directory", str(path))
        return put(store, path)

    monkeypatch.setattr(RawStore, "put", missing)
    report = take(warehouse, tmp_path / "runs")
    assert [item.outcome for item in report.items] == ["ingested", "refused", "ingested"]
    assert str(made[1]) in (report.items[1].reason or "")


def test_a_full_disk_ends_the_reading(warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copies(tmp_path / "runs", 3, of=("boom",))

    def full(*_given: Any, **_more: Any) -> SideFiles:
        raise StorageError("no space left on the disk; nothing was changed")

    monkeypatch.setattr(lean_runs, "write_side_files", full)
    with pytest.raises(StorageError):
        take(warehouse, tmp_path / "runs")
    assert ask(warehouse, "SELECT count(*) FROM marts.runs") == [(0,)]


def test_groups_are_bounded_and_nothing_is_reordered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_groups, "MOST_RUNS", 2)
    copies(tmp_path / "runs", 5, of=("boom",))
    (tmp_path / "runs" / "notes.csv").write_text("what\nthis\n")
    found = identify(tmp_path / "runs")
    grouped = list(run_groups.stored_groups(RawStore(tmp_path / "raw"), found))
    assert [one for group, _ in grouped for one in group] == found
    assert [len(group) for group, _ in grouped] == [2, 2, 1, 1]
    assert [stored is not None for _, stored in grouped] == [True, True, False, False]
