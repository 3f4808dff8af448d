"""Backups: proved when made, proved before they are used, and nothing is lost by restoring one."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest

from tests.warehouse.samples import profit
from warehouse import backup as backups
from warehouse import migrate
from warehouse.access import Warehouse
from warehouse.errors import Conflict, NotFound, SchemaError, StorageError
from warehouse.frames import frame
from warehouse.models.records.runs import ProfitLossEntry


def add(warehouse: Warehouse, position: int) -> None:
    with warehouse.writer("a test") as session:
        session.insert(ProfitLossEntry, frame(ProfitLossEntry, [profit("r", position)]))


def seen(warehouse: Warehouse) -> int:
    with warehouse.reader() as reading:
        return int(reading.execute("SELECT count(*) FROM records.profit_loss").fetchall()[0][0])


def test_restoring_brings_back_the_rows_of_the_backup_and_keeps_those_it_replaces(warehouse: Warehouse) -> None:
    add(warehouse, 0)
    saved = warehouse.backup()
    assert backups.prove(saved).rows["records.profit_loss"] == 1
    add(warehouse, 1)
    replaced = warehouse.restore(saved)
    assert seen(warehouse) == 1
    assert replaced is not None
    assert backups.prove(replaced).rows["records.profit_loss"] == 2
    warehouse.restore(replaced)
    assert seen(warehouse) == 2
    add(warehouse, 2)
    assert seen(warehouse) == 3


def test_backups_are_named_by_instant_and_revision_and_the_newest_are_kept(warehouse: Warehouse) -> None:
    few = Warehouse(warehouse.state_dir, backups_kept=2)
    made = [few.backup() for _ in range(4)]
    kept = few.backups()
    assert [one.path for one in kept] == [made[3], made[2]]
    assert {one.revision for one in kept} == {migrate.head()}
    assert kept[0].taken_at > kept[1].taken_at


def test_the_backup_being_restored_is_not_thinned_out(warehouse: Warehouse) -> None:
    few = Warehouse(warehouse.state_dir, backups_kept=1)
    saved = few.backup()
    few.restore(saved)
    assert saved.exists()


def test_a_backup_goes_where_it_is_told_but_never_over_a_file(warehouse: Warehouse, tmp_path: Path) -> None:
    target = tmp_path / "copy.duckdb"
    assert warehouse.backup(target) == target
    with pytest.raises(Conflict, match="already"):
        warehouse.backup(target)
    assert warehouse.backups() == []


def test_a_damaged_backup_is_refused_and_the_present_file_stays(warehouse: Warehouse, tmp_path: Path) -> None:
    add(warehouse, 0)
    saved = warehouse.backup(tmp_path / "copy.duckdb")
    saved.chmod(0o640)
    with saved.open("r+b") as file:
        file.truncate(100_000)
    with pytest.raises(StorageError, match="no readable copy"):
        warehouse.restore(saved)
    with pytest.raises(NotFound):
        warehouse.restore(tmp_path / "nowhere.duckdb")
    add(warehouse, 1)
    assert seen(warehouse) == 2


def test_a_database_that_is_no_warehouse_is_refused(warehouse: Warehouse, tmp_path: Path) -> None:
    stranger = tmp_path / "stranger.duckdb"
    duckdb.connect(str(stranger)).close()
    with pytest.raises(SchemaError, match="no warehouse"):
        warehouse.restore(stranger)


def test_a_backup_of_a_newer_release_is_refused_by_its_revision(warehouse: Warehouse, tmp_path: Path) -> None:
    newer = tmp_path / "newer.duckdb"
    shutil.copy(warehouse.path, newer)
    with duckdb.connect(str(newer)) as connection:
        connection.execute("UPDATE ops.alembic_version SET version_num = '9999'")
    with pytest.raises(SchemaError, match="9999"):
        warehouse.restore(newer)


def test_a_present_file_that_cannot_be_opened_is_kept_aside_as_it_is(warehouse: Warehouse) -> None:
    add(warehouse, 0)
    saved = warehouse.backup()
    warehouse.path.write_bytes(b"overwritten by accident")
    with pytest.raises(StorageError, match="tomking restore"), warehouse.writer("a test"):
        pass
    aside = warehouse.restore(saved)
    assert aside is not None
    assert aside.read_bytes() == b"overwritten by accident"
    assert seen(warehouse) == 1


def test_a_lost_file_comes_back_from_its_backup(warehouse: Warehouse) -> None:
    add(warehouse, 0)
    saved = warehouse.backup()
    warehouse.path.unlink()
    assert warehouse.restore(saved) is None
    add(warehouse, 1)
    assert seen(warehouse) == 2
