"""How two ways of doing the same work are compared.

Holds: a comparison, its interleaved repetitions, the table of medians and ratios.
Belongs here: measuring.
Never here: what is measured (tests/benchmarks/cases.py), or a promise of an absolute time: machines differ, ratios hold.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

Work = Callable[[], Any]


@dataclass(frozen=True, slots=True)
class Comparison:
    """The same work in several ways, ours first; `agree` says whether two results are the same work's."""

    title: str
    amount: str
    ways: dict[str, Work]
    agree: Callable[[Any, Any], bool]


@dataclass(frozen=True, slots=True)
class Measured:
    """Seconds of one way: the median and its range, and how many times slower than the first way its median is."""

    way: str
    median: float
    fastest: float
    slowest: float
    ratio: float


def measure(comparison: Comparison, repetitions: int) -> list[Measured]:
    """Run every way in turn, `repetitions` times, the order reversed each time so that no way always goes first.

    One round before is not counted. Raises AssertionError when two ways do not come to the same result.
    """
    names = list(comparison.ways)
    results = {name: comparison.ways[name]() for name in names}
    for name in names[1:]:
        if not comparison.agree(results[names[0]], results[name]):
            raise AssertionError(f"{comparison.title}: {name!r} comes to another result")
    del results
    seconds: dict[str, list[float]] = {name: [] for name in names}
    for repetition in range(repetitions):
        for name in names if repetition % 2 == 0 else reversed(names):
            gc.collect()
            started = time.perf_counter()
            comparison.ways[name]()
            seconds[name].append(time.perf_counter() - started)
    ours = statistics.median(seconds[names[0]])
    return [
        Measured(name, median := statistics.median(taken), min(taken), max(taken), median / ours)
        for name, taken in seconds.items()
    ]


COLUMNS = ("what", "amount", "way", "median ms", "range ms", "times ours")


def table(comparison: Comparison, measured: Sequence[Measured]) -> list[tuple[str, str, str, str, str, str]]:
    """The rows of a comparison as texts under `COLUMNS`."""
    return [
        (
            comparison.title if position == 0 else "",
            comparison.amount if position == 0 else "",
            one.way,
            f"{one.median * 1000:.1f}",
            f"{one.fastest * 1000:.1f} to {one.slowest * 1000:.1f}",
            "1" if position == 0 else f"{one.ratio:.2f}",
        )
        for position, one in enumerate(measured)
    ]
