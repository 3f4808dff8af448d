"""The journal of a run: lines buffered in memory, stored in numbered segments that are never rewritten.

Holds: the buffer, the numbering, the moment a segment is stored.
Belongs here: how lines reach the object store.
Never here: the lines' schema (`kernel.contracts`).

A line that breaks the schema becomes an `error` line: the journal must not be able to stop the algorithm. What is still
buffered when the process dies is lost; a live run stores at each refresh and at the end of each day. A backtest stores
full buffers only: the store holds a limited number of files, and a segment a day would use them up.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from tomking.adapters.object_store import Store
from tomking.kernel.contracts import EntryRefused, format_entry, journal_key

LINES_PER_SEGMENT = 500
"""A full buffer is stored at once."""


class Journal:
    """Collects lines from the start; stores them once the run has its key."""

    def __init__(self, store: Store, deployment: str, clock: Callable[[], datetime]) -> None:
        self._store, self._deployment, self._clock = store, deployment, clock
        self._waiting: list[tuple[str, datetime, dict[str, object]]] = []
        self._lines: list[str] = []
        self._run_key: str | None = None
        self._sequence = 0
        self._segment = 0

    @property
    def run_key(self) -> str | None:
        """The run's key, None until `begin`."""
        return self._run_key

    @property
    def entries(self) -> int:
        """Lines written so far."""
        return self._sequence

    def begin(self, run_key: str, **fields: object) -> None:
        """Give the journal its key: `run_started` becomes the first line, what was written before follows."""
        self._run_key = run_key
        waiting, self._waiting = self._waiting, []
        moment = waiting[0][1] if waiting else self._clock()
        self._append("run_started", moment, {"run_key": run_key, **fields})
        for kind, when, earlier in waiting:
            self._append(kind, when, earlier)

    def write(self, kind: str, **fields: object) -> None:
        """Add a line at the algorithm's present instant; fields that are None are left out."""
        if self._run_key is None:
            self._waiting.append((kind, self._clock(), fields))
            return
        self._append(kind, self._clock(), fields)
        if len(self._lines) >= LINES_PER_SEGMENT:
            self.flush()

    def _append(self, kind: str, moment: datetime, fields: dict[str, object]) -> None:
        try:
            line = format_entry(self._sequence + 1, kind, moment, **fields)
        except (EntryRefused, TypeError, ValueError) as error:
            line = format_entry(self._sequence + 1, "error", moment, message=str(error)[:500], where=f"journal {kind}")
        self._sequence += 1
        self._lines.append(line)

    def flush(self) -> None:
        """Store the buffered lines as the next segment; nothing happens where there are none."""
        if self._run_key is None or not self._lines:
            return
        document = ("\n".join(self._lines) + "\n").encode("ascii")
        try:
            self._segment = self._store_after(self._segment, self._run_key, document)
        except OSError:
            # The lines stay in the buffer and are offered again with the next flush.
            return
        self._lines.clear()

    def _store_after(self, segment: int, run: str, document: bytes) -> int:
        """Store under the next number that is free (or already holds these bytes); the number."""
        while True:
            segment += 1
            key = journal_key(self._deployment, run, segment)
            present = self._store.read(key)
            if present is None:
                self._store.write(key, document)
            if present in (None, document):
                return segment
