"""Many statements for every run, and a table of what was missed or invented.

Holds: the command `python -m tests.pairs.sweep --seeds N [--runs NAME ...]`.
Belongs here: running and counting.
Never here: making or judging.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from tests.pairs.judging import Judgement, forget_statements, judge, prepare, reconcile, results
from tests.pairs.lean_record import LeanLeg, read_legs
from tests.pairs.recorded_runs import NAMES, folders_of
from tests.pairs.statement_maker import make_statement
from warehouse import build_derived, migrate
from warehouse.access import Warehouse, WriteSession
from warehouse.connections import open_for_writing


def new_state(state_dir: Path) -> Path:
    """An empty, current warehouse."""
    state_dir.mkdir(parents=True)
    warehouse = Warehouse(state_dir)
    migrate.create_from_models(warehouse.path)
    session = WriteSession(open_for_writing(warehouse.path), path=warehouse.path, raw=warehouse.raw)
    build_derived.ensure(session, strict=False)
    session.close()
    warehouse.publish()
    return state_dir


def run_seed(
    session: WriteSession, legs: list[LeanLeg], runs: list[str], folder: Path, *, seed: int, share: int | None
) -> Judgement:
    """One statement, reconciled in both orders of its exports."""
    statement = make_statement(legs, folder, seed, damages=None if share is None else len(legs) * share // 100)
    reconcile(session, statement.paths)
    found = judge(session, statement.key, runs)
    before = results(session)
    reconcile(session, ())
    forget_statements(session)
    reconcile(session, statement.paths[::-1])
    after = results(session)
    found.wrong += [
        f"the order of the exports changes {name}" for name in before if not before[name].equals(after[name])
    ]
    return found


def main() -> int:
    """Prints the table; 1 if anything was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--share", type=int, help="damages per hundred filled legs (default: by the seed)")
    parser.add_argument("--runs", nargs="*", default=list(NAMES))
    given = parser.parse_args()
    failed = False
    print(f"{'run':<54}{'seeds':>6}{'faults':>9}{'missed':>8}{'invented':>10}{'wrong':>7}")
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        template = new_state(scratch / "template")
        for place, run in enumerate(given.runs):
            folders = folders_of(run, scratch)
            runs = prepare(template, scratch / f"run-{place}", folders)
            legs = read_legs(folders)
            totals = [0, 0, 0, 0]
            for seed in range(given.first, given.first + given.seeds):
                state = scratch / "state"
                shutil.copytree(scratch / f"run-{place}", state)
                with Warehouse(state).writer("sweep") as session:
                    found = run_seed(
                        session, legs, runs, scratch / "statements" / str(seed), seed=seed, share=given.share
                    )
                shutil.rmtree(state)
                counts = (found.faults, len(found.missed), len(found.invented), len(found.wrong))
                totals = [a + b for a, b in zip(totals, counts, strict=True)]
                if not found.is_clean:
                    failed = True
                    print(f"-- {run}, seed {seed}\n{found}", file=sys.stderr, flush=True)
            shutil.rmtree(scratch / "statements")
            print(f"{run:<54}{given.seeds:>6}{totals[0]:>9}{totals[1]:>8}{totals[2]:>10}{totals[3]:>7}", flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
