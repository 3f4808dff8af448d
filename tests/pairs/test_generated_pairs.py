"""Statements made by seeds for every recorded run are reconciled as their keys say.

`TOMKING_PAIR_SEEDS=N` tries N statements per run; `python -m tests.pairs.sweep` prints a table of more.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from tests.pairs.judging import forget_statements, judge, prepare, reconcile, results
from tests.pairs.lean_record import LeanLeg, read_legs
from tests.pairs.recorded_runs import NAMES, folders_of
from tests.pairs.statement_maker import make_statement
from warehouse.access import Warehouse

SEEDS = range(int(os.environ.get("TOMKING_PAIR_SEEDS", "2")))
Prepared = tuple[Path, list[str], list[LeanLeg]]
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def prepared(warehouse_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Prepared]:
    """The state folder with a run, its ids and its fills, made once; copy the folder, never write to it."""

    @cache
    def make(name: str) -> Prepared:
        folder = tmp_path_factory.mktemp("run")
        folders = folders_of(name, folder)
        return folder / "state", prepare(warehouse_template, folder / "state", folders), read_legs(folders)

    return make


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", NAMES)
def test_every_fault_is_found_and_none_invented(
    name: str, seed: int, prepared: Callable[[str], Prepared], tmp_path: Path
) -> None:
    state, runs, legs = prepared(name)
    shutil.copytree(state, tmp_path / "state")
    statement = make_statement(legs, tmp_path / "statements", seed)
    with Warehouse(tmp_path / "state").writer("test") as session:
        reconcile(session, statement.paths)
        found = judge(session, statement.key, runs)
        assert found.is_clean, str(found)
        before = results(session)
        session.changed = False
        reconcile(session, ())
        assert not session.changed
        forget_statements(session)
        reconcile(session, statement.paths[::-1])
        after = results(session)
        assert [table for table in before if not before[table].equals(after[table])] == []


@pytest.mark.parametrize("name", ["covid", "live"])
def test_a_sound_statement_has_no_break(name: str, prepared: Callable[[str], Prepared], tmp_path: Path) -> None:
    state, runs, legs = prepared(name)
    shutil.copytree(state, tmp_path / "state")
    statement = next(
        made
        for seed in range(100)
        if not (made := make_statement(legs, tmp_path / str(seed), seed, damages=0)).key["breaks"]
    )
    with Warehouse(tmp_path / "state").writer("test") as session:
        reconcile(session, statement.paths)
        found = judge(session, statement.key, runs)
        assert found.is_clean, str(found)
        assert session.rows("SELECT count(*) FROM marts.breaks") == [(0,)]
        assert session.rows("SELECT DISTINCT state FROM marts.fee_reconciliation") == [("matched",)]
