"""Work measured in a process of its own: wall-clock seconds, processor seconds, growth of memory.

Holds: the frame that a piece of code is put into, running it, and what it says of itself.
Belongs here: what every measured child process shares.
Never here: what is measured.

The highest memory of a process is told only once, and what an import costs is no cost of the work: so every way of
doing something has a process, and counts from after its imports. (Linux lets `ru_maxrss` of a child begin with that of
its parent, so there the peak is read from `/proc`.) Processor seconds are those of all of its threads;
they say what the work takes where other work keeps the machine busy.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.pipelines.instances import ROOT, environment

_BEGINS = """
import json, resource, sys, time
from pathlib import Path
def used():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return time.perf_counter(), usage.ru_utime + usage.ru_stime, peak(usage)
def peak(usage):
    status = Path("/proc/self/status")
    if status.exists():
        return 1024 * int(next(line for line in status.read_text().splitlines() if line.startswith("VmHWM")).split()[1])
    return usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
"""
_STARTS = """
before = used()
"""
_STOPS = """
after = used()
"""
_TELLS = """
seconds, processor, growth = (after[i] - before[i] for i in range(3))
print(json.dumps({"seconds": seconds, "processor": processor, "growth": growth, "found": found}))
"""


@dataclass(frozen=True, slots=True)
class Measured:
    """How a child fared: `growth` in bytes over what it had before the work; `found` is what it printed."""

    seconds: float
    processor: float
    growth: int
    found: object


def code(before: str, work: str, after: str) -> str:
    """A program that counts only `work`; `after` sets `found`."""
    return "".join((_BEGINS, before, _STARTS, work, _STOPS, after, _TELLS))


def run(program: str, *arguments: str) -> Measured:
    """Run a program made by `code`."""
    ended = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=ROOT,
        env=environment(),
        check=False,
        capture_output=True,
        text=True,
    )
    if ended.returncode:
        raise AssertionError(f"a measured process ended with {ended.returncode}:\n{ended.stderr[-3000:]}")
    return Measured(**json.loads(ended.stdout.splitlines()[-1]))


def instance(folder: Path) -> Path:
    """An empty instance; returns its configuration."""
    made = [sys.executable, "-m", "pipelines.cli", "init", str(folder), "--yes"]
    subprocess.run(made, cwd=ROOT, env=environment(), check=True, capture_output=True)
    return folder / "tomking.toml"


def in_turns(ways: Mapping[str, Callable[[int], Measured]], repetitions: int) -> dict[str, Measured]:
    """Every way `repetitions` times, in turns: the medians of its times, its largest growth, what it found last."""
    names = list(ways)
    found: dict[str, list[Measured]] = {name: [] for name in names}
    for turn in range(repetitions):
        for name in names if turn % 2 == 0 else reversed(names):
            found[name].append(ways[name](turn))
    return {name: _together(all_) for name, all_ in found.items()}


def _together(all_: Sequence[Measured]) -> Measured:
    return Measured(
        seconds=statistics.median(one.seconds for one in all_),
        processor=statistics.median(one.processor for one in all_),
        growth=max(one.growth for one in all_),
        found=all_[-1].found,
    )
