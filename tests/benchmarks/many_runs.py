"""Thousands of small runs in one Dagster run, beside merely reading and decoding the same files.

Holds: both as child processes of their own, over copies of recorded runs.
Belongs here: many small inputs.
Never here: one large input (tests/benchmarks/large_run.py).
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tests.benchmarks.figures import Figure
from tests.pipelines.instances import ROOT, environment
from tests.run_copies import copies

RUNS = 2_000
_TAKE = """
import sys
import dagster as dg
from pipelines.defs.lean.assets import lean_results
from pipelines.defs.resources import WarehouseResource
resource = WarehouseResource(config_path=sys.argv[1])
with dg.DagsterInstance.ephemeral() as instance:
    assert dg.materialize([lean_results], resources={"warehouse": resource}, instance=instance).success
with resource.warehouse().reader() as connection:
    print(connection.execute("select count(*) from marts.runs").fetchone()[0])
"""
_DECODE = """
import json, sys
from pathlib import Path
number = 0
for path in sorted(Path(sys.argv[2]).rglob("*.*")):
    data = path.read_bytes()
    if path.suffix == ".json":
        json.loads(data)
        number += "-" not in path.name
print(number)
"""

COLUMNS = ("what", "way", "s", "times reading", "runs/s")


def rows(folder: Path, count: int = RUNS) -> list[tuple[str, ...]]:
    """The table of many runs under `COLUMNS`. Raises AssertionError where not every run was taken."""
    runs = folder / "many" / "runs"
    copies(runs, count)
    size = sum(path.stat().st_size for path in runs.rglob("*") if path.is_file())
    config = _instance(folder / "many" / "instance", runs)
    reading, read = _child(_DECODE, str(config), str(runs))
    taking, taken = _child(_TAKE, str(config), str(runs))
    again, known = _child(_TAKE, str(config), str(runs))
    assert read == taken == known == count
    return [
        (
            f"{count} runs of {size / 1e6:.0f} MB",
            "read and json.loads",
            f"{reading:.1f}",
            "1",
            f"{count / reading:.0f}",
        ),
        ("", "ours: one Dagster run", f"{taking:.1f}", f"{taking / reading:.1f}", f"{count / taking:.0f}"),
        ("", "ours: the same again", f"{again:.1f}", f"{again / reading:.1f}", f"{count / again:.0f}"),
    ]


def figures(rows: Sequence[tuple[str, ...]]) -> list[Figure]:
    """What reading many runs costs as a multiple of decoding them."""
    return [Figure(f"many runs: {way}, to reading and decoding", float(ratio)) for _, way, _, ratio, _ in rows[1:]]


def _instance(folder: Path, runs: Path) -> Path:
    """An empty instance that reads the folder of runs; returns its configuration."""
    subprocess.run(
        [sys.executable, "-m", "pipelines.cli", "init", str(folder), "--yes"],
        cwd=ROOT,
        env=environment(),
        check=True,
        capture_output=True,
    )
    config = folder / "tomking.toml"
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace("lean_results = [", f'lean_results = ["{runs}", ', 1), encoding="utf-8")
    return config


def _child(code: str, *arguments: str) -> tuple[float, int]:
    """Seconds of a child process and the number it printed last."""
    started = time.perf_counter()
    ended = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        env=environment(),
        check=True,
        capture_output=True,
        text=True,
    )
    return time.perf_counter() - started, int(ended.stdout.split()[-1])
