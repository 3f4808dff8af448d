"""LEAN's object store on a folder: the rule for keys, the read cache, `clear`.

Holds: `ObjectStore`.
Belongs here: what was seen of the engine's own store.
Never here: what is stored.
"""

from __future__ import annotations

import re
from pathlib import Path

from tests.lean_double.strict import strict

_KEY = re.compile(r"\.?[a-zA-Z0-9\\/_#\-$= ]+\.?[a-zA-Z0-9]*")


class KeyNotFoundError(KeyError):
    """LEAN's KeyNotFoundException."""


@strict
class ObjectStore:
    """Bytes under keys; a key that was read once is answered from memory until `clear`."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._cache: dict[str, bytes] = {}

    def _path(self, key: str) -> Path:
        if not _KEY.fullmatch(key) or ".." in key:
            raise ValueError(f"Object store key is not allowed: {key}")
        return self._root / key.lstrip("/").replace("\\", "/")

    def contains_key(self, key: str) -> bool:
        return key in self._cache or self._path(key).is_file()

    def read_bytes(self, key: str) -> bytes:
        if key not in self._cache:
            path = self._path(key)
            if not path.is_file():
                raise KeyNotFoundError(f"Object with key '{key}' was not found in the current project.")
            self._cache[key] = path.read_bytes()
        return self._cache[key]

    def read(self, key: str) -> str:
        return self.read_bytes(key).decode("utf-8")

    def save_bytes(self, key: str, content: bytes) -> bool:
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        self._cache[key] = content
        return True

    def save(self, key: str, text: str) -> bool:
        return self.save_bytes(key, text.encode("utf-8"))

    def delete(self, key: str) -> bool:
        self._cache.pop(key, None)
        path = self._path(key)
        if not path.is_file():
            return False
        path.unlink()
        return True

    def get_file_path(self, key: str) -> str:
        return str(self._path(key))

    def clear(self) -> None:
        self._cache.clear()
