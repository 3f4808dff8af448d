"""Keys of LEAN's JSON in every notation it has had.

Holds: one spelling for camelCase, PascalCase and kebab-case.
Belongs here: what small files need whose keys changed over the years.
Never here: whole results (`pipelines.parsing.lean.eras`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from msgspec import Raw

T = TypeVar("T")

_JOINTS = str.maketrans("", "", "-_ ")


def plain_key(key: str) -> str:
    """The key in lower case without joints: `groupId`, `GroupId` and `group-id` are all `groupid`."""
    return key.translate(_JOINTS).lower()


def plain_keys(members: Mapping[str, T]) -> dict[str, T]:
    """A map under plain keys; of two keys that become one, the first stands."""
    found: dict[str, T] = {}
    for key, value in members.items():
        found.setdefault(plain_key(key), value)
    return found


def first_of(members: Mapping[str, Raw], *keys: str) -> Raw:
    """The first of these members that is there; an empty `Raw`, as of an absent number, where none is."""
    return next((members[key] for key in keys if key in members), Raw(b""))
