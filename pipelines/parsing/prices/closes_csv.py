"""A table of daily closes: the first column the date, every other column one series under any name.

Holds: the reader of such a table.
Belongs here: cells, dates and header of the table.
Never here: which series are long enough, how calendars are joined (`transforms.universes`); prices that go into the
    warehouse, whose columns have to be symbols (`price_csv`).
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.parsing.prices.bars import read_date
from pipelines.parsing.refusals import Refusal, Refused
from pipelines.parsing.statements.csv_columns import Record, decode, records

_DELIMITERS = ",;\t|"
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d*)?")
_PARTED_DAY = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2(\d{4})")
"""A day with its year last; whether month or day comes first is told by the whole column."""
_HIGHEST_MONTH = 12
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

    Cells may be parted by commas, semicolons, tabs or bars; where it is no comma, a comma in a number is its decimal
    point, else commas may part thousands. Days are ISO, or have the year last: then a first number above 12 anywhere
    in the column says that days come first, a second one that months do. UTF-8, and UTF-16 with its mark.

    A row without a date, of another width or of a day that was there already is refused, a cell that is no price above
    zero is refused and missing.

    Raises
    ------
    Refused
        Not text, empty, a header with a nameless or repeated column or without any besides the date, or days that
        could be read in two ways.
    """
    text = _text(data)
    delimiter = _delimiter(text)
    lines = records(text, delimiter)
    header = next(lines, None)
    if header is None or header.problem is not None:
        problem = "the file is empty" if header is None else header.problem or ""
        raise Refused(Refusal(problem, line=None if header is None else header.line))
    names = _names(header)
    rows: dict[dt.date, list[float]] = {}
    refusals: list[Refusal] = []
    body = list(lines)
    days_first = _days_first([record.cells[0] for record in body if record.cells])
    for record in body:
        day = _day(record.cells[0], days_first) if record.cells else None
        if record.problem is not None or len(record.cells) != len(header.cells):
            told = record.problem or f"expected {len(header.cells)} cells, found {len(record.cells)}"
            refusals.append(Refusal(told, line=record.line))
        elif day is None:
            refusals.append(Refusal("expected a date", line=record.line, field="date", value=record.cells[0]))
        elif day in rows:
            refusals.append(Refusal("the day stands twice", line=record.line, field="date", value=record.cells[0]))
        else:
            rows[day] = [_close(record, place, name, delimiter, refusals) for place, name in enumerate(names, start=1)]
    days = sorted(rows)
    closes = np.array([rows[day] for day in days], dtype=np.float64).reshape(len(days), len(names))
    return ClosesTable(names, tuple(days), closes, tuple(refusals))


def _text(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            return data.decode("utf-16")
        except UnicodeDecodeError as error:
            raise Refused(Refusal("the file is not UTF-16 text, though it begins like it")) from error
    return decode(data)


def _delimiter(text: str) -> str:
    """What parts the cells of the header: the one that it holds most of, a comma where it holds none."""
    header = next((line for line in text.splitlines() if line.strip()), "")
    return max(_DELIMITERS, key=header.count)


def _days_first(cells: Sequence[str]) -> bool | None:
    """Whether days come before months where the year is last; None where no cell has that form."""
    found = [match for cell in cells if (match := _PARTED_DAY.match(cell.strip()))]
    if not found:
        return None
    first = any(int(match[1]) > _HIGHEST_MONTH for match in found)
    second = any(int(match[3]) > _HIGHEST_MONTH for match in found)
    if first == second:
        told = "days and months cannot be told apart; write days as 2020-03-16"
        raise Refused(Refusal(told, line=None, field="date", value=found[0][0]))
    return first


def _day(text: str, days_first: bool | None) -> dt.date | None:
    match = _PARTED_DAY.match(text.strip())
    if match is None or days_first is None:
        return read_date(text)
    day, month = (match[1], match[3]) if days_first else (match[3], match[1])
    return read_date(f"{match[4]}-{int(month):02}-{int(day):02}" + text.strip()[match.end() :])


def _number(text: str, delimiter: str) -> str:
    """The number as it is read by machines."""
    if delimiter != ",":
        return text.replace(",", ".") if text.count(",") == 1 and "." not in text else text
    return text.replace(",", "") if _THOUSANDS.fullmatch(text) else text


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


def _close(record: Record, place: int, name: str, delimiter: str, refusals: list[Refusal]) -> float:
    text = record.cells[place].strip()
    if text.lower() in _MISSING:
        return math.nan
    try:
        value = float(_number(text, delimiter)) if text.isascii() and "_" not in text else math.nan
    except ValueError:
        value = math.nan
    if math.isfinite(value) and value > 0.0:
        return value
    refusals.append(Refusal("expected a price above zero", line=record.line, field=name, value=text[:40]))
    return math.nan
