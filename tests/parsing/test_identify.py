"""What a path is, told by names and first bytes only."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

from pipelines.parsing.identify import identify
from tests.shared import shared_path

DATA = Path(__file__).resolve().parent.parent / "data" / "runs"


def roles(folder: Path) -> Counter[str]:
    (found,) = identify(folder)
    assert found.run is not None
    return Counter(role for role, _ in found.run.files)


def test_a_backtest_folder_is_one_run() -> None:
    (found,) = identify(DATA / "quits")
    assert found.run is not None
    assert (found.kind, found.run.algorithm_id, found.run.name, found.run.is_live) == (
        "run",
        "QuitProbe",
        "quits",
        False,
    )
    assert roles(DATA / "quits") == Counter(main=1, summary=1, order_events=1, algorithm_log=1, engine_log=1)


def test_a_live_folder_has_its_day_files() -> None:
    (found,) = identify(DATA / "live" / "2-L-3100000002")
    assert found.run is not None
    assert found.run.is_live
    assert roles(found.path)["day_order_events"] == 1
    assert roles(found.path)["day_10minute"] == 1


def test_a_folder_of_runs_is_all_of_them() -> None:
    assert Counter(found.kind for found in identify(DATA)) == Counter(run=7)


def test_two_results_in_one_folder_are_two_runs_named_by_their_ids(tmp_path: Path) -> None:
    for name in ("quits", "boom"):
        for path in (DATA / name).iterdir():
            if path.name != "log.txt":
                shutil.copy(path, tmp_path)
    found = identify(tmp_path)
    assert [item.run.name for item in found if item.run] == ["BoomProbe", "QuitProbe"]


def test_a_main_file_named_by_itself_brings_its_run() -> None:
    (found,) = identify(DATA / "quits" / "QuitProbe.json")
    assert found.run is not None
    assert len(found.run.files) == 5


def test_a_side_file_named_by_itself_says_what_to_name() -> None:
    (found,) = identify(DATA / "quits" / "QuitProbe-summary.json")
    assert found.kind == "unknown"
    assert found.reason is not None
    assert "QuitProbe" in found.reason


def test_a_folder_with_events_and_no_main_file_is_a_run_without_one(tmp_path: Path) -> None:
    shutil.copy(DATA / "quits" / "QuitProbe-order-events.json", tmp_path)
    (found,) = identify(tmp_path)
    assert found.run is not None
    assert found.run.main is None


def test_an_object_store_inside_a_run_folder_is_found_too() -> None:
    found = identify(shared_path("runs", "own", "tk-tastytrade-covid"))
    assert [(item.kind, item.path.name) for item in found] == [
        ("run", "tk-tastytrade-covid"),
        ("object_store", "storage"),
    ]


def test_everything_recorded_is_told_apart() -> None:
    kinds = Counter(found.kind for found in identify(shared_path("runs")))
    assert kinds["run"] == 170
    assert (kinds["object_store"], kinds["lean_data"], kinds["unknown"]) == (5, 1, 0)


def test_prices_and_statements_are_told_by_their_header() -> None:
    prices = shared_path("samples", "market")
    assert {found.kind for found in identify(prices)} == {"prices"}
    assert {found.kind for found in identify(shared_path("samples", "tastytrade"))} == {"statement"}


def test_what_is_nothing_we_know_is_named(tmp_path: Path) -> None:
    odd = tmp_path / "photo.png"
    odd.write_bytes(b"\x89PNG")
    (found,) = identify(odd)
    assert (found.kind, found.path) == ("unknown", odd)
    (found,) = identify(tmp_path)
    assert found.kind == "unknown"
