"""A large JSON file, cut into pieces that fit in memory.

Holds: the cutting of one document into whole members and batches of members, each a JSON document of its own.
Belongs here: where a piece begins and ends.
Never here: what a piece means (each is decoded, and thereby checked, by whoever takes it).

Only the characters that structure a document are looked at, a block at a time and all at once in numpy: quotes tell
what is text, brackets how deep it goes, commas where a member ends. No piece is decoded here. The cutting is still
safe on broken input: every byte either lies in a piece, which its decoder refuses, or is checked here.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray

from pipelines.parsing.lean.exact_json import Unreadable

Path = tuple[str, ...]
"""Keys from the root to a value; the root itself is ()."""

_QUOTE, _BACKSLASH, _COMMA = b'"\\,'
_OPENERS, _CLOSERS, _BLANK = b"{[", b"}]", b" \t\n\r"
_CLOSER_OF = {ord("{"): ord("}"), ord("["): ord("]")}
_HEAD_LIMIT = 1 << 20
"""More bytes than any key with the blanks around it has."""

_STRUCTURAL = bytes(byte in b'"\\,{}[]' for byte in range(256))
_STEP = np.zeros(256, dtype=np.int8)
_STEP[list(_OPENERS)] = 1
_STEP[list(_CLOSERS)] = -1
_KEY = re.compile(rb'[ \t\n\r]*("(?:[^"\\]|\\.)*+")[ \t\n\r]*:[ \t\n\r]*(?=[^ \t\n\r])', re.DOTALL)
_VALUE = re.compile(rb"[ \t\n\r]*(?=[^ \t\n\r])")


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a document: a whole value, or some consecutive members of a container, wrapped in its brackets.

    An empty container gives one empty part, so every value of the document is seen at least once.
    """

    path: Path
    data: bytes
    is_batch: bool


def split(blocks: Iterable[bytes], containers: Collection[Path]) -> Iterator[Part]:
    """Cut a document: the members of `containers` come in batches, every other value whole.

    A container's batch is about as large as one block; a member larger than that makes a larger batch. A value at the
    path of a container that is no object or list comes whole. Objects on the way to a container are opened, their
    other members come whole. Raises `Unreadable` for what is no JSON document, when the cutting comes to it.
    """
    return _Cutter(blocks, frozenset(containers)).parts()


class _Window:
    """The bytes not yet cut, with the depth at each of their brackets and commas (those inside texts left out)."""

    def __init__(self, blocks: Iterable[bytes]) -> None:
        self._blocks = iter(blocks)
        self.data = bytearray()
        self.places: NDArray[np.int64] = np.empty(0, dtype=np.int64)
        self.kinds: NDArray[np.uint8] = np.empty(0, dtype=np.uint8)
        self.depths: NDArray[np.int64] = np.empty(0, dtype=np.int64)
        self._in_text = False
        self._is_escaped = False
        self._depth = 0

    def grow(self) -> bool:
        """Add a block; False at the end of the document."""
        block = next(self._blocks, None)
        while block is not None and not block:
            block = next(self._blocks, None)
        if block is None:
            return False
        places, kinds, depths = self._marks(block)
        self.places = np.concatenate([self.places, places + len(self.data)])
        self.kinds = np.concatenate([self.kinds, kinds])
        self.depths = np.concatenate([self.depths, depths])
        self.data += block
        return True

    def drop(self, count: int) -> None:
        """Forget the first bytes."""
        del self.data[:count]
        first = int(np.searchsorted(self.places, count))
        self.places = self.places[first:] - count
        self.kinds, self.depths = self.kinds[first:], self.depths[first:]

    def take(self, first: int, last: int) -> bytes:
        """A copy of these bytes."""
        with memoryview(self.data) as view:
            return bytes(view[first:last])

    def _marks(self, block: bytes) -> tuple[NDArray[np.int64], NDArray[np.uint8], NDArray[np.int64]]:
        characters = np.frombuffer(block, dtype=np.uint8)
        # `translate` is several times faster than indexing a table with numpy.
        places = np.flatnonzero(np.frombuffer(block.translate(_STRUCTURAL), dtype=np.bool_))
        kinds = characters[places]
        is_quote = kinds == _QUOTE
        aside = is_quote
        if self._is_escaped or b"\\" in block:
            slashes = kinds == _BACKSLASH
            aside = is_quote | slashes
            escaped = self._escaped(places[slashes], len(block))
            is_quote[np.searchsorted(places, escaped[characters[escaped] == _QUOTE])] = False
        in_text = np.logical_xor.accumulate(is_quote) ^ self._in_text
        if len(in_text):
            self._in_text = bool(in_text[-1])
        outside = np.flatnonzero(~(in_text | aside))
        places, kinds = places[outside], kinds[outside]
        depths = np.cumsum(_STEP[kinds], dtype=np.int64) + self._depth
        if len(depths):
            self._depth = int(depths[-1])
        return places, kinds, depths

    def _escaped(self, slashes: NDArray[np.int64], size: int) -> NDArray[np.int64]:
        """Where a character follows an odd run of backslashes; also remembers whether the next block begins there."""
        carried, self._is_escaped = self._is_escaped, False
        first = carried and len(slashes) > 0 and slashes[0] == 0
        runs = slashes[1:] if first else slashes
        starts = np.flatnonzero(np.diff(runs, prepend=-2) != 1)
        lengths = np.diff(starts, append=len(runs))
        after = runs[starts] + lengths
        escaped = after[lengths % 2 == 1]
        if len(escaped) and escaped[-1] == size:
            self._is_escaped, escaped = True, escaped[:-1]
        return np.append(escaped, 0) if carried and not first else escaped


