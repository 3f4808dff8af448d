"""Dividends and splits out of LEAN's factor files.

Holds: the arithmetic that turns two neighbouring rows of factors into what the company paid or split.
Belongs here: LEAN's own rule for it.
Never here: adjusting prices (`lean_prices` reads the same files for that).

A row holds for all days up to and including its date; the next row's factors hold afterwards. Where the split factor
changes the quotient is the split; where the price factor changes, the dividend is reference price x (1 - quotient),
rounded to cents, which is what LEAN pays per share held over that night.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from itertools import pairwise
from typing import Literal

from pipelines.parsing.prices.bars import read_date
from pipelines.parsing.refusals import Refusal, Refused
from pipelines.parsing.statements.csv_columns import Record, decode, records
from tomking.kernel.money import MoneyError, decimal_from_text

PARSER_VERSION = "lean-corporate-actions-1"
KIND = "lean_factor_file"

_CENT = Decimal("0.01")
_FACTOR = Decimal("1e-12")


@dataclass(frozen=True, slots=True)
class Action:
    """A dividend (dollars per share) or split (factor); `session_date` is the last session before it."""

    session_date: dt.date
    kind: Literal["dividend", "split"]
    amount: Decimal
    reference_price: Decimal | None


@dataclass(frozen=True, slots=True)
class _Row:
    last: dt.date
    price: Decimal
    split: Decimal
    reference: Decimal | None


def parse_corporate_actions(data: bytes) -> list[Action]:
    """The actions of one security, oldest first. Raises `Refused`, with the line, for what is no factor file."""
    rows = sorted(
        (row for record in records(decode(data)) if (row := _row(record)) is not None), key=lambda row: row.last
    )
    actions: list[Action] = []
    for row, after in pairwise(rows):
        split = row.split / after.split if after.split else Decimal(1)
        if split != 1 and split:
            actions.append(Action(row.last, "split", split.quantize(_FACTOR), row.reference))
        quotient = row.price / after.price if after.price else Decimal(1)
        if quotient != 1 and row.reference:
            paid = (row.reference * (1 - quotient)).quantize(_CENT, rounding=ROUND_HALF_EVEN)
            if paid:
                actions.append(Action(row.last, "dividend", paid, row.reference))
    return actions


def _row(record: Record) -> _Row | None:
    cells = [cell.strip() for cell in record.cells]
    day = read_date(cells[0]) if cells else None
    if record.problem is not None or day is None or len(cells) not in (3, 4):
        raise Refused(Refusal("expected date, price factor and split factor", line=record.line))
    if any("inf" in cell.lower() or "e+" in cell.lower() for cell in cells[1:3]):
        return None  # the factor has lost its digits, as `lean_prices` says
    try:
        price, split = decimal_from_text(cells[1]), decimal_from_text(cells[2])
        reference = decimal_from_text(cells[3]) if len(cells) == 4 and cells[3] not in ("", "0") else None
    except MoneyError as error:
        raise Refused(Refusal(f"factor: {error}", line=record.line)) from error
    return _Row(day, price, split, reference)
