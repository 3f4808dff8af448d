"""The lines of Interactive Brokers' sectioned CSV files: section, kind of line, cells below the section's header.

Holds: splitting a statement into sections, its language, its period.
Belongs here: what the Activity Statement and the Transaction History have in common.
Never here: what a section's columns mean.

Every line begins with its section and one of Header, Data, SubTotal, Total, Notes; a section may give a new header at
any line (trades: one per asset class). Names of sections and columns follow the language of the account.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pipelines.parsing.refusals import Refusal, Refused
from pipelines.parsing.statements.csv_columns import Record, decode, records

TITLES = {"Activity Statement": "ibkr_activity_csv", "Transaction History": "ibkr_transactions_csv"}

_FIRST_LINE = re.compile(
    r"\ufeff?(?P<section>[^,\"\r\n]{1,60}),Header,(?P<name>[^,\r\n]{1,60}),(?P<value>[^,\r\n]{1,60})\s*"
)
_ENGLISH = ("Statement", "Field Name", "Field Value")
_TITLE = re.compile(r"^Statement,Data,Title,\"?(?P<title>[^\",\r\n]+)", re.MULTILINE)
_HEAD = 4096
_DISCRIMINATORS = frozenset({"Order", "Trade", "ClosedLot"})
_DAY = re.compile(r"[A-Z][a-z]+ [0-9]{1,2}, [0-9]{4}")


@dataclass(frozen=True, slots=True)
class Line:
    """A data line of a section; `problem` says why it has no cells."""

    number: int
    section: str
    cells: Mapping[str, str]
    problem: str | None = None


def format_of(data: bytes) -> str | None:
    """The name of the format, in whatever language; None where the bytes are not in sections."""
    head = data[:_HEAD].decode("utf-8", errors="replace").replace("\r\n", "\n").replace("\r", "\n")
    first = _FIRST_LINE.match(head.lstrip("\r\n"))
    if first is None:
        return None
    title = _TITLE.search(head)
    return TITLES.get(title["title"].strip(), TITLES["Activity Statement"]) if title else TITLES["Activity Statement"]


def data_lines(data: bytes) -> Iterator[Line]:
    """Every data line.

    Raises:
        Refused: no text, not in English, or lines that are not in sections.
    """
    headers: dict[str, tuple[str, ...]] = {}
    ended = data.endswith((b"\n", b"\r"))
    found = list(records(decode(data)))
    for place, record in enumerate(found):
        if record.problem is not None:
            yield Line(record.line, "", {}, record.problem)
            continue
        if place == 0:
            _in_english(record)
        section, kind, *cells = (*record.cells, "", "")[: max(len(record.cells), 2)]
        if kind == "Header":
            headers[section] = tuple(cells)
        elif kind == "Data":
            header = headers.get(section, ())
            if not ended and place == len(found) - 1 and len(cells) < len(header):
                yield Line(record.line, section, {}, "the file ends within this line: it was cut off")
            else:
                yield _line(record, section, header, cells)


def _in_english(record: Record) -> None:
    found = (record.cells[0], *record.cells[2:4]) if len(record.cells) >= 4 else ()
    if found != _ENGLISH:
        raise Refused(
            Refusal(
                "the statement is in another language than English; set the account's language and export it again",
                line=record.line,
                field=record.cells[0][:60],
            )
        )


def _line(record: Record, section: str, header: tuple[str, ...], cells: list[str]) -> Line:
    if cells and cells[0] in _DISCRIMINATORS and section != "Trades":
        raise Refused(
            Refusal(
                "trades in a section that has no English name; export the statement in English", record.line, section
            )
        )
    if len(cells) > len(header) and any(cell.strip() for cell in cells[len(header) :]):
        return Line(record.line, section, {}, f"the row has {len(cells)} fields, its header {len(header)}")
    # Blank cells at the end may be left out.
    given = zip(header, cells, strict=False)
    return Line(record.line, section, {name.strip(): text for name, text in given if name.strip()})


def period_of(text: str) -> tuple[dt.date, dt.date] | None:
    """The days of `February 28, 2023` or of two such days with a dash; None for anything else."""
    try:
        days = [dt.datetime.strptime(day, "%B %d, %Y").replace(tzinfo=dt.UTC).date() for day in _DAY.findall(text)]
    except ValueError:
        return None
    return (min(days), max(days)) if 1 <= len(days) <= 2 else None
