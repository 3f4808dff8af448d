"""What a path is, told by names and first bytes only."""

from __future__ import annotations

import errno
import shutil
from collections import Counter
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import pytest

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
    found = {item.path.relative_to(DATA).as_posix() for item in identify(DATA) if item.kind == "run"}
    assert found >= {"quits", "boom", "combo", "settled", "killed", "live/2-L-3100000002"}


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


def test_other_documents_that_use_leans_words_are_no_results() -> None:
    assert {found.kind for found in identify(shared_path("runs", "pairs", "tk-ibkr"))} == {"statement"}
    assert not [found for found in identify(shared_path("runs", "large")) if found.path.suffix and found.kind == "run"]


def test_results_of_every_era_and_replies_are_runs_by_their_first_members(tmp_path: Path) -> None:
    written = {
        "older": '{"RollingWindow": {}, "Charts": {}}',
        "oldest": '{"AlphaRuntimeStatistics": {}, "Orders": {}}',
        "mine": '{"$id": 1, "charts": {}, "orders": {}, "statistics": {}}',
        "reply": '{"backtest": {"backtestId": "0a1b"}, "success": true}',
        "live": '{"message": "", "deployId": "L-77", "status": "Stopped"}',
    }
    for name, text in written.items():
        (tmp_path / f"{name}.json").write_text(text)
    (tmp_path / "other.json").write_text('{"orders": 3, "statistics": {}}')
    runs = {found.run.algorithm_id: found.run.is_live for found in identify(tmp_path) if found.run}
    assert runs == {"older": False, "oldest": False, "mine": False, "0a1b": False, "L-77": True}


def test_what_is_nothing_we_know_is_named(tmp_path: Path) -> None:
    odd = tmp_path / "photo.png"
    odd.write_bytes(b"\x89PNG")
    (found,) = identify(odd)
    assert (found.kind, found.path) == ("unknown", odd)
    (found,) = identify(tmp_path)
    assert found.kind == "unknown"


def test_a_link_back_to_a_folder_it_lies_in_is_not_followed(tmp_path: Path) -> None:
    shutil.copytree(DATA / "quits", tmp_path / "in" / "quits")
    (tmp_path / "in" / "quits" / "back").symlink_to(tmp_path)
    (tmp_path / "in" / "again").symlink_to(tmp_path / "in")
    assert [found.path.name for found in identify(tmp_path)] == ["quits"]


def test_a_folder_or_a_file_that_cannot_be_read_is_named_and_the_rest_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(DATA / "quits", tmp_path / "quits")
    (tmp_path / "closed").mkdir()
    (tmp_path / "closed.json").write_text("{}")
    closed = {tmp_path / "closed", tmp_path / "closed.json"}
    for method in ("iterdir", "open"):
        monkeypatch.setattr(Path, method, _refusing(getattr(Path, method), closed))
    found = {item.path.name: item.reason for item in identify(tmp_path)}
    denied = "cannot be read: Permission denied"
    assert found == {"quits": None, "closed": denied, "closed.json": denied}


def _refusing(method: Callable[..., Any], closed: Collection[Path]) -> Callable[..., Any]:
    def refusing(path: Path, *args: Any, **options: Any) -> Any:
        if path in closed:
            raise PermissionError(errno.EACCES, "Permission denied")
        return method(path, *args, **options)

    return refusing


def test_an_engine_that_ended_before_it_wrote_a_result_is_named(tmp_path: Path) -> None:
    (tmp_path / "failed").mkdir()
    shutil.copy(DATA / "quits" / "log.txt", tmp_path / "failed")
    shutil.copytree(DATA / "boom", tmp_path / "boom")
    assert {item.path.name: item.kind for item in identify(tmp_path)} == {"boom": "run", "log.txt": "unknown"}
