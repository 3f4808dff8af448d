"""Rows of derived tables put in place of those of some runs, as they are made.

Holds: `Replacing`.
Belongs here: how a step that makes more rows than fit into memory writes them.
Never here: which rows, or for which runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import polars as pl

from warehouse.writes import full_name

if TYPE_CHECKING:
    from warehouse.models.base import Base
    from warehouse.session import WriteSession

_OF_RUNS = "run_id IN (SELECT unnest(?::VARCHAR[]))"
_ROW_GROUP = 122_880
"""Rows that DuckDB stores together: so many in one statement go to disk at once, fewer wait in memory for the end of
the transaction."""


class Replacing:
    """Takes the rows of runs frame by frame; to be used within one transaction.

    Where a table has no rows of the runs, frames are written as soon as they are many, and forgotten. Where it has,
    they are collected until the end, because rows that are the same as before are no change.
    """

    def __init__(self, session: WriteSession, run_ids: Sequence[str], models: Iterable[type[Base]]) -> None:
        self._session = session
        self._wanted = (list(run_ids),)
        self._frames: dict[type[Base], list[pl.DataFrame]] = {model: [] for model in models}
        self._is_new = {model: not self._has_rows(model) for model in self._frames}

    def add(self, model: type[Base], rows: pl.DataFrame) -> None:
        """Some rows of a table."""
        self._frames[model].append(rows)
        if self._is_new[model] and sum(frame.height for frame in self._frames[model]) >= _ROW_GROUP:
            self._insert(model)

    def end(self) -> None:
        """Every row was given."""
        for model, is_new in self._is_new.items():
            if not is_new:
                rows = pl.concat(self._frames[model]) if self._frames[model] else pl.DataFrame()
                self._session.replace(model, rows, _OF_RUNS, self._wanted)
            elif self._frames[model]:
                self._insert(model)

    def _insert(self, model: type[Base]) -> None:
        self._session.insert(model, pl.concat(self._frames[model]))
        self._frames[model] = []

    def _has_rows(self, model: type[Base]) -> bool:
        return bool(self._session.rows(f"SELECT 1 FROM {full_name(model)} WHERE {_OF_RUNS} LIMIT 1", self._wanted))
