"""Whatever order runs are read in, and whatever was read of them on the way, the warehouse ends in the same content."""

from __future__ import annotations

import itertools
import json
import random
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from pipelines.config import LeanSettings, Settings
from pipelines.parsing.identify import runs_in
from pipelines.steps.ingest import ingest_paths
from tests.shared import shared_path
from tests.steps.fingerprint import Content, content, differences
from warehouse.access import Warehouse

DATA = Path(__file__).resolve().parent.parent / "data" / "runs"
LIVE = DATA / "live"
FOLDERS = sorted(path for path in LIVE.iterdir() if path.is_dir())
BACKTEST = DATA / "quits"


@dataclass
class Reader:
    """Reads paths into warehouses of their own, each made from the same empty one."""

    template: Path
    root: Path
    made: int = 0

    def fresh(self) -> Warehouse:
        self.made += 1
        state = self.root / f"state-{self.made}"
        shutil.copytree(self.template, state)
        return Warehouse(state)

    def after(self, *sessions: Sequence[Path], ignore: Iterable[str] | None = None) -> Content:
        """The content after reading these paths, session by session."""
        warehouse = self.fresh()
        for paths in sessions:
            read(warehouse, paths)
        with warehouse.writer("look") as session:
            found = content(session) if ignore is None else content(session, ignore=set(ignore))
        shutil.rmtree(warehouse.path.parent)
        return found


def read(warehouse: Warehouse, paths: Sequence[Path]) -> None:
    # Runs of these recordings that did not end are to count as killed whatever the clock says.
    instance = Settings(root=Path("/nowhere"), lean=LeanSettings(stale_after_hours=0))
    with warehouse.writer("read") as session:
        ingest_paths(session, instance, paths)


@pytest.fixture
def reader(warehouse_template: Path, tmp_path: Path) -> Reader:
    return Reader(warehouse_template, tmp_path)


@pytest.fixture(scope="module")
def whole(warehouse_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Content:
    """Everything of the live recordings, read once from first to last."""
    return Reader(warehouse_template, tmp_path_factory.mktemp("whole")).after(FOLDERS, ignore=())


@pytest.mark.parametrize("seed", range(2))
def test_copies_made_while_running_change_nothing_whenever_they_are_read(
    reader: Reader, whole: Content, seed: int
) -> None:
    order = list(FOLDERS)
    random.Random(seed).shuffle(order)
    assert differences(whole, reader.after(order, ignore=())) == {}


def test_one_session_or_many_and_twice_make_no_difference(reader: Reader, whole: Content) -> None:
    backwards = [[folder] for folder in reversed(FOLDERS)]
    assert differences(whole, reader.after(*backwards, FOLDERS, ignore=())) == {}


def test_the_copies_add_nothing_to_the_final_folders(reader: Reader, whole: Content) -> None:
    finals = [folder for folder in FOLDERS if ".at-" not in folder.name]
    found = reader.after(finals)
    assert differences({name: rows for name, rows in whole.items() if name in found}, found) == {}


def test_a_new_parser_makes_the_same_content_again_from_all_readings(reader: Reader, whole: Content) -> None:
    warehouse = reader.fresh()
    read(warehouse, FOLDERS)
    with warehouse.writer("an older parser") as session:
        session.execute("UPDATE records.runs SET parser_version = 'older'")
        session.execute("UPDATE records.run_readings SET parser_version = 'older'")
        session.execute("DELETE FROM records.order_events WHERE order_id > 2")
    read(warehouse, [])
    with warehouse.writer("look") as session:
        found = content(session)
    assert differences({name: rows for name, rows in whole.items() if name in found}, found) == {}


@pytest.mark.slow
def test_no_order_of_the_live_folders_matters(reader: Reader, whole: Content) -> None:
    orders = list(itertools.permutations(FOLDERS))
    for order in random.Random(7).sample(orders, 25):
        assert differences(whole, reader.after(*([folder] for folder in order), ignore=())) == {}


@pytest.mark.slow
def test_the_recorded_live_folder_with_its_hours_reads_the_same_in_any_order(reader: Reader) -> None:
    folders = sorted(path for path in shared_path("runs", "live").iterdir() if path.is_dir())
    expected = reader.after(folders, ignore=())
    for seed in range(4):
        random.Random(seed).shuffle(folders)
        assert differences(expected, reader.after(folders, ignore=())) == {}


# --- half-written, corrupted, elsewhere -------------------------------------------------------------------------------


def copied(source: Path, target: Path) -> Path:
    shutil.copytree(source, target)
    return target


def cut(path: Path, share: float) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])


def spoilt(path: Path, share: float) -> None:
    """Break a file in the middle, its length kept."""
    data = path.read_bytes()
    place = int(len(data) * share)
    path.write_bytes(data[:place] + b"\x00" * min(40, len(data) - place) + data[place + 40 :])


def mid_run(folder: Path) -> None:
    """Make a finished backtest's folder what its engine had written in the middle of the run."""
    main = next(path for role, path in runs_in(folder)[0].files if role == "main")
    document: dict[str, Any] = json.loads(main.read_bytes())
    newest = dict(list(document["orders"].items())[-100:])
    document |= {"statistics": {}, "rollingWindow": {}, "orders": newest}
    document["state"] |= {"Status": "Running", "EndTime": ""}
    for name in ("totalPerformance", "algorithmConfiguration"):
        document.pop(name, None)
    main.write_text(json.dumps(document))
    events = folder / f"{main.stem}-order-events.json"
    if events.exists():
        events.write_text(json.dumps(json.loads(events.read_bytes())[::-1][:100]))
    for late in (f"{main.stem}-summary.json", f"{main.stem}-log.txt"):
        (folder / late).unlink(missing_ok=True)


def files_of(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.is_file())


