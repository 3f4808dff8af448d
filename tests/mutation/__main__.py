"""`python -m tests.mutation`: branch coverage and mutation score of the fee and matching code.

Holds: the command, the files it changes and the tests that have to notice.
Belongs here: running and counting.
Never here: the changes (`mutants`).

Of each file a sample of changes is tried, the same one for the same seed; `--all` tries every one.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from random import Random
from typing import Final

from tests.mutation.mutants import Mutant, mutants_of
from tests.shared import ROOT

_FEES: Final = (
    "tests/kernel/test_fee_edges.py",
    "tests/kernel/test_fee_rows.py",
    "tests/kernel/test_fees.py",
    "tests/kernel/test_fee_lookups.py",
    "tests/kernel/test_money.py",
)
_ROUTES: Final = (
    "tests/kernel/test_fee_edges.py",
    "tests/kernel/test_routing.py",
    "tests/kernel/test_fee_forecasts.py",
)
_MATCHING: Final = (
    "tests/transforms/test_matching_edges.py",
    "tests/transforms/test_leg_matching.py",
    "tests/transforms/test_certain_legs.py",
    "tests/pairs/test_perturbations.py",
)
_EXPLAINING: Final = (
    "tests/transforms/test_fee_explanation.py",
    "tests/transforms/test_statement_pricing.py",
    "tests/transforms/test_explanation_memory.py",
    "tests/transforms/test_odd_charges.py",
    "tests/transforms/test_plan_inference.py",
)
_PRICING: Final = (
    "tests/transforms/test_odd_charges.py",
    "tests/transforms/test_plan_inference.py",
    "tests/transforms/test_statement_pricing.py",
    "tests/transforms/test_component_evidence.py",
)
_LEVELS: Final = ("tests/transforms/test_component_evidence.py", "tests/transforms/test_levels.py")
TARGETS: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "tomking.kernel.fees": ("algorithm/tomking/kernel/fees.py", _FEES),
    "tomking.kernel.routing": ("algorithm/tomking/kernel/routing.py", _ROUTES),
    "tomking.kernel.fee_forecasts": ("algorithm/tomking/kernel/fee_forecasts.py", _ROUTES),
    "pipelines.transforms.matching.leg_matching": ("pipelines/transforms/matching/leg_matching.py", _MATCHING),
    "pipelines.transforms.matching.order_units": ("pipelines/transforms/matching/order_units.py", _MATCHING),
    "pipelines.transforms.matching.deviations": ("pipelines/transforms/matching/deviations.py", _MATCHING),
    "pipelines.transforms.matching.certain_legs": ("pipelines/transforms/matching/certain_legs.py", _MATCHING),
    "pipelines.transforms.matching.clock_shifts": ("pipelines/transforms/matching/clock_shifts.py", _MATCHING),
    "pipelines.transforms.fees.explanation": ("pipelines/transforms/fees/explanation.py", _EXPLAINING),
    "tomking.kernel.schedules.venues": ("algorithm/tomking/kernel/schedules/venues.py", _ROUTES[:1]),
    "pipelines.transforms.fees.all_in_rows": ("pipelines/transforms/fees/all_in_rows.py", _EXPLAINING),
    "pipelines.transforms.fees.statement_pricing": ("pipelines/transforms/fees/statement_pricing.py", _PRICING),
    "pipelines.transforms.fees.odd_charges": ("pipelines/transforms/fees/odd_charges.py", _PRICING),
    "pipelines.transforms.statements.unnumbered_orders": (
        "pipelines/transforms/statements/unnumbered_orders.py",
        _PRICING,
    ),
    "pipelines.transforms.fees.plan_inference": ("pipelines/transforms/fees/plan_inference.py", _PRICING),
    "pipelines.transforms.fees.component_evidence": ("pipelines/transforms/fees/component_evidence.py", _LEVELS),
    "pipelines.transforms.fees.levels": ("pipelines/transforms/fees/levels.py", _LEVELS),
}
"""Module, its file, and the tests that have to notice a change of it, the quickest first."""
SAMPLE: Final = 8
STORED: Final = Path(__file__).parent / "score.json"
"""What the last stored run found."""
LONGEST: Final = 300
"""Seconds after which a change has plainly been noticed: the tests do not end."""


def pytest_command(tests: tuple[str, ...]) -> list[str]:
    """The tests without what takes long, stopping at the first failure."""
    return [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-x",
        "-m",
        "not slow",
        "-p",
        "no:cacheprovider",
        "--hypothesis-seed=0",
        *tests,
    ]


def is_noticed(module: str, mutant: Mutant, tests: tuple[str, ...]) -> bool:
    """Whether a test fails with the change in place."""
    with tempfile.TemporaryDirectory() as folder:
        changed = Path(folder) / f"{module.rsplit('.', maxsplit=1)[-1]}.py"
        changed.write_text(mutant.source, encoding="utf-8")
        command = pytest_command(tests)
        command[3:3] = ["-p", "tests.mutation.plugin"]
        environment = os.environ | {"TOMKING_MUTANT_MODULE": module, "TOMKING_MUTANT_SOURCE": str(changed)}
        try:
            ended = subprocess.run(
                command, cwd=ROOT, env=environment, capture_output=True, timeout=LONGEST, check=False
            )
        except subprocess.TimeoutExpired:
            return True
    return ended.returncode != 0


def branch_coverage(path: str, tests: tuple[str, ...]) -> float:
    """The share of the lines and branches of a file that the tests reach, in percent, as coverage.py counts it."""
    with tempfile.TemporaryDirectory() as folder:
        data, report = Path(folder) / "data", Path(folder) / "report.json"
        shared = [sys.executable, "-m", "coverage"]
        run = [
            *shared,
            "run",
            "--rcfile=/dev/null",
            "--branch",
            f"--include={path}",
            f"--data-file={data}",
            "-m",
            *pytest_command(tests)[2:],
        ]
        subprocess.run(run, cwd=ROOT, capture_output=True, check=True)
        told = [*shared, "json", "--rcfile=/dev/null", f"--data-file={data}", "-o", str(report)]
        subprocess.run(told, cwd=ROOT, capture_output=True, check=True)
        return float(json.loads(report.read_bytes())["totals"]["percent_covered"])


def _store(figures: dict[str, dict[str, object]], *, seed: int) -> None:
    """Keeps what was measured; modules that were not asked keep their earlier figures."""
    before = json.loads(STORED.read_text(encoding="utf-8"))["modules"] if STORED.exists() else {}
    modules = {name: (before | figures)[name] for name in TARGETS if name in before | figures}
    tried, noticed = (sum(int(one[what]) for one in modules.values()) for what in ("tried", "noticed"))
    kept = {"seed": seed, "tried": tried, "noticed": noticed, "modules": modules}
    STORED.write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")


def main(arguments: list[str] | None = None) -> int:
    """Prints a line per file, and every change that nothing notices."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("modules", nargs="*", metavar="MODULE", help=f"{', '.join(TARGETS)}; default: all")
    parser.add_argument("--sample", type=int, default=SAMPLE, help="changes of each file, default %(default)s")
    parser.add_argument("--all", action="store_true", help="every change")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--store", action="store_true", help=f"keep the figures in {STORED.relative_to(ROOT)}")
    asked = parser.parse_args(arguments)
    unknown = sorted(set(asked.modules) - set(TARGETS))
    if unknown:
        parser.error(f"no module is called {', '.join(unknown)}")
    noticed = tried = 0
    figures: dict[str, dict[str, object]] = {}
    print(f"{'module':<42}{'coverage':>10}{'changes':>9}{'tried':>7}{'noticed':>9}", flush=True)
    for module, (path, tests) in TARGETS.items():
        if asked.modules and module not in asked.modules:
            continue
        known = list(mutants_of((ROOT / path).read_text(encoding="utf-8")))
        chosen = known if asked.all else Random(asked.seed).sample(known, min(asked.sample, len(known)))
        silent = [mutant for mutant in chosen if not is_noticed(module, mutant, tests)]
        found = len(chosen) - len(silent)
        noticed, tried = noticed + found, tried + len(chosen)
        share = branch_coverage(path, tests)
        print(f"{module:<42}{share:>9.1f}%{len(known):>9}{len(chosen):>7}{found:>9}", flush=True)
        figures[module] = {"coverage": round(share, 1), "changes": len(known), "tried": len(chosen), "noticed": found}
        if asked.store:
            _store(figures, seed=asked.seed)
        for mutant in sorted(silent, key=lambda mutant: mutant.line):
            print(f"  unnoticed: line {mutant.line}: {mutant.what}", flush=True)
    print(f"mutation score: {noticed} of {tried}" + (f", {noticed / tried:.0%}" if tried else ""))
    return 0


if __name__ == "__main__":
    sys.exit(main())
