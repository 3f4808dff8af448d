"""Small damage to real files, the same for the same random numbers.

Holds: damage to bytes, and damage to JSON that stays JSON.
Belongs here: a way in which a file can be wrong.
Never here: what is read, or how it comes out.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from typing import Any

SCRAPS = (
    b"null", b"{}", b"[]", b'""', b"true", b"1e999", b"-", b"\xff", b"1E-400", b"-0", b"9" * 60, b"0." + b"0" * 40 + b"1",
    b'"\\ud800"', b"[" * 2000, b'{"a":' * 500, b"\x00", b"\n", b'"', b",", b"\\", b"\xef\xbb\xbf", b"NaN", b"2026-13-45",
    b'"0001-01-01T00:00:00Z"', b'"9999-12-31T23:59:59.9999999Z"', b"253402300800", b"-62135596801", b"18446744073709551616",
)  # fmt: skip
VALUES: tuple[Any, ...] = (
    None, True, 0, -1, 2**63, 2**64, 10**40, 1e308, 1e-308, 0.1, "", "x", "1", "1e999999999", "NaN", "\ud800".encode("utf-8", "replace").decode(),
    "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "2020-02-30T00:00:00Z", [], {}, [[]], [None], {"": None}, [1, 2, 3], {"x": 1, "y": None},
    "SPY R735QTJ8XC9X", "SPY 31PB4NZP2BWX2|SPY R735QTJ8XC9X", "| ", " ZZZZZZZZZZZZZZ", "\u0663", "a" * 5000,
)  # fmt: skip
_LARGEST = 400_000


def mutate(data: bytes, others: Sequence[bytes], chance: random.Random) -> bytes:
    """One to three pieces of damage."""
    for _ in range(chance.randint(1, 3)):
        data = chance.choice((_json, _json, _scrap, _cut, _flip, _double, _splice, _swap))(data, others, chance)
    return data[:_LARGEST]


def damaged_json(data: bytes, chance: random.Random) -> bytes | None:
    """The document with one of its values or keys changed; None where it is no JSON."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return None
    holders = [holder for holder in _containers(document) if holder]
    if not holders:
        return json.dumps(chance.choice(VALUES)).encode()
    holder = chance.choice(holders)
    if isinstance(holder, list):
        place: Any = chance.randrange(len(holder))
    else:
        place = chance.choice(list(holder))
    match chance.randrange(6):
        case 0:
            del holder[place]
        case 1 if isinstance(holder, dict):
            holder[chance.choice(("", "Id", "id", "order-id", "x" * 70, f"{place}x"))] = holder.pop(place)
        case 2 if isinstance(holder, list):
            holder.append(holder[place])
        case 3:
            holder[place] = chance.choice(list(_containers(document)))
            return _dumped(document)
        case _:
            holder[place] = chance.choice(VALUES)
    return _dumped(document)


def _dumped(document: Any) -> bytes | None:
    try:
        return json.dumps(document).encode("utf-8", "replace")
    except (ValueError, RecursionError):  # a container put into itself
        return None


def _containers(value: Any) -> list[Any]:
    found, waiting = [], [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict | list):
            found.append(item)
            waiting += item.values() if isinstance(item, dict) else item
    return found


def _json(data: bytes, others: Sequence[bytes], chance: random.Random) -> bytes:
    lines = data.split(b"\n")
    if len(lines) > 1 and data[:1] == b"{" and lines[0].rstrip()[-1:] == b"}":  # one document a line
        line = chance.randrange(len(lines))
        lines[line] = damaged_json(lines[line], chance) or lines[line]
        return b"\n".join(lines)
    return damaged_json(data, chance) or _scrap(data, others, chance)


def _scrap(data: bytes, others: Sequence[bytes], chance: random.Random) -> bytes:
    start = chance.randint(0, len(data))
    return data[:start] + chance.choice(SCRAPS) + data[start + chance.choice((0, 1, 2, 5, 20)) :]


def _cut(data: bytes, others: Sequence[bytes], chance: random.Random) -> bytes:
    return data[: chance.randint(0, len(data))]


def _flip(data: bytes, others: Sequence[bytes], chance: random.Random) -> bytes:
    if not data:
        return b"\x00"
    place = chance.randrange(len(data))
    return data[:place] + bytes([data[place] ^ (1 << chance.randrange(8))]) + data[place + 1 :]


def _double(data: bytes, others: Sequence[bytes], chance: random.Random) -> bytes:
    start = chance.randint(0, len(data))
    piece = data[start : start + chance.choice((1, 10, 100, 1000))]
    return data[:start] + piece * 2 + data[start + len(piece) :]


def _splice(data: bytes, others: Sequence[bytes], chance: random.Random) -> bytes:
    other = chance.choice(others)
    return data[: chance.randint(0, len(data))] + other[chance.randint(0, len(other)) :]


def _swap(data: bytes, others: Sequence[bytes], chance: random.Random) -> bytes:
    lines = data.split(b"\n")
    chance.shuffle(lines)
    return b"\n".join(lines[: chance.randint(1, len(lines))])
