"""The warehouse as one object: who may write, who may read, where its files are.

Holds: `Warehouse`.
Belongs here: the order of lock, checks, connection, publishing.
Never here: SQL of tables, or what a step does with a session.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from warehouse import backup as backup_files
from warehouse import build_derived, locks, migrate
from warehouse.connections import open_for_reading, open_for_writing
from warehouse.errors import NotFound, SchemaError, TomkingError
from warehouse.files import remove_temporaries
from warehouse.locks import WriterLock
from warehouse.publish import publish_if_stale
from warehouse.raw_store import RawStore
from warehouse.session import WriteSession

__all__ = ["SchemaState", "Upgraded", "Warehouse", "WriteSession"]

WAIT_SECONDS = 60.0
"""How long a writer waits for another before it gives up."""


@dataclass(frozen=True)
class Upgraded:
    """What bringing a file up to date did: revisions, the backup taken before, what was rebuilt."""

    before: str | None
    after: str
    backup: Path | None
    rebuilt: tuple[str, ...]


@dataclass(frozen=True)
class SchemaState:
    """Whether the schema is the declared one, in words, and what mends it."""

    ok: bool
    description: str
    remedy: str


class Warehouse:
    """One instance's warehouse: everything below its state folder.

    `warehouse.duckdb` is opened by the one writer only; `published/warehouse.duckdb` is what everybody reads.
    """

    def __init__(self, state_dir: Path | str, *, backups_kept: int = backup_files.KEPT) -> None:
        self.state_dir = Path(state_dir)
        self.path = self.state_dir / "warehouse.duckdb"
        self.lock_path = self.state_dir / "warehouse.lock"
        self.published_path = self.state_dir / "published" / "warehouse.duckdb"
        self.backup_dir = self.state_dir / "backups"
        self.raw = RawStore(self.state_dir / "raw")
        self._backups_kept = backups_kept

    @property
    def exists(self) -> bool:
        """Whether the database file is there."""
        return self.path.exists()

    def create_or_upgrade(self, *, wait_seconds: float = WAIT_SECONDS) -> Upgraded:
        """Make the file what this release writes: migrations after a backup, derived tables and views, a fresh copy.

        Raises `SchemaError` for a file of a newer release or a drifted one, `Busy` while another process writes.
        """
        with self._locked("bring the warehouse up to date", wait_seconds):
            before, after, saved = self._upgrade()
            session = self._open(None)
            try:
                rebuilt = build_derived.ensure(session)
            finally:
                session.close()
            self._publish_if_stale()
            return Upgraded(before, after, saved, rebuilt)

    @contextmanager
    def writer(
        self,
        purpose: str,
        *,
        wait_seconds: float = WAIT_SECONDS,
        publish: bool = True,
        now: dt.datetime | None = None,
    ) -> Iterator[WriteSession]:
        """The one writing session; `purpose` is what another process is told while it waits.

        Waits for another writer up to `wait_seconds`, then raises `Busy`; raises `NotFound` where no warehouse was
        ever made. A file of an older release is upgraded first, after a backup, and what older code made is rebuilt;
        a drifted file, or one of a newer release, is a `SchemaError`. What was committed is published at the end,
        also when the block raised; with `publish=False` it waits for the next writer that does. `now` sets the
        session's instant, for replaying a day as it was.
        """
        self._must_exist()
        with self._locked(purpose, wait_seconds):
            try:
                session = self._open(now)
                try:
                    build_derived.ensure(session)
                    yield session
                finally:
                    session.close()
            except BaseException as error:
                if publish:
                    self._publish_after(error)
                raise
            if publish:
                self._publish_if_stale(changed=session.changed)

    @contextmanager
    def reader(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A read-only connection in UTC on the published copy; no lock, and no writer waits for it.

        It shows the warehouse as the last finished writer left it, for as long as it is open. Raises `NotFound`
        where nothing was published yet.
        """
        if not self.published_path.exists():
            raise NotFound(
                "nothing has been published yet",
                where=str(self.published_path),
                remedy="`tomking init` makes a warehouse, `tomking ingest` fills it",
            )
        with open_for_reading(self.published_path) as connection:
            yield connection

    def publish(self, *, wait_seconds: float = WAIT_SECONDS) -> bool:
        """Swap in a fresh published copy where the present one is not the newest; returns whether it did."""
        with self._locked("publish the warehouse", wait_seconds):
            self._must_exist()
            return self._publish_if_stale()

    def backup(self, to: Path | None = None, *, wait_seconds: float = WAIT_SECONDS) -> Path:
        """Copy the file to `to`, or to a timestamped name in the backup folder, and prove the copy.

        Of backups in the folder the newest `backups_kept` stay. Raises `Conflict` where `to` exists.
        """
        with self._locked("back the warehouse up", wait_seconds):
            self._must_exist()
            return self._backup(to)

    def backups(self) -> list[backup_files.Backup]:
        """The backups in the backup folder, newest first."""
        return backup_files.listed(self.backup_dir)

    def restore(self, source: Path, *, wait_seconds: float = WAIT_SECONDS) -> Path | None:
        """Put a proved backup in the place of the present file; returns where the former file lies now.

        The present file is backed up first, or, where it cannot be opened, kept beside the new one as it is. A backup
        of an older release is upgraded by the next writer. Raises `NotFound`, `StorageError` for a copy that cannot be
        read, `SchemaError` for one of a newer release; the present file then stands untouched.
        """
        with self._locked("restore a backup", wait_seconds):
            restored = backup_files.restore(source, self.path, self.backup_dir, keep=self._backups_kept)
            self._publish_if_stale()
            return restored.replaced

    def schema_state(self) -> SchemaState:
        """Whether the file is what this release writes, told from the published copy: no lock, no waiting."""
        if not self.published_path.exists():
            return SchemaState(False, "there is no warehouse yet", "`tomking init` makes one")
        with self.reader() as connection:
            try:
                migrate.refuse_drift(connection, self.path)
            except SchemaError as error:
                return SchemaState(False, f"{error.what}: {error.why}" if error.why else error.what, error.remedy or "")
        return SchemaState(True, f"revision {migrate.head()}, as declared", "")

    def lock_holder(self) -> str | None:
        """Who holds the writer's lock at this moment, as a sentence; None where it is free."""
        return locks.holder(self.lock_path)

    @contextmanager
    def _locked(self, purpose: str, wait_seconds: float) -> Iterator[None]:
        with WriterLock(self.lock_path, purpose, wait_seconds=wait_seconds):
            for folder in (self.state_dir, self.published_path.parent, self.backup_dir, self.raw.folder):
                remove_temporaries(folder)
            yield

    def _open(self, now: dt.datetime | None) -> WriteSession:
        """A session on a file that is this release's, upgraded first where it is of an older one."""
        connection = open_for_writing(self.path)
        try:
            if migrate.current(connection) != migrate.head():
                connection.close()
                self._upgrade()
                connection = open_for_writing(self.path)
            migrate.refuse_drift(connection, self.path)
        except BaseException:
            connection.close()
            raise
        return WriteSession(connection, path=self.path, raw=self.raw, now=now)

    def _upgrade(self) -> tuple[str | None, str, Path | None]:
        """Migrate the file where it is not at the newest revision: revisions before and after, and the backup."""
        saved = None
        if self.exists:
            with open_for_writing(self.path) as connection:
                found = migrate.current(connection)
            migrate.refuse_newer(found, self.path)
            if found == migrate.head():
                return found, found, None
            saved = self._backup(None)
        return *migrate.upgrade(self.path), saved

    def _publish_after(self, error: BaseException) -> None:
        try:
            if self.exists:
                self._publish_if_stale()
        except TomkingError as unpublished:
            error.add_note(f"besides: {unpublished}")

    def _must_exist(self) -> None:
        if not self.exists:
            raise NotFound("there is no warehouse yet", where=str(self.path), remedy="`tomking init` makes one")

    def _backup(self, to: Path | None) -> Path:
        return backup_files.backup(self.path, self.backup_dir, to=to, keep=self._backups_kept).path

    def _publish_if_stale(self, *, changed: bool = False) -> bool:
        return publish_if_stale(self.path, self.published_path, changed=changed)
