"""One row per instrument, whoever named it and whichever was read first.

Holds: descriptions of LEAN and of brokers merged in every order, conflicts, names.
Belongs here: `records.instruments` and what stands beside it.
Never here: the reading of a symbol (tests/kernel).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from contextlib import suppress
from decimal import Decimal
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.config import AccountSettings
from pipelines.steps.market.instrument_tables import Description, write_instruments
from pipelines.steps.statements.ingesting import ingest_statement
from tests.steps.asking import ask
from tomking.kernel.instruments import from_lean, from_occ, from_tastytrade
from warehouse.access import Warehouse, WriteSession

STATEMENT = Path(__file__).resolve().parent.parent / "data" / "statements" / "overlapping" / "first.csv"

LEAN_FUTURE_OPTION = Description(
    "lean",
    "ES19M20  200619C03100000",
    from_lean("ES XFH59UP5OHHG|ES XFH59UK0MYO1", "ES19M20  200619C03100000", 8, underlying="ES19M20"),
    "ES XFH59UP5OHHG|ES XFH59UK0MYO1",
)
BROKER_FUTURE_OPTION = Description(
    "tastytrade", "./ESM0 ESM0  200619C3100", from_tastytrade("./ESM0 ESM0  200619C3100", "Future Option")
)
ADJUSTED = "GREE1 210917P00022000"
DESCRIPTIONS = [
    LEAN_FUTURE_OPTION,
    BROKER_FUTURE_OPTION,
    Description("lean", "SPX", from_lean("SPX 31", "SPX", 9), "SPX 31"),
    Description("lean", "ES19M20", from_lean("ES XFH59UK0MYO1", "ES19M20", 5), "ES XFH59UK0MYO1"),
    Description("tastytrade", "/ESM0", from_tastytrade("/ESM0", "Future")),
    Description("tastytrade", ADJUSTED, from_occ(ADJUSTED, underlying="GREE", multiplier=Decimal(100))),
    Description("schwab", ADJUSTED, from_occ(ADJUSTED, multiplier=Decimal(10))),
    Description("ibkr", ADJUSTED, from_occ(ADJUSTED)),
]

ROWS = "SELECT * EXCLUDE (learnt_at) FROM records.instruments ORDER BY ALL"
NAMES = "SELECT * EXCLUDE (learnt_at) FROM records.instrument_symbols ORDER BY ALL"


def write(warehouse: Warehouse, *batches: Iterable[Description]) -> None:
    with warehouse.writer("test") as session:
        for batch in batches:
            write_instruments(session, batch)


class TakenBack(Exception):
    """Ends a transaction that is to leave nothing behind."""


def outcome(session: WriteSession, batches: Iterable[Iterable[Description]]) -> tuple[object, object]:
    """Rows and names that these batches make in an empty warehouse, which stays empty."""
    made: tuple[object, object] = ((), ())
    with suppress(TakenBack), session.transaction():
        for batch in batches:
            write_instruments(session, batch)
        made = session.rows(ROWS), session.rows(NAMES)
        raise TakenBack
    return made


def test_lean_and_a_broker_make_one_row(warehouse: Warehouse) -> None:
    write(warehouse, [LEAN_FUTURE_OPTION], [BROKER_FUTURE_OPTION])
    sql = "SELECT instrument_key, root, style, expiry::VARCHAR, multiplier, lean_symbol_id, sources, conflicts, "
    found = ask(warehouse, sql + "lean_symbol, tastytrade FROM marts.instruments")
    assert found == [
        (
            "./ESM0 200619C3100",
            "ESM0",
            "american",
            "2020-06-19",
            Decimal(50),
            "ES XFH59UP5OHHG|ES XFH59UK0MYO1",
            "lean, tastytrade",
            None,
            "ES19M20  200619C03100000",
            "./ESM0 ESM0  200619C3100",
        )
    ]


def test_an_instrument_is_found_by_any_of_its_names(warehouse: Warehouse) -> None:
    option = from_lean("SPXW YEBOCKQ8BDNY|SPX 31", "SPXW  231215C04500000", 10, underlying="SPX")
    write(warehouse, [Description("lean", "SPXW  231215C04500000", option, "SPXW YEBOCKQ8BDNY|SPX 31")])
    for name in (
        "SPXW  231215C04500000",
        "SPXW YEBOCKQ8BDNY|SPX 31",
        ".SPXW231215C4500",
        "SPXW 15DEC23 4500 C",
        "SPXW 12/15/2023 4500.00 C",
        "SPXW_121523C4500",
    ):
        found = ask(warehouse, f"SELECT DISTINCT instrument_key FROM marts.instrument_symbols WHERE symbol = '{name}'")
        assert found == [("SPXW  231215C04500000",)], name


def test_a_share_that_changed_its_ticker_is_found_by_its_identifier(warehouse: Warehouse) -> None:
    sid = "FB V6OIPNZEM8V9"
    write(warehouse, [Description("lean", ticker, from_lean(sid, ticker, 1), sid) for ticker in ("FB", "META")])
    sql = f"SELECT instrument_key FROM marts.instrument_symbols WHERE symbol = '{sid}' ORDER BY ALL"
    assert ask(warehouse, sql) == [("FB",), ("META",)]


def test_sources_that_disagree_are_both_kept_and_shown(warehouse: Warehouse) -> None:
    write(warehouse, DESCRIPTIONS)
    ((conflicts, counted),) = ask(
        warehouse, f"SELECT conflicts, multiplier FROM marts.instruments WHERE instrument_key = '{ADJUSTED}'"
    )
    assert conflicts.startswith(f"multiplier: {counted} (")
    assert "(tastytrade)" in conflicts
    assert "(schwab)" in conflicts
    assert ask(warehouse, "SELECT count(*) FROM marts.instruments WHERE conflicts IS NOT NULL") == [(1,)]


def test_saying_the_same_again_changes_nothing(warehouse: Warehouse) -> None:
    write(warehouse, DESCRIPTIONS)
    with warehouse.writer("again") as session:
        assert write_instruments(session, DESCRIPTIONS) == 0
        assert not session.changed


@given(order=st.permutations(range(len(DESCRIPTIONS))), cuts=st.sets(st.integers(1, len(DESCRIPTIONS) - 1)))
@settings(max_examples=15)
def test_the_order_of_reading_makes_no_difference(warehouse: Warehouse, order: list[int], cuts: set[int]) -> None:
    edges = [0, *sorted(cuts), len(order)]
    batches = [[DESCRIPTIONS[place] for place in order[start:stop]] for start, stop in itertools.pairwise(edges)]
    with warehouse.writer("test") as session:
        assert outcome(session, batches) == outcome(session, [DESCRIPTIONS])


def test_a_statement_adds_its_instruments(warehouse: Warehouse) -> None:
    with warehouse.writer("test") as session:
        ingest_statement(session, STATEMENT, account=None, accounts=(AccountSettings(alias="main"),))
    missing = (
        "SELECT count(*) FROM records.statement_rows r ANTI JOIN records.instruments i USING (instrument_key) "
        "WHERE r.instrument_key IS NOT NULL"
    )
    assert ask(warehouse, missing) == [(0,)]
    ((rows,),) = ask(warehouse, "SELECT sum(statement_rows) FROM marts.instruments WHERE runs = 0")
    assert rows > 10
    names = "SELECT count(*) FROM records.statement_rows r ANTI JOIN marts.instrument_symbols s USING (symbol) "
    assert ask(warehouse, names + "WHERE r.instrument_key IS NOT NULL") == [(0,)]
