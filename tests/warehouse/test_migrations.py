"""Migrations: numbered, equal to the models, all or nothing, never losing a row."""

from __future__ import annotations

import gzip
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from alembic.script import ScriptDirectory

from migrations import generate
from tests.warehouse.samples import ledger_file
from warehouse import catalogue, migrate, migration_run
from warehouse.access import Warehouse
from warehouse.backup import prove
from warehouse.connections import open_for_writing
from warehouse.errors import SchemaError
from warehouse.models.base import MIGRATED_SCHEMAS

EARLIER_RELEASES = Path(__file__).parent.parent / "data" / "warehouse"
"""Files as earlier releases wrote them: `<release>.duckdb.gz`, each with the rows of the recordings in `tests/data`."""

MOVED = "_create_table_ops_alerts"
"""The table that the releases of these tests add in their second migration."""

SECOND = '''"""A second migration for a test."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

CHANGES_ROWS_OF: tuple[str, ...] = ({changes})


def upgrade() -> None:
    """Bring the schema forward."""
    {moved}()
    {more}


{function}
'''


class Releases:
    """An earlier release with the first migration only, and a later one with a second."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.earlier, self.later = folder / "earlier", folder / "later"
        self._patch = monkeypatch
        (source,) = (migrate.SCRIPTS / "versions").glob("0001_*.py")
        text = source.read_text(encoding="utf-8")
        found = re.search(rf"def {MOVED}\(\) -> None:\n(?:    .*\n|\n(?!def))+", text)
        assert found is not None
        self._function = found[0].rstrip()
        for target in (self.earlier, self.later):
            shutil.copytree(migrate.SCRIPTS, target, ignore=shutil.ignore_patterns("__pycache__", "versions"))
            (target / "versions").mkdir()
            (target / "versions" / "0001_initial.py").write_text(text.replace(f"    {MOVED}()\n", ""))

    def use(self, scripts: Path) -> None:
        """Be that release from here on."""
        self._patch.setattr(migrate, "SCRIPTS", scripts)
        migrate.revisions.cache_clear()

    def make(self, path: Path) -> None:
        """A file as the earlier release wrote it, with one row in it."""
        self.use(self.earlier)
        path.parent.mkdir(parents=True, exist_ok=True)
        with pytest.MonkeyPatch.context() as patched:
            lacking = [table for table in catalogue.tables_of(MIGRATED_SCHEMAS) if table.name != "alerts"]
            patched.setattr(catalogue, "tables_of", lambda _schemas: lacking)
            migrate.create_from_models(path)
        with open_for_writing(path) as connection:
            connection.execute(
                "INSERT INTO ops.files VALUES ('a', 'p', 'k', 1, '1', 'ingested', NULL, NULL, NULL, now(), now())"
            )

    def release_later(self, more: str = "", changes: str = "") -> None:
        """Be the later release, whose second migration does `more` besides adding the table."""
        text = SECOND.format(moved=MOVED, function=self._function, more=more, changes=changes)
        (self.later / "versions" / "0002_add_alerts.py").write_text(text)
        self.use(self.later)


@pytest.fixture
def releases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Releases]:
    yield Releases(tmp_path / "releases", monkeypatch)
    monkeypatch.undo()
    migrate.revisions.cache_clear()


@pytest.fixture
def old(releases: Releases, tmp_path: Path) -> Warehouse:
    """A warehouse of the earlier release."""
    warehouse = Warehouse(tmp_path / "old")
    releases.make(warehouse.path)
    return warehouse


def test_a_file_made_by_the_migrations_is_what_the_models_declare(tmp_path: Path) -> None:
    path = tmp_path / "made.duckdb"
    assert migrate.upgrade(path) == (None, migrate.head())
    with open_for_writing(path) as connection:
        assert migrate.drift(connection) == []
        assert catalogue.read(connection) == catalogue.expected()
        assert migrate.current(connection) == migrate.head()


def test_a_file_made_from_the_models_is_taken_for_current(tmp_path: Path) -> None:
    path = tmp_path / "made.duckdb"
    migrate.create_from_models(path)
    assert migrate.upgrade(path) == (migrate.head(), migrate.head())


def test_migrations_are_numbered_without_gaps_and_alembic_agrees_on_the_newest() -> None:
    assert [int(revision) for revision in migrate.revisions()] == list(range(1, len(migrate.revisions()) + 1))
    script = ScriptDirectory.from_config(migration_run.configuration())
    assert script.get_heads() == [migrate.head()]
    assert sorted(step.revision for step in script.walk_revisions()) == list(migrate.revisions())


def test_every_migration_says_what_it_changes_and_offers_no_way_down() -> None:
    for step in ScriptDirectory.from_config(migration_run.configuration()).walk_revisions():
        assert (step.module.__doc__ or "").strip()
        assert not hasattr(step.module, "downgrade")


@pytest.mark.slow
def test_the_models_hold_nothing_that_the_newest_migration_lacks() -> None:
    assert generate.drafted(migrate.head()) == []


def test_creating_twice_changes_nothing(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    first = warehouse.create_or_upgrade()
    assert (first.before, first.after, first.backup) == (None, migrate.head(), None)
    assert "marts" in first.rebuilt
    before = warehouse.path.stat().st_mtime_ns
    second = warehouse.create_or_upgrade()
    assert (second.before, second.after, second.backup, second.rebuilt) == (migrate.head(), migrate.head(), None, ())
    assert warehouse.path.stat().st_mtime_ns == before
    assert warehouse.schema_state().ok


def test_an_older_file_is_upgraded_after_a_backup_and_keeps_its_rows(old: Warehouse, releases: Releases) -> None:
    releases.release_later()
    done = old.create_or_upgrade()
    assert (done.before, done.after) == ("0001", "0002")
    assert done.backup is not None
    assert prove(done.backup).revision == "0001"
    assert prove(old.path).rows["ops.files"] == 1
    assert "ops.alerts" in prove(old.path).rows
    assert old.schema_state().ok


def test_any_writer_upgrades_an_older_file(old: Warehouse, releases: Releases) -> None:
    releases.release_later()
    with old.writer("ingest") as session:
        session.record_file(**ledger_file("b"))
    assert prove(old.path).rows["ops.files"] == 2
    assert [one.revision for one in old.backups()] == ["0001"]


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ('op.execute("DELETE FROM ops.files")', "ops.files: 1 before, 0 after"),
        ("op.execute(\"INSERT INTO ops.builds VALUES ('x', 'y', now())\")", "ops.builds: 0 before, 1 after"),
        ('op.execute("DROP TABLE ops.files")', "ops.files: 1 before, 0 after"),
        ('op.add_column("jobs", sa.Column("surplus", sa.Text()), schema="ops")', "has column ops.jobs surplus"),
        ('op.execute("SELECT * FROM ops.nowhere")', "nowhere"),
        ('raise RuntimeError("stopped half-way")', "stopped half-way"),
    ],
)
def test_a_migration_that_goes_wrong_leaves_the_file_as_it_was(
    old: Warehouse, releases: Releases, more: str, why: str
) -> None:
    before = prove(old.path)
    releases.release_later(more)
    with pytest.raises(SchemaError, match=re.escape(why)):
        old.create_or_upgrade()
    assert prove(old.path) == before
    assert "ops.alerts" not in before.rows


def test_a_migration_may_change_the_rows_it_names(old: Warehouse, releases: Releases) -> None:
    releases.release_later('op.execute("DELETE FROM ops.files")', changes='"ops.files",')
    old.create_or_upgrade()
    assert prove(old.path).rows["ops.files"] == 0


def test_a_failed_first_migration_leaves_no_file(
    tmp_path: Path, releases: Releases, monkeypatch: pytest.MonkeyPatch
) -> None:
    releases.release_later('raise RuntimeError("stopped half-way")')
    with pytest.raises(SchemaError, match="stopped half-way"):
        Warehouse(tmp_path / "new").create_or_upgrade()
    assert not (tmp_path / "new" / "warehouse.duckdb").exists()


def test_a_file_of_a_newer_release_is_refused_by_its_revision(old: Warehouse, releases: Releases) -> None:
    releases.release_later()
    old.create_or_upgrade()
    releases.use(releases.earlier)
    with pytest.raises(SchemaError, match="revision 0002, which this release does not know"), old.writer("a test"):
        pass
    with pytest.raises(SchemaError, match="newest it knows is 0001"):
        old.create_or_upgrade()


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        ("ALTER TABLE ops.files ADD COLUMN mine TEXT", "has column ops.files mine"),
        ("ALTER TABLE ops.files DROP COLUMN message", "lacks column ops.files message"),
        ("ALTER TABLE records.profit_loss ALTER amount TYPE DECIMAL(18, 6)", r"has column records.profit_loss amount"),
        ("ALTER TABLE ops.jobs ALTER detail SET DEFAULT 'x'", "has column ops.jobs detail"),
        ("ALTER TABLE ops.jobs ALTER job DROP NOT NULL", "lacks constraint ops.jobs NOT NULL"),
        ("CREATE INDEX mine ON ops.files (kind)", "has index ops.files"),
        ("CREATE TABLE records.mine (x INT)", "has column records.mine x"),
        ("CREATE VIEW ops.mine AS SELECT 1", "has view ops.mine"),
        ("DROP TABLE ops.alerts", "lacks column ops.alerts"),
    ],
)
def test_a_file_changed_by_hand_is_refused_with_what_differs_and_what_mends_it(
    warehouse: Warehouse, change: str, shown: str
) -> None:
    with duckdb.connect(str(warehouse.path)) as connection:
        connection.execute(change)
    with pytest.raises(SchemaError, match="changed by hand") as caught, warehouse.writer("a test"):
        pass
    assert shown in (caught.value.why or "")
    assert "tomking restore" in (caught.value.remedy or "")
    with pytest.raises(SchemaError, match="changed by hand"):
        warehouse.create_or_upgrade()
    assert not warehouse.schema_state().ok


def test_a_database_that_is_no_warehouse_is_left_alone(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    with duckdb.connect(str(warehouse.path)) as connection:
        connection.execute("CREATE TABLE mine (x INT)")
    with pytest.raises(SchemaError, match="no warehouse"):
        warehouse.create_or_upgrade()
    with duckdb.connect(str(warehouse.path)) as connection:
        assert connection.execute("SELECT table_name FROM duckdb_tables()").fetchall() == [("mine",)]


def test_a_folder_name_with_a_percent_sign_is_no_obstacle(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path / "100% mine's")
    warehouse.create_or_upgrade()
    with warehouse.reader() as reading:
        assert reading.execute("SELECT count(*) FROM marts.files").fetchall() == [(0,)]


@pytest.mark.parametrize(
    "release",
    sorted(EARLIER_RELEASES.glob("*.duckdb.gz")),
    ids=lambda path: path.name.removesuffix(".duckdb.gz"),
)
def test_a_warehouse_of_an_earlier_release_is_upgraded_with_all_its_rows(release: Path, tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    warehouse.path.write_bytes(gzip.decompress(release.read_bytes()))
    warehouse.path.chmod(0o640)
    before = prove(warehouse.path)
    warehouse.create_or_upgrade()
    after = prove(warehouse.path)
    assert after.revision == migrate.head()
    # Derived tables are made again where their form changed, and the days they need are asked for; what was recorded
    # is never lost.
    made_again = {"ops.builds", "ops.dirty_days"}
    recorded = {
        table: count
        for table, count in before.rows.items()
        if table.split(".")[0] in MIGRATED_SCHEMAS and table not in made_again
    }
    assert sum(recorded.values()) > 0
    assert {table: after.rows[table] for table in recorded} == recorded
