"""What a parser says when it will not take a file or a row.

Holds: the refusal record and the exception that carries one for a whole file.
Belongs here: the vocabulary that every parser shares.
Never here: writing to quarantine (that is the step's work) or any format knowledge.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a file or one of its rows was not taken.

    `line` is the 1-based line of the source file (None: the whole file), `field` the column or key,
    `value` the offending text, shortened to 200 characters by the writer of the quarantine row.
    """

    reason: str
    line: int | None = None
    field: str | None = None
    value: str | None = None


class Refused(Exception):
    """A whole file is refused; nothing of it may reach the warehouse."""

    def __init__(self, refusal: Refusal) -> None:
        self.refusal = refusal
        place = f" (line {refusal.line})" if refusal.line is not None else ""
        super().__init__(f"{refusal.reason}{place}")
