"""The raw store: every byte that was read, compressed, by its hash.

Holds: put, read with verification, and pruning.
Belongs here: the layout `<state>/raw/<sha256>.zst` (zstandard; `.gz` as releases before 0.2 wrote it).
Never here: what a file is (that is the ledger's).
"""

from __future__ import annotations

import datetime as dt
import gzip
import hashlib
import io
import os
import re
import zlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

import pyarrow as pa  # type: ignore[import-untyped]

from warehouse.connections import disk_full, is_disk_full
from warehouse.errors import NotFound, StorageError
from warehouse.files import sync_folder, temporary_beside

_BLOCK = 4 << 20
_CODEC = pa.Codec("zstd", compression_level=1)
_SUFFIX, _EARLIER_SUFFIX = ".zst", ".gz"
_NAME = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class RawFile:
    """A file in the store. `size` in bytes, uncompressed; `stored_now` is False where the store had it already."""

    sha256: str
    size: int
    stored_now: bool


@dataclass(frozen=True)
class Pruned:
    """A stored file that is older than the retention; `size` in bytes as it lies in the store."""

    sha256: str
    size: int
    stored_at: dt.datetime


class RawStore:
    """Read files by content. Files are 0600 in a folder of 0700: statements carry private data."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, path: Path) -> RawFile:
        """Keep a file's present bytes; a file that is rewritten meanwhile is kept as it was read."""
        with path.open("rb") as source:
            sha256, size = _digest(source)
            if self.holds(sha256):
                return RawFile(sha256, size, stored_now=False)
            source.seek(0)
            return self._store(source)

    def put_bytes(self, data: bytes) -> RawFile:
        """Keep bytes that are not in a file of their own."""
        sha256 = hashlib.sha256(data).hexdigest()
        if self.holds(sha256):
            return RawFile(sha256, len(data), stored_now=False)
        return self._store(io.BytesIO(data))

    def holds(self, sha256: str) -> bool:
        """Whether these bytes are in the store."""
        return self.path_of(sha256).exists()

    def read(self, sha256: str) -> bytes:
        """The bytes with this hash. Raises `NotFound`, and `StorageError` where they no longer have that hash."""
        return b"".join(self.blocks(sha256))

    def blocks(self, sha256: str) -> Iterator[bytes]:
        """The bytes with this hash in blocks of some megabytes.

        Raises `NotFound`, and `StorageError` where they no longer have that hash: known only after the last block.
        """
        path = self.path_of(sha256)
        digest = hashlib.sha256()
        try:
            with _opened(path) as source:
                while block := source.read(_BLOCK):
                    digest.update(block)
                    yield block
        except FileNotFoundError:
            raise NotFound("these bytes are not in the raw store", where=str(path)) from None
        except (OSError, EOFError, zlib.error) as error:
            raise self._damaged(path, str(error)) from error
        if digest.hexdigest() != sha256:
            raise self._damaged(path, "the bytes no longer have the hash they were stored under")

    def path_of(self, sha256: str) -> Path:
        """Where these bytes lie, if they are stored."""
        if not _NAME.fullmatch(sha256):
            raise ValueError(f"not a sha256 in lower-case hex: {sha256!r}")
        earlier = self.folder / f"{sha256}{_EARLIER_SUFFIX}"
        return earlier if earlier.exists() else self.folder / f"{sha256}{_SUFFIX}"

    def names(self) -> Iterator[str]:
        """The hash of every stored file, sorted."""
        yield from sorted(
            path.stem
            for path in self.folder.glob("*")
            if path.suffix in (_SUFFIX, _EARLIER_SUFFIX) and _NAME.fullmatch(path.stem)
        )

    def prune(
        self, older_than: dt.datetime, *, keep: Collection[str] = frozenset(), dry_run: bool = True
    ) -> list[Pruned]:
        """Files stored before an instant and not in `keep`; they are removed unless `dry_run`."""
        found = []
        for name in self.names():
            stat = self.path_of(name).stat()
            stored_at = dt.datetime.fromtimestamp(stat.st_mtime, dt.UTC)
            if stored_at < older_than and name not in keep:
                found.append(Pruned(name, stat.st_size, stored_at))
        if not dry_run:
            for pruned in found:
                self.path_of(pruned.sha256).unlink(missing_ok=True)
        return found

    def _store(self, source: BinaryIO) -> RawFile:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        temporary = temporary_beside(self.folder / "put")
        try:
            sha256, size = _compress(source, temporary)
            target = self.path_of(sha256)
            stored_now = not target.exists()
            if stored_now:
                temporary.replace(target)
                sync_folder(self.folder)
        except OSError as error:
            if is_disk_full(error):
                raise disk_full(self.folder, error) from error
            raise StorageError("the raw store cannot be written", where=str(self.folder), why=str(error)) from error
        finally:
            temporary.unlink(missing_ok=True)
        return RawFile(sha256, size, stored_now)

    @staticmethod
    def _damaged(path: Path, why: str) -> StorageError:
        return StorageError(
            "a file of the raw store is damaged",
            where=str(path),
            why=why,
            remedy="remove it and ingest its source again, or take the raw folder from a backup of the disk",
        )


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    """The uncompressed bytes of a stored file."""
    if path.suffix == _EARLIER_SUFFIX:
        with gzip.open(path, "rb") as unpacked:
            yield cast("BinaryIO", unpacked)
        return
    with pa.OSFile(str(path)) as file, pa.CompressedInputStream(file, "zstd") as unpacked:
        yield unpacked


def _digest(source: BinaryIO) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    while block := source.read(_BLOCK):
        digest.update(block)
        size += len(block)
    return digest.hexdigest(), size


def _compress(source: BinaryIO, target: Path) -> tuple[str, int]:
    """Compress a stream into a new private file; returns hash and size of what was read."""
    digest, size = hashlib.sha256(), 0
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        # One frame per block; frames one after the other are one file to every reader of the format.
        while (block := source.read(_BLOCK)) or size == 0:
            digest.update(block)
            size += len(block)
            file.write(_CODEC.compress(block, asbytes=True))
            if not block:
                break
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest(), size
