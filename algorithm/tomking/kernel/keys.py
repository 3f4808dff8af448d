"""Deterministic text ids.

Holds: the one way to make an id from logical fields.
Belongs here: id formats, used alike by parsers, transforms and tables.
Never here: random or counted ids (the same bytes read twice must give the same rows).
"""

from __future__ import annotations

import hashlib

ID_LENGTH = 32
"""Hex characters: 128 bits of sha256, so that ids made from different fields do not meet."""


def stable_id(*fields: str | int | None) -> str:
    """The id of these fields: 32 hex characters, the same on every machine and in every release.

    Each field is prefixed with its length, so that ("ab", "c") and ("a", "bc") differ, and None differs from "".
    """
    digest = hashlib.sha256()
    for field in fields:
        if field is None:
            digest.update(b"-;")
            continue
        data = str(field).encode()
        digest.update(b"%d:" % len(data))
        digest.update(data)
    return digest.hexdigest()[:ID_LENGTH]
