"""Documents in LEAN's object store, replaced whole.

Holds: `replace_document`.
Belongs here: how a file that a running engine reads is written.
Never here: what a document says.
"""

from __future__ import annotations

import os
from pathlib import Path

from pipelines.errors import TomkingError
from warehouse.files import sync_folder, temporary_beside

_READABLE = 0o644


def replace_document(path: Path, document: bytes) -> int:
    """Replace a document by rename; returns 0 where it is there already, byte for byte. Raises TomkingError."""
    if path.is_file() and path.read_bytes() == document:
        return 0
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = temporary_beside(path)
        try:
            with temporary.open("xb") as file:
                file.write(document)
                file.flush()
                os.fsync(file.fileno())
            temporary.chmod(_READABLE)  # the engine may run as another user
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
        sync_folder(path.parent)
    except OSError as error:
        raise TomkingError(
            "the object store cannot be written", where=str(path), why=str(error), remedy="`tomking doctor`"
        ) from error
    return 1
