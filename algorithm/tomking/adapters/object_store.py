"""LEAN's object store as plain bytes under keys.

Holds: reading, writing and dropping the cache.
Belongs here: the store's habits (a read is cached until `clear`, a missing key raises).
Never here: what a document means.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from AlgorithmImports import ObjectStore


class Store:
    """The object store of the running algorithm."""

    def __init__(self, object_store: ObjectStore) -> None:
        self._store = object_store

    def forget(self) -> None:
        """Drop cached reads, so that a file replaced from outside is seen."""
        self._store.clear()

    def read(self, key: str) -> bytes | None:
        """The bytes under `key`, or None where there is nothing. Raises OSError where the store cannot be read."""
        try:
            return bytes(self._store.read_bytes(key)) if self._store.contains_key(key) else None
        except Exception as error:
            raise OSError(f"the object store cannot read {key}: {error}") from error

    def write(self, key: str, document: bytes) -> None:
        """Store ASCII `document` under `key`. Raises OSError where the store does not take it."""
        try:
            taken = bool(self._store.save(key, document.decode("ascii")))
        except Exception as error:
            raise OSError(f"the object store cannot write {key}: {error}") from error
        if not taken:
            raise OSError(f"the object store did not take {key}")

    def write_bytes(self, key: str, document: bytes) -> None:
        """Store any bytes under `key`. Raises OSError where the store does not take them."""
        try:
            # The stubs call .NET's byte array a list of int; the engine takes Python's bytes.
            taken = bool(self._store.save_bytes(key, document))  # type: ignore[arg-type]
        except Exception as error:
            raise OSError(f"the object store cannot write {key}: {error}") from error
        if not taken:
            raise OSError(f"the object store did not take {key}")
