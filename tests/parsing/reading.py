"""Reading LEAN's files in tests: bytes in, one object per row out."""

from __future__ import annotations

from types import SimpleNamespace

import polars as pl

from pipelines.parsing.lean.events import parse_events
from pipelines.parsing.lean.result import LeanResult, parse_result
from pipelines.parsing.lean.spool import Batches
from pipelines.parsing.refusals import Refusal


def result_of(data: bytes) -> LeanResult:
    """A result file."""
    return parse_result([data])


def objects(rows: Batches | pl.DataFrame) -> list[SimpleNamespace]:
    """One object per row, its columns as attributes."""
    frame = rows.frame() if isinstance(rows, Batches) else rows
    return [SimpleNamespace(**row) for row in frame.iter_rows(named=True)]


def events_of(data: bytes) -> tuple[list[SimpleNamespace], list[Refusal]]:
    """The events of a file, and what was refused of it."""
    events: list[SimpleNamespace] = []
    refusals: list[Refusal] = []
    for batch, refused in parse_events([data]):
        events += objects(batch)
        refusals += refused
    return events, refusals
