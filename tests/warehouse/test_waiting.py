"""Rows that wait are seen by whatever could see them, written together, and gone with their transaction."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.warehouse import samples
from warehouse import waiting, writes
from warehouse.access import Warehouse, WriteSession
from warehouse.errors import FrameError
from warehouse.frames import frame
from warehouse.models.records.market import DailyPrice
from warehouse.models.records.runs import ProfitLossEntry

COUNT = "SELECT count(*) FROM records.profit_loss"


@pytest.fixture
def session(warehouse: Warehouse) -> Iterator[WriteSession]:
    with warehouse.writer("a test") as opened:
        yield opened


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The heights of the frames that are inserted from now on."""
    seen: list[int] = []
    insert = writes.insert_conformed

    def noted(connection: object, model: object, given: pl.DataFrame) -> int:
        seen.append(given.height)
        return insert(connection, model, given)  # type: ignore[arg-type]

    monkeypatch.setattr(writes, "insert_conformed", noted)
    return seen


def entries(*positions: int, run_id: str = "r") -> pl.DataFrame:
    return frame(ProfitLossEntry, [samples.profit(run_id, position, Decimal(1)) for position in positions])


def test_many_small_inserts_become_one_statement(session: WriteSession, statements: list[int]) -> None:
    with session.gathering():
        for number in range(20):
            assert session.insert(ProfitLossEntry, entries(number)) == 1
        assert session.changed
        assert statements == []
    assert statements == [20]
    assert session.rows(COUNT) == [(20,)]


@pytest.mark.parametrize("sql", [COUNT, 'SELECT count(*) FROM "records"."profit_loss"'])
def test_a_statement_sees_the_rows_of_every_table_it_names(session: WriteSession, sql: str) -> None:
    with session.gathering():
        session.insert(ProfitLossEntry, entries(1, 2))
        assert session.rows(sql) == [(2,)]
        session.insert(ProfitLossEntry, entries(3))
        assert session.frame(COUNT).item() == 3
        session.insert(ProfitLossEntry, entries(4))
        assert session.connection.execute(COUNT).fetchall() == [(4,)]
        session.insert(ProfitLossEntry, entries(5))
        assert session.execute("DELETE FROM records.profit_loss WHERE run_id = ?", ("r",)) == 5


def test_a_view_may_look_at_any_table(session: WriteSession, statements: list[int]) -> None:
    with session.gathering():
        session.insert(ProfitLossEntry, entries(1, 2))
        session.rows("SELECT count(*) FROM marts.runs")
        assert statements == [2]


def test_a_statement_about_other_rows_or_tables_lets_them_wait(session: WriteSession, statements: list[int]) -> None:
    with session.gathering():
        session.insert(ProfitLossEntry, entries(1))
        session.rows("SELECT count(*) FROM records.runs")
        session.rows(COUNT + " WHERE run_id = 's'", about=("run_id", ("s",)))
        assert statements == []
        mine = session.rows(COUNT + " WHERE run_id = 'r'", about=("run_id", ("r",)))
        assert mine == [(1,)]
        assert statements == [1]


def test_other_ways_of_writing_come_after_the_rows_that_wait(session: WriteSession) -> None:
    with session.gathering():
        session.insert(ProfitLossEntry, entries(1, 2))
        assert session.insert_new(ProfitLossEntry, entries(2, 3)) == 1
        session.insert(ProfitLossEntry, entries(4))
        assert session.upsert(ProfitLossEntry, entries(4, 5)) == 1
        session.insert(ProfitLossEntry, entries(6))
        assert session.replace(ProfitLossEntry, entries(7), "run_id = ?", ("r",)) == 6
    assert session.rows(COUNT) == [(1,)]


def test_an_error_leaves_nothing_of_what_waited(session: WriteSession) -> None:
    def fails() -> None:
        with session.gathering():
            session.insert(ProfitLossEntry, entries(1))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fails()
    assert not session.changed
    assert session.rows(COUNT) == [(0,)]
    session.insert(ProfitLossEntry, entries(1))
    assert session.rows(COUNT) == [(1,)]


def test_a_key_twice_is_found_at_the_end_and_nothing_is_kept(session: WriteSession) -> None:
    def twice() -> None:
        with session.gathering():
            session.insert(ProfitLossEntry, entries(1))
            session.insert(ProfitLossEntry, entries(1))

    with pytest.raises(FrameError):
        twice()
    assert not session.changed
    assert session.rows(COUNT) == [(0,)]


def test_a_frame_that_does_not_fit_is_refused_at_once(session: WriteSession) -> None:
    with pytest.raises(FrameError), session.gathering():
        session.insert(ProfitLossEntry, entries(1).drop("amount"))


def test_many_rows_do_not_wait_for_ever(
    session: WriteSession, statements: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "_MOST_ROWS", 3)
    with session.gathering():
        for number in range(7):
            session.insert(ProfitLossEntry, entries(number))
    assert statements == [3, 3, 1]


def test_inside_a_transaction_nothing_waits(session: WriteSession, statements: list[int]) -> None:
    with session.transaction(), session.gathering():
        session.insert(ProfitLossEntry, entries(1))
    assert statements == []
    assert session.rows(COUNT) == [(1,)]


_STEPS = st.lists(
    st.tuples(
        st.sampled_from(["insert", "insert_new", "upsert", "replace", "delete", "count", "other"]), st.integers(0, 5)
    ),
    max_size=12,
)


@settings(max_examples=30)
@given(steps=_STEPS)
def test_waiting_changes_no_answer(session: WriteSession, steps: list[tuple[str, int]]) -> None:
    assert told(session, steps, gathers=True) == told(session, steps, gathers=False)


def told(session: WriteSession, steps: list[tuple[str, int]], *, gathers: bool) -> list[object]:
    """What the steps answer, in a transaction that is taken back."""
    answers: list[object] = []
    with suppress(ZeroDivisionError), session.gathering() if gathers else session.transaction():
        session.insert(DailyPrice, frame(DailyPrice, []))
        for number, (what, position) in enumerate(steps):
            # A key that is inserted twice is an error, found at once or at the end.
            answers.append(done(session, what, 100 + number if what == "insert" else position, f"run {position}"))
        answers.append(session.rows("SELECT run_id, position FROM records.profit_loss ORDER BY ALL"))
        raise ZeroDivisionError
    return answers


def done(session: WriteSession, what: str, position: int, run_id: str) -> object:
    given = entries(position, run_id=run_id)
    match what:
        case "insert":
            return session.insert(ProfitLossEntry, given)
        case "insert_new":
            return session.insert_new(ProfitLossEntry, given)
        case "upsert":
            return session.upsert(ProfitLossEntry, given)
        case "replace":
            return session.replace(ProfitLossEntry, given, "run_id = ?", (run_id,))
        case "delete":
            return session.execute("DELETE FROM records.profit_loss WHERE position = ?", (position,))
        case "count":
            return session.rows(COUNT)
        case _:
            about = ("run_id", (run_id,))
            return session.rows(COUNT + " WHERE run_id = ?", (run_id,), about=about)
