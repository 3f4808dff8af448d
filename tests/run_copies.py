"""Many small runs out of one recording.

Holds: copying a run's files under other ids, so that each copy is a run of its own.
Belongs here: what tests and benchmarks of many runs share.
Never here: tests.
"""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

RECORDINGS = Path(__file__).parent / "data" / "runs"
_START = re.compile(rb'("StartTime": ?")([^"]+)(")')


def copies(folder: Path, count: int, *, first: int = 0, of: tuple[str, ...] = ("boom", "combo")) -> list[Path]:
    """Make `count` run folders below `folder` out of the recordings in turn; each has its own id and its own start.

    Numbers, and with them ids, go on from `first`.
    """
    made = []
    for number in range(first, first + count):
        source = RECORDINGS / of[number % len(of)]
        made.append(_copy(source, folder / f"run-{number:05d}", f"1{number:09d}", dt.timedelta(seconds=number)))
    return made


def _copy(source: Path, folder: Path, algorithm_id: str, later: dt.timedelta) -> Path:
    [log] = source.glob("*-log.txt")
    old = log.name.removesuffix("-log.txt")
    folder.mkdir(parents=True)
    for path in source.iterdir():
        data = path.read_bytes().replace(old.encode(), algorithm_id.encode())
        data = _START.sub(lambda found: found[1] + _moved(found[2], later) + found[3], data)
        (folder / path.name.replace(old, algorithm_id)).write_bytes(data)
    return folder


def _moved(start: bytes, later: dt.timedelta) -> bytes:
    moved = dt.datetime.fromisoformat(start.decode()) + later
    return moved.strftime("%Y-%m-%dT%H:%M:%SZ").encode()