class _Cutter:
    """Walks through one document, opening what leads to a container."""

    def __init__(self, blocks: Iterable[bytes], containers: frozenset[Path]) -> None:
        self._window = _Window(blocks)
        self._containers = containers
        self._opened = {path[:length] for path in containers for length in range(len(path))}

    def parts(self) -> Iterator[Part]:
        self._skip(_VALUE, "not whole JSON: there is nothing in it")
        yield from self._value((), 0)
        if self._window.data.strip(_BLANK) or any(self._rest()):
            raise Unreadable("not whole JSON: something follows the document", field="$")

    def _rest(self) -> Iterator[bytes]:
        while True:
            self._window.drop(len(self._window.data))
            if not self._window.grow():
                return
            yield bytes(self._window.data.strip(_BLANK))

    def _value(self, path: Path, depth: int) -> Iterator[Part]:
        """The parts of the value that begins at the window's first byte, in a container of this depth."""
        first = self._window.data[0]
        if path in self._containers and first in _OPENERS:
            yield from self._batches(path, depth + 1, first)
        elif path in self._opened and first == _OPENERS[0]:
            yield from self._members(path, depth + 1)
        else:
            yield Part(path, self._whole(path, depth), is_batch=False)

    def _members(self, path: Path, depth: int) -> Iterator[Part]:
        window, seen = self._window, set[str]()
        window.drop(1)
        self._skip(_VALUE, "not whole JSON: the file ends too early", path)
        if window.data[0] == _CLOSERS[0]:
            window.drop(1)
            yield Part(path, b"{}", is_batch=False)
            return
        while True:
            key = self._key(path)
            if key in seen:
                raise Unreadable("a member stands twice in one object", field=_shown((*path, key)))
            seen.add(key)
            yield from self._value((*path, key), depth)
            self._skip(_VALUE, "not whole JSON: the file ends too early", path)
            if window.data[0] == _CLOSERS[0]:
                break
            if window.data[0] != _COMMA:
                raise Unreadable("not whole JSON: neither a comma nor the end of an object", field=_shown(path))
            window.drop(1)
        window.drop(1)

    def _batches(self, path: Path, depth: int, opener: int) -> Iterator[Part]:
        window, wrap = self._window, (bytes([opener]), bytes([_CLOSER_OF[opener]]))
        window.drop(1)
        scanned, is_first = 0, True
        while True:
            ends = scanned + np.flatnonzero(window.depths[scanned:] < depth)
            if len(ends):
                place = int(window.places[ends[0]])
                if window.data[place] != wrap[1][0]:
                    raise Unreadable("not whole JSON: a bracket closes what another opened", field=_shown(path))
                members = window.take(0, place)
                if not is_first and not members.strip(_BLANK):
                    raise Unreadable("not whole JSON: nothing follows a comma", field=_shown(path))
                window.drop(place + 1)
                yield Part(path, members.join(wrap), is_batch=True)
                return
            commas = np.flatnonzero((window.depths == depth) & (window.kinds == _COMMA))
            if len(commas):
                place = int(window.places[commas[-1]])
                members = window.take(0, place)
                if not members.strip(_BLANK):
                    raise Unreadable("not whole JSON: nothing stands before a comma", field=_shown(path))
                window.drop(place + 1)
                is_first = False
                yield Part(path, members.join(wrap), is_batch=True)
            scanned = len(window.depths)
            if not window.grow():
                raise Unreadable("not whole JSON: the file ends too early", field=_shown(path))

    def _whole(self, path: Path, depth: int) -> bytes:
        """The value at the window's first byte, up to the comma or bracket after it."""
        window, scanned = self._window, 0
        while True:
            kinds, depths = window.kinds[scanned:], window.depths[scanned:]
            ends = scanned + np.flatnonzero((depths < depth) | ((depths == depth) & (kinds == _COMMA)))
            if len(ends) and depth:
                place = int(window.places[ends[0]])
                break
            scanned = len(window.depths)
            if not window.grow():
                place = len(window.data)
                break
        value = window.take(0, place)
        window.drop(place)
        return value

    def _key(self, path: Path) -> str:
        found = self._skip(_KEY, "not whole JSON: no key and value", path)
        try:
            return msgspec.json.decode(found, type=str)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Unreadable(f"not whole JSON: {error}", field=_shown(path)) from error

    def _skip(self, pattern: re.Pattern[bytes], otherwise: str, path: Path = ()) -> bytes:
        """Drop what matches at the window's first byte, up to a character that is no blank; returns the first group."""
        window = self._window
        while (found := pattern.match(window.data)) is None:
            window.drop(len(window.data) - len(window.data.lstrip(_BLANK)))
            if len(window.data) > _HEAD_LIMIT or not window.grow():
                raise Unreadable(otherwise, field=_shown(path))
        text = found[1] if pattern.groups else b""
        end = found.end()
        del found  # it holds on to the window's bytes
        window.drop(end)
        return text


def _shown(path: Path) -> str:
    return ".".join(("$", *path))
