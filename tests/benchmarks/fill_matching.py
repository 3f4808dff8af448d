"""A million fills reconciled: matching beside a plain join of the same rows, pricing apart from it, and all in one run.

Holds: the work of the two child processes, and their table.
Belongs here: what the two sides of `many_fills` cost.
Never here: making them.

    python -m tests.benchmarks fills
"""

from __future__ import annotations

import datetime as dt
import gc
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

import numpy as np
import polars as pl

from pipelines.transforms.fees.explanation import Terms
from pipelines.transforms.fees.explanation_memory import Explanations
from pipelines.transforms.matching.certain_legs import certain_legs
from pipelines.transforms.matching.certain_matching import Places, scores
from pipelines.transforms.matching.fills import BrokerFill, LeanFill
from pipelines.transforms.matching.leg_matching import match_by_session, match_trades
from pipelines.transforms.matching.settings import DEFAULT
from pipelines.transforms.reconciliation import AccountInput, reconcile
from pipelines.transforms.statements.coverage import Coverage, Trading
from tests.benchmarks.figures import Figure
from tests.benchmarks.many_fills import Sides, made_up, plain_join
from tests.shared import ROOT
from tomking.kernel.fees import FeeFill, schedule_for
from tomking.kernel.money import Rounding

FILLS: Final = 1_000_000
TINY: Final = 2_000
REPETITIONS: Final = 3
COLUMNS: Final = ("what", "s", "fills/s", "times the join", "peak MB")
_SPAN: Final = (dt.datetime(2019, 1, 1, tzinfo=dt.UTC), dt.datetime(2040, 1, 1, tzinfo=dt.UTC))
_SCHEDULE: Final = schedule_for("tastytrade")
_PRINTED: Final = Rounding("half_up", 2)
_TERMS: Final = Terms("equity_option", Decimal(100), "SPY")
Row = dict[str, Any]


def rows(fills: int = FILLS) -> list[tuple[str, ...]]:
    """The table under `COLUMNS`."""
    matching, whole = _child("match", fills), _child("reconcile", fills)
    join = matching["join"]
    many = f"{matching['lean']:,} fills of LEAN, {matching['broker']:,} rows of the broker"
    return [
        (f"{many}: plain DuckDB join", *_figures(matching["join"], fills, join), ""),
        ("ours: matching, columns to legs", *_figures(matching["match"], fills, join), f"{matching['peak']:.0f}"),
        (f"ours: pricing {whole['legs']:,} legs", *_figures(whole["price"], fills, join), ""),
        (
            f"ours: the whole reconciliation in one run, {whole['breaks']:,} breaks",
            *_figures(whole["all"], fills, join),
            f"{whole['peak']:.0f}",
        ),
    ]


def figures(found: Sequence[tuple[str, ...]]) -> list[Figure]:
    """What matching costs as a multiple of the join."""
    return [Figure("match a million fills: to a plain join", float(found[1][3]))]


def _figures(seconds: float, fills: int, join: float) -> tuple[str, str, str]:
    return f"{seconds:.1f}", f"{fills / seconds:,.0f}", f"{seconds / join:.2f}"


def _child(work: str, fills: int) -> dict[str, Any]:
    ended = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.fill_matching", work, str(fills)],
        cwd=ROOT,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    found: dict[str, Any] = json.loads(ended.stdout)
    return found


# --- in the child processes --------------------------------------------------------------------------------------------


def matched(sides: Sides) -> int:
    """Both sides matched, columns in and legs out; only what is not certain becomes fills. Returns the legs."""
    found = certain_legs(sides.lean, sides.broker, DEFAULT)
    lean = {row["place"]: lean_fill(row) for row in _rows(sides.lean, found.lean_left)}
    broker = {row["place"]: broker_fill(row) for row in _rows(sides.broker, found.broker_left)}
    places = Places(
        found,
        sides.broker["order_number"].to_list(),
        lambda place: lean_fill(sides.lean.row(place, named=True)),
        lambda place: broker_fill(sides.broker.row(place, named=True)),
    )
    rest = match_by_session(lean.values(), broker.values(), DEFAULT, places)
    legs = pl.DataFrame({"lean": found.lean_leg, "broker": found.broker_leg}).with_columns(
        score=pl.Series(scores(found, DEFAULT), dtype=pl.Decimal(5, 4))
    )
    return legs.height + len(rest)


