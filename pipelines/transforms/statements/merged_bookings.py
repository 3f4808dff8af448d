"""Rows that stand for several fills in one export and one by one in another.

Holds: the rule by which sums of rows of two generations are one booking.
Belongs here: what is left after single rows found their partner (`statement_generations`).
Never here: pairs of single rows, tables.

An activity statement of Interactive Brokers prints orders, its Flex report executions; Schwab's web site merges the
fills of an order at one price, its API prints a leg with its average price. So one row of either side may be the sum of
several of the other: same contract, side and session, the quantities add up to its own, the values to the cent per row,
and its time lies within theirs. What even then is left of a day counts once as a whole, if quantities and values of
both sides add up to the same.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Final

from pipelines.transforms.statements.printed_rows import Printed

HALF_CENT: Final = Decimal("0.005")
LARGEST_SEARCH: Final = 12
"""Among more rows than this only those of one order, or that follow each other in time, are taken for a sum."""
MOST_COMPARED: Final = 4_000_000
"""Pairs of rows of one contract and day; where there are more, only the day as a whole is compared."""
_SECOND: Final = dt.timedelta(seconds=1)
_ZERO: Final = Decimal(0)


def merged_bookings(older: Sequence[Printed], newer: Sequence[Printed]) -> dict[str, str]:
    """Older row → the newer row, or the first of several newer rows, that shows the same booking as a sum."""
    found: dict[str, str] = {}
    days: defaultdict[dt.date, tuple[list[Printed], list[Printed]]] = defaultdict(lambda: ([], []))
    for side, rows in enumerate((older, newer)):
        for row in rows:
            if row.merges and row.quantity:
                days[row.session_date][side].append(row)
    for old, new in days.values():
        if old and new:
            found |= _of_a_day(_in_time(old), _in_time(new))
    return found


def _of_a_day(old: list[Printed], new: list[Printed]) -> dict[str, str]:
    found: dict[str, str] = {}
    if len(old) * len(new) <= MOST_COMPARED:
        for row in list(old):
            parts = _parts(row, new)
            if parts:
                found[row.row_id] = parts[0].row_id
                old.remove(row)
                _remove(parts, new)
        for row in list(new):
            parts = _parts(row, old)
            if parts:
                found |= dict.fromkeys((part.row_id for part in parts), row.row_id)
                new.remove(row)
                _remove(parts, old)
    if old and new and _add_up(old, new):
        found |= dict.fromkeys((row.row_id for row in old), new[0].row_id)
    return found


def _parts(whole: Printed, rows: Sequence[Printed]) -> list[Printed]:
    """Rows that together are `whole`, at least two; empty where there are none."""
    fitting = [row for row in rows if row.quantity < whole.quantity]
    for parts in _candidates(fitting, whole.quantity):
        if _add_up([whole], parts) and _within(whole, parts):
            return parts
    return []


def _candidates(rows: Sequence[Printed], quantity: Decimal) -> Iterator[list[Printed]]:
    """Sets of rows of that quantity, the likeliest first: an order's, then neighbours in time, then any few."""
    orders: defaultdict[str, list[Printed]] = defaultdict(list)
    for row in rows:
        if row.order_number is not None:
            orders[row.order_number].append(row)
    yield from (order for order in orders.values() if _total(order) == quantity)
    start, within = 0, _ZERO
    for stop, row in enumerate(rows, start=1):
        within += row.quantity
        while within > quantity:
            within -= rows[start].quantity
            start += 1
        if within == quantity:
            yield list(rows[start:stop])
    if len(rows) <= LARGEST_SEARCH:
        yield from _subsets(rows, quantity)


def _subsets(rows: Sequence[Printed], quantity: Decimal) -> Iterator[list[Printed]]:
    """Every set of rows of that quantity."""
    if quantity == _ZERO:
        yield []
    if quantity <= _ZERO:
        return
    for place, row in enumerate(rows):
        if row.quantity <= quantity:
            yield from ([row, *rest] for rest in _subsets(rows[place + 1 :], quantity - row.quantity))


def _add_up(left: Sequence[Printed], right: Sequence[Printed]) -> bool:
    """Whether quantities and values of both sides are the same; quantity times price where currencies differ."""
    if _total(left) != _total(right):
        return False
    rows = (*left, *right)
    if len({row.currency for row in rows}) == 1:
        apart = sum((row.value for row in left), _ZERO) - sum((row.value for row in right), _ZERO)
        return abs(apart) <= HALF_CENT * len(rows)
    if any(row.price is None for row in rows):
        return False
    paid = [sum((row.quantity * (row.price or _ZERO) for row in side), _ZERO) for side in (left, right)]
    # The side of fewer rows prints averages, each off by half of its last digit at most.
    averages = min(left, right, key=len)
    return abs(paid[0] - paid[1]) <= sum((row.quantity * _last_digit(row) / 2 for row in averages), _ZERO)


def _last_digit(row: Printed) -> Decimal:
    exponent = (row.price or _ZERO).as_tuple().exponent
    return Decimal(1).scaleb(exponent) if isinstance(exponent, int) else _ZERO


def _within(whole: Printed, parts: Sequence[Printed]) -> bool:
    """Whether a row's time, if it has one, lies within its parts'."""
    times = [row.occurred_at for row in parts if row.has_time]
    return not (whole.has_time and times) or min(times) - _SECOND <= whole.occurred_at <= max(times) + _SECOND


def _total(rows: Iterable[Printed]) -> Decimal:
    return sum((row.quantity for row in rows), _ZERO)


def _in_time(rows: Iterable[Printed]) -> list[Printed]:
    return sorted(rows, key=lambda row: (row.occurred_at, row.row_id))


def _remove(gone: Sequence[Printed], rows: list[Printed]) -> None:
    names = {row.row_id for row in gone}
    rows[:] = [row for row in rows if row.row_id not in names]
