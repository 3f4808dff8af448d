"""The third way: what the broker took in a day against the legs and rows it is made of.

Holds: the day's totals, whether they tie, and whether they are what the broker says they are.
Belongs here: sums per account and day.
Never here: the reason of a difference.

Some brokers state a day's total of their own (tastytrade's `total-fees`, the cash report of an IBKR statement of one
day). None documents whether charges to the account are in it, so the total counts as right where it is that of all
charges or that of the fills; which of them is told. It may be off by half of the last printed digit of each figure.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from pipelines.transforms.matching.fills import ZERO

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
    stated_total: Decimal | None = None
    """What the broker says the day cost; None: it says nothing."""
    stated_covers: str | None = None
    """all_charges or fills: which of our sums the stated total is, or is nearest to."""
    stated_difference: Decimal | None = None
    """Stated total less that sum."""
    stated_ties: bool | None = None


def day_totals(
    rows: Iterable[ChargedRow], legs: Iterable[LegFees], stated: Mapping[dt.date, Decimal] | None = None
) -> tuple[DayTotals, ...]:
    """Totals of every day that has a row, a leg, or a total stated by the broker (a cost, positive)."""
    said = stated or {}
    rows_of: defaultdict[dt.date, list[ChargedRow]] = defaultdict(list)
    for row in rows:
        rows_of[row.session_date].append(row)
    legs_of: defaultdict[dt.date, list[LegFees]] = defaultdict(list)
    for leg in legs:
        legs_of[leg.session_date].append(leg)
    days = sorted(rows_of.keys() | legs_of.keys() | said.keys())
    return tuple(_beside(_day(day, rows_of[day], legs_of[day]), rows_of[day], said.get(day)) for day in days)


def _beside(day: DayTotals, rows: list[ChargedRow], stated: Decimal | None) -> DayTotals:
    """A day beside the broker's own total of it."""
    if stated is None:
        return day
    sums = {"all_charges": day.broker_total, "fills": day.broker_total - day.account_rows_total}
    covers = min(sums, key=lambda name: abs(stated - sums[name]))
    difference = stated - sums[covers]
    # Two columns of a row are rounded apart, and so is the total.
    tolerance = sum((_last_digit(row.by_columns) for row in rows if row.by_columns), ZERO) + _last_digit(stated) / 2
    return replace(
        day,
        stated_total=stated,
        stated_covers=covers,
        stated_difference=difference,
        stated_ties=abs(difference) <= tolerance,
    )


def _last_digit(amount: Decimal) -> Decimal:
    """The value of the last printed digit; money has cents, whatever zeros a column adds or drops."""
    exponent = amount.normalize().as_tuple().exponent
    return Decimal(1).scaleb(min(exponent, -2)) if isinstance(exponent, int) else CENT


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
