"""What a writer does to the warehouse.

Holds: `WriteSession`, the one handle through which rows change.
Belongs here: transactions, and whether anything changed.
Never here: opening, locking and publishing (`warehouse.access`), or the SQL of one table's rules.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from warehouse import connections, dirty_days, ledger, quarantine, writes
from warehouse.errors import StorageError
from warehouse.models.base import Base
from warehouse.raw_store import RawStore
from warehouse.waiting import About, WaitingRows


class WriteSession:
    """A connection with the writer's lock held.

    `now` is one UTC instant for the whole session: everything learnt in it was learnt then.
    `changed` says whether anything committed, or about to be, differs from before.
    """

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, *, path: Path, raw: RawStore, now: dt.datetime | None = None
    ) -> None:
        self.raw = raw
        self.now = (now or dt.datetime.now(dt.UTC)).astimezone(dt.UTC)
        self.changed = False
        self._path = path
        self._connection = connection
        self._waiting: WaitingRows | None = None
        self._depth = 0
        self._failed_inside = False

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """The connection itself, with nothing waiting to be written."""
        if self._waiting is not None:
            self._waiting.write()
        return self._connection

    @property
    def state_dir(self) -> Path:
        """The folder of the instance's state, beside the database file."""
        return self._path.parent

    # --- reading -------------------------------------------------------------------------------------------------

    def rows(self, sql: str, params: Sequence[object] = (), *, about: About | None = None) -> list[tuple[Any, ...]]:
        """Every row of a query, with amounts as Decimal and instants in UTC.

        `about` names a column and the values of it that the query asks for in every table: rows with others may then
        go on waiting (`gathering`).
        """
        return connections.rows(self._before(sql, about), sql, params)

    def frame(self, sql: str, params: Sequence[object] = ()) -> pl.DataFrame:
        """A query's result as a frame; columns and types are those of the query even where it has no row."""
        return self._before(sql).execute(sql, list(params)).pl()

    # --- writing -------------------------------------------------------------------------------------------------

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing. A transaction inside another joins it.

        Any exception rolls everything back. Where the outer block swallowed an exception of an inner one, its end
        raises `StorageError` instead of committing half of the work.
        """
        if self._depth:
            self._depth += 1
            try:
                yield
            except BaseException:
                self._failed_inside = True
                raise
            finally:
                self._depth -= 1
            return
        before, self._failed_inside, self._depth = self.changed, False, 1
        self._connection.execute("BEGIN TRANSACTION")
        try:
            yield
            if self._failed_inside:
                raise StorageError(
                    "a part of this transaction failed, so none of it was kept",
                    why="an error inside a nested transaction was swallowed",
                )
            if self._waiting is not None:
                self._waiting.write()
            self._connection.execute("COMMIT")
        except BaseException as error:
            self.changed = before
            # After a fatal error (disk full while committing) DuckDB has rolled back by itself.
            with suppress(duckdb.Error):
                self._connection.execute("ROLLBACK")
            if isinstance(error, duckdb.Error) and connections.is_disk_full(error):
                raise connections.disk_full(self._path, error) from error
            raise
        finally:
            self._depth = 0

    @contextmanager
    def gathering(self) -> Iterator[None]:
        """A transaction in which inserted rows wait, so that those of many small things are written together.

        Every statement still sees all rows of the tables it names; a key that is there already may be found only at
        the end. Inside another transaction rows do not wait.
        """
        if self._depth:
            with self.transaction():
                yield
            return
        self._waiting = WaitingRows(self._connection)
        try:
            with self.transaction():
                yield
        finally:
            self._waiting = None

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""
        return self._depth > 0

    def execute(self, sql: str, params: Sequence[object] = ()) -> int:
        """Run a statement that changes something; returns the rows it touched, 0 where it does not count rows.

        An INSERT, UPDATE or DELETE that touched no row is no change.
        """
        count = writes.changed_rows(self._before(sql), sql, params)
        self.changed = self.changed or count is None or count > 0
        return count or 0

    def insert(self, model: type[Base], frame: pl.DataFrame) -> int:
        """Insert every row of a frame, columns by name; returns how many. An existing key is a `FrameError`."""
        if self._waiting is not None:
            return self._counted(self._waiting.add(model, frame))
        return self._counted(writes.insert(self._connection, model, frame))

    def insert_new(self, model: type[Base], frame: pl.DataFrame) -> int:
        """Insert the rows whose primary key is not there yet; returns how many were new."""
        return self._counted(writes.insert_new(self._before_rows_of(model), model, frame))

    def upsert(self, model: type[Base], frame: pl.DataFrame) -> int:
        """Insert rows or update them by primary key; returns how many were new or differed.

        `learnt_at` and `known_at` of a row that exists stay; they, `updated_at` and `computed_at` alone make no
        difference.
        """
        return self._counted(writes.upsert(self._before_rows_of(model), model, frame))

    def replace(self, model: type[Base], frame: pl.DataFrame, where: str, params: Sequence[object] = ()) -> int:
        """Delete the rows matching `where` and insert the frame; returns how many rows changed.

        Where the table holds exactly these rows already (bookkeeping instants aside), nothing is touched: 0.
        """
        with self.transaction():
            self._before(where)
            connection = self._before_rows_of(model)
            if writes.holds_exactly(connection, model, frame, where, params):
                return 0
            deleted = writes.delete(connection, model, where, params)
            return self._counted(max(deleted, writes.insert(connection, model, frame)))

    # --- ledger, quarantine, dirty days --------------------------------------------------------------------------

    def known_file(self, sha256: str, kind: str, parser_version: str, *, account: str | None = None) -> bool:
        """Whether these bytes were ingested as this kind by this parser version (and for this account, if given)."""
        return ledger.known_file(self, sha256, kind, parser_version, account)

    def record_file(
        self,
        *,
        path: Path | str,
        sha256: str,
        size: int,
        kind: str,
        parser_version: str,
        outcome: str,
        run_id: str | None = None,
        account: str | None = None,
        message: str | None = None,
    ) -> None:
        """Write down what became of a file; see `warehouse.ledger`."""
        self.record_files(
            [ledger.Entry(str(path), sha256, size, kind, parser_version, outcome, run_id, account, message)]
        )

    def record_files(self, entries: Sequence[ledger.Entry]) -> None:
        """Write down what became of several files at once."""
        ledger.record_files(self, entries)

    def refuse(
        self,
        *,
        path: Path | str,
        sha256: str | None,
        reason: str,
        line: int | None = None,
        field: str | None = None,
        value: str | None = None,
    ) -> str:
        """Put a file, or one row of it, into quarantine; returns the item's id. The same refusal twice is one item."""
        return quarantine.refuse(self, quarantine.Refused(str(path), sha256, reason, line, field, value))

    def resolve_quarantine(self, *, path: Path | str | None = None, sha256: str | None = None) -> int:
        """Close the open items of a file that was taken now; returns how many."""
        return quarantine.resolve(self, path=None if path is None else str(path), sha256=sha256)

    def mark_dirty(self, domain: str, days: Iterable[dt.date], reason: str) -> int:
        """Ask for derived rows of these sessions to be made again; returns how many were not asked for already."""
        return dirty_days.mark(self, domain, days, reason)

    def dirty_days(self, domain: str) -> list[dt.date]:
        """The sessions of a domain that wait to be made again, oldest first."""
        return dirty_days.waiting(self, domain)

    def clear_dirty(self, domain: str, days: Iterable[dt.date]) -> int:
        """Sessions that were made again; returns how many had been waiting."""
        return dirty_days.clear(self, domain, days)

    # --- for the opener ------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Close the connection; an open transaction is rolled back."""
        if self._depth:
            self._depth = 0
            with suppress(duckdb.Error):
                self._connection.execute("ROLLBACK")
        self._connection.close()

    def _before(self, sql: str, about: About | None = None) -> duckdb.DuckDBPyConnection:
        """The connection, for a statement that sees the tables it names."""
        if self._waiting is not None:
            self._waiting.write_before(sql, about)
        return self._connection

    def _before_rows_of(self, model: type[Base]) -> duckdb.DuckDBPyConnection:
        """The connection, for a statement about one table."""
        if self._waiting is not None:
            self._waiting.write_rows_of(model)
        return self._connection

    def _counted(self, count: int) -> int:
        self.changed = self.changed or count > 0
        return count
