"""Every declared reference has a check that finds the rows pointing nowhere."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from tests.warehouse.samples import INSTANT, profit
from warehouse import orphans
from warehouse.access import Warehouse, WriteSession
from warehouse.frames import frame
from warehouse.models import Base
from warehouse.models.records.journal import JournalEntry
from warehouse.models.records.runs import ProfitLossEntry


@pytest.fixture
def session(warehouse: Warehouse) -> Iterator[WriteSession]:
    with warehouse.writer("a test") as opened:
        yield opened


def failures(session: WriteSession) -> dict[str, int]:
    return {result.name: result.failures for result in orphans.run_all(session) if result.failures}


def test_there_is_a_check_for_every_reference_and_each_runs_on_an_empty_warehouse(session: WriteSession) -> None:
    declared = sum("references" in column.info for table in Base.metadata.tables.values() for column in table.columns)
    checks = orphans.orphan_checks()
    assert len(checks) == declared > 0
    assert failures(session) == {}


def test_names_of_checks_are_distinct_identifiers() -> None:
    names = [check.name for check in orphans.orphan_checks()]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z0-9_]+", name) for name in names)


def test_a_row_of_a_run_that_is_not_there_is_found_with_its_key(session: WriteSession) -> None:
    session.insert(ProfitLossEntry, frame(ProfitLossEntry, [profit("ghost", 0), profit("ghost", 1)]))
    (result,) = [one for one in orphans.run_all(session) if one.failures]
    assert result.name == "orphans_records_profit_loss_run_id"
    assert result.failures == 2
    assert all(row[0] == "ghost" for row in result.sample)


def test_a_null_refers_to_nothing(session: WriteSession) -> None:
    row = {"journal_key": "j", "segment": "1", "line": 1, "run_key": "r", "run_id": None, "dialect": "1", "kind": "k"}
    row |= {"payload": "{}", "sha256": "s", "learnt_at": INSTANT}
    session.insert(JournalEntry, frame(JournalEntry, [row]))
    assert failures(session) == {}


def test_an_order_of_another_run_with_the_same_number_is_no_parent() -> None:
    (check,) = [check for check in orphans.orphan_checks() if check.source == "records.order_events.order_id"]
    assert check.target == "records.orders.order_id"
    assert 'p."order_id" = c."order_id" AND p."run_id" = c."run_id"' in check.sql


def test_a_file_is_found_by_its_hash_whatever_run_the_ledger_names() -> None:
    (check,) = [check for check in orphans.orphan_checks() if check.source == "records.runs.main_sha256"]
    assert "run_id" not in check.sql.split("WHERE", 1)[1]


def test_a_reference_to_something_nobody_declares_is_an_error_of_the_models() -> None:
    column: sa.Column[str] = sa.Column("x", sa.Text, info={"references": "records.nowhere.x"})
    table = sa.Table("lost", Base.metadata, column, schema="records")
    try:
        with pytest.raises(LookupError, match=r"records\.lost\.x refers to records\.nowhere\.x"):
            orphans.orphan_checks()
    finally:
        Base.metadata.remove(table)
