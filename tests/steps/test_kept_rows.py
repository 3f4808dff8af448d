"""Rows that the database keeps come back in the query's order, whichever are asked for, inside a transaction and out."""

from __future__ import annotations

from itertools import chain

import pytest

from pipelines.steps import kept_rows
from pipelines.steps.kept_rows import KeptRows
from warehouse.access import Warehouse

ROWS = 25
QUERY = "SELECT 100 - i AS number FROM range($1::BIGINT) t(i) ORDER BY i"
NUMBERS = [100 - i for i in range(ROWS)]


def told(kept: KeptRows, start: int, end: int) -> list[int]:
    return list(chain.from_iterable(frame.get_column("number").to_list() for frame in kept.between(start, end)))


@pytest.mark.parametrize("is_inside", [True, False])
def test_any_span_of_rows_is_read_in_their_order(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch, is_inside: bool
) -> None:
    monkeypatch.setattr(kept_rows, "_AT_ONCE", 4)
    with warehouse.writer("test") as session:
        if is_inside:
            session.connection.execute("BEGIN")
        kept = KeptRows(session, QUERY, [ROWS])
        assert list(chain.from_iterable(frame.rows() for frame in kept.all())) == [(number,) for number in NUMBERS]
        for start in range(ROWS + 1):
            for end in range(start, ROWS + 1):
                assert told(kept, start, end) == NUMBERS[start:end]
        kept.close()
        assert not session.rows("SELECT 1 FROM duckdb_tables() WHERE table_name = ?", [kept.name])
        if is_inside:
            session.connection.execute("COMMIT")


def test_a_query_without_rows_has_no_frames_with_rows(warehouse: Warehouse) -> None:
    with warehouse.writer("test") as session:
        kept = KeptRows(session, QUERY, [0])
        assert not [frame for frame in kept.all() if frame.height]
        kept.close()
