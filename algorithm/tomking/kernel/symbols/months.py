"""Months as statements abbreviate them, whatever the machine's language.

Holds: `DEC` ↔ 12.
Belongs here: names of months.
Never here: the letters of futures months (`futures_symbols`).
"""

from __future__ import annotations

from datetime import date
from typing import Final

from tomking.kernel.occ import SymbolError

_SHORT: Final = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")


def short_month(day: date) -> str:
    """`DEC` for a day in December."""
    return _SHORT[day.month - 1]


def month_number(name: str) -> int:
    """12 for `DEC`. Raises: SymbolError."""
    if name not in _SHORT:
        raise SymbolError(f"not a month: {name!r}")
    return _SHORT.index(name) + 1


def day_of(year: int, month: str, day: int) -> date:
    """The date with its month by name. Raises: SymbolError."""
    try:
        return date(year, month_number(month), day)
    except ValueError as error:
        raise SymbolError(f"no such day: {day} {month} {year}") from error
