"""The source code a run was started from: the `code/` folder of LEAN's command line.

Holds: which files are source code, their language, their text, the one hash of a whole folder.
Belongs here: a rule of what the command line copies.
Never here: reading folders, comparing runs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import PurePosixPath

LANGUAGES = {".py": "python", ".cs": "csharp", ".ipynb": "notebook", ".css": "css", ".html": "html"}
"""By suffix: the command line copies these files and no others."""

FOLDER = "code"
_TEXT_LIMIT = 8 << 20


def is_source(name: str) -> bool:
    """Whether the command line would copy a file of this name."""
    return PurePosixPath(name).suffix.lower() in LANGUAGES


def language_of(name: str) -> str | None:
    """The language of a source file by its name."""
    return LANGUAGES.get(PurePosixPath(name).suffix.lower())


def text_of(data: bytes) -> str | None:
    """The text of a source file, exactly; None where the bytes are no text or too many to be written by hand."""
    if len(data) > _TEXT_LIMIT or b"\0" in data:
        return None
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return None


def code_hash(files: Iterable[tuple[str, str]]) -> str | None:
    """One hash over (path, sha256) of every file, whatever their order; None where there is none."""
    listed = sorted(files)
    if not listed:
        return None
    digest = hashlib.sha256()
    for path, sha256 in listed:
        digest.update(f"{path}\0{sha256}\n".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()
