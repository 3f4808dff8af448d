"""Drafted migrations: what the models declare and a file lacks, ready to be read and completed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from migrations import generate
from warehouse import catalogue, migrate
from warehouse.access import Warehouse
from warehouse.backup import prove
from warehouse.connections import open_for_writing
from warehouse.models import Base


@pytest.fixture
def scripts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the migrations to write into."""
    target = tmp_path / "scripts"
    shutil.copytree(migrate.SCRIPTS, target, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(migrate, "SCRIPTS", target)
    monkeypatch.setattr(generate, "VERSIONS", target / "versions")
    yield target
    monkeypatch.undo()
    migrate.revisions.cache_clear()
    catalogue.expected.cache_clear()


@pytest.mark.slow
def test_a_declared_table_and_column_come_into_older_files_by_a_draft(scripts: Path, tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path / "state")
    warehouse.create_or_upgrade()
    before = migrate.head()
    table = sa.Table("seen", Base.metadata, sa.Column("name", sa.Text, primary_key=True), schema="ops")
    column: sa.Column[str] = sa.Column("colour", sa.Text)
    alerts = Base.metadata.tables["ops.alerts"]
    alerts.append_column(column)
    catalogue.expected.cache_clear()
    try:
        generate.main(["add_seen"])
        migrate.revisions.cache_clear()
        draft = next((scripts / "versions").glob("*_add_seen.py")).read_text(encoding="utf-8")
        done = warehouse.create_or_upgrade()
    finally:
        Base.metadata.remove(table)
        alerts._columns.remove(column)
    assert draft.startswith('"""Add seen."""')
    assert (done.before, int(done.after)) == (before, int(before) + 1)
    assert "ops.seen" in prove(warehouse.path).rows
    with open_for_writing(warehouse.path) as connection:
        assert connection.execute("SELECT colour FROM ops.alerts").fetchall() == []


@pytest.mark.parametrize("name", ["", "Add seen", "1st", "../x"])
def test_a_draft_has_a_plain_name(scripts: Path, name: str) -> None:
    before = sorted(path.name for path in (scripts / "versions").iterdir())
    with pytest.raises(SystemExit):
        generate.main([name])
    assert sorted(path.name for path in (scripts / "versions").iterdir()) == before
