"""Refusals of a parser, put into quarantine.

Holds: the one way from a `Refusal` to a row of `ops.quarantine`.
Belongs here: what every step that reads files does with what it refuses.
Never here: deciding what is refused, redacting, closing items of earlier attempts.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from pipelines.parsing.refusals import Refusal
from warehouse.access import WriteSession


def quarantine(session: WriteSession, refusals: Iterable[Refusal], *, path: str | Path, sha256: str | None) -> None:
    """Put each refusal of a file into quarantine, with its place in the file."""
    for refusal in refusals:
        session.refuse(
            path=path,
            sha256=sha256,
            reason=refusal.reason,
            line=refusal.line,
            field=refusal.field,
            value=refusal.value,
        )
