"""The published copy: newest after every writer, never half, never in a writer's way."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import duckdb
import pytest

from tests.warehouse.samples import profit
from warehouse import files, publish
from warehouse.access import Warehouse
from warehouse.connections import STORAGE_VERSION
from warehouse.errors import StorageError
from warehouse.frames import frame
from warehouse.models.records.runs import ProfitLossEntry

COUNT = "SELECT count(*) FROM records.profit_loss"


def add(warehouse: Warehouse, position: int, *, publish: bool = True) -> None:
    with warehouse.writer("a test", publish=publish) as session:
        session.insert(ProfitLossEntry, frame(ProfitLossEntry, [profit("r", position)]))


def seen(warehouse: Warehouse) -> int:
    with warehouse.reader() as reading:
        return int(reading.execute(COUNT).fetchall()[0][0])


def test_what_a_writer_committed_is_in_the_copy_when_it_ends(warehouse: Warehouse) -> None:
    for position in range(3):
        add(warehouse, position)
        assert seen(warehouse) == position + 1


def test_a_writer_that_changes_nothing_leaves_the_copy_alone(warehouse: Warehouse) -> None:
    add(warehouse, 0)
    before = warehouse.published_path.stat()
    with warehouse.writer("only looks") as session:
        session.rows(COUNT)
    after = warehouse.published_path.stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
    assert not warehouse.publish()


def test_a_reader_keeps_the_copy_it_opened_and_a_new_one_sees_the_newest(warehouse: Warehouse) -> None:
    add(warehouse, 0)
    with warehouse.reader() as early:
        add(warehouse, 1)
        with warehouse.reader() as late:
            assert late.execute(COUNT).fetchall() == [(2,)]
        assert early.execute(COUNT).fetchall() == [(1,)]


def test_what_was_not_published_is_published_by_the_next_writer(warehouse: Warehouse) -> None:
    add(warehouse, 0, publish=False)
    assert seen(warehouse) == 0
    with warehouse.writer("changes nothing"):
        pass
    assert seen(warehouse) == 1


def test_the_copy_is_read_only_for_everybody(warehouse: Warehouse) -> None:
    assert stat.S_IMODE(warehouse.published_path.stat().st_mode) == 0o440
    assert stat.S_IMODE(warehouse.published_path.parent.stat().st_mode) == 0o750
    with warehouse.reader() as reading, pytest.raises(duckdb.Error, match="read-only"):
        reading.execute("DELETE FROM ops.files")


def test_a_reader_speaks_utc(warehouse: Warehouse) -> None:
    add(warehouse, 0)
    with warehouse.reader() as reading:
        text = reading.execute("SELECT booked_at::VARCHAR FROM records.profit_loss").fetchall()
    assert text == [("2026-03-09 20:15:00.123456+00",)]


def test_the_file_has_the_layout_that_both_majors_of_duckdb_read(warehouse: Warehouse) -> None:
    with warehouse.reader() as reading:
        tags = reading.execute("SELECT tags FROM duckdb_databases() WHERE database_name = 'warehouse'").fetchall()
    assert tags[0][0]["storage_version"].startswith(STORAGE_VERSION)


def test_no_temporary_file_stays_behind(warehouse: Warehouse) -> None:
    (warehouse.published_path.parent / ".warehouse.duckdb.1-abc.part").write_bytes(b"left by a killed writer")
    add(warehouse, 0)
    assert [path.name for path in warehouse.published_path.parent.iterdir()] == ["warehouse.duckdb"]


def test_a_full_disk_leaves_the_former_copy_and_says_so(
    warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def on_a_full_disk(_path: Path) -> Path:
        name = tmp_path / "on-a-full-disk"
        name.symlink_to("/dev/full")
        return name

    with monkeypatch.context() as patched:
        patched.setattr(files, "temporary_beside", on_a_full_disk)
        with pytest.raises(StorageError, match="no space left") as caught:
            add(warehouse, 0)
    assert "free space" in (caught.value.remedy or "")
    assert seen(warehouse) == 0
    assert warehouse.publish()
    assert seen(warehouse) == 1


def test_an_error_while_publishing_does_not_hide_the_error_of_the_work(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object, **_named: object) -> None:
        raise OSError(errno.EACCES, "Permission denied")

    def work() -> None:
        with warehouse.writer("a test") as session:
            session.insert(ProfitLossEntry, frame(ProfitLossEntry, [profit("r", 0)]))
            monkeypatch.setattr(os, "utime", fail)
            raise RuntimeError("the work failed")

    with pytest.raises(RuntimeError, match="the work failed") as caught:
        work()
    assert any("Permission denied" in note for note in caught.value.__notes__)


def test_a_log_left_by_a_killed_writer_is_merged_before_the_copy(warehouse: Warehouse, tmp_path: Path) -> None:
    log = warehouse.path.with_name("warehouse.duckdb.wal")
    with duckdb.connect(str(warehouse.path)) as writing:
        writing.execute("INSERT INTO records.profit_loss VALUES ('r', now(), 0, 1)")
        saved = (warehouse.path.read_bytes(), log.read_bytes())
    warehouse.path.write_bytes(saved[0])
    log.write_bytes(saved[1])
    assert publish.is_stale(warehouse.path, warehouse.published_path)
    assert warehouse.publish()
    assert seen(warehouse) == 1
    assert not log.exists()
