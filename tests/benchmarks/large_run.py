"""One large run: time and memory to take it in, beside DuckDB's `read_json` of the same files.

Holds: the recorded and the generated run, our two ways of taking one in, the table, and what is asked of the ratios.
Belongs here: a large input.
Never here: making one up (tests/benchmarks/generated.py), the floor (tests/benchmarks/json_floor.py), small comparisons.

Ours is counted twice: the run alone (files stored, read and checked, every table written, the copy published), and all
that follows from it (strategy trades, recomputed money, joined deployments), for which `read_json` has no counterpart.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from pathlib import Path

from tests.benchmarks import children, generated
from tests.benchmarks.children import Measured
from tests.benchmarks.figures import Figure
from tests.benchmarks.json_floor import BARE, INTO_TABLES, TYPED, floor
from tests.shared import SHARED

ARCHIVE = SHARED / "runs" / "large" / "churn-81MB.zip"
GOLDEN = SHARED / "runs" / "large" / "churn.golden.json"
GIGABYTE, TINY = 10**9, 10**5
MOST_MEMORY = 600 * 10**6
"""Bytes that taking in a run of a gigabyte may add to the process; what is derived from it adds more."""

RUN, ALL = "ours: stored, read, tables, published", "ours, and all that is derived"
_SHORT = {ALL: "all", RUN: "the run"}
COLUMNS = ("what", "way", "s", "processor s", "times bare", "times typed", "times tables", "MB")

_BEFORE = """
from pipelines.config import load_settings
from pipelines.steps.ingest import ingest_paths
from pipelines.steps.lean.runs import ingest_run
from warehouse.access import Warehouse
import polars, pyarrow
settings = load_settings(Path(sys.argv[1]))
warehouse = Warehouse(settings.state_dir)
with warehouse.writer("benchmark") as session:
    pass
"""
_RUN = """
with warehouse.writer("benchmark") as session:
    ingest_run(session, Path(sys.argv[2]))
"""
_ALL = """
with warehouse.writer("benchmark") as session:
    ingest_paths(session, settings, [Path(sys.argv[2])])
"""
_AFTER = """
with warehouse.reader() as connection:
    ((orders,), (events, quantity), (trades, profit), (fees,)) = (
        connection.execute(sql).fetchone() for sql in (
            "select count(*) from records.orders",
            "select count(*), sum(abs(fill_quantity))::varchar from records.order_events",
            "select count(*), sum(profit_loss)::varchar from records.closed_trades",
            "select fee_text from records.run_fees where currency = 'USD'",
        )
    )
found = {"orders": orders, "events": events, "trades": trades, "profit": profit, "fees": fees, "quantity": quantity}
"""


@dataclass(frozen=True, slots=True)
class LargeRun:
    """A run's folder, the stem of its files, and what must be in the warehouse afterwards."""

    title: str
    folder: Path
    algorithm: str
    totals: Mapping[str, object]

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(path.stat().st_size for path in self.folder.iterdir())


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


def measured(run: LargeRun, work: Path, *, repetitions: int, bare: bool) -> dict[str, Measured]:
    """Every way, in turns. With `bare` also that call, whose time grows with the square of the file.

    Raises AssertionError where our tables do not have the run's totals to the last digit.
    """
    floors = (BARE, TYPED, INTO_TABLES) if bare else (TYPED, INTO_TABLES)
    ways: dict[str, Callable[[int], Measured]] = {way: partial(_floor, run, work, way) for way in floors}
    ways |= {way: partial(_ours, run, work, way) for way in (RUN, ALL)}
    return children.in_turns(ways, repetitions)


def rows(run: LargeRun, found: Mapping[str, Measured]) -> list[tuple[str, ...]]:
    """The table of a run under `COLUMNS`."""
    titles = [f"{run.title} of {run.size / 1e6:.0f} MB, exact"] + [""] * len(found)
    return [
        (
            title,
            way,
            f"{one.seconds:.2f}",
            f"{one.processor:.2f}",
            *(
                f"{one.seconds / found[floor].seconds:.2f}" if floor in found else "-"
                for floor in (BARE, TYPED, INTO_TABLES)
            ),
            f"{one.growth / 1e6:.0f}",
        )
        for title, (way, one) in zip(titles, found.items(), strict=False)
    ]


def figures(run: LargeRun, found: Mapping[str, Measured], *, at_most: float) -> list[Figure]:
    """The ratios of a run: those of processor times are kept with a release, one of wall-clock times has a limit.

    `at_most` is asked of all that is done, to the bare `read_json`; where that is not measured, of the run alone, to
    `read_json` into tables.
    """
    ours, against = (ALL, BARE) if BARE in found else (RUN, INTO_TABLES)
    time = found[ours].seconds / found[against].seconds
    asked = Figure(f"{run.title}: {_SHORT[ours]}, to {against}, time", time, at_most, is_kept=False)
    kept = [
        Figure(f"{run.title}: {short}, to {floor}", found[way].processor / found[floor].processor)
        for way, short in _SHORT.items()
        for floor in (BARE, TYPED, INTO_TABLES)
        if floor in found
    ]
    memory = [
        Figure(f"{run.title}: growth of memory, {short}, to 600 MB", found[way].growth / MOST_MEMORY, limit)
        for way, short, limit in ((RUN, _SHORT[RUN], 1.0), (ALL, _SHORT[ALL], None))
    ]
    return [asked, *kept, *memory]


def _ours(run: LargeRun, work: Path, way: str, turn: int) -> Measured:
    config = children.instance(work / f"{'run' if way == RUN else 'all'}-{turn}")
    program = children.code(_BEFORE, _RUN if way == RUN else _ALL, _AFTER)
    found = children.run(program, str(config), str(run.folder))
    assert isinstance(found.found, dict)
    exact = {name: value if isinstance(value, int) else Decimal(value) for name, value in found.found.items()}
    assert exact == run.totals, f"{exact} is not {run.totals}"
    return found


def _floor(run: LargeRun, work: Path, way: str, turn: int) -> Measured:
    main, events = (run.folder / f"{run.algorithm}{ending}.json" for ending in ("", "-order-events"))
    return floor(way, main, events, work / f"floor-{turn}")
