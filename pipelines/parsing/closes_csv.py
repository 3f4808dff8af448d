"""A table of daily closes: the first column the date, every other column one series under any name.

Holds: the reader of such a table.
Belongs here: cells, dates and header of the table.
Never here: which series are long enough, how calendars are joined (`transforms.universes`); prices that go into the
    warehouse, whose columns have to be symbols (`price_csv`).
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.parsing.csv_columns import Record, decode, records
from pipelines.parsing.price_bars import read_date
from pipelines.parsing.refusals import Refusal, Refused

_MISSING = frozenset({"", "-", ".", "na", "n/a", "#n/a", "nan", "null", "none"})


@dataclass(frozen=True, slots=True)
class ClosesTable:
    """Closes by day, oldest first, NaN where missing; `refusals` names every row and cell that was not taken."""

    names: tuple[str, ...]
    dates: tuple[dt.date, ...]
    closes: NDArray[np.float64]
    refusals: tuple[Refusal, ...]


def parse_closes(data: bytes) -> ClosesTable:
    """Read the table; rows may come in any sequence.

    A row without a date, of another width or of a day that was there already is refused, a cell that is no price above
    zero is refused and missing.

    Raises
    ------
    Refused
        Not text, empty, or a header with a nameless or repeated column or without any besides the date.
    """
    lines = records(decode(data))
    header = next(lines, None)
    if header is None or header.problem is not None:
        problem = "the file is empty" if header is None else header.problem or ""
        raise Refused(Refusal(problem, line=None if header is None else header.line))
    names = _names(header)
    rows: dict[dt.date, list[float]] = {}
    refusals: list[Refusal] = []
    for record in lines:
        day = read_date(record.cells[0]) if record.cells else None
        if record.problem is not None or len(record.cells) != len(header.cells):
            told = record.problem or f"expected {len(header.cells)} cells, found {len(record.cells)}"
            refusals.append(Refusal(told, line=record.line))
        elif day is None:
            refusals.append(Refusal("expected a date", line=record.line, field="date", value=record.cells[0]))
        elif day in rows:
            refusals.append(Refusal("the day stands twice", line=record.line, field="date", value=record.cells[0]))
        else:
            rows[day] = [_close(record, place, name, refusals) for place, name in enumerate(names, start=1)]
    days = sorted(rows)
    closes = np.array([rows[day] for day in days], dtype=np.float64).reshape(len(days), len(names))
    return ClosesTable(names, tuple(days), closes, tuple(refusals))


def _names(header: Record) -> tuple[str, ...]:
    names = tuple(cell.strip() for cell in header.cells[1:])
    if not names:
        raise Refused(Refusal("a table of closes has a date and one column a series", line=header.line))
    for place, name in enumerate(names):
        if not name:
            raise Refused(Refusal(f"column {place + 2} has no name", line=header.line))
        if name in names[:place]:
            raise Refused(Refusal("the column stands twice", line=header.line, field=name))
    return names


def _close(record: Record, place: int, name: str, refusals: list[Refusal]) -> float:
    text = record.cells[place].strip()
    if text.lower() in _MISSING:
        return math.nan
    try:
        value = float(text) if text.isascii() and "_" not in text else math.nan
    except ValueError:
        value = math.nan
    if math.isfinite(value) and value > 0.0:
        return value
    refusals.append(Refusal("expected a price above zero", line=record.line, field=name, value=text[:40]))
    return math.nan
