"""The rows of a query, kept by the database for a while and read a few thousand at a time.

Holds: `KeptRows`.
Belongs here: how a step goes through more rows than should be in memory, and more than once.
Never here: which rows, or what becomes of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import count
from typing import TYPE_CHECKING

import duckdb

if TYPE_CHECKING:
    import polars as pl

    from warehouse.session import WriteSession

_AT_ONCE = 20_000
_NUMBERS = count(1)


class KeptRows:
    """A temporary table of a query's rows in the query's order, which the database puts on disk where they are many.

    Rows are counted from 0; the last column of the table `name`, `kept_row`, is this number (`rowid` is not: it has
    another beginning until a transaction ends). To be closed when it is no longer needed.
    """

    def __init__(self, session: WriteSession, sql: str, params: Sequence[object] = ()) -> None:
        self.name = f"kept_rows_{next(_NUMBERS)}"
        self._session = session
        self._place = -1
        self._frame: pl.DataFrame | None = None
        session.connection.execute(
            f"CREATE TEMP TABLE {self.name} AS SELECT *, row_number() OVER () - 1 AS kept_row FROM ({sql})",
            list(params),
        )

    def all(self) -> Iterator[pl.DataFrame]:
        """Every row, in frames."""
        ((rows,),) = self._session.rows(f"SELECT count(*) FROM {self.name}")
        return self.between(0, rows)

    def between(self, start: int, end: int) -> Iterator[pl.DataFrame]:
        """The rows from `start` until before `end`, in frames."""
        for place in range(start // _AT_ONCE, -(-end // _AT_ONCE)):
            first = place * _AT_ONCE
            yield self._at(place)[max(start - first, 0) : end - first]

    def close(self) -> None:
        """Let go of them; where the transaction has failed the table goes with it."""
        with suppress(duckdb.Error):
            self._session.connection.execute(f"DROP TABLE {self.name}")

    def _at(self, place: int) -> pl.DataFrame:
        """The frame at a place; the last one stays, for what is asked run by run is often in it."""
        if self._frame is None or place != self._place:
            span = place * _AT_ONCE, (place + 1) * _AT_ONCE
            sql = f"SELECT * FROM {self.name} WHERE kept_row >= ? AND kept_row < ? ORDER BY kept_row"
            self._frame, self._place = self._session.frame(sql, span).drop("kept_row"), place
        return self._frame
