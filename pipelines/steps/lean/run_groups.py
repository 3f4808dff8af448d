"""Many small runs, taken in together.

Holds: which of the things that were found form a group, and the storing of a group's files ahead of their reading.
Belongs here: what makes taking in thousands of small runs cost what they hold, not what they are in number.
Never here: the reading of a run (`pipelines.steps.lean.runs`), what becomes of a group (`pipelines.steps.ingest`).

A small run costs more by its number of statements, commits and flushed files than by its bytes. So the runs of a group
share one transaction, in which their rows wait for each other (`WriteSession.gathering`); and their files are flushed
to the disk several at once, while the group before is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from pipelines.ahead import ahead
from pipelines.parsing.identify import RUN, Found
from pipelines.steps.lean.run_files import Kept, store_files
from warehouse.errors import StorageError
from warehouse.raw_store import RawStore

MOST_RUNS, MOST_BYTES = 64, 32 << 20
"""The largest group: what is lost when a process is killed has to be read again."""
_SMALL = 4 << 20
_FLUSHED_AT_ONCE = 4


def stored_groups(raw: RawStore, found: Iterable[Found]) -> Iterator[tuple[Sequence[Found], list[Kept] | None]]:
    """What was found in its order: small runs in groups, with the stored files of each run, all else one by one.

    The files are None for what is no group, and for one of which a file could not be stored: whoever takes that run by
    itself is told which and why.
    """
    with ThreadPoolExecutor(_FLUSHED_AT_ONCE, "store") as workers:
        yield from ahead((group, _stored(workers, raw, group)) for group in _groups(found))


def _groups(found: Iterable[Found]) -> Iterator[list[Found]]:
    group: list[Found] = []
    size = 0
    for one in found:
        more = _size(one)
        if group and (more is None or len(group) == MOST_RUNS or size + more > MOST_BYTES):
            yield group
            group, size = [], 0
        if more is None:
            yield [one]
        else:
            group.append(one)
            size += more
    if group:
        yield group


def _size(one: Found) -> int | None:
    """Bytes of a small run; None for anything else."""
    if one.kind != RUN or one.run is None:
        return None
    try:
        str(one.path).encode()  # a name that is no text is refused, not stored
        size = sum(path.stat().st_size for _, path in one.run.files)
    except (OSError, UnicodeError):
        return None
    return size if size <= _SMALL else None


def _stored(workers: ThreadPoolExecutor, raw: RawStore, group: Sequence[Found]) -> list[Kept] | None:
    if len(group) == 1:
        return None
    try:
        return list(workers.map(partial(store_files, raw), (one.run for one in group if one.run is not None)))
    except (OSError, ValueError, StorageError):
        return None
