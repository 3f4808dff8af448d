"""One large run: time and memory to take it in, beside DuckDB's `read_json` of the same files.

Holds: each as a child process of its own, because the highest memory of a process is told only once.
Belongs here: a large input, and the ways of reading it.
Never here: making one up (tests/benchmarks/generated.py), small comparisons (tests/benchmarks/cases.py).

`read_json` is the floor in two forms. The naive one finds the types out by itself, which a user would try first. The
informed one is given them, so that it need not look twice; it still leaves one row of maps and lists, keeps no exact
text, checks nothing, and writes nothing that outlives the process.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from tests.benchmarks import generated
from tests.benchmarks.figures import Figure
from tests.pipelines.instances import ROOT, environment
from tests.shared import SHARED

ARCHIVE = SHARED / "runs" / "large" / "churn-81MB.zip"
GOLDEN = SHARED / "runs" / "large" / "churn.golden.json"
GIGABYTE, TINY = 10**9, 10**5
REPETITIONS = 3

COLUMNS = ("what", "way", "s", "times read_json with types", "memory growth MB", "rows/s")

_BEGINS = """
import json, resource, sys, time
from pathlib import Path
PEAK = 1 if sys.platform == "darwin" else 1024
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * PEAK
"""
_ENDS = """
seconds, growth = time.perf_counter() - started, peak() - before
"""
_TELLS = """
print(json.dumps({"seconds": seconds, "growth": growth, "found": found}))
"""
_INGEST = f"""{_BEGINS}
from pipelines.config import load_settings
from pipelines.steps.ingest import ingest_paths
from pipelines.steps.lean_runs import ingest_run
from warehouse.access import Warehouse
import polars, pyarrow
settings = load_settings(Path(sys.argv[1]))
warehouse = Warehouse(settings.state_dir)
with warehouse.writer("benchmark") as session:
    pass
before, started = peak(), time.perf_counter()
with warehouse.writer("benchmark") as session:
    if sys.argv[3] == "run":
        ingest_run(session, Path(sys.argv[2]))
    else:
        ingest_paths(session, settings, [Path(sys.argv[2])])
{_ENDS}
with warehouse.reader() as connection:
    ((orders,), (events, quantity), (trades, profit), (fees,)) = (
        connection.execute(sql).fetchone() for sql in (
            "select count(*) from records.orders",
            "select count(*), sum(abs(fill_quantity))::varchar from records.order_events",
            "select count(*), sum(profit_loss)::varchar from records.closed_trades",
            "select fee_text from records.run_fees where currency = 'USD'",
        )
    )
found = {{"orders": orders, "events": events, "trades": trades, "profit": profit, "fees": fees, "quantity": quantity}}
{_TELLS}"""
_SYMBOL = (
    "STRUCT(value VARCHAR, id VARCHAR, permtick VARCHAR, "
    "underlying STRUCT(value VARCHAR, id VARCHAR, permtick VARCHAR))"
)
_MONEY = "DECIMAL(38, 18)"
TYPES = {
    "orders": f"MAP(VARCHAR, STRUCT(id INT, brokerId VARCHAR[], symbol {_SYMBOL}, price {_MONEY}, limitPrice {_MONEY}, "
    "priceCurrency VARCHAR, time VARCHAR, createdTime VARCHAR, lastFillTime VARCHAR, canceledTime VARCHAR, "
    f'quantity {_MONEY}, "type" INT, status INT, tag VARCHAR, properties JSON, securityType INT, direction INT, '
    f'"value" {_MONEY}, orderSubmissionData STRUCT(bidPrice {_MONEY}, askPrice {_MONEY}, lastPrice {_MONEY}), '
    f"isMarketable BOOLEAN, groupOrderManager STRUCT(id INT, quantity {_MONEY}, count INT, limitPrice {_MONEY}, "
    "orderIds INT[], direction INT), priceAdjustmentMode INT))",
    "totalPerformance": f"STRUCT(closedTrades STRUCT(id VARCHAR, symbols {_SYMBOL}[], entryTime VARCHAR, "
    f"exitTime VARCHAR, entryPrice {_MONEY}, exitPrice {_MONEY}, direction INT, quantity {_MONEY}, "
    f"profitLoss {_MONEY}, totalFees {_MONEY}, mae {_MONEY}, mfe {_MONEY}, duration VARCHAR, "
    f"endTradeDrawdown {_MONEY}, isWin BOOLEAN, orderIds INT[])[])",
    "profitLoss": f"MAP(VARCHAR, {_MONEY})",
    "statistics": "MAP(VARCHAR, VARCHAR)",
    "state": "MAP(VARCHAR, VARCHAR)",
    "charts": "JSON",
    "rollingWindow": "JSON",
}
"""The main file's members as DuckDB types, for somebody who knows the format."""
_READ_JSON = f"""{_BEGINS}
import duckdb
main, events, columns = sys.argv[1:]
connection = duckdb.connect()
given = f", columns = {{columns}}" if columns else ""
before, started = peak(), time.perf_counter()
for table, path, more in (("main", main, given), ("events", events, "")):
    size = Path(path).stat().st_size + 1
    connection.execute(
        f"CREATE TABLE {{table}} AS SELECT * FROM read_json('{{path}}', maximum_object_size = {{size}}{{more}})"
    )
{_ENDS}
((found,),) = connection.execute("SELECT count(*) FROM events").fetchall()
{_TELLS}"""


