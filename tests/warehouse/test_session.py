"""What a writing session promises about rows, transactions and the exactness of values."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from contextlib import suppress
from decimal import Decimal

import duckdb
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.warehouse import samples
from warehouse.access import Warehouse, WriteSession
from warehouse.errors import FrameError, StorageError
from warehouse.frames import frame
from warehouse.models.records.market import DailyPrice
from warehouse.models.records.runs import ProfitLossEntry, Run

COUNT = "SELECT count(*) FROM records.profit_loss"


@pytest.fixture
def session(warehouse: Warehouse) -> Iterator[WriteSession]:
    with warehouse.writer("a test") as opened:
        yield opened


def entries(*positions: int, amount: Decimal | int = 1, run_id: str = "r") -> pl.DataFrame:
    return frame(ProfitLossEntry, [samples.profit(run_id, position, amount) for position in positions])


def changed(session: WriteSession) -> bool:
    return session.changed


def count(session: WriteSession) -> int:
    return int(session.rows(COUNT)[0][0])


# --- values ----------------------------------------------------------------------------------------------------------


@settings(max_examples=40)
@given(rows=st.lists(samples.runs, max_size=4, unique_by=lambda row: row["run_id"]))
def test_every_value_survives_the_way_into_the_file_and_back(
    session: WriteSession, rows: list[Mapping[str, object]]
) -> None:
    given_frame = frame(Run, rows)
    session.execute("DELETE FROM records.runs")
    session.insert(Run, given_frame)
    kept = session.frame("SELECT * FROM records.runs")
    assert kept.schema == given_frame.schema
    assert kept.sort("run_id").equals(given_frame.sort("run_id"))


@settings(max_examples=40)
@given(rows=st.lists(samples.prices, max_size=4, unique_by=lambda row: row["symbol"]))
def test_statistics_survive_to_the_last_bit(session: WriteSession, rows: list[Mapping[str, object]]) -> None:
    given_frame = frame(DailyPrice, rows)
    session.execute("DELETE FROM records.daily_prices")
    session.insert(DailyPrice, given_frame)
    kept = session.frame("SELECT * FROM records.daily_prices")
    assert kept.sort("symbol").equals(given_frame.sort("symbol"))


@settings(max_examples=30)
@given(
    instant=samples.instants,
    amount=samples.amounts,
    text=samples.texts,
)
def test_rows_give_instants_in_utc_and_amounts_as_decimals(
    session: WriteSession, instant: dt.datetime, amount: Decimal, text: str
) -> None:
    session.execute("DELETE FROM records.profit_loss")
    row = {"run_id": text, "booked_at": instant, "position": 0, "amount": amount}
    session.insert(ProfitLossEntry, frame(ProfitLossEntry, [row]))
    assert session.rows("SELECT * FROM records.profit_loss WHERE run_id = ? AND booked_at = ?", [text, instant]) == [
        (text, instant, 0, amount)
    ]
    assert session.rows("SELECT booked_at FROM records.profit_loss")[0][0].tzinfo is dt.UTC


def test_a_query_without_rows_keeps_its_types(session: WriteSession) -> None:
    found = session.frame("SELECT amount, booked_at FROM records.profit_loss WHERE run_id = ?", ["nobody"])
    assert found.schema == {"amount": pl.Decimal(38, 18), "booked_at": pl.Datetime("us", "UTC")}


def test_the_session_has_one_instant(session: WriteSession) -> None:
    assert session.now == session.now
    assert session.now.tzinfo is dt.UTC


# --- tables ----------------------------------------------------------------------------------------------------------


def test_inserting_an_existing_key_is_an_error_that_names_the_table(session: WriteSession) -> None:
    session.insert(ProfitLossEntry, entries(0))
    with pytest.raises(FrameError, match="profit_loss"):
        session.insert(ProfitLossEntry, entries(0))
    assert count(session) == 1


def test_inserting_what_is_new_leaves_the_rest_as_it_is(session: WriteSession) -> None:
    session.insert(ProfitLossEntry, entries(0, amount=1))
    session.changed = False
    assert session.insert_new(ProfitLossEntry, entries(0, amount=2)) == 0
    assert not changed(session)
    assert session.insert_new(ProfitLossEntry, entries(0, 1, 2, amount=2)) == 2
    assert changed(session)
    assert session.rows("SELECT amount FROM records.profit_loss ORDER BY position") == [(1,), (2,), (2,)]


def test_equal_rows_of_one_frame_count_once_and_different_ones_of_one_key_are_refused(session: WriteSession) -> None:
    assert session.insert_new(ProfitLossEntry, pl.concat([entries(0), entries(0)])) == 1
    with pytest.raises(FrameError, match="one primary key"):
        session.insert_new(ProfitLossEntry, pl.concat([entries(1, amount=1), entries(1, amount=2)]))


def test_upserting_counts_only_what_differs(session: WriteSession) -> None:
    assert session.upsert(ProfitLossEntry, entries(0, 1)) == 2
    session.changed = False
    assert session.upsert(ProfitLossEntry, entries(0, 1)) == 0
    assert not session.changed
    assert session.upsert(ProfitLossEntry, pl.concat([entries(0), entries(1, amount=5), entries(2)])) == 2
    assert session.rows("SELECT amount FROM records.profit_loss ORDER BY position") == [(1,), (5,), (1,)]


def run_row(**changed: object) -> dict[str, object]:
    row: dict[str, object] = {"run_id": "r", "algorithm_id": "a", "name": "n", "mode": "backtest", "state": "running"}
    row |= {"is_complete": False, "insights": 0, "source_path": "p", "main_sha256": "s", "parser_version": "1"}
    return row | {"learnt_at": samples.INSTANT, "updated_at": samples.INSTANT} | changed


def test_upserting_keeps_when_a_row_was_first_learnt_and_ignores_bookkeeping(session: WriteSession) -> None:
    later = samples.INSTANT + dt.timedelta(days=1)
    session.upsert(Run, frame(Run, [run_row()]))
    assert session.upsert(Run, frame(Run, [run_row(learnt_at=later, updated_at=later)])) == 0
    assert session.upsert(Run, frame(Run, [run_row(state="killed", learnt_at=later, updated_at=later)])) == 1
    assert session.rows("SELECT state, learnt_at, updated_at FROM records.runs") == [("killed", samples.INSTANT, later)]


def test_upserting_leaves_columns_that_the_frame_does_not_carry(session: WriteSession) -> None:
    session.upsert(Run, frame(Run, [run_row(error="boom")]))
    session.upsert(Run, frame(Run, [run_row(name="renamed")]).drop("error"))
    assert session.rows("SELECT name, error FROM records.runs") == [("renamed", "boom")]


def test_a_value_that_a_table_forbids_is_refused(session: WriteSession) -> None:
    with pytest.raises(FrameError, match="CHECK"):
        session.insert(Run, frame(Run, [run_row(mode="dreaming")]))


def test_replacing_swaps_the_matching_rows_and_only_when_they_differ(session: WriteSession) -> None:
    session.insert(ProfitLossEntry, entries(0, 1, 2))
    session.insert(ProfitLossEntry, entries(0, run_id="other"))
    session.changed = False
    assert session.replace(ProfitLossEntry, entries(2, 1, 0), "run_id = ?", ["r"]) == 0
    assert not session.changed
    assert session.replace(ProfitLossEntry, entries(0, amount=7), "run_id = ?", ["r"]) == 3
    assert session.rows("SELECT run_id, amount FROM records.profit_loss ORDER BY run_id") == [("other", 1), ("r", 7)]
    assert session.replace(ProfitLossEntry, entries(), "run_id = ?", ["r"]) == 1
    assert count(session) == 1


def test_replacing_the_same_key_again_and_again_in_one_transaction_works(session: WriteSession) -> None:
    with session.transaction():
        for amount in range(1, 5):
            session.replace(ProfitLossEntry, entries(0, amount=amount), "run_id = 'r'")
    assert session.rows("SELECT amount FROM records.profit_loss") == [(4,)]


def test_a_statement_that_touches_no_row_is_no_change(session: WriteSession) -> None:
    assert session.execute("UPDATE records.profit_loss SET amount = 2") == 0
    assert not session.changed
    session.insert(ProfitLossEntry, entries(0, 1))
    assert session.execute("UPDATE records.profit_loss SET amount = ? WHERE position < ?", [Decimal("0.5"), 9]) == 2


# --- transactions ----------------------------------------------------------------------------------------------------


class Boom(Exception):
    """Raised by a test in the middle of its work."""


def fail_within(session: WriteSession) -> None:
    with session.transaction():
        session.insert(ProfitLossEntry, entries(1))
        raise Boom


def test_an_error_leaves_nothing_of_its_transaction(session: WriteSession) -> None:
    session.insert(ProfitLossEntry, entries(0))
    session.changed = False
    with pytest.raises(Boom):
        fail_within(session)
    assert count(session) == 1
    assert not session.changed
    assert not session.in_transaction


def fail_after_an_inner_transaction(session: WriteSession) -> None:
    with session.transaction():
        with session.transaction():
            session.insert(ProfitLossEntry, entries(0))
        raise Boom


def swallow_an_inner_error(session: WriteSession) -> None:
    with session.transaction():
        session.insert(ProfitLossEntry, entries(0))
        with suppress(Boom):
            fail_within(session)


def ask_for_a_table_that_is_not_there(session: WriteSession) -> None:
    with session.transaction():
        session.insert(ProfitLossEntry, entries(0))
        session.execute("SELECT * FROM records.nowhere")


def work_and_fail(warehouse: Warehouse) -> None:
    with warehouse.writer("a test") as session:
        session.insert(ProfitLossEntry, entries(0))
        fail_within(session)


def test_an_inner_transaction_joins_the_outer_one(session: WriteSession) -> None:
    with pytest.raises(Boom):
        fail_after_an_inner_transaction(session)
    assert count(session) == 0


def test_swallowing_the_error_of_an_inner_transaction_keeps_nothing(session: WriteSession) -> None:
    with pytest.raises(StorageError, match="none of it was kept"):
        swallow_an_inner_error(session)
    assert count(session) == 0
    with session.transaction():
        session.insert(ProfitLossEntry, entries(5))
    assert count(session) == 1


def test_an_error_of_the_database_rolls_back_and_the_session_goes_on(session: WriteSession) -> None:
    with pytest.raises(duckdb.Error):
        ask_for_a_table_that_is_not_there(session)
    session.insert(ProfitLossEntry, entries(0))
    assert count(session) == 1


def test_work_before_an_error_in_the_block_is_kept_and_published(warehouse: Warehouse) -> None:
    with pytest.raises(Boom):
        work_and_fail(warehouse)
    with warehouse.reader() as reading:
        assert reading.execute(COUNT).fetchall() == [(1,)]


def test_a_session_that_is_closed_with_a_transaction_open_keeps_nothing_of_it(warehouse: Warehouse) -> None:
    with warehouse.writer("a test") as session:
        left_open = session.transaction()
        left_open.__enter__()
        session.insert(ProfitLossEntry, entries(0))
    with warehouse.reader() as reading:
        assert reading.execute(COUNT).fetchall() == [(0,)]
