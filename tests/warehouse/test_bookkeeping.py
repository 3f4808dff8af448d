"""The ledger, quarantine and dirty days: the same thing said twice changes nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest

from tests.warehouse.samples import ledger_file
from warehouse.access import Warehouse, WriteSession

MONDAY, TUESDAY = dt.date(2026, 3, 9), dt.date(2026, 3, 10)
EVENING = dt.datetime(2026, 3, 9, 22, tzinfo=dt.UTC)


@pytest.fixture
def session(warehouse: Warehouse) -> Iterator[WriteSession]:
    with warehouse.writer("a test", now=EVENING) as opened:
        yield opened


@pytest.mark.parametrize("outcome", ["ingested", "partial", "superseded"])
def test_bytes_that_were_taken_are_known_to_the_same_parser_only(session: WriteSession, outcome: str) -> None:
    session.record_file(**ledger_file("a", outcome=outcome))
    assert session.known_file("a", "lean_result", "1")
    assert not session.known_file("a", "lean_result", "2")
    assert not session.known_file("a", "statement", "1")
    assert not session.known_file("b", "lean_result", "1")


def test_refused_bytes_are_read_again(session: WriteSession) -> None:
    session.record_file(**ledger_file("a", outcome="refused"))
    assert not session.known_file("a", "lean_result", "1")


def test_a_statement_is_known_for_its_account(session: WriteSession) -> None:
    session.record_file(**ledger_file("a", kind="statement", account="main"))
    assert session.known_file("a", "statement", "1", account="main")
    assert not session.known_file("a", "statement", "1", account="other")


def test_a_moved_file_is_known_by_its_bytes(session: WriteSession) -> None:
    session.record_file(**ledger_file("a"))
    session.record_file(**ledger_file("a", path="elsewhere.json", outcome="unchanged"))
    assert session.known_file("a", "lean_result", "1")
    assert session.rows("SELECT path, outcome FROM ops.files ORDER BY path") == [
        ("elsewhere.json", "unchanged"),
        ("results/run.json", "ingested"),
    ]


def test_seeing_a_file_again_changes_nothing_on_the_same_day(session: WriteSession) -> None:
    session.record_file(**ledger_file("a", run_id="r"))
    session.changed = False
    session.record_file(**ledger_file("a", run_id="r"))
    session.record_file(**ledger_file("a", outcome="unchanged"))
    assert not session.changed
    assert session.rows("SELECT outcome, run_id FROM ops.files") == [("ingested", "r")]


def test_the_day_a_file_was_last_seen_moves_while_its_outcome_stays(warehouse: Warehouse) -> None:
    with warehouse.writer("one evening", now=EVENING) as session:
        session.record_file(**ledger_file("a"))
    with warehouse.writer("the next", now=EVENING + dt.timedelta(days=1)) as session:
        session.record_file(**ledger_file("a", outcome="unchanged"))
        assert session.rows("SELECT outcome, first_seen_at, last_seen_at FROM ops.files") == [
            ("ingested", EVENING, EVENING + dt.timedelta(days=1))
        ]


def test_a_new_parser_version_is_written_over_the_old_line(session: WriteSession) -> None:
    session.record_file(**ledger_file("a", message="old"))
    session.record_file(**ledger_file("a", parser_version="2"))
    assert session.rows("SELECT parser_version, message FROM ops.files") == [("2", None)]


def test_the_same_refusal_is_one_item_and_another_reason_is_another(session: WriteSession) -> None:
    first = session.refuse(path="f.csv", sha256="a", reason="not a date", line=3, field="Date", value="32/13/2026")
    session.changed = False
    assert session.refuse(path="f.csv", sha256="a", reason="not a date", line=3, field="Date", value="?") == first
    assert not session.changed
    session.refuse(path="f.csv", sha256="a", reason="not a date", line=4, field="Date")
    session.refuse(path="f.csv", sha256=None, reason="cannot be read")
    assert session.rows("SELECT count(*) FROM ops.quarantine WHERE state = 'open'") == [(3,)]


def test_a_later_reading_of_the_path_resolves_what_was_open(session: WriteSession) -> None:
    session.refuse(path="f.csv", sha256="a", reason="half written")
    session.refuse(path="g.csv", sha256="b", reason="half written")
    assert session.resolve_quarantine(path="f.csv") == 1
    assert session.resolve_quarantine(path="f.csv") == 0
    assert session.resolve_quarantine(sha256="b") == 1
    assert session.rows("SELECT state, resolved_at FROM ops.quarantine") == [("resolved", EVENING)] * 2


def test_a_resolved_item_opens_again_and_an_ignored_one_stays_ignored(session: WriteSession) -> None:
    item = session.refuse(path="f.csv", sha256="a", reason="no such account")
    session.resolve_quarantine(path="f.csv")
    assert session.refuse(path="f.csv", sha256="a", reason="no such account") == item
    assert session.rows("SELECT state, resolved_at FROM ops.quarantine") == [("open", None)]
    session.execute("UPDATE ops.quarantine SET state = 'ignored'")
    session.refuse(path="f.csv", sha256="a", reason="no such account")
    assert session.rows("SELECT state FROM ops.quarantine") == [("ignored",)]


def test_resolving_needs_a_path_or_a_hash(session: WriteSession) -> None:
    with pytest.raises(ValueError, match="path"):
        session.resolve_quarantine()


def test_a_dirty_day_waits_once_until_it_is_cleared(session: WriteSession) -> None:
    assert session.mark_dirty("reconciliation", [TUESDAY, MONDAY, MONDAY], "late statement") == 2
    session.changed = False
    assert session.mark_dirty("reconciliation", [MONDAY], "another reason") == 0
    assert not session.changed
    assert session.dirty_days("reconciliation") == [MONDAY, TUESDAY]
    assert session.dirty_days("trades") == []
    assert session.clear_dirty("reconciliation", [MONDAY, dt.date(2020, 1, 2)]) == 1
    assert session.dirty_days("reconciliation") == [TUESDAY]


def test_a_day_cleared_in_this_session_can_become_dirty_again_in_it(session: WriteSession) -> None:
    session.mark_dirty("reconciliation", [MONDAY], "one")
    session.clear_dirty("reconciliation", [MONDAY])
    assert session.mark_dirty("reconciliation", [MONDAY], "two") == 1
    assert session.dirty_days("reconciliation") == [MONDAY]


def test_the_history_of_dirty_days_stays(warehouse: Warehouse) -> None:
    for day in range(2):
        with warehouse.writer("an evening", now=EVENING + dt.timedelta(days=day)) as session:
            session.mark_dirty("reconciliation", [MONDAY], f"reason {day}")
            session.clear_dirty("reconciliation", [MONDAY])
    with warehouse.reader() as reading:
        found = reading.execute(
            "SELECT session_date, state, reason FROM marts.dirty_days ORDER BY marked_at"
        ).fetchall()
    assert found == [(MONDAY, "done", "reason 0"), (MONDAY, "done", "reason 1")]


def test_the_views_show_what_was_read_and_refused(warehouse: Warehouse) -> None:
    with warehouse.writer("a test", now=EVENING) as session:
        session.record_file(**ledger_file("a", path="f.csv", kind="statement", outcome="partial"))
        session.refuse(path="f.csv", sha256="a", reason="not a date", line=3, field="Date", value="?")
        session.refuse(path="unknown.bin", sha256="b", reason="nothing we know")
    with warehouse.reader() as reading:
        refused = reading.execute(
            "SELECT file, line, field, reason, refused_at, state, kind FROM marts.quarantine ORDER BY file"
        ).fetchall()
        files = reading.execute("SELECT path, outcome, refusals_open FROM marts.files").fetchall()
    assert [(row[0], row[1], row[2], row[3], row[5], row[6]) for row in refused] == [
        ("f.csv", 3, "Date", "not a date", "open", "statement"),
        ("unknown.bin", None, None, "nothing we know", "open", "unknown"),
    ]
    assert files == [("f.csv", "partial", 1)]
