"""A writer in a process of its own, for tests that kill it or wait for it.

`python -m tests.warehouse.writing_process STATE hold` takes the lock, says "held" and sleeps.
`python -m tests.warehouse.writing_process STATE write BATCH` commits batches of rows for ever and prints the number of
each batch after its commit.
`python -m tests.warehouse.writing_process STATE fill` commits ten rows, then more than the disk takes, and prints the
error.

Holds: the programs.
Belongs here: nothing that needs pytest.
Never here: assertions.
"""

from __future__ import annotations

import itertools
import resource
import signal
import sys
import time
from pathlib import Path

from tests.warehouse.samples import profit
from warehouse.access import Warehouse
from warehouse.errors import StorageError
from warehouse.frames import frame
from warehouse.models.records.runs import ProfitLossEntry


def hold(warehouse: Warehouse) -> None:
    """Hold the lock until killed."""
    with warehouse.writer("the nightly loop"):
        print("held", flush=True)
        time.sleep(600)


def write(warehouse: Warehouse, batch: int) -> None:
    """Commit one batch after the other until killed; half of each goes into a second statement."""
    with warehouse.writer("writing batches") as session:
        start = session.rows("SELECT count(DISTINCT run_id) FROM records.profit_loss")[0][0]
        for number in itertools.count(start):
            rows = frame(ProfitLossEntry, [profit(f"{number:06d}", position) for position in range(batch)])
            with session.transaction():
                session.insert(ProfitLossEntry, rows.head(batch // 2))
                session.insert(ProfitLossEntry, rows.tail(batch - batch // 2))
            print(number, flush=True)


def fill(warehouse: Warehouse) -> None:
    """Write past a limit that the system sets on the size of files, as a full disk would."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    room = warehouse.path.stat().st_size + 200_000
    try:
        with warehouse.writer("filling the disk") as session:
            session.insert(ProfitLossEntry, frame(ProfitLossEntry, [profit("first", number) for number in range(10)]))
            resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
            many = [profit(f"{number * 7919 % 1_000_003}", number) for number in range(100_000)]
            with session.transaction():
                session.insert(ProfitLossEntry, frame(ProfitLossEntry, many))
    except StorageError as error:
        print(error.what, flush=True)


if __name__ == "__main__":
    state, program, *rest = sys.argv[1:]
    match program:
        case "hold":
            hold(Warehouse(Path(state)))
        case "fill":
            fill(Warehouse(Path(state)))
        case _:
            write(Warehouse(Path(state)), int(rest[0]))
