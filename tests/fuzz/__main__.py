"""`python -m tests.fuzz TARGET|all --seconds N`: see `tests.fuzz.harness`."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.fuzz import harness

NAMES = (
    "results", "runs", "events", "replies", "insights", "analysis", "charts", "logs", "optimizer", "monitor", "launch",
    "code", "journal", "statements", "prices", "properties",
)  # fmt: skip
"""The targets; named here so that atheris can watch their imports."""


def main() -> int:
    """The exit code: 0 where nothing crashed."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=harness.__doc__)
    parser.add_argument("target", choices=(*NAMES, "all"))
    parser.add_argument("--seconds", type=int, default=60, help="for each target (60)")
    parser.add_argument("--seed", type=int, default=0, help="another number tries other bytes (0)")
    parser.add_argument("--plain", action="store_true", help="do not use atheris even where it is installed")
    parser.add_argument("--keep", type=Path, default=Path(tempfile.gettempdir()) / "tomking-fuzz", help="for crashers")
    asked = parser.parse_args()
    if asked.target == "all":
        return harness.run_all(list(NAMES), seconds=asked.seconds, seed=asked.seed, keep=asked.keep, plain=asked.plain)
    if harness.has_atheris() and not asked.plain:
        harness.run_atheris(asked.target, seconds=asked.seconds, seed=asked.seed, keep=asked.keep)
    return harness.run_plain(asked.target, seconds=asked.seconds, seed=asked.seed, keep=asked.keep)


if __name__ == "__main__":
    sys.exit(main())
