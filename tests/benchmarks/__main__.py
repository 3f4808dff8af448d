"""`python -m tests.benchmarks`: print measured ratios.

Holds: the command.
Belongs here: sizes and repetitions.
Never here: comparisons, or a threshold: the figures are published as found.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path

from pipelines.commands.output import print_table
from tests.benchmarks import cases, churn, harness

REPETITIONS = 5
Case = Callable[[Path], harness.Comparison]

CASES: dict[str, tuple[Case, Case]] = {
    "decoding": (lambda _: cases.decoding(20), lambda _: cases.decoding(1)),
    "inserting": (lambda folder: cases.inserting(5_000, folder), lambda folder: cases.inserting(20, folder)),
    "correlating": (lambda _: cases.correlating(8_000, 20), lambda _: cases.correlating(40, 4)),
    "publishing": (
        lambda folder: cases.publishing(1_000_000, folder),
        lambda folder: cases.publishing(1_000, folder),
    ),
}
"""Name of each comparison with its usual and its smallest size."""


def main(arguments: list[str] | None = None) -> None:
    """Measure what was asked for, everything by default, and print it."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description="measured speed, as ratios")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(CASES)}, churn; default: all")
    parser.add_argument("--repeat", type=int, default=REPETITIONS, help="repetitions, default %(default)s")
    parser.add_argument("--small", action="store_true", help="tiny sizes: shows that it runs, measures nothing")
    asked = parser.parse_args(arguments)
    unknown = sorted(set(asked.names) - {*CASES, "churn"})
    if unknown:
        parser.error(f"no comparison is called {', '.join(unknown)}")
    rows: list[tuple[str, ...]] = []
    with tempfile.TemporaryDirectory() as folder:
        for name, (usual, smallest) in CASES.items():
            if not asked.names or name in asked.names:
                comparison = (smallest if asked.small else usual)(Path(folder) / name)
                rows += harness.table(comparison, harness.measure(comparison, asked.repeat))
        if rows:
            title = f"medians of {asked.repeat} interleaved repetitions; times ours: how many times slower than ours"
            print_table(title, harness.COLUMNS, rows)
        if not asked.small and (not asked.names or "churn" in asked.names):
            large = churn.rows(Path(folder))
            if large is None:
                print(f"no large run beside this checkout: {churn.ARCHIVE}")
            else:
                print_table("one large run, once", churn.COLUMNS, large)


if __name__ == "__main__":
    main()
