"""Inserted rows that wait, so that many small inserts become few large ones.

Holds: `WaitingRows`, frames by table, and which of them a statement must not be run before.
Belongs here: when a frame that waits has to be written.
Never here: transactions (`warehouse.session`), the statement itself (`warehouse.writes`).

A statement of a few rows costs the database as much as one of thousands. Whoever takes in many small things therefore
lets their rows wait; any statement that could see or change a table is preceded by the rows that wait for it.
"""

from __future__ import annotations

import re
from collections.abc import Collection

import duckdb
import polars as pl

from warehouse import writes
from warehouse.frames import conform, table_of
from warehouse.models.base import DERIVED, MARTS, OPS, RECORDS, Base

About = tuple[str, Collection[object]]
"""A column and its values: what a statement says it looks at, where that is less than whole tables."""

_TABLE = re.compile(rf'"?\b({RECORDS}|{OPS}|{DERIVED}|{MARTS})\b"?\s*\.\s*"?(\w+)')
_MOST_ROWS = 100_000


class WaitingRows:
    """Frames to be inserted into tables, each frame whole and of its table's exact form."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._frames: dict[type[Base], list[pl.DataFrame]] = {}
        self._count = 0
        self._values: dict[tuple[type[Base], str], tuple[int, set[object]]] = {}

    def add(self, model: type[Base], given: pl.DataFrame) -> int:
        """Let a frame wait; returns how many rows it has. Raises `FrameError` where it does not fit the table.

        A key that is there already is found when the rows are written.
        """
        if given.is_empty():
            return 0
        self._frames.setdefault(model, []).append(conform(model, given))
        self._count += given.height
        if self._count >= _MOST_ROWS:
            self.write()
        return given.height

    def write(self) -> None:
        """Write everything that waits."""
        self._write(list(self._frames))

    def write_before(self, sql: str, about: About | None = None) -> None:
        """Write what a statement could see: the rows of every table it names, and all rows where it names a view.

        `about` says that of these tables it looks at no rows but those with one of the values in a column.
        """
        if not self._frames:
            return
        named = {(schema.lower(), name.lower()) for schema, name in _TABLE.findall(sql)}
        if any(schema == MARTS for schema, _ in named):
            self.write()
            return
        for model in list(self._frames):
            table = table_of(model)
            if (table.schema, table.name) in named and (about is None or self._holds(model, *about)):
                self._write([model])

    def write_rows_of(self, model: type[Base]) -> None:
        """Write the rows that wait for one table."""
        if model in self._frames:
            self._write([model])

    def _holds(self, model: type[Base], column: str, values: Collection[object]) -> bool:
        """Whether a row with one of these values waits; yes where the table has no such column."""
        frames = self._frames[model]
        if column not in frames[0].columns:
            return True
        counted, seen = self._values.get((model, column), (0, set()))
        for given in frames[counted:]:
            seen.update(given.get_column(column).unique())
        self._values[model, column] = len(frames), seen
        return not seen.isdisjoint(values)

    def _write(self, models: Collection[type[Base]]) -> None:
        for model in models:
            frames = self._frames.pop(model)
            self._count -= sum(frame.height for frame in frames)
            self._values = {key: known for key, known in self._values.items() if key[0] is not model}
            writes.insert_conformed(self._connection, model, pl.concat(frames))
