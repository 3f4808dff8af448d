"""A backtest of 81 MB: time and memory to take it in, beside merely decoding the same bytes.

Holds: both as child processes, because the highest memory of a process is told only once.
Belongs here: the one large input.
Never here: the small comparisons (tests/benchmarks/cases.py).
"""

from __future__ import annotations

import subprocess
import sys
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path

from tests.pipelines.instances import ROOT, environment
from tests.shared import SHARED

ARCHIVE = SHARED / "runs" / "large" / "churn-81MB.zip"
_ENDS = "import resource; print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
_INGEST = f"""
import sys
from pathlib import Path
from pipelines.config import load_settings
from pipelines.steps.ingest import ingest_paths
from warehouse.access import Warehouse
settings = load_settings(Path(sys.argv[1]))
warehouse = Warehouse(settings.state_dir)
with warehouse.writer("benchmark") as session:
    ingest_paths(session, settings, [Path(sys.argv[2])])
    print(sum(session.rows(f"select count(*) from records.{{table}}")[0][0] for table in ("orders", "order_events")))
{_ENDS}
"""
_DECODE = f"""
import json, sys
from pathlib import Path
kept = [json.loads(path.read_bytes()) for path in sorted(Path(sys.argv[2]).glob("*.json"))]
print(len(kept))
{_ENDS}
"""

_UNIT = 1 if sys.platform == "darwin" else 1024
"""Bytes per unit in which the system tells the highest memory."""

COLUMNS = ("what", "way", "s", "times decoding", "peak memory MB", "rows", "rows/s")


@dataclass(frozen=True, slots=True)
class Child:
    """How a child process fared: wall-clock seconds, highest memory in bytes, the number it printed."""

    seconds: float
    peak: int
    number: int


def rows(folder: Path) -> list[tuple[str, ...]] | None:
    """The table of the large run under `COLUMNS`; None where the archive is not beside this checkout."""
    if not ARCHIVE.is_file():
        return None
    run = folder / "churn"
    with zipfile.ZipFile(ARCHIVE) as archive:
        archive.extractall(run)
    instance = folder / "instance"
    subprocess.run(
        [sys.executable, "-m", "pipelines.cli", "init", str(instance), "--yes"],
        cwd=ROOT,
        env=environment(),
        check=True,
        capture_output=True,
    )
    config = str(instance / "tomking.toml")
    decoding, taking = _child(_DECODE, config, str(run)), _child(_INGEST, config, str(run))
    size = sum(path.stat().st_size for path in run.iterdir())
    return [
        (
            f"a run of {size / 1e6:.0f} MB",
            "json.loads alone",
            f"{decoding.seconds:.1f}",
            "1",
            _mb(decoding.peak),
            "",
            "",
        ),
        (
            "",
            "ours: raw store, parsing, tables, published",
            f"{taking.seconds:.1f}",
            f"{taking.seconds / decoding.seconds:.2f}",
            _mb(taking.peak),
            str(taking.number),
            f"{taking.number / taking.seconds:.0f}",
        ),
    ]


def _child(code: str, *arguments: str) -> Child:
    started = time.perf_counter()
    ended = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        env=environment(),
        check=True,
        capture_output=True,
        text=True,
    )
    seconds = time.perf_counter() - started
    number, peak = (int(line) for line in ended.stdout.split())
    return Child(seconds, peak * _UNIT, number)


def _mb(size: int) -> str:
    return f"{size / 1e6:.0f}"
