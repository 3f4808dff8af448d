"""One writer at a time, whoever it is and however it ends."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.shared import ROOT
from warehouse.access import Warehouse
from warehouse.errors import Busy, NotFound
from warehouse.locks import WriterLock, holder

BATCH = 2000


@contextmanager
def process(warehouse: Warehouse, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A writer in a process of its own, killed at the end."""
    command = [sys.executable, "-m", "tests.warehouse.writing_process", str(warehouse.state_dir), *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as started:
        try:
            yield started
        finally:
            started.kill()


def said(started: subprocess.Popen[str]) -> str:
    assert started.stdout is not None
    return started.stdout.readline().strip()


def test_a_second_process_is_told_who_writes_and_gets_in_once_that_one_is_killed(warehouse: Warehouse) -> None:
    with process(warehouse, "hold") as other:
        assert said(other) == "held"
        assert warehouse.lock_holder() is not None
        with (
            pytest.raises(Busy, match=rf"`the nightly loop` \(process {other.pid}\)") as caught,
            warehouse.writer("a test", wait_seconds=0.1),
        ):
            pass
        assert caught.value.exit_code == 75
        assert caught.value.remedy
        with warehouse.reader() as reading:
            assert reading.execute("SELECT count(*) FROM marts.files").fetchall() == [(0,)]
        other.send_signal(signal.SIGKILL)
        with warehouse.writer("a test", wait_seconds=10):
            assert warehouse.lock_holder() == holder(warehouse.lock_path)
    assert warehouse.lock_holder() is None


def test_a_writer_waits_for_another_thread_of_its_own_process(warehouse: Warehouse) -> None:
    inside, leave = threading.Event(), threading.Event()

    def first() -> None:
        with warehouse.writer("the first"):
            inside.set()
            leave.wait(10)

    thread = threading.Thread(target=first)
    thread.start()
    assert inside.wait(10)
    with pytest.raises(Busy, match="the first"), warehouse.writer("the second", wait_seconds=0.1):
        pass
    threading.Timer(0.1, leave.set).start()
    with warehouse.writer("the second", wait_seconds=10) as session:
        assert session.rows("SELECT 1") == [(1,)]
    thread.join()


def test_an_unreadable_note_does_not_hide_that_the_lock_is_held(tmp_path: Path) -> None:
    path = tmp_path / "warehouse.lock"
    with WriterLock(path, "a test", wait_seconds=0):
        path.write_text("{half")
        assert holder(path) == "another process"
        with pytest.raises(Busy, match="another process"), WriterLock(path, "b", wait_seconds=0):
            pass
    assert holder(path) is None
    assert holder(tmp_path / "never") is None


def test_a_warehouse_that_was_never_made_is_named_with_the_command_that_makes_it(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path / "nowhere")
    with pytest.raises(NotFound, match="tomking init"), warehouse.writer("a test"):
        pass
    with pytest.raises(NotFound, match="tomking init"), warehouse.reader():
        pass
    assert not warehouse.path.exists()
    assert not warehouse.schema_state().ok


def test_a_killed_writer_loses_nothing_it_committed_and_leaves_nothing_half_done(warehouse: Warehouse) -> None:
    chance = random.Random(20261122)
    committed = -1
    for _ in range(3):
        with process(warehouse, "write", str(BATCH)) as other:
            for _ in range(chance.randint(1, 6)):
                committed = max(committed, int(said(other)))
            time.sleep(chance.uniform(0, 0.03))  # anywhere between two commits
            other.send_signal(signal.SIGKILL)
            rest = other.communicate()[0].split()
            committed = max([committed, *map(int, rest)])
    with warehouse.writer("the next", wait_seconds=10) as session:
        found = session.rows("SELECT run_id::INT, count(*) FROM records.profit_loss GROUP BY run_id ORDER BY 1")
    assert [number for number, _ in found] == list(range(len(found)))
    # A commit may have been done without its number being printed any more.
    assert len(found) >= committed + 1
    assert {rows for _, rows in found} == {BATCH}
    with warehouse.reader() as reading:
        assert reading.execute("SELECT count(*) FROM records.profit_loss").fetchall() == [(len(found) * BATCH,)]


def test_a_full_disk_keeps_what_was_committed_and_says_what_to_do(warehouse: Warehouse) -> None:
    with process(warehouse, "fill") as other:
        assert "no space left" in said(other)
        other.wait(10)
    with warehouse.writer("the next", wait_seconds=10) as session:
        assert session.rows("SELECT run_id, count(*) FROM records.profit_loss GROUP BY run_id") == [("first", 10)]
