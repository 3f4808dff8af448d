"""Rows that come in portions are written as rows that come at once."""

from __future__ import annotations

from decimal import Decimal

import polars as pl
import pytest

from pipelines.steps import replacing
from pipelines.steps.replacing import Replacing
from tests.steps.asking import ask
from warehouse.access import Warehouse
from warehouse.frames import frame_of_tuples
from warehouse.models.derived.trades import TradeFillRow

NAMES = ("run_id", "order_id", "event_id", "trade_run_id", "trade_id", "part", "quantity", "cash", "pays_fee")


def rows(run_id: str, orders: range) -> pl.DataFrame:
    cash = Decimal("12.345678901234567890123")
    return frame_of_tuples(
        TradeFillRow, NAMES, [(run_id, number, 1, run_id, "o1", "open", Decimal(1), cash, True) for number in orders]
    )


def written(warehouse: Warehouse) -> list[tuple[object, ...]]:
    return ask(warehouse, "SELECT run_id, order_id, cash FROM derived.trade_fills ORDER BY ALL")


def put(warehouse: Warehouse, *portions: pl.DataFrame) -> bool:
    """Replace the rows of run a; returns whether anything changed."""
    with warehouse.writer("test") as session:
        with session.transaction():
            new = Replacing(session, ["a"], [TradeFillRow])
            for portion in portions:
                new.add(TradeFillRow, portion)
            new.end()
        return session.changed


@pytest.mark.parametrize("at_once", [1, 3, 1_000])
def test_portions_become_the_rows_of_the_runs_and_of_no_others(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(replacing, "_ROW_GROUP", at_once)
    with warehouse.writer("test") as session:
        session.insert(TradeFillRow, rows("b", range(2)))
    assert put(warehouse, rows("a", range(2)), rows("a", range(2, 4)))
    assert [row[:2] for row in written(warehouse)] == [("a", 0), ("a", 1), ("a", 2), ("a", 3), ("b", 0), ("b", 1)]
    assert {row[2] for row in written(warehouse)} == {Decimal("12.345678901234567890")}


def test_the_same_rows_again_are_no_change_and_fewer_rows_are_one(warehouse: Warehouse) -> None:
    assert put(warehouse, rows("a", range(4)))
    assert not put(warehouse, rows("a", range(2)), rows("a", range(2, 4)))
    assert put(warehouse, rows("a", range(3)))
    assert [row[1] for row in written(warehouse)] == [0, 1, 2]
    assert put(warehouse)
    assert written(warehouse) == []
