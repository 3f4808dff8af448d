"""Typed columns for comma separated statements.

Holds: splitting bytes into numbered records, and column descriptors that turn one cell into one value or say why not.
Belongs here: what every CSV statement shares (byte order mark, line ends, thousands separators, strict numbers).
Never here: the columns, enumerations or sign rules of one broker.
"""

from __future__ import annotations

import csv
import datetime as dt
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pipelines.parsing.refusals import Refusal, Refused

INTEGER_DIGITS = 20
FRACTION_DIGITS = 18
"""What DECIMAL(38, 18), the money column of the warehouse, can hold on either side of the point."""

_NUMBER = re.compile(r"-?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?")
_INSTANT = re.compile(
    r"(?P<clock>[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?)"
    r"(?P<offset>Z|[+-][0-9]{2}:?[0-9]{2})"
)
_SHORT_DATE = re.compile(r"(?P<month>[0-9]{1,2})/(?P<day>[0-9]{1,2})/(?P<year>[0-9]{4}|[0-9]{2})")
_ORDER_NUMBER = re.compile(r"(?P<digits>[0-9]{1,20})(?:\.0+)?")
_CURRENCY = re.compile(r"[A-Z]{3,5}")


class CellError(ValueError):
    """A cell does not hold what its column promises; the message says what was expected."""


@dataclass(frozen=True, slots=True)
class Record:
    """One physical line: its 1-based number and its cells, or the reason why it has none."""

    line: int
    cells: tuple[str, ...]
    problem: str | None = None


def decode(data: bytes) -> str:
    """The text of a statement: UTF-8 with or without byte order mark.

    Raises:
        Refused: empty, another encoding, or binary.
    """
    if not data.strip():
        raise Refused(Refusal("the file is empty"))
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise Refused(Refusal("the file is UTF-16 text; statements are read as UTF-8"))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise Refused(Refusal("the file is not UTF-8 text", line=line)) from error
    if "\x00" in text:
        raise Refused(
            Refusal("the file holds NUL bytes: not a text file", line=text.count("\n", 0, text.index("\x00")) + 1)
        )
    return text


def records(text: str, delimiter: str = ",") -> Iterator[Record]:
    """Every line that is not blank, split into cells.

    Lines are read one by one, so that one stray quote costs one line and not the rest of the file; no statement
    seen so far breaks a cell over lines.
    """
    for number, line in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), start=1):
        if not line.strip():
            continue
        try:
            cells = next(csv.reader([line], strict=True, delimiter=delimiter))
        except (csv.Error, StopIteration) as error:
            yield Record(number, (), f"the line is not comma separated text: {error}")
            continue
        yield Record(number, tuple(cells))


def number(text: str) -> Decimal:
    """A decimal number, thousands separators allowed, exactly as printed.

    Raises:
        CellError: anything else (exponents, infinities, digits of other scripts, misplaced separators, overflow).
    """
    if not _NUMBER.fullmatch(text):
        raise CellError("expected a decimal number")
    value = Decimal(text.replace(",", ""))
    _, digits, exponent = value.as_tuple()
    fraction = -exponent if isinstance(exponent, int) else 0
    if fraction > FRACTION_DIGITS or len(digits) - fraction > INTEGER_DIGITS:
        raise CellError(f"expected at most {INTEGER_DIGITS} digits before and {FRACTION_DIGITS} after the point")
    # Minus zero would hash and print differently from zero.
    return value if value else abs(value)


def plain(value: Decimal) -> str:
    """One spelling per number: no exponent, no trailing zeros ("8" for 8.00 and for 8)."""
    if not value:
        return "0"
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


class Column:
    """Reads one cell; `None` where the broker leaves the cell blank and may."""

    def read(self, text: str) -> Any:
        """The value of a cell; raises `CellError`."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Text(Column):
    """Text kept to the last blank (symbols carry padding); `None` when empty."""

    required: bool = False

    def read(self, text: str) -> str | None:
        """The cell itself."""
        if not text.strip():
            if self.required:
                raise CellError("expected a text, found nothing")
            return None
        return text


@dataclass(frozen=True, slots=True)
class Choice(Column):
    """One of the words the broker is known to write."""

    words: frozenset[str]
    required: bool = True

    def read(self, text: str) -> str | None:
        """The word; an unknown one is an error, never a guess."""
        if not text and not self.required:
            return None
        if text not in self.words:
            raise CellError("unknown word")
        return text


@dataclass(frozen=True, slots=True)
class Number(Column):
    """A decimal number. `absent` are the spellings of "does not apply", read as `None`, never as zero."""

    absent: frozenset[str] = frozenset()
    unsigned: bool = False

    def read(self, text: str) -> Decimal | None:
        """The number."""
        if text in self.absent:
            return None
        value = number(text)
        if self.unsigned and value < 0:
            raise CellError("expected a number without sign")
        return value


class Instant(Column):
    """Date and time of day with an offset, read as UTC; the offset itself belongs to whoever downloaded the file."""

    def read(self, text: str) -> dt.datetime:
        """The instant."""
        match = _INSTANT.fullmatch(text)
        if match is None:
            raise CellError("expected YYYY-MM-DDThh:mm:ss with an offset such as -0500")
        offset = "+00:00" if match["offset"] == "Z" else match["offset"]
        try:
            moment = dt.datetime.fromisoformat(match["clock"].replace(" ", "T") + offset).astimezone(dt.UTC)
        except (ValueError, OverflowError) as error:
            raise CellError(f"no such date or time: {error}") from error
        if not 1990 <= moment.year <= 2100:
            raise CellError("expected a year between 1990 and 2100")
        return moment


class ShortDate(Column):
    """`m/dd/yy` or `m/dd/yyyy`; two-digit years lie in this century (the broker began in 2017)."""

    def read(self, text: str) -> dt.date | None:
        """The date, `None` when blank."""
        if not text:
            return None
        match = _SHORT_DATE.fullmatch(text)
        if match is None:
            raise CellError("expected a date such as 9/20/24")
        year = int(match["year"])
        try:
            return dt.date(year + 2000 if len(match["year"]) == 2 else year, int(match["month"]), int(match["day"]))
        except ValueError as error:
            raise CellError(f"no such date: {error}") from error


class OrderNumber(Column):
    """A whole number kept as text; `15592682.0`, as a spreadsheet or pandas re-saves it, is the same number."""

    def read(self, text: str) -> str | None:
        """The digits, `None` when blank."""
        if not text:
            return None
        match = _ORDER_NUMBER.fullmatch(text)
        if match is None or not int(match["digits"]):
            raise CellError("expected an order number (digits)")
        return str(int(match["digits"]))


class Currency(Column):
    """A currency code."""

    def read(self, text: str) -> str:
        """The code."""
        if not _CURRENCY.fullmatch(text):
            raise CellError("expected a currency code")
        return text


def read_record(record: Record, header: tuple[str, ...], columns: Mapping[str, Column]) -> dict[str, Any] | Refusal:
    """The typed values of a record by column name, or the first thing that is wrong with it."""
    if record.problem is not None:
        return Refusal(record.problem, line=record.line)
    if len(record.cells) != len(header):
        # A row that is too short misses the next column; one that is too long has shifted everything before its end.
        field = header[len(record.cells)] if len(record.cells) < len(header) else header[-1]
        return Refusal(f"the row has {len(record.cells)} fields, the header {len(header)}", record.line, field)
    values: dict[str, Any] = {}
    for name, cell in zip(header, record.cells, strict=True):
        try:
            values[name] = columns[name].read(cell)
        except CellError as error:
            return Refusal(str(error), line=record.line, field=name, value=cell)
    return values
