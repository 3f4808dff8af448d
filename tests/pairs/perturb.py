"""How many fills are still matched rightly when a statement is changed at random.

Holds: the command `python -m tests.pairs.perturb [--seeds N] [--pairs NAME ...]`.
Belongs here: reading the recorded pairs, running and counting.
Never here: the changes (`perturbations`).
"""

from __future__ import annotations

import argparse
import datetime as dt
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Final

from pipelines.config import AccountSettings, Settings
from pipelines.steps.lean.runs import ingest_run
from pipelines.steps.reconciliation.inputs import accounts, read_account
from pipelines.steps.statements.ingesting import ingest_statement
from pipelines.transforms.matching.leg_matching import match_trades
from tests.pairs.perturbations import CHANGES, Changed, Statement, Tally, judged, merged, pairs_of
from tests.shared import shared_path
from tests.transforms.account_maker import make_account
from warehouse import migrate
from warehouse.access import Warehouse, WriteSession
from warehouse.connections import open_for_writing

PAIRS: Final = {
    "tk-tastytrade-covid": ("tastytrade", "standard", ("own/tk-tastytrade-covid",)),
    "live-tastytrade": ("tastytrade", "standard", tuple(f"live/{n}-L-310000000{n}" for n in (1, 2, 3))),
    "tk-ibkr": ("ibkr", "tiered", ("own/tk-ibkr",)),
    "tk-schwab": ("schwab", "standard", ("own/tk-schwab",)),
}
"""Recorded pairs: broker, plan, and the runs whose fills the statement books."""
MADE_UP: Final = {"every two minutes": (240, True), "every five minutes": (600, True), "without times": (21_600, False)}
"""Accounts that no recording has: most seconds between two orders in six contracts, and whether rows have times."""
LEAST_PRECISION: Final = 0.999
LEAST_RECALL: Final = 0.99


def read(name: str, folder: Path) -> Statement:
    """The trades of a recorded pair and what they match as they are; `folder` takes a warehouse."""
    broker, plan, runs = PAIRS[name]
    account = AccountSettings(alias="main", broker=broker, plan=plan)
    folder.mkdir(parents=True, exist_ok=True)
    warehouse = Warehouse(folder)
    migrate.create_from_models(warehouse.path)
    session = WriteSession(open_for_writing(warehouse.path), path=warehouse.path, raw=warehouse.raw)
    try:
        for run in runs:
            ingest_run(session, shared_path("runs", run), rehearses="main")
        for path in sorted(shared_path("runs", "pairs", name).iterdir()):
            if path.name != "key.json":
                ingest_statement(session, path, account="main", accounts=(account,))
        [found] = accounts(session, Settings(root=folder, accounts=(account,)))
        given = read_account(session, found)
    finally:
        session.close()
    lean = tuple(fill for fill in given.lean if fill.leg_class == "trade")
    rows = tuple(row for row in given.broker if row.leg_class == "trade")
    return Statement(broker, lean, rows, frozenset(pairs_of(match_trades(lean, rows))))


def made_up(name: str, seed: int = 1, orders: int = 400) -> Statement:
    """An account with many orders in few contracts, as honest a broker books it."""
    seconds, timed = MADE_UP[name]
    chance = Random(seed)
    account = make_account(chance, orders, step=lambda: dt.timedelta(seconds=chance.randint(0, seconds)))
    rows = account.broker
    if not timed:
        # Such a statement has one row for all that an order filled at one price.
        rows = [replace(row, has_time=False, order_number=None) for row in merged(Changed(rows), chance).rows]
    pairs = frozenset((row.row_id.split("|")[0], row.row_id) for row in rows)
    return Statement("made up", tuple(account.lean), tuple(rows), pairs)


def tallies(statement: Statement, seeds: range) -> dict[str, Tally]:
    """The pairs over all seeds, by change."""
    found: dict[str, Tally] = {}
    for name, change in CHANGES.items():
        tally = found.setdefault(name, Tally())
        for seed in seeds:
            tally.add(judged(statement, change, seed))
    return found


def main() -> int:
    """Prints the table; 1 where a share is below the bar."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--pairs", nargs="*", default=[*PAIRS, *MADE_UP])
    given = parser.parse_args()
    failed = False
    print(f"{'pair':<22}{'change':<28}{'pairs':>8}{'precision':>11}{'recall':>9}")
    with tempfile.TemporaryDirectory() as folder:
        for name in given.pairs:
            statement = made_up(name) if name in MADE_UP else read(name, Path(folder) / name)
            for change, tally in tallies(statement, range(given.seeds)).items():
                low = tally.precision < LEAST_PRECISION or tally.recall < LEAST_RECALL
                failed |= low
                shares = f"{tally.precision:>11.2%}{tally.recall:>9.2%}"
                print(f"{name:<22}{change:<28}{tally.there:>8}{shares}{'  below the bar' if low else ''}", flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
