"""Which trades of two runs are the same idea: the rule of marts.pair_trades, on made-up trades."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from warehouse.views_loader import MACROS

DAY = dt.date(2026, 11, 16)
OPENING = dt.datetime(2026, 11, 16, 14, 30, tzinfo=dt.UTC)


@dataclass(frozen=True)
class Opening:
    """The columns of marts.trade_openings that pairing looks at."""

    run_id: str
    trade_id: str
    strategy: str
    kind: str
    underlying: str | None
    contracts: str | None
    session_date: dt.date | None
    created_at: dt.datetime
    filled_at: dt.datetime


@dataclass(frozen=True)
class Pair:
    """A row of marts.pair_trades."""

    matched: str
    strategy: str
    kind: str
    underlying: str | None
    session_date: dt.date | None
    trade_a: str | None
    trade_b: str | None


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as made:
        made.execute("SET TimeZone = 'UTC'")
        made.execute("CREATE SCHEMA marts")
        made.execute(
            "CREATE TABLE marts.trade_openings (run_id VARCHAR, trade_id VARCHAR, strategy VARCHAR, kind VARCHAR, "
            "underlying VARCHAR, contracts VARCHAR, session_date DATE, created_at TIMESTAMPTZ, filled_at TIMESTAMPTZ)"
        )
        made.execute((MACROS / "pair_trades.sql").read_text(encoding="utf-8"))
        yield made


def pairs(
    connection: duckdb.DuckDBPyConnection, trades: Sequence[Opening], first: str = "a", second: str = "b"
) -> list[Pair]:
    connection.execute("DELETE FROM marts.trade_openings")
    if trades:
        connection.executemany(
            "INSERT INTO marts.trade_openings VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", [astuple(trade) for trade in trades]
        )
    asked = connection.execute("SELECT * FROM marts.pair_trades(?, ?) ORDER BY ALL", [first, second])
    return [Pair(*row) for row in asked.fetchall()]


def opening(
    run: str,
    trade: str,
    *,
    contracts: str | None = "-P300 +P295",
    session: dt.date | None = DAY,
    minute: int = 0,
    strategy: str = "condor",
    kind: str = "iron_condor",
) -> Opening:
    made = OPENING + dt.timedelta(minutes=minute)
    return Opening(run, trade, strategy, kind, "SPY", contracts, session, made, made)


def test_the_same_contracts_in_the_same_session_are_one_idea(connection: duckdb.DuckDBPyConnection) -> None:
    found = pairs(connection, [opening("a", "live-1"), opening("b", "backtest-7", minute=59)])
    assert [(pair.matched, pair.trade_a, pair.trade_b) for pair in found] == [
        ("same_contracts", "live-1", "backtest-7")
    ]


def test_other_strikes_of_the_same_kind_are_paired_and_said_to_be_others(connection: duckdb.DuckDBPyConnection) -> None:
    found = pairs(connection, [opening("a", "one"), opening("b", "other", contracts="-P301 +P296")])
    assert [(pair.matched, pair.trade_a, pair.trade_b) for pair in found] == [("same_kind", "one", "other")]


def test_equal_contracts_are_paired_before_any_that_differ(connection: duckdb.DuckDBPyConnection) -> None:
    found = pairs(
        connection,
        [
            opening("a", "early", contracts="-P310 +P305"),
            opening("a", "late", minute=30),
            opening("b", "early", minute=1),
            opening("b", "late", contracts="-P290 +P285", minute=31),
        ],
    )
    assert {(pair.matched, pair.trade_a, pair.trade_b) for pair in found} == {
        ("same_contracts", "late", "early"),
        ("same_kind", "early", "late"),
    }


def test_another_session_strategy_or_kind_is_another_trade(connection: duckdb.DuckDBPyConnection) -> None:
    for other in (
        opening("b", "x", session=DAY + dt.timedelta(days=1)),
        opening("b", "x", strategy="ladder"),
        opening("b", "x", kind="vertical", contracts="-P300"),
    ):
        found = pairs(connection, [opening("a", "x"), other])
        assert Counter(pair.matched for pair in found) == {"only_a": 1, "only_b": 1}


def test_a_trade_that_was_not_opened_in_the_run_has_no_partner(connection: duckdb.DuckDBPyConnection) -> None:
    taken_over = [opening(run, "old", contracts=None, session=None) for run in "ab"]
    assert Counter(pair.matched for pair in pairs(connection, taken_over)) == {"only_a": 1, "only_b": 1}


def test_a_run_that_is_not_there_leaves_every_trade_alone(connection: duckdb.DuckDBPyConnection) -> None:
    assert [pair.matched for pair in pairs(connection, [opening("a", "x")], "a", "nothing")] == ["only_a"]
    assert pairs(connection, [opening("a", "x")], "nothing", "either") == []


@st.composite
def two_runs(draw: st.DrawFn) -> list[Opening]:
    """Trades of two runs over few days, contracts and kinds, so that much of it collides."""
    trades = []
    for run in "ab":
        for number in range(draw(st.integers(0, 8))):
            is_opened = draw(st.integers(0, 5)) > 0
            trades.append(
                opening(
                    run,
                    f"{run}{number}",
                    contracts=draw(st.sampled_from(["-P300", "-P305", "-C320"])) if is_opened else None,
                    session=DAY + dt.timedelta(days=draw(st.integers(0, 1))) if is_opened else None,
                    minute=draw(st.integers(0, 3)),
                    strategy=draw(st.sampled_from(["condor", "ladder"])),
                    kind=draw(st.sampled_from(["single", "strangle"])),
                )
            )
    return trades


@given(trades=two_runs())
def test_every_trade_stands_once_and_pairs_keep_the_rule(
    connection: duckdb.DuckDBPyConnection, trades: list[Opening]
) -> None:
    found = pairs(connection, trades)
    by_id = {(trade.run_id, trade.trade_id): trade for trade in trades}
    assert Counter(pair.trade_a for pair in found if pair.trade_a) == Counter(
        t.trade_id for t in trades if t.run_id == "a"
    )
    assert Counter(pair.trade_b for pair in found if pair.trade_b) == Counter(
        t.trade_id for t in trades if t.run_id == "b"
    )
    for pair in found:
        if pair.trade_a is None or pair.trade_b is None:
            assert pair.matched == ("only_b" if pair.trade_a is None else "only_a")
            continue
        one, other = by_id["a", pair.trade_a], by_id["b", pair.trade_b]
        assert (
            (one.strategy, one.session_date)
            == (other.strategy, other.session_date)
            == (pair.strategy, pair.session_date)
        )
        if pair.matched == "same_contracts":
            assert one.contracts == other.contracts is not None
        else:
            assert pair.matched == "same_kind"
            assert one.kind == other.kind


@given(trades=two_runs())
def test_nothing_is_left_alone_that_the_rule_could_pair(
    connection: duckdb.DuckDBPyConnection, trades: list[Opening]
) -> None:
    found = pairs(connection, trades)
    by_id = {(trade.run_id, trade.trade_id): trade for trade in trades}
    alone = {
        side: [
            by_id[side, name]
            for pair in found
            if pair.matched == f"only_{side}" and (name := getattr(pair, f"trade_{side}"))
        ]
        for side in "ab"
    }
    for one in alone["a"]:
        for other in alone["b"]:
            if one.session_date is not None and one.session_date == other.session_date:
                assert (one.strategy, one.kind) != (other.strategy, other.kind)


@given(trades=two_runs(), shuffled=st.randoms(use_true_random=False))
def test_neither_the_order_of_rows_nor_of_the_runs_decides(
    connection: duckdb.DuckDBPyConnection, trades: list[Opening], shuffled: object
) -> None:
    found = {(pair.matched, pair.trade_a, pair.trade_b) for pair in pairs(connection, trades)}
    mixed = list(trades)
    shuffled.shuffle(mixed)  # type: ignore[attr-defined]
    assert {(pair.matched, pair.trade_a, pair.trade_b) for pair in pairs(connection, mixed)} == found
    mirrored = {"only_a": "only_b", "only_b": "only_a"}
    turned = {(mirrored.get(p.matched, p.matched), p.trade_b, p.trade_a) for p in pairs(connection, trades, "b", "a")}
    assert turned == found


@given(trades=two_runs())
def test_a_run_beside_its_own_copy_is_all_the_same(
    connection: duckdb.DuckDBPyConnection, trades: list[Opening]
) -> None:
    once = [trade for trade in trades if trade.run_id == "a" and trade.contracts is not None]
    copied = [Opening("b", *astuple(trade)[1:]) for trade in once]
    found = pairs(connection, [*once, *copied])
    assert all(pair.matched == "same_contracts" and pair.trade_a == pair.trade_b for pair in found)
    assert len(found) == len(once)