DAMAGES: dict[str, Callable[[Path, float], None]] = {"cut": cut, "spoilt": spoilt}
RUNS = {"backtest": BACKTEST, "combo": DATA / "combo", "live": LIVE / "2-L-3100000002"}


@st.composite
def damaged_readings(draw: st.DrawFn) -> tuple[str, list[tuple[str, str, float]]]:
    name = draw(st.sampled_from(sorted(RUNS)))
    readings = draw(
        st.lists(
            st.tuples(
                st.sampled_from([*sorted(DAMAGES), "lost"]),
                st.sampled_from(files_of(RUNS[name])),
                st.floats(0.0, 0.999),
            ),
            min_size=1,
            max_size=3,
        )
    )
    return name, readings


# Each example reads several runs into a warehouse of its own: shrinking would take longer than looking.
@settings(max_examples=6, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(damaged_readings())
@example(("backtest", [("cut", "QuitProbe-log.txt", 0.0), ("cut", "QuitProbe-order-events.json", 0.0)]))
def test_a_run_that_was_half_written_or_broken_ends_as_if_it_had_been_read_whole(
    warehouse_template: Path, tmp_path_factory: pytest.TempPathFactory, case: tuple[str, list[tuple[str, str, float]]]
) -> None:
    name, readings = case
    base = tmp_path_factory.mktemp("damaged")
    reader = Reader(warehouse_template, base)
    folder = base / RUNS[name].name
    expected = reader.after([copied(RUNS[name], folder)])
    sessions = []
    warehouse = reader.fresh()
    for damage, file, share in readings:
        shutil.rmtree(folder)
        copied(RUNS[name], folder)
        if damage == "lost":
            (folder / file).unlink()
        else:
            DAMAGES[damage](folder / file, share)
        read(warehouse, [folder])
        sessions.append((damage, file, share))
    shutil.rmtree(folder)
    read(warehouse, [copied(RUNS[name], folder)])
    with warehouse.writer("look") as session:
        assert differences(expected, content(session)) == {}, sessions
    shutil.rmtree(base)


@pytest.mark.parametrize("whole_first", [True, False])
def test_a_side_file_that_was_broken_and_grew_by_it_ends_as_it_was(
    reader: Reader, tmp_path: Path, *, whole_first: bool
) -> None:
    name = "data-monitor-report-20261122150232500.json"
    whole = copied(DATA / "boom", tmp_path / "whole" / "boom")
    (whole / name).write_text('{"total-data-requests-count": 11, "failed-data-requests-percentage": 0}')
    broken = copied(whole, tmp_path / "broken" / "boom")
    (broken / name).write_text(
        '{"total-data-requests-count": "eleven, or perhaps twelve", "failed-data-requests-percent'
    )
    expected = reader.after([whole])
    readings = [[whole], [broken]] if whole_first else [[broken], [whole]]
    assert differences(expected, reader.after(*readings)) == {}


@pytest.mark.parametrize("name", ["quits", "combo", "settled"])
def test_a_backtest_read_in_mid_run_is_completed_later_and_never_undone(
    reader: Reader, tmp_path: Path, name: str
) -> None:
    final = copied(DATA / name, tmp_path / "results" / name)
    expected = reader.after([final])
    middle = copied(DATA / name, tmp_path / "middle" / name)
    mid_run(middle)
    assert differences(expected, reader.after([middle], [final])) == {}
    assert differences(expected, reader.after([final], [middle])) == {}
    assert differences(expected, reader.after([middle], [final], [middle], [final])) == {}


def test_the_same_folder_under_another_path_is_the_same_run(reader: Reader, tmp_path: Path) -> None:
    for source in (BACKTEST, LIVE / "2-L-3100000002"):
        elsewhere = copied(source, tmp_path / "elsewhere" / source.name)
        assert differences(reader.after([source]), reader.after([elsewhere], [source], [elsewhere])) == {}


def test_what_two_copies_of_a_killed_backtest_saw_is_joined_in_either_order(reader: Reader, tmp_path: Path) -> None:
    """The engine's file in mid-run holds the newest orders only: what an older copy had is not lost, nor undone."""
    early, late = (
        copied(DATA / "settled", tmp_path / "early" / "run"),
        copied(DATA / "settled", tmp_path / "late" / "run"),
    )
    for folder in (early, late):
        mid_run(folder)
    main = next(path for role, path in runs_in(late)[0].files if role == "main")
    document = json.loads(main.read_bytes())
    numbers = sorted(document["orders"], key=int)
    whole = {number: dict(document["orders"][number]) for number in numbers}
    document["orders"] = {number: whole[number] for number in numbers[1:]}
    main.write_text(json.dumps(document))
    # The early copy saw the first order in full and the last but one as no more than submitted.
    document["orders"] = {
        **{number: whole[number] for number in numbers[:-1]},
        numbers[-2]: {**whole[numbers[-2]], "status": 1},
    }
    document["state"]["OrderCount"] = str(len(numbers) - 1)
    next(path for role, path in runs_in(early)[0].files if role == "main").write_text(json.dumps(document))
    one, other = reader.after([early], [late], ignore=()), reader.after([late], [early], ignore=())
    assert differences(one, other) == {}
    (orders,) = (rows for name, rows in one.items() if name.startswith("records.orders("))
    assert len(orders) == len(numbers)
    assert "submitted" not in {value for row in orders for value in row}


@pytest.mark.slow
def test_a_run_killed_in_the_middle_is_read_the_same_beside_others(reader: Reader) -> None:
    folders = [*sorted(shared_path("runs", "unfinished").iterdir()), BACKTEST]
    expected = reader.after(folders)
    assert differences(expected, reader.after(*([folder] for folder in reversed(folders)))) == {}
    assert differences(expected, reader.after(folders, folders)) == {}
