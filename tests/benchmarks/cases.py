"""What is measured: our way of doing something beside the obvious other one.

Holds: one function per comparison; its input is made once, outside of what is timed.
Belongs here: a choice whose reason was speed.
Never here: measuring (tests/benchmarks/harness.py).
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from pipelines.parsing.lean.events import parse_events
from tests.benchmarks.harness import Comparison
from tests.shared import ROOT
from tomking.kernel.correlation import WINDOW, rolling_mean_correlation
from warehouse.access import Warehouse
from warehouse.files import copy_whole
from warehouse.frames import frame
from warehouse.models.records.runs import EquityPoint

RECORDED_EVENTS = next((ROOT / "demo" / "runs" / "backtests").rglob("*-order-events.json"))
TOLERANCE = 1e-12


def decoding(times: int) -> Comparison:
    """Order events of a recorded backtest, `times` over: msgspec with money as text, against the standard library."""
    recorded = json.loads(RECORDED_EVENTS.read_bytes())
    body = RECORDED_EVENTS.read_bytes().strip()[1:-1]
    data = b"[" + b",".join([body] * times) + b"]"

    def ours() -> int:
        return sum(batch.height for batch, _ in parse_events([data]))

    def dictionaries() -> int:
        return len(json.loads(data, parse_float=Decimal, parse_int=Decimal))

    def events() -> int:
        return len([_event(item) for item in json.loads(data, parse_float=Decimal, parse_int=Decimal)])

    return Comparison(
        "decode order events",
        f"{len(recorded) * times} events, {len(data) / 1e6:.1f} MB",
        {"ours: typed columns": ours, "json, Decimal: dictionaries": dictionaries, "json, Decimal: tuples": events},
        lambda one, other: bool(one == other),
    )


def _event(item: dict[str, Any]) -> tuple[object, ...]:
    """The straightforward event: what the standard library gives, put into the same columns, nothing checked."""
    fee = item.get("orderFeeAmount")
    return (
        item["id"],
        int(item["orderId"]),
        int(item["orderEventId"]),
        dt.datetime.fromtimestamp(float(item["time"]), dt.UTC),
        item["status"],
        item["symbol"],
        item.get("symbolValue"),
        item["direction"],
        item.get("quantity"),
        item["fillQuantity"],
        str(item["fillQuantity"]),
        item["fillPrice"],
        str(item["fillPrice"]),
        item.get("fillPriceCurrency"),
        fee,
        None if fee is None else str(fee),
        item.get("orderFeeCurrency"),
        item.get("limitPrice"),
        item.get("stopPrice"),
        item.get("isAssignment", False),
        item.get("isInTheMoney", False),
        item.get("message"),
    )


def inserting(rows: int, folder: Path) -> Comparison:
    """Rows of an equity curve into the warehouse, each time rolled back: by frame, against `executemany`."""
    warehouse = Warehouse(folder / "state")
    warehouse.create_or_upgrade()
    start = dt.datetime(2020, 1, 2, 14, 30, tzinfo=dt.UTC)
    given: list[dict[str, object]] = [
        {
            "run_id": "run",
            "sampled_at": start + dt.timedelta(minutes=5 * number),
            "position": 0,
            **{f"{side}_equity": Decimal(250000) + number for side in ("open", "high", "low", "close")},
        }
        for number in range(rows)
    ]
    columns = list(given[0])
    marks = ", ".join("?" * len(columns))

    @contextmanager
    def rolled_back() -> Iterator[Any]:
        with warehouse.writer("benchmark", publish=False) as session:
            session.connection.execute("BEGIN")
            yield session
            session.connection.execute("ROLLBACK")

    def ours() -> int:
        with rolled_back() as session:
            return int(session.insert(EquityPoint, frame(EquityPoint, given)))

    def one_by_one() -> int:
        with rolled_back() as session:
            session.connection.executemany(
                f"INSERT INTO records.equity ({', '.join(columns)}) VALUES ({marks})",
                [tuple(row.values()) for row in given],
            )
            return int(session.rows("SELECT count(*) FROM records.equity")[0][0])

    return Comparison(
        "insert rows",
        f"{rows} rows of {len(columns)} columns",
        {"ours: one frame": ours, "executemany": one_by_one},
        lambda one, other: bool(one == other),
    )


def correlating(days: int, columns: int) -> Comparison:
    """Mean pairwise correlation of twenty days, every day: from sums of unit columns, against numpy's matrix."""
    generator = np.random.default_rng(20261122)
    returns = 0.01 * (generator.standard_normal((days, columns)) + generator.standard_normal((days, 1)))
    upper = np.triu_indices(columns, 1)

    def ours() -> NDArray[np.float64]:
        return rolling_mean_correlation(returns)

    def matrices() -> NDArray[np.float64]:
        found = np.full(days, np.nan)
        for last in range(WINDOW - 1, days):
            matrix = np.asarray(np.corrcoef(returns[last - WINDOW + 1 : last + 1], rowvar=False))
            found[last] = matrix[upper].mean()
        return found

    return Comparison(
        "20-day mean correlation",
        f"{days} days of {columns} series",
        {"ours: sums of unit columns": ours, "numpy.corrcoef": matrices},
        lambda one, other: bool(np.allclose(one, other, rtol=0, atol=TOLERANCE, equal_nan=True)),
    )


def publishing(rows: int, folder: Path) -> Comparison:
    """The published copy of a database: the file copied whole and flushed, against DuckDB's COPY FROM DATABASE."""
    folder.mkdir(parents=True, exist_ok=True)
    source, copied, rewritten = (folder / f"{name}.duckdb" for name in ("source", "copied", "rewritten"))
    with duckdb.connect(str(source)) as connection:
        connection.execute(
            "CREATE TABLE fills AS SELECT i AS id, md5(i::VARCHAR) AS run_id, (i * 1.01)::DECIMAL(38, 18) AS price, "
            f"TIMESTAMPTZ '2020-01-01 00:00:00+00' + to_minutes(i) AS filled_at FROM range({rows}) t(i)"
        )

    def ours() -> int:
        copy_whole(source, copied, mode=0o640)
        return _rows(copied)

    def by_statement() -> int:
        rewritten.unlink(missing_ok=True)
        with duckdb.connect(":memory:") as connection:
            connection.execute(f"ATTACH '{source}' AS source (READ_ONLY)")
            connection.execute(f"ATTACH '{rewritten}' AS rewritten")
            connection.execute("COPY FROM DATABASE source TO rewritten")
        return _rows(rewritten)

    return Comparison(
        "publish a copy",
        f"{rows} rows, {source.stat().st_size / 1e6:.1f} MB",
        {"ours: the file, in a child, flushed": ours, "COPY FROM DATABASE": by_statement},
        lambda one, other: bool(one == other),
    )


def _rows(file: Path) -> int:
    with duckdb.connect(str(file), read_only=True) as connection:
        return int(connection.execute("SELECT count(*) FROM fills").fetchall()[0][0])
