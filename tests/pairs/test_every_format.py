"""One set of fills, several files: each is read to the same sums, and together they count once."""

from __future__ import annotations

import dataclasses
import datetime as dt
import itertools
import random
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.config import AccountSettings
from pipelines.parsing.statements.formats import reader_of
from pipelines.parsing.statements.identity import identify_file
from pipelines.steps.statements.generations import printed
from pipelines.steps.statements.ingesting import ingest_statement
from pipelines.transforms.statements.generations import GENERATIONS, same_bookings
from tests.pairs.every_format import WRITERS
from tests.pairs.fill_set import Fill, fill_sets, totals, totals_of
from tests.pairs.writing_ibkr import history_of_executions
from tests.steps.asking import ask
from warehouse.access import Warehouse

FORMATS = [(broker, name) for broker, writers in WRITERS.items() for name in writers]
PAIRS = [(broker, *names) for broker, writers in WRITERS.items() for names in itertools.combinations(writers, 2)]
FEWER = settings(max_examples=30)
"""There is a case for each format or pair of formats."""
MODERN = fill_sets()
OLD = fill_sets(first=dt.date(2023, 6, 12), expiry="230721")
Row = Mapping[str, object]


def fills_of(broker: str) -> st.SearchStrategy[list[Fill]]:
    return OLD if broker == "tdameritrade" else MODERN


def rows_of(broker: str, *files: bytes) -> dict[str, Row]:
    """The rows of several files by id, each with the newest generation that shows it, as the warehouse has them."""
    found: dict[str, dict[str, object]] = {}
    for data in files:
        file = reader_of(data).parse(data)
        assert file.refusals == ()
        generation = GENERATIONS[file.format]
        for row, (row_id, _) in zip(file.rows, identify_file(file, "main"), strict=True):
            cells = {field.name: getattr(row, field.name) for field in dataclasses.fields(row)}
            made = cells | {"row_id": row_id, "broker": broker, "format": file.format, "generation": generation}
            known = found.get(row_id)
            if known is None or int(str(known["generation"])) < generation:
                found[row_id] = made
    return dict(found)


def standing(rows: Mapping[str, Row]) -> list[Row]:
    """The rows that no newer one stands for."""
    pairs = same_bookings(printed(row) for row in rows.values())
    return [row for name, row in rows.items() if name not in pairs]


def sums(rows: Sequence[Row]) -> dict[tuple[str | None, str | None], tuple[Decimal, Decimal]]:
    found = totals((row["instrument_key"], row["side"], row["quantity"], row["value"]) for row in rows)  # type: ignore[misc]
    return {name: (quantity, round(value, 4)) for name, (quantity, value) in found.items()}


@pytest.mark.parametrize(("broker", "name"), FORMATS, ids=[" ".join(one) for one in FORMATS])
@FEWER
@given(data=st.data())
def test_every_format_is_read_to_the_sums_of_its_fills(broker: str, name: str, data: st.DataObject) -> None:
    fills = data.draw(fills_of(broker))
    rows = rows_of(broker, WRITERS[broker][name](fills))
    assert sums(list(rows.values())) == totals_of(fills)


@pytest.mark.slow
@pytest.mark.parametrize(("broker", "one", "other"), PAIRS, ids=[" ".join(pair) for pair in PAIRS])
@FEWER
@given(data=st.data())
def test_two_files_of_the_same_fills_count_once(broker: str, one: str, other: str, data: st.DataObject) -> None:
    fills = data.draw(fills_of(broker))
    rows = rows_of(broker, WRITERS[broker][one](fills), WRITERS[broker][other](fills))
    assert sums(standing(rows)) == totals_of(fills)


@pytest.mark.parametrize("broker", list(WRITERS))
@given(data=st.data())
def test_all_files_of_a_broker_together_count_once(broker: str, data: st.DataObject) -> None:
    fills = data.draw(fills_of(broker))
    rows = rows_of(broker, *(write(fills) for write in WRITERS[broker].values()))
    assert sums(standing(rows)) == totals_of(fills)


@pytest.mark.slow
@pytest.mark.parametrize(("broker", "one", "other"), PAIRS, ids=[" ".join(pair) for pair in PAIRS])
@FEWER
@given(data=st.data())
def test_what_only_one_file_shows_is_kept(broker: str, one: str, other: str, data: st.DataObject) -> None:
    fills = data.draw(fills_of(broker))
    # Files are cut by day: the second ends earlier, the first begins later.
    days = sorted({fill.day for fill in fills})
    cut = data.draw(st.sampled_from(days))
    early, late = [fill for fill in fills if fill.day <= cut], [fill for fill in fills if fill.day >= cut]
    rows = rows_of(broker, WRITERS[broker][one](late), WRITERS[broker][other](early))
    assert sums(standing(rows)) == totals_of(fills)


@pytest.mark.parametrize("name", [name for name in WRITERS["ibkr"] if name != "history.csv"])
@given(fills=MODERN)
def test_a_history_of_executions_in_any_currency_counts_once(name: str, fills: list[Fill]) -> None:
    for history in (history_of_executions(fills), history_of_executions(fills, base="EUR", rate="0.91")):
        left = standing(rows_of("ibkr", history, WRITERS["ibkr"][name](fills)))
        assert {row["currency"] for row in left} == {"USD"}
        assert sums(left) == totals_of(fills)


@pytest.mark.parametrize("broker", list(WRITERS))
@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_the_order_of_reading_makes_no_difference(warehouse: Warehouse, tmp_path: Path, broker: str, seed: int) -> None:
    fills = fills_for_the_warehouse(broker)
    names = list(WRITERS[broker])
    random.Random(seed).shuffle(names)
    account = (AccountSettings(alias="main", broker=broker),)
    for name in names:
        (tmp_path / name).write_bytes(WRITERS[broker][name](fills))
        with warehouse.writer("test") as session:
            outcome = ingest_statement(session, tmp_path / name, account=None, accounts=account)
            assert outcome.outcome == "ingested", outcome
    found = ask(
        warehouse,
        "SELECT instrument_key, side, quantity, value FROM records.statement_rows WHERE superseded_by IS NULL",
    )
    assert {name: (q, round(v, 4)) for name, (q, v) in totals(found).items()} == totals_of(fills)
    with warehouse.writer("test") as session:
        again = [ingest_statement(session, tmp_path / name, account=None, accounts=account) for name in names]
    assert {outcome.outcome for outcome in again} == {"unchanged"}


def fills_for_the_warehouse(broker: str) -> list[Fill]:
    """Two equal fills of one order, an order of unequal ones, a single one."""
    day, expiry = (dt.date(2023, 6, 12), "230721") if broker == "tdameritrade" else (dt.date(2026, 11, 16), "261218")
    made = []
    for place, (order, key, side, quantity, price) in enumerate(
        [
            (1, f"XYZ   {expiry}P00050000", "sell", 2, "1.05"),
            (1, f"XYZ   {expiry}P00050000", "sell", 2, "1.05"),
            (2, f"XYZ   {expiry}C00055000", "buy", 1, "1.02"),
            (2, f"XYZ   {expiry}C00055000", "buy", 3, "1.04"),
            (3, "XYZ", "buy", 100, "1.01"),
        ]
    ):
        moment = dt.datetime.combine(day, dt.time(15, 4, place), dt.UTC)
        made.append(
            Fill(
                401_000_000 + order, 88_000_000 + place, key, side, "open", quantity, Decimal(price), moment,
                Decimal("0.65"), Decimal("0.04"),
            )
        )  # fmt: skip
    return made
