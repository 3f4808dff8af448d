"""The files of one run, as bytes of today's notation.

Holds: a file with its role, and how files of older notations and saved replies of the cloud API become current ones.
Belongs here: what a role means for the reading of a file.
Never here: what stands in a file (`lean_result`, `lean_events`), or which file a path is (`identify`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from pipelines.parsing.lean import eras as lean_eras
from pipelines.parsing.lean.notation import Fields
from pipelines.parsing.lean.replies import events_in, part_of, with_parts
from pipelines.parsing.plain_text import without_mark
from pipelines.parsing.refusals import Refused

STORED_ONLY = frozenset({"hour", "data_monitor", "data_requests", "launch", "code"})
"""Roles that are not read here: they say nothing of the run's orders, events and state."""

RESULT_ROLES = frozenset({"main", "summary", "day_minute", "day_10minute"})
"""Roles whose files are results, of any era."""

EVENT_ROLES = frozenset({"order_events", "day_order_events"})
"""Roles whose files are lists of order events, of any era."""

PART_ROLES = frozenset({"orders", "portfolio"})
"""Roles of API replies that complete a main file."""

_BLOCK = 4 << 20
"""Bytes of a file that are read at a time."""


@dataclass(frozen=True, slots=True)
class RunBytes:
    """One file of a run: its role, its name relative to the run's folder, its bytes or what gives them in blocks."""

    role: str
    name: str
    source: bytes | Callable[[], Iterable[bytes]]

    @property
    def data(self) -> bytes:
        """All bytes at once: for files that are small."""
        return without_mark(self.source if isinstance(self.source, bytes) else b"".join(self.source()))

    def blocks(self) -> Iterator[bytes]:
        """The bytes in blocks, as often as wanted."""
        source = self.source
        if isinstance(source, bytes):
            return _unmarked(source[start : start + _BLOCK] for start in range(0, len(source), _BLOCK))
        return _unmarked(source())


def _unmarked(blocks: Iterable[bytes]) -> Iterator[bytes]:
    first = True
    for block in blocks:
        yield without_mark(block) if first else block
        first = first and not block


def in_todays_notation(files: Sequence[RunBytes]) -> tuple[list[RunBytes], list[tuple[RunBytes, Refused]]]:
    """The files, and the parts of them that are refused.

    Orders and positions that were saved as replies of their own go into the main file, the events inside such orders
    become a file of events.
    """
    parts: list[Fields] = []
    refused: list[tuple[RunBytes, Refused]] = []
    found: list[RunBytes] = []
    for file in files:
        try:
            if file.role in PART_ROLES:
                parts.append(part_of(file.data))
            if file.role == "orders":
                found.append(RunBytes("order_events", file.name, events_in(file.data)))
            elif file.role not in PART_ROLES:
                found.append(_current(file))
        except Refused as error:
            refused.append((file, error))
    if parts:
        found = [
            RunBytes(file.role, file.name, with_parts(file.data, parts)) if file.role == "main" else file
            for file in found
        ]
    return found, refused


def _current(file: RunBytes) -> RunBytes:
    """The file in today's notation. One of an older notation, or a reply of the API, is read whole for it."""
    if file.role not in RESULT_ROLES | EVENT_ROLES:
        return file
    blocks = file.blocks()
    head = b""
    while len(head) < lean_eras.HEAD and (block := next(blocks, None)) is not None:
        head += block
    if lean_eras.is_current(head):
        return file
    return RunBytes(file.role, file.name, lean_eras.to_current(b"".join(chain([head], blocks))))
