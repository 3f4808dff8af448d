"""The same booking in two generations of a broker's exports: which row stands for which.

Holds: the order of the generations, and the rule that pairs rows of an older one with rows of a newer one.
Belongs here: the rule for single rows, on plain data.
Never here: rows that stand for several (`merged_bookings`), rows of one generation that differ
(`statement_corrections`), reading or writing tables.

A broker offers several exports and changes them, and a user keeps files of every kind: the same trades stand in them
with other texts, other precision, without the order number or without a zone. Rows of two generations are one booking
where class, instrument, side, quantity and value (to the cent) agree and their times do: to the second between exports
that print seconds, otherwise at the same minute of the hour and at most an hour apart (a download's own zone leaked
into old times), or on the same day where an export told no time. Where one of them converts amounts into the account's
currency, the printed prices have to agree instead of the values. Pairs are one to one, so two equal fills stay two.
What is left is compared as sums, where an export merges fills. The newer row stands, because it says more; nothing of
the older one is removed.

All pairs of an account are made anew each time, from all of its rows, so the order of reading makes no difference.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Final

from pipelines.transforms.statements.merged_bookings import HALF_CENT, merged_bookings
from pipelines.transforms.statements.printed_rows import Booking, Printed

GENERATIONS: Final[Mapping[str, int]] = {
    "tastytrade_csv_15": 0,
    "tastytrade_csv_16": 1,
    "tastytrade_csv_20": 2,
    "tastytrade_csv_21": 2,
    "tastytrade_transactions_json": 3,
    "ibkr_transactions_csv": 1,
    "ibkr_activity_csv": 2,
    "ibkr_activity_csv_executions": 3,
    "ibkr_trades_csv": 4,
    "ibkr_flex_confirmations": 5,
    "ibkr_flex_activity": 6,
    "schwab_csv": 0,
    "schwab_csv_titled": 0,
    "schwab_csv_reordered": 0,
    "schwab_export_json": 0,
    "tdameritrade_csv": 0,
    "tdameritrade_csv_balances": 0,
    "thinkorswim_statement": 2,
    "thinkorswim_statement_paper": 2,
    "schwab_transactions_json": 3,
    "tdameritrade_transactions_json": 3,
}
"""Statement format → its place among the kinds of its broker. A format that is not here is the only one of its broker."""
MERGING: Final = frozenset(name for name in GENERATIONS if not name.startswith("tastytrade"))
"""Formats whose row may stand for several fills of an order: what a day's rows are cut into differs between them."""
WITHOUT_SECONDS: Final = frozenset({0})
"""Generations whose times are cut to the minute and may be an hour off."""

_HOUR, _SECOND = dt.timedelta(hours=1), dt.timedelta(seconds=1)


def same_bookings(rows: Iterable[Printed]) -> dict[str, str]:
    """Row of an older generation → the row of a newer one that shows the same booking, or the first of several."""
    by_booking: defaultdict[Booking, list[Printed]] = defaultdict(list)
    for row in rows:
        by_booking[row.booking].append(row)
    found: dict[str, str] = {}
    for alike in by_booking.values():
        generations = sorted({row.generation for row in alike})
        for place, generation in enumerate(generations):
            older = [row for row in alike if row.generation == generation]
            for newer_generation in generations[place + 1 :]:
                newer = [row for row in alike if row.generation == newer_generation]
                left = [row for row in older if row.row_id not in found]
                pairs = _pairs(left, newer)
                taken = set(pairs.values())
                sums = merged_bookings(
                    [row for row in left if row.row_id not in pairs], [row for row in newer if row.row_id not in taken]
                )
                found |= pairs | sums
    return found


def _pairs(older: Sequence[Printed], newer: Sequence[Printed]) -> dict[str, str]:
    """One to one, the nearest in time first."""
    by_quantity: defaultdict[Decimal, list[Printed]] = defaultdict(list)
    for new in newer:
        by_quantity[new.quantity].append(new)
    near = sorted(
        (apart, old.words != new.words, old.occurred_at, old.row_id, new.row_id)
        for old in older
        for new in by_quantity[old.quantity]
        if (apart := _apart(old, new)) is not None
    )
    pairs: dict[str, str] = {}
    taken: set[str] = set()
    for *_, old_id, new_id in near:
        if old_id not in pairs and new_id not in taken:
            pairs[old_id] = new_id
            taken.add(new_id)
    return pairs


def _apart(old: Printed, new: Printed) -> dt.timedelta | None:
    """How far apart two rows are that may be one booking; None: they are not."""
    numbered = old.numbering == new.numbering and None not in (old.order_number, new.order_number)
    if numbered and old.order_number != new.order_number:
        return None
    if not _same_money(old, new):
        return None
    if not (old.has_time and new.has_time):
        return dt.timedelta(0) if old.session_date == new.session_date else None
    if old.generation in WITHOUT_SECONDS:
        apart = abs(new.occurred_at.replace(second=0, microsecond=0) - old.occurred_at)
        return apart if apart in (dt.timedelta(0), _HOUR) else None
    apart = abs(new.occurred_at - old.occurred_at)
    return apart if apart <= _SECOND else None


def _same_money(old: Printed, new: Printed) -> bool:
    if old.currency == new.currency:
        return abs(old.value - new.value) <= HALF_CENT
    if old.price is None or new.price is None or (old.value < 0) != (new.value < 0):
        return False
    # The older export prints a price with as many digits as it has.
    exponent = old.price.as_tuple().exponent
    digit = Decimal(1).scaleb(exponent) if isinstance(exponent, int) else Decimal(0)
    return abs(old.price - new.price) <= digit / 2