@dataclass(frozen=True, slots=True)
class Measured:
    """How a child process fared: wall-clock seconds of the work, growth of memory over what its imports took."""

    seconds: float
    growth: int
    found: object


@dataclass(frozen=True, slots=True)
class LargeRun:
    """A run's folder, the stem of its files, and what must be in the warehouse afterwards."""

    title: str
    folder: Path
    algorithm: str
    totals: Mapping[str, object]


def recorded(folder: Path) -> LargeRun | None:
    """The recorded run of 81 MB; None where the archive is not beside this checkout."""
    if not ARCHIVE.is_file():
        return None
    with zipfile.ZipFile(ARCHIVE) as archive:
        archive.extractall(folder)
    golden = json.loads(GOLDEN.read_bytes())
    totals = {
        "orders": golden["orders"],
        "events": golden["events"],
        "trades": golden["closed_trades"],
        "profit": Decimal(golden["closed_trades_pl"]),
        "fees": Decimal(golden["fees_by_currency"]["USD"]),
        "quantity": Decimal(golden["filled_quantity_abs"]),
    }
    return LargeRun("a recorded run", folder, "ChurnProbe", totals)


def made_up(folder: Path, size: int) -> LargeRun:
    """A generated run of about this many bytes."""
    totals = generated.write(folder, size // generated.BYTES_PER_ORDER)
    found = {
        "orders": totals.orders,
        "events": totals.events,
        "trades": totals.trades,
        "profit": totals.profit_loss,
        "fees": totals.fees,
        "quantity": totals.quantity,
    }
    return LargeRun("a generated run", folder, generated.ALGORITHM, found)


def measured(run: LargeRun, work: Path, *, naive: bool, repetitions: int) -> tuple[list[tuple[str, ...]], list[Figure]]:
    """Rows under `COLUMNS` and figures of a run; with `naive` also against `read_json` left to itself.

    Raises AssertionError where our tables do not have the run's totals to the last digit.
    """
    ways: dict[str, Callable[[int], Measured]] = {"read_json with types": lambda _: _read_json(run, TYPES)}
    if naive:
        ways["read_json by itself"] = lambda _: _read_json(run, None)
    ways["ours: stored, read, tables, published"] = lambda turn: _ingest(run, work / f"run-{turn}", "run")
    ways["ours, and what is derived from it"] = lambda turn: _ingest(run, work / f"all-{turn}", "all")
    found: dict[str, list[Measured]] = {name: [] for name in ways}
    for turn in range(repetitions):
        for name in ways if turn % 2 == 0 else reversed(ways):
            found[name].append(ways[name](turn))
    seconds = {name: statistics.median(one.seconds for one in all_) for name, all_ in found.items()}
    growth = {name: max(one.growth for one in all_) for name, all_ in found.items()}
    size = sum(path.stat().st_size for path in run.folder.iterdir())
    informed = seconds["read_json with types"]
    count = sum(int(str(run.totals[name])) for name in ("orders", "events", "trades"))
    rows: list[tuple[str, ...]] = [
        (
            f"{run.title} of {size / 1e6:.0f} MB" if position == 0 else "",
            name,
            f"{taken:.2f}",
            f"{taken / informed:.2f}",
            f"{growth[name] / 1e6:.0f}",
            f"{count / taken:.0f}",
        )
        for position, (name, taken) in enumerate(seconds.items())
    ]
    ours = "ours: stored, read, tables, published"
    figures = [Figure(f"{run.title}: time, to read_json with types", seconds[ours] / informed)]
    if naive:
        figures.append(
            Figure(f"{run.title}: time, to read_json by itself", seconds[ours] / seconds["read_json by itself"])
        )
    figures.append(Figure(f"{run.title}: memory growth, to the files' size", growth[ours] / size))
    return rows, figures


def _ingest(run: LargeRun, instance: Path, how: str) -> Measured:
    made = [sys.executable, "-m", "pipelines.cli", "init", str(instance), "--yes"]
    subprocess.run(made, cwd=ROOT, env=environment(), check=True, capture_output=True)
    measured = _child(_INGEST, str(instance / "tomking.toml"), str(run.folder), how)
    assert isinstance(measured.found, dict)
    exact = {name: value if isinstance(value, int) else Decimal(value) for name, value in measured.found.items()}
    assert exact == run.totals, f"{exact} is not {run.totals}"
    return measured


def _read_json(run: LargeRun, types: Mapping[str, str] | None) -> Measured:
    listed = "" if types is None else "{" + ", ".join(f"{name}: '{kind}'" for name, kind in types.items()) + "}"
    main, events = (run.folder / f"{run.algorithm}{ending}.json" for ending in ("", "-order-events"))
    return _child(_READ_JSON, str(main), str(events), listed)


def _child(code: str, *arguments: str) -> Measured:
    ended = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        env=environment(),
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return Measured(**json.loads(ended.stdout.splitlines()[-1]))
