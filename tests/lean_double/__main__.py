"""Command: run an algorithm on a data folder and leave LEAN's result files.

`python -m tests.lean_double --algorithm algorithm/main.py --data DIR --results DIR --object-store DIR
--algorithm-id ID [--parameter NAME=VALUE …] [--start DAY] [--end DAY] [--started-at INSTANT]`

Exit code 0 where the run completed, 1 where it ended in an error.
"""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign or not name:
        raise argparse.ArgumentTypeError(f"{text!r} is no NAME=VALUE")
    return name, value


def _instant(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def main(arguments: list[str] | None = None) -> int:
    """Run and write; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.lean_double", description="A stand-in for the LEAN engine.")
    parser.add_argument("--algorithm", type=Path, required=True, help="the algorithm's main.py")
    parser.add_argument("--data", type=Path, required=True, help="data folder in LEAN's layout")
    parser.add_argument("--results", type=Path, required=True, help="folder for the result files")
    parser.add_argument("--object-store", type=Path, required=True, help="root of the object store")
    parser.add_argument("--algorithm-id", required=True, help="names the run and its files")
    parser.add_argument("--parameter", type=_pair, action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--start", help="the parameter start")
    parser.add_argument("--end", help="the parameter end")
    parser.add_argument("--started-at", type=_instant, help="pin the wall clock, so that a repeat gives the same bytes")
    parser.add_argument("--live", action="store_true", help="tell the algorithm that it runs live")
    options = parser.parse_args(arguments)
    parameters = dict(options.parameter)
    parameters |= {name: getattr(options, name) for name in ("start", "end") if getattr(options, name)}
    root = Path(__file__).resolve().parents[2]
    for folder in (root, root / "algorithm"):
        if str(folder) not in sys.path:
            sys.path.append(str(folder))
    from tests.lean_double.engine import run  # noqa: PLC0415 - the import path is only complete here
    from tests.lean_double.results import write_results  # noqa: PLC0415

    finished = run(
        options.algorithm,
        options.data,
        options.object_store,
        parameters,
        algorithm_id=options.algorithm_id,
        started_at=options.started_at,
        live=options.live,
    )
    path = write_results(finished, options.results)
    print(f"{finished.status}: {len(finished.algorithm.transactions.orders)} orders, {path}")
    if finished.error:
        print(finished.stack_trace, file=sys.stderr)
    return 1 if finished.error else 0


if __name__ == "__main__":
    raise SystemExit(main())
