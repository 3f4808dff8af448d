"""What a slice costs the whole algorithm, with its caches and without, and what the caches are asked.

Holds: runs of the algorithm on the stand-in in turns, and two tables.
Belongs here: the algorithm as a whole; its modules alone are in `kernel_modules`.
Never here: LEAN's own share: on the engine a chain call alone costs some ten milliseconds more, which the stand-in's
does not, so that what a cache saves there is more than what is measured here.

    python -m tests.benchmarks handlers
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from tests.algorithm.support import DATA, MAIN, journal, of_kind
from tests.benchmarks.figures import Figure
from tests.lean_double.data import DataFolder
from tests.lean_double.engine import install, run

WAYS: Final = {"all modules": "", "no chain cache": "chain_cache", "no caches": "chain_cache+greeks_cache"}
PERIOD: Final = {"start": "2019-12-02", "end": "2020-03-31"}
TINY: Final = {"start": "2019-12-02", "end": "2019-12-06"}
REPETITIONS: Final = 5

TIMES: Final = ("what", "slices", "p50 ms", "p95 ms", "p99 ms", "p95 of the runs")
REQUESTS: Final = ("what", "days", "requests", "hit rate", "hit rate by day, quartiles", "reads", "reads without")


@dataclass(frozen=True, slots=True)
class Handled:
    """A run: seconds of each slice, and by cache and session requests, hits and reads."""

    seconds: list[float]
    requests: dict[tuple[str, str], tuple[int, int, int]]


def handled(data: DataFolder, parameters: dict[str, str]) -> Handled:
    """Run the algorithm; what `data` has read in an earlier run it does not read again."""
    with tempfile.TemporaryDirectory() as folder, _collected() as seconds:
        done = run(MAIN, data, Path(folder), parameters, algorithm_id="bench")
        if done.error:
            raise RuntimeError(done.stack_trace)
        counts: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
        for line in of_kind(journal(Path(folder)), "cache"):
            row = counts[str(line["cache"]), str(line["session_date"])]
            hits, misses = int(str(line["hits"])), line["misses"]
            assert isinstance(misses, dict)
            row[0] += hits + sum(misses.values())
            row[1] += hits
            row[2] += int(str(line["provider_calls"]))
    return Handled(seconds, {key: (row[0], row[1], row[2]) for key, row in counts.items()})


@contextmanager
def _collected() -> Iterator[list[float]]:
    """Every slice's seconds of processor time."""
    install()
    from tomking.adapters import clock  # noqa: PLC0415 - needs the stand-in's names
    from tomking.adapters.end_of_day import HandlerTimes  # noqa: PLC0415

    seconds: list[float] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(HandlerTimes, "add", lambda self, taken: seconds.append(taken))
        # Processor time: what else the machine does is none of the algorithm's cost.
        patch.setattr(clock, "stopwatch", time.process_time)
        yield seconds


def report(*, small: bool = False) -> tuple[list[tuple[str, tuple[str, ...], list[tuple[str, ...]]]], list[Figure]]:
    """Both tables, and the ratio of the 95th percentiles; the ways take turns."""
    period, repetitions = (TINY, 1) if small else (PERIOD, REPETITIONS)
    data = DataFolder(DATA)
    handled(data, period)
    runs: dict[str, list[Handled]] = {way: [] for way in WAYS}
    for number in range(repetitions):
        for way in WAYS if number % 2 == 0 else reversed(WAYS):
            runs[way].append(handled(data, {**period, "without": WAYS[way]}))
    times = [_times(way, found) for way, found in runs.items()]
    with_caches, without = runs["all modules"][0], runs["no caches"][0]
    requests = [_requests(cache, with_caches, without) for cache in ("chains", "greeks")]
    best, worst = (
        statistics.median(_percentile(one.seconds, 95) for one in runs[way]) for way in ("all modules", "no caches")
    )
    figures = [Figure("handler, 95th percentile: to no caches", best / worst)]
    return [
        (f"a slice of the algorithm on the stand-in, {repetitions} runs each in turns", TIMES, times),
        ("what the caches were asked on the demonstration's data", REQUESTS, requests),
    ], figures


def _percentile(values: list[float], share: int) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) * share // 100, len(ordered) - 1)]


def _times(way: str, runs: list[Handled]) -> tuple[str, ...]:
    medians = [statistics.median(_percentile(one.seconds, share) for one in runs) * 1000 for share in (50, 95, 99)]
    spread = sorted(_percentile(one.seconds, 95) * 1000 for one in runs)
    return (
        way,
        str(len(runs[0].seconds)),
        *(f"{value:.2f}" for value in medians),
        f"{spread[0]:.2f} to {spread[-1]:.2f}",
    )


def _requests(cache: str, ours: Handled, without: Handled) -> tuple[str, ...]:
    rows = [row for (name, _), row in ours.requests.items() if name == cache and row[0]]
    asked, hits, reads = (sum(row[place] for row in rows) for place in range(3))
    shares = [row[1] / row[0] for row in rows]
    quartiles = statistics.quantiles(shares, n=4) if len(shares) > 1 else shares * 3
    other = sum(row[2] for (name, _), row in without.requests.items() if name == cache)
    return (
        cache,
        str(len(rows)),
        str(asked),
        f"{hits / asked:.0%}" if asked else "-",
        " ".join(f"{share:.0%}" for share in quartiles),
        str(reads),
        str(other),
    )
