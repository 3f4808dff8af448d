"""`python -m tests.benchmarks`: print measured ratios, and compare them with those stored with a release.

Holds: the command. With `--store` the ratios go to `tests/benchmarks/results/<release>.json`; without it the command
fails where a ratio is worse than the stored one by more than the margin (`tests.benchmarks.figures.MARGIN`). It fails
in any case where a ratio is above what is asked of it.
Belongs here: sizes and repetitions.
Never here: comparisons.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from pipelines.commands.output import print_table
from tests.benchmarks import (
    cache_workload,
    cases,
    chain_requests,
    correlations,
    figures,
    fill_matching,
    handlers,
    harness,
    kernel_modules,
    large_run,
    many_runs,
)
from tests.benchmarks.figures import Figure
from tomking.kernel.parameters import default_values

REPETITIONS = 5
Case = Callable[[Path], harness.Comparison]

CASES: dict[str, tuple[Case, Case]] = {
    "decoding": (lambda _: cases.decoding(20), lambda _: cases.decoding(1)),
    "inserting": (lambda folder: cases.inserting(5_000, folder), lambda folder: cases.inserting(20, folder)),
    "correlating": (lambda _: cases.correlating(8_000, 20), lambda _: cases.correlating(40, 4)),
    "matrices": (lambda _: correlations.matrices(1_000, 20, True), lambda _: correlations.matrices(40, 4, True)),
    "matrices100": (lambda _: correlations.matrices(300, 100, True), lambda _: correlations.matrices(40, 5, True)),
    "matrices100long": (
        lambda _: correlations.matrices(5_000, 100, False),
        lambda _: correlations.matrices(40, 5, False),
    ),
    "matrices500": (lambda _: correlations.matrices(300, 500, False), lambda _: correlations.matrices(40, 6, False)),
    "features": (lambda _: correlations.features(7_500, 500), lambda _: correlations.features(90, 5)),
    "means": (lambda _: correlations.regime_means(7_500, 500), lambda _: correlations.regime_means(300, 5)),
    "online": (lambda _: correlations.online_day(20), lambda _: correlations.online_day(4)),
    "live": (lambda _: correlations.online_regime(20), lambda _: correlations.online_regime(4, 20)),
    "live500": (lambda _: correlations.online_regime(500), lambda _: correlations.online_regime(5, 20)),
    "online500": (lambda _: correlations.online_day(500), lambda _: correlations.online_day(5)),
    "publishing": (
        lambda folder: cases.publishing(1_000_000, folder),
        lambda folder: cases.publishing(1_000, folder),
    ),
}
"""Name of each comparison with its usual and its smallest size."""


LARGE = ("recorded", "generated", "runs", "fills", "modules", "caches", "handlers")


def main(arguments: list[str] | None = None) -> None:
    """Measure what was asked for, everything by default, print it, and compare it with what is stored."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description="measured speed, as ratios")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join((*CASES, *LARGE))}; default: all")
    parser.add_argument("--repeat", type=int, default=REPETITIONS, help="repetitions, default %(default)s")
    parser.add_argument("--small", action="store_true", help="tiny sizes: shows that it runs, measures nothing")
    parser.add_argument("--store", action="store_true", help="keep the ratios as those of this release")
    asked = parser.parse_args(arguments)
    unknown = sorted(set(asked.names) - {*CASES, *LARGE})
    if unknown:
        parser.error(f"no comparison is called {', '.join(unknown)}")
    with tempfile.TemporaryDirectory() as folder:
        found = _small(asked, Path(folder)) + _large(asked, Path(folder))
    if asked.small:
        return
    before = {} if asked.store else figures.stored()
    print_table(
        f"cost as a multiple of the floor, in processor time; worse: more than {figures.MARGIN:.0%} above what is stored",
        figures.COLUMNS,
        figures.compared(found, before),
    )
    if asked.store:
        print(f"stored in {figures.store(found).relative_to(figures.RESULTS.parent)}")
    if any(figures.is_worse(figure, before) or figures.is_too_much(figure) for figure in found):
        sys.exit(1)


def _small(asked: argparse.Namespace, folder: Path) -> list[Figure]:
    rows: list[tuple[str, ...]] = []
    found: list[Figure] = []
    for name, (usual, smallest) in CASES.items():
        if not asked.names or name in asked.names:
            comparison = (smallest if asked.small else usual)(folder / name)
            measured = harness.measure(comparison, asked.repeat)
            rows += harness.table(comparison, measured)
            found += [Figure(f"{comparison.title}: to {one.way}", 1 / one.ratio) for one in measured[1:]]
    if rows:
        title = f"medians of {asked.repeat} interleaved repetitions; times ours: how many times slower than ours"
        print_table(title, harness.COLUMNS, rows)
    return found


def _large(asked: argparse.Namespace, folder: Path) -> list[Figure]:
    found: list[Figure] = []
    wanted = asked.names or LARGE
    if "recorded" in wanted and not asked.small:
        recorded = large_run.recorded(folder / "recorded")
        if recorded is None:
            print(f"no large run beside this checkout: {large_run.ARCHIVE.name}")
        else:
            found += _large_run(recorded, folder / "taken", asked.repeat, bare=True, at_most=2.0)
    if "generated" in wanted:
        made_up = large_run.made_up(folder / "generated", large_run.TINY if asked.small else large_run.GIGABYTE)
        found += _large_run(made_up, folder / "made-up", 1, bare=asked.small, at_most=3.0)
    if "runs" in wanted:
        count = many_runs.TINY if asked.small else many_runs.RUNS
        size, many = many_runs.measured(folder, count)
        print_table("many small runs in one Dagster run, once", many_runs.COLUMNS, many_runs.rows(count, size, many))
        found += many_runs.figures(many)
    if "fills" in wanted:
        fills = fill_matching.rows(fill_matching.TINY if asked.small else fill_matching.FILLS)
        print_table("fills reconciled; matching and the join in turns, their medians", fill_matching.COLUMNS, fills)
        found += fill_matching.figures(fills)
    if not asked.names or "modules" in asked.names:
        tables, measured = kernel_modules.report(small=asked.small)
        for title, columns, rows in tables:
            print_table(title, columns, rows)
        found += measured
    if not asked.names or "caches" in asked.names:
        for title, columns, rows in cache_workload.report(default_values(), small=asked.small):
            print_table(title, columns, rows)
        print_table(*chain_requests.report(small=asked.small))
    if not asked.names or "handlers" in asked.names:
        tables, measured = handlers.report(small=asked.small)
        for title, columns, rows in tables:
            print_table(title, columns, rows)
        found += measured
    return found


def _large_run(run: large_run.LargeRun, work: Path, repetitions: int, *, bare: bool, at_most: float) -> list[Figure]:
    found = large_run.measured(run, work, repetitions=repetitions, bare=bare)
    made = large_run.figures(run, found, at_most=at_most)
    held = next(figure for figure in made if figure.at_most is not None)
    print_table(
        f"one large run, medians of {repetitions}; asked: {held.name}, at most {held.at_most:g} times",
        large_run.COLUMNS,
        large_run.rows(run, found),
    )
    return made


if __name__ == "__main__":
    main()
