"""The sections of a thinkorswim account statement, and the words in its descriptions.

Holds: cutting a statement into titled tables, cells of these tables, and what a description says was traded.
Belongs here: how thinkorswim writes.
Never here: what a row means, and which rows belong together (`thinkorswim_statement`).

A statement is a file of several tables, each under a title of its own and closed by a blank line. Numbers carry
thousands separators, sometimes a dollar sign, parentheses where they are negative (in totals), and a plus sign (in
quantities); reference numbers are sometimes written as a formula, `="1468475970"`, so that spreadsheets leave them be.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from pipelines.parsing.statements.csv_columns import CellError, Record, number

CASH, FUTURES, TRADES = "Cash Balance", "Futures Statements", "Account Trade History"
LEDGERS: Final = frozenset({CASH, FUTURES})
UNREAD: Final = frozenset({"Forex Statements"})
"""Ledgers of what is not read: their rows are refused by the section's name."""
_STATES: Final = frozenset(
    {
        TRADES,
        "Account Order History",
        "Equities",
        "Options",
        "Futures",
        "Futures Options",
        "Fixed Income",
        "Mutual Funds",
        "Forex",
        "Crypto",
        "Profits and Losses",
        "Forex Account Summary",
        "Crypto Account Summary",
        "Account Summary",
        "Available Funds",
        "Order History",
    }
)
TITLES: Final = LEDGERS | UNREAD | _STATES

_STATEMENT = re.compile(
    r"Account Statement(?: for (?P<account>.+?) \((?P<kind>[^)]*)\))? since (?P<first>[0-9/]+) through (?P<last>[0-9/]+)"
)
_DAY = re.compile(r"(?P<month>[0-9]{1,2})/(?P<day>[0-9]{1,2})/(?P<year>[0-9]{4}|[0-9]{2})")
_CLOCK = re.compile(r"(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2})")
_AMOUNT = re.compile(r"(?P<open>\(?)(?P<sign>[+-]?)\$?(?P<number>[0-9][0-9,]*(?:\.[0-9]+)?|\.[0-9]+)\)?")
_REFERENCE = re.compile(r'="?(?P<digits>[^"]*)"?')
_TRADE = re.compile(
    r"(?:(?:tIP|tIPAD|tAPI|tAndroid|tWeb|tMOB|W|KEY:?)[A-Za-z0-9-]* )?(?P<side>BOT|SOLD) (?P<quantity>[+-]?[0-9][0-9,]*(?:\.[0-9]+)?) "
    r"(?P<what>.+?) @(?P<price>-?(?:[0-9][0-9,]*)?(?:\.[0-9]+)?)(?: (?P<venue>.+))?"
)
_MOVED = re.compile(r"(?:.* )?(?P<side>BOT|SOLD) (?P<quantity>[+-]?[0-9][0-9,]*(?:\.[0-9]+)?) (?P<symbol>\S+) UPON\b.*")


@dataclass(slots=True)
class Section:
    """A titled table: its header, and its rows with their lines."""

    title: str
    header: tuple[str, ...] = ()
    rows: list[Record] = field(default_factory=list)

    def cells(self, record: Record) -> dict[str, str]:
        """A row by column; columns without a name are left out."""
        return {name: cell.strip() for name, cell in zip(self.header, record.cells, strict=False) if name}


@dataclass(frozen=True, slots=True)
class Title:
    """The first line: the account as written, and the period."""

    account: str | None
    first: dt.date
    last: dt.date


@dataclass(frozen=True, slots=True)
class Traded:
    """What a description says was traded. `quantity` signed; `what` names an instrument, or a strategy of several."""

    quantity: Decimal
    what: str
    price: Decimal


def title_of(text: str) -> Title | None:
    """The statement's own line; None for any other."""
    match = _STATEMENT.search(text)
    if match is None:
        return None
    try:
        return Title(match["account"], day_of(match["first"]), day_of(match["last"]))
    except CellError:
        return None


def sections(found: Iterable[Record]) -> Iterator[Section]:
    """The tables, in the order of the file."""
    section: Section | None = None
    for record in found:
        name = record.cells[0].strip() if record.cells else ""
        alone = not any(cell.strip() for cell in record.cells[1:])
        if alone and (name in TITLES or name.endswith(" Statements")):
            if section is not None:
                yield section
            section = Section(name)
        elif section is not None and not section.header:
            section.header = tuple(cell.strip() for cell in record.cells)
        elif section is not None and not (alone and (not name or name.startswith("Total Cash"))):
            section.rows.append(record)
    if section is not None:
        yield section


def day_of(text: str) -> dt.date:
    """`4/26/22`. Raises: CellError."""
    match = _DAY.fullmatch(text.strip())
    if match is None:
        raise CellError("expected a day such as 4/26/22")
    year = int(match["year"]) + (2000 if len(match["year"]) == 2 else 0)
    if not 1990 <= year <= 2100:
        raise CellError("expected a year between 1990 and 2100")
    try:
        return dt.date(year, int(match["month"]), int(match["day"]))
    except ValueError as error:
        raise CellError(f"no such day: {error}") from error


def clock_of(text: str) -> dt.time:
    """`09:29:16`. Raises: CellError."""
    match = _CLOCK.fullmatch(text.strip())
    if match is None:
        raise CellError("expected a time such as 09:29:16")
    try:
        return dt.time(int(match["hour"]), int(match["minute"]), int(match["second"]))
    except ValueError as error:
        raise CellError(f"no such time: {error}") from error


def amount_of(text: str) -> Decimal | None:
    """`-3,390.00`, `($70.56)`, `+2`; None where blank or `--`. Raises: CellError."""
    cell = text.strip()
    if cell in ("", "--", "N/A"):
        return None
    match = _AMOUNT.fullmatch(cell)
    if match is None or cell.startswith("(") != cell.endswith(")"):
        raise CellError("expected a number")
    digits = match["number"]
    value = number("0" + digits if digits.startswith(".") else digits)
    return -value if match["sign"] == "-" or match["open"] else value


def reference_of(text: str) -> str | None:
    """The number behind `="1468475970"`; None where there is none."""
    match = _REFERENCE.fullmatch(text.strip())
    found = match["digits"] if match else text.strip()
    return found if found not in ("", "--") else None


def traded(description: str) -> Traded | None:
    """What an execution's description says; None for any other."""
    match = _TRADE.fullmatch(" ".join(description.split()))
    if match is None or not match["price"]:
        return None
    try:
        quantity, price = amount_of(match["quantity"]), _price(match["price"])
    except CellError:
        return None
    if not quantity:
        return None
    return Traded(abs(quantity) if match["side"] == "BOT" else -abs(quantity), match["what"], price)


def _price(text: str) -> Decimal:
    digits = text.removeprefix("-")
    value = number("0" + digits if digits.startswith(".") else digits)
    return -value if text.startswith("-") else value


def moved(description: str) -> tuple[Decimal, str] | None:
    """Quantity (signed) and symbol of shares that moved without an execution; None for any other description."""
    match = _MOVED.fullmatch(" ".join(description.split()))
    if match is None:
        return None
    quantity = abs(amount_of(match["quantity"]) or Decimal(0))
    return (quantity if match["side"] == "BOT" else -quantity), match["symbol"]
