"""Rows and bytes of a large run, kept until they are written.

Holds: `Spool`, which keeps what it is given in memory up to a limit and on disk beyond it, and `Batches`, the rows of
one table in the pieces in which they were read.
Belongs here: where the pieces lie.
Never here: what is in them.
"""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import Self

import polars as pl

_NUMBERS = count(1)
_LOOSE_PIECES = 16
_HANDED_OUT = 25_000
_UNPACKED = 4 << 20
LIMIT = 32 << 20
"""Bytes of a run that stay in memory, packed."""


class Spool:
    """A place for pieces. Without a folder everything stays in memory.

    Each spool has a folder of its own in the given one; those that killed processes left there go with the first piece.
    """

    def __init__(self, folder: Path | None = None, limit: int = LIMIT) -> None:
        self._folder = None if folder is None else folder / f"{_own_prefix()}{next(_NUMBERS)}"
        self._free = limit
        self._unpacked = _UNPACKED
        self._count = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def keep(self, data: bytes) -> bytes | Path:
        """Keep bytes; returns what `read` gives them back for."""
        path = self._place(len(data))
        if path is None:
            return data
        path.write_bytes(data)
        return path

    def keep_frame(self, rows: pl.DataFrame) -> pl.DataFrame | bytes | Path:
        """Keep a frame; returns what `read_frame` gives it back for.

        The first few are kept as they are, so that a small run pays for no packing.
        """
        self._unpacked -= int(rows.estimated_size())
        if self._unpacked >= 0:
            return rows
        packed = io.BytesIO()
        rows.write_ipc(packed, compression="lz4")
        return self.keep(packed.getvalue())

    @staticmethod
    def read(kept: bytes | Path) -> bytes:
        """The bytes that were kept."""
        return kept.read_bytes() if isinstance(kept, Path) else kept

    @staticmethod
    def read_frame(kept: pl.DataFrame | bytes | Path) -> pl.DataFrame:
        """The frame that was kept."""
        return kept if isinstance(kept, pl.DataFrame) else pl.read_ipc(Spool.read(kept))

    def close(self) -> None:
        """Remove what lies on disk; nothing kept can be read afterwards."""
        if self._folder is not None and self._count:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _place(self, size: int) -> Path | None:
        if self._folder is None or size <= self._free:
            self._free -= size
            return None
        if self._count == 0:
            self._folder.mkdir(mode=0o700, parents=True)
            for left in self._folder.parent.iterdir():
                if not left.name.startswith(_own_prefix()):
                    shutil.rmtree(left, ignore_errors=True)
        self._count += 1
        return self._folder / f"{self._count:06}"


def _own_prefix() -> str:
    return f"{os.getpid()}-"


class Batches:
    """Rows of one table in pieces, of which two things stay in memory: the columns `keys` of every row, and the
    different rows that the columns `distinct` make. Keys are numbers, instants and flags, nothing longer.
    """

    def __init__(
        self, schema: pl.Schema, *, keys: Sequence[str] = (), distinct: Sequence[str] = (), spool: Spool | None = None
    ) -> None:
        self.schema = schema
        self._spool = spool or Spool()
        self._pieces: list[pl.DataFrame | bytes | Path] = []
        self._keys = [pl.DataFrame(schema={name: schema[name] for name in keys})]
        self.distinct = pl.DataFrame(schema={name: schema[name] for name in distinct})
        self._height = 0

    def append(self, rows: pl.DataFrame) -> None:
        """Add rows of this schema."""
        if rows.is_empty():
            return
        self._pieces.append(self._spool.keep_frame(rows))
        self._keys.append(rows.select(self._keys[0].columns))
        if len(self._keys) > _LOOSE_PIECES:
            # A column of a piece has room for more rows than it holds; one that is put together has not.
            self._keys = [pl.concat(self._keys, rechunk=True)]
        if self.distinct.columns:
            seen = [self.distinct] if self.distinct.height else []
            together = pl.concat([*seen, rows.select(self.distinct.columns)], rechunk=True)
            self.distinct = together.unique(maintain_order=True)
        self._height += rows.height

    def __len__(self) -> int:
        return self._height

    def __iter__(self) -> Iterator[pl.DataFrame]:
        """The rows in pieces of some ten thousand, as often as wanted."""
        waiting: list[pl.DataFrame] = []
        for kept in self._pieces:
            waiting.append(self._spool.read_frame(kept))
            if sum(map(len, waiting)) >= _HANDED_OUT:
                yield pl.concat(waiting, rechunk=True)
                waiting = []
        if waiting:
            yield pl.concat(waiting, rechunk=True)

    @property
    def keys(self) -> pl.DataFrame:
        """The key columns of all rows."""
        together: pl.DataFrame = pl.concat(self._keys, rechunk=True)
        return together

    def frame(self) -> pl.DataFrame:
        """All rows at once, in memory."""
        together: pl.DataFrame = pl.concat([pl.DataFrame(schema=self.schema), *self])
        return together

    def of(self, rows: pl.DataFrame) -> Batches:
        """Other rows in the same place."""
        keys, distinct = self._keys[0].columns, self.distinct.columns
        found = Batches(self.schema, keys=keys, distinct=distinct, spool=self._spool)
        found.append(rows)
        return found
