"""What came over a connection, and its place in the inbox.

Holds: a reply with the name it gets, and writing it among the statements of its account.
Belongs here: names of fetched files, and that the same bytes are kept once.
Never here: reading a reply (the statement readers do, as they do with every file of the inbox).

A reply is written byte for byte as it was received. Its name has the time it speaks of first and its hash last, so
that a reply fetched twice is one file, and reading the files by name reads them in order.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

PRIVATE_FOLDER, PRIVATE_FILE = 0o700, 0o600


@dataclass(frozen=True, slots=True)
class Fetched:
    """A reply: `name` begins its file's name, `suffix` ends it (.json, .xml).

    `as_of` is the time of fetching, where a later reply of the same name takes the place of an earlier one. `note` is
    what whoever asked should know about it.
    """

    name: str
    suffix: str
    body: bytes
    as_of: str | None = None
    note: str | None = None


def write(folder: Path, reply: Fetched) -> Path | None:
    """Write a reply into a folder of the inbox; None where the folder has it already."""
    folder.mkdir(parents=True, exist_ok=True, mode=PRIVATE_FOLDER)
    digest = hashlib.sha256(reply.body).hexdigest()[:12]
    before = sorted(folder.glob(f"{reply.name}_*{reply.suffix}"))
    if reply.as_of is None:
        if any(path.stem.endswith(f"_{digest}") for path in before):
            return None
        target = folder / f"{reply.name}_{digest}{reply.suffix}"
    else:
        # Only the newest counts: what was said before may be said again.
        if before and before[-1].stem.endswith(f"_{digest}"):
            return None
        target = folder / f"{reply.name}_{reply.as_of}_{digest}{reply.suffix}"
    partial = target.with_name(f".{target.name}.part")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE_FILE)
    with os.fdopen(descriptor, "wb") as file:
        file.write(reply.body)
        file.flush()
        os.fsync(file.fileno())
    # Whoever reads the inbox sees the whole file or none; names with a dot are passed over.
    partial.replace(target)
    return target