def _rows(side: pl.DataFrame, left: np.typing.NDArray[np.bool_]) -> list[Row]:
    return side.with_row_index("place").filter(pl.Series(left)).to_dicts()


def lean_fill(row: Row) -> LeanFill:
    """The fill of a row."""
    return LeanFill(
        reference=row["reference"],
        run_id=row["run_id"],
        order_id=row["order_id"],
        instrument_key=row["instrument_key"],
        leg_class="trade",
        occurred_at=row["occurred_at"],
        session_date=row["session_date"],
        quantity=row["quantity"],
        price=row["price"],
        fee=abs(row["quantity"]),
        group_id=row["group_id"],
    )


def broker_fill(row: Row) -> BrokerFill:
    """The row of a statement, without its charges."""
    return BrokerFill(
        row_id=row["row_id"],
        instrument_key=row["instrument_key"],
        leg_class="trade",
        occurred_at=row["occurred_at"],
        session_date=row["session_date"],
        quantity=row["quantity"],
        price=row["price"],
        commission=None,
        fees=Decimal(0),
        effect="open",
        order_number=row["order_number"],
    )


def charged(rows: Sequence[BrokerFill]) -> list[BrokerFill]:
    """The rows with what the broker takes, each order leg by its own limit."""
    legs: dict[tuple[object, ...], list[BrokerFill]] = {}
    for row in rows:
        legs.setdefault((row.order_number, row.instrument_key, row.quantity > 0), []).append(row)
    found: list[BrokerFill] = []
    for leg in legs.values():
        leg.sort(key=lambda row: (row.occurred_at, row.row_id))
        fees = _SCHEDULE.fees_for_leg([_fee_fill(row) for row in leg])
        for row, due in zip(leg, fees, strict=True):
            own = due.amount("commission")
            found.append(replace(row, commission=own, fees=_PRINTED.apply(due.total - own)))
    return found


def _fee_fill(row: BrokerFill) -> FeeFill:
    return FeeFill(
        product=_TERMS.product,
        side="buy" if row.quantity > 0 else "sell",
        effect=row.effect,
        quantity=abs(row.quantity),
        price=row.price or Decimal(0),
        multiplier=_TERMS.multiplier,
        session_date=row.session_date,
        root=_TERMS.root,
    )


def _match(fills: int) -> dict[str, Any]:
    sides = made_up(fills)
    joined: list[float] = []
    ours: list[float] = []
    for repetition in range(REPETITIONS + 1):
        for taken, work in ((joined, plain_join), (ours, matched)):
            gc.collect()
            started = time.perf_counter()
            work(sides)
            if repetition:
                taken.append(time.perf_counter() - started)
    return {
        "lean": sides.lean.height,
        "broker": sides.broker.height,
        "join": statistics.median(joined),
        "match": statistics.median(ours),
        "peak": _peak(),
    }


def _reconcile(fills: int) -> dict[str, Any]:
    sides = made_up(fills)
    lean = [lean_fill(row) for row in sides.lean.iter_rows(named=True)]
    broker = charged([broker_fill(row) for row in sides.broker.iter_rows(named=True)])
    terms = dict.fromkeys(sides.lean["instrument_key"].unique(), _TERMS)
    given = AccountInput(
        account="main",
        lean=lean,
        broker=broker,
        account_rows=[],
        charged_rows=[],
        terms=terms,
        underlyings=dict.fromkeys(terms, _TERMS.root),
        schedule=_SCHEDULE,
        coverage=Coverage((_SPAN,)),
        runs=[Trading("run", *_SPAN)],
    )
    del sides
    started = time.perf_counter()
    result = reconcile(given)
    taken = time.perf_counter() - started
    found = {"all": taken, "legs": len(result.legs), "breaks": len(result.breaks), "peak": _peak()}
    del result
    legs = match_trades(lean, broker)
    explanations = Explanations(_SCHEDULE, None)
    started = time.perf_counter()
    for leg in legs:
        explanations.explain(leg, _TERMS)
    return found | {"price": time.perf_counter() - started}


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


if __name__ == "__main__":
    json.dump({"match": _match, "reconcile": _reconcile}[sys.argv[1]](int(sys.argv[2])), sys.stdout)
