"""The third way: what the broker took in a day against the legs and rows it is made of.

Holds: the day's totals and whether they tie.
Belongs here: sums per account and day.
Never here: the reason of a difference.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from pipelines.transforms.fills import ZERO

CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class ChargedRow:
    """A statement row as far as its costs go. `by_columns` adds up the printed charges, `by_total` is value less total.

    Both are costs, positive; `by_total` is None where the broker prints no total. `place` says where the row went:
    a leg, an account row, or nowhere.
    """

    row_id: str
    session_date: dt.date
    by_columns: Decimal
    by_total: Decimal | None
    place: str
    """leg, account, none."""


@dataclass(frozen=True, slots=True)
class LegFees:
    """Modelled and expected fees of a leg, None where unknown."""

    session_date: dt.date
    modelled: Decimal | None
    expected: Decimal | None


@dataclass(frozen=True, slots=True)
class DayTotals:
    """Costs of a day, positive.

    It ties when every charge has a place and the broker's own totals say the same, to the cent per row by which a
    total is rounded on its own.
    """

    session_date: dt.date
    broker_total: Decimal
    legs_total: Decimal
    account_rows_total: Decimal
    unassigned: Decimal
    modelled: Decimal
    expected: Decimal
    ties: bool


def day_totals(rows: Iterable[ChargedRow], legs: Iterable[LegFees]) -> tuple[DayTotals, ...]:
    """Totals of every day that has a row or a leg."""
    rows_of: defaultdict[dt.date, list[ChargedRow]] = defaultdict(list)
    for row in rows:
        rows_of[row.session_date].append(row)
    legs_of: defaultdict[dt.date, list[LegFees]] = defaultdict(list)
    for leg in legs:
        legs_of[leg.session_date].append(leg)
    return tuple(_day(day, rows_of[day], legs_of[day]) for day in sorted(rows_of.keys() | legs_of.keys()))


def _day(day: dt.date, rows: list[ChargedRow], legs: list[LegFees]) -> DayTotals:
    by_place: defaultdict[str, Decimal] = defaultdict(lambda: ZERO)
    for row in rows:
        by_place[row.place] += row.by_columns
    broker_total = sum((row.by_columns for row in rows), ZERO)
    printed = [(row.by_columns, row.by_total) for row in rows if row.by_total is not None]
    drift = sum((total - columns for columns, total in printed), ZERO)
    return DayTotals(
        session_date=day,
        broker_total=broker_total,
        legs_total=by_place["leg"],
        account_rows_total=by_place["account"],
        unassigned=by_place["none"],
        modelled=sum((leg.modelled or ZERO for leg in legs), ZERO),
        expected=sum((leg.expected or ZERO for leg in legs), ZERO),
        ties=not by_place["none"] and abs(drift) <= CENT * len(printed),
    )
