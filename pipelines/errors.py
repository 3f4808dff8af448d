"""Errors a user can act on, for everything above the warehouse.

Holds: the names of the exception family that `warehouse.errors` defines.
Belongs here: an error that reaches a person on the command line or in the Dagster UI and is none of the warehouse's.
Never here: refusals of single rows or files (those are data: see `pipelines.parsing.refusals`).
"""

from __future__ import annotations

from warehouse.errors import (
    Busy,
    ConfigurationError,
    Conflict,
    FrameError,
    NotFound,
    SchemaError,
    StorageError,
    TomkingError,
)

__all__ = [
    "Busy",
    "ConfigurationError",
    "Conflict",
    "FrameError",
    "NotFound",
    "SchemaError",
    "StorageError",
    "TomkingError",
]
