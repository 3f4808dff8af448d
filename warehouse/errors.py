"""Errors a user can act on.

Holds: the exception family of the whole system, ordered by what the caller should do next, and those of the warehouse.
Belongs here: an error that reaches a person on the command line or in the Dagster UI.
Never here: refusals of single rows or files (those are data: see `pipelines.parsing.refusals`).

The family stands in the lowest package that raises it; `pipelines.errors` offers it to everything above.
"""

from __future__ import annotations


class TomkingError(Exception):
    """Something went wrong that a person has to mend.

    `what` happened, `where` (file, table, key), `why`, and the `remedy`: a command or an edit that mends it.
    """

    exit_code = 1

    def __init__(
        self, what: str, *, where: str | None = None, why: str | None = None, remedy: str | None = None
    ) -> None:
        self.what, self.where, self.why, self.remedy = what, where, why, remedy
        parts = [what]
        if where:
            parts.append(f"where: {where}")
        if why:
            parts.append(f"why: {why}")
        if remedy:
            parts.append(f"do: {remedy}")
        super().__init__("; ".join(parts))


class ConfigurationError(TomkingError):
    """`tomking.toml` or the environment is missing, unreadable or contradicts itself."""

    exit_code = 2


class NotFound(TomkingError):
    """The user named something (a break, a parameter set, a backup) that is not there."""

    exit_code = 3


class Conflict(TomkingError):
    """The request contradicts the state of the system (approve a refused set, restore over newer data)."""

    exit_code = 4


class Busy(TomkingError):
    """Another process holds the warehouse for writing; trying again later is right."""

    exit_code = 75


class FrameError(TomkingError):
    """Rows do not fit the table they are meant for: a column is missing, unknown, of another type or not exact."""


class SchemaError(TomkingError):
    """The database file is not the one this release writes: drifted, too old, or from a newer release."""


class StorageError(TomkingError):
    """A file of the warehouse could not be written or read whole: disk full, damaged bytes, missing permission."""
