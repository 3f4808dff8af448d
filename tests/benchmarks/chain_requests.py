"""What the algorithm itself asks of its chain cache: by the hour over all recorded months, and at a bar a minute.

Holds: runs of every strategy on the stand-in, the moments at which chains are asked for and read, and one table.
Belongs here: requests that a run really makes, none made up.
Never here: a heavier mix of requests (`cache_workload`), how long a look-up takes (`kernel_modules`).

A chain is asked for by the look at volatility that begins a session, and by each strategy once on a day and hour at which
it may enter; Greeks and marks are made of quotes and ask for none. So there is little to save: the table says how much, and
that no moment reads a chain twice. Minutes are straight lines between the recorded hours (`lean_double.minute_steps`).
"""

from __future__ import annotations

import datetime as dt
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest

from tests.algorithm.scenario import CHANGES
from tests.algorithm.support import DATA, MAIN, publish
from tests.lean_double.algorithm import QCAlgorithm
from tests.lean_double.data import DataFolder
from tests.lean_double.engine import run
from tests.lean_double.minute_steps import MinuteSteps
from tests.lean_double.replay import unpacked_data
from tests.shared import SHARED
from tomking.kernel.chain_cache import ChainCache
from tomking.kernel.parameters import default_values, dump, parse

COLUMNS: Final = (
    "pace",
    "sessions",
    "orders",
    "requests",
    "moments with one",
    "reads",
    "most reads at a moment",
    "hit rate",
    "fewer reads by",
)
CALM: Final = ("2019-12-02", "2019-12-31")
STORM: Final = ("2020-03-02", "2020-03-31")


@dataclass
class Asked:
    """Requests and reads of a run by their instant."""

    requests: Counter[dt.datetime] = field(default_factory=Counter)
    reads: Counter[tuple[dt.datetime, str]] = field(default_factory=Counter)
    orders: int = 0

    def row(self, name: str) -> tuple[str, ...]:
        """The run's row."""
        asked, read = self.requests.total(), self.reads.total()
        return (
            name,
            str(len({moment.date() for moment in self.requests})),
            str(self.orders),
            str(asked),
            str(len(self.requests)),
            str(read),
            str(max(self.reads.values(), default=0)),
            f"{1 - read / asked:.1%}",
            f"{asked / read:.2f}",
        )


@contextmanager
def _counting() -> Iterator[Asked]:
    found, get, chain = Asked(), ChainCache.get, QCAlgorithm.option_chain

    def counted_get(self: Any, request: Any, now: dt.datetime, provider: Any) -> Any:
        found.requests[now] += 1
        return get(self, request, now, provider)

    def counted_chain(self: QCAlgorithm, symbol: Any) -> Any:
        found.reads[self.utc_time, symbol.value] += 1
        return chain(self, symbol)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ChainCache, "get", counted_get)
        patch.setattr(QCAlgorithm, "option_chain", counted_chain)
        yield found


def asked(data: DataFolder, period: tuple[str, str], *, without: str = "") -> Asked:
    """Every strategy over a period."""
    document = dump(
        default_values() | dict(CHANGES),
        effective_from=dt.date(2019, 12, 2),
        data_through=dt.date(2019, 11, 29),
        code_version="b",
        evidence={},
    )
    parameters = {"start": period[0], "end": period[1], "resolution": data.resolution.name.lower(), "without": without}
    with tempfile.TemporaryDirectory() as folder, _counting() as found:
        publish(Path(folder), parse(document))
        done = run(MAIN, data, Path(folder), parameters, algorithm_id="Asked")
        if done.error:
            raise RuntimeError(done.stack_trace)
        found.orders = len(done.algorithm.transactions.orders)
    return found


def report(*, small: bool = False) -> tuple[str, tuple[str, ...], list[tuple[str, ...]]]:
    """The table: title, columns, rows."""
    with tempfile.TemporaryDirectory() as folder:
        recorded = (SHARED / "runs" / "data").is_dir()
        everything, last = (unpacked_data(Path(folder)), "2020-06-30") if recorded else (DATA, "2020-03-31")
        whole = (CALM[0], "2019-12-06" if small else last)
        rows = [asked(DataFolder(everything), whole).row("hourly, with the cache")]
        if not small:
            rows += [
                asked(DataFolder(everything), whole, without="chain_cache").row("hourly, without it"),
                asked(MinuteSteps(everything), CALM).row(f"each minute, with it, {CALM[0][:7]}"),
                asked(MinuteSteps(everything), STORM).row(f"each minute, with it, {STORM[0][:7]}"),
            ]
    return f"chain requests of the algorithm itself, every strategy, {whole[0]} to {whole[1]}", COLUMNS, rows
