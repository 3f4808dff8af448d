"""Rows for the tests of the warehouse itself.

Holds: small valid rows of a few tables, and strategies that make any value a column can carry.
Belongs here: nothing that means something to a trader.
Never here: fixtures (`tests/conftest.py`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from warehouse.models.base import MONEY_PRECISION, MONEY_SCALE

INSTANT = dt.datetime(2026, 3, 9, 20, 15, 0, 123456, tzinfo=dt.UTC)


def profit(run_id: str, position: int, amount: Decimal | int = 1) -> dict[str, object]:
    """A row of `records.profit_loss`: text, instant, number and amount in one small table."""
    return {"run_id": run_id, "booked_at": INSTANT, "position": position, "amount": amount}


def ledger_file(sha256: str = "a" * 64, **changed: object) -> dict[str, Any]:
    """Arguments of `record_file`."""
    return {
        "path": "results/run.json",
        "sha256": sha256,
        "size": 10,
        "kind": "lean_result",
        "parser_version": "1",
        "outcome": "ingested",
        **changed,
    }


_LARGEST = 10**MONEY_PRECISION - 1


def _amount(units: int) -> Decimal:
    """A count of the smallest units as an amount; built from digits, because arithmetic would round to 28 of them."""
    digits = tuple(int(digit) for digit in str(abs(units)))
    return Decimal((int(units < 0), digits, -MONEY_SCALE))


amounts = st.integers(-_LARGEST, _LARGEST).map(_amount) | st.decimals(-1000, 1000, places=2)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20) | st.sampled_from(
    ["'", '"', "a;b", "--", "\n", "\r\n", "\t", "\\", "NULL", "", " ", "é", "日本", "\U0001f600", "$1", "%s", "\0"]
)
instants = st.integers(-(62 * 10**15), 25 * 10**16).map(
    lambda microseconds: dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(microseconds=microseconds)
)
days = st.dates(dt.date(1, 1, 1), dt.date(9999, 12, 31))
statistics = st.floats(allow_nan=False, allow_infinity=False)
integers = st.integers(-(2**63), 2**63 - 1)

runs: st.SearchStrategy[Mapping[str, object]] = st.fixed_dictionaries(
    {
        "run_id": st.uuids().map(str),
        "algorithm_id": texts,
        "name": texts,
        "mode": st.sampled_from(["backtest", "paper", "live", "optimization"]),
        "state": st.sampled_from(["completed", "running", "stopped", "killed", "runtime_error"]),
        "is_complete": st.booleans(),
        "started_at": st.none() | instants,
        "period_start": st.none() | days,
        "start_equity": st.none() | amounts,
        "end_equity": st.none() | amounts,
        "orders_claimed": st.none() | integers,
        "insights": integers,
        "error": st.none() | texts,
        "source_path": texts,
        "main_sha256": texts,
        "parser_version": texts,
        "learnt_at": instants,
        "updated_at": instants,
    }
)
prices: st.SearchStrategy[Mapping[str, object]] = st.fixed_dictionaries(
    {
        "source": texts,
        "symbol": st.uuids().map(str),
        "session_date": days,
        "revision": integers,
        "open": st.none() | statistics,
        "close": statistics,
        "adjusted_close": statistics,
        "known_at": instants,
    }
)
