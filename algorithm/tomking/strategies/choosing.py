"""Choosing contracts of a chain: the expiry nearest to a number of days, the strike nearest to a delta.

Holds: those two choices, and the expiries that the limits leave out.
Belongs here: a choice that several strategies make, independent of the order of the chain.
Never here: the numbers chosen for.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date
from decimal import Decimal

from tomking.kernel.limits import group_name
from tomking.strategies.book import Book
from tomking.strategies.market_view import ChainRow


def nearest_expiry(
    rows: Iterable[ChainRow], day: date, target_days: int, tolerance: int, *, without: Collection[date] = ()
) -> date | None:
    """The expiry nearest to `target_days` after `day`, none further off than `tolerance`, none of `without`.

    A tie goes to the later one: where a date rule ends the trade, more days leave more room.
    """
    near = {row.expiry for row in rows} - set(without)
    near = {one for one in near if abs((one - day).days - target_days) <= tolerance}
    return min(sorted(near, reverse=True), key=lambda one: abs((one - day).days - target_days), default=None)


def nearest_delta(rows: Sequence[ChainRow], expiry: date, call_put: str, target: Decimal) -> ChainRow | None:
    """The contract whose unsigned delta is nearest to `target`; those without a delta are left out."""
    pool = [
        # Distance first, then strike and key: the choice must not depend on the order of the chain.
        (abs(abs(row.delta) - target), row.strike, row.key, row)
        for row in rows
        if row.expiry == expiry and row.call_put == call_put and row.delta
    ]
    return min(pool, key=lambda found: found[:3])[3] if pool else None


def taken_expiries(book: Book, product: str) -> set[date]:
    """Expiries at which the product's correlation group holds short premium already: a second trade is refused there."""
    group = group_name(product)
    return {trade.expiry for trade in book.live() if trade.stance == "short" and group_name(trade.product) == group}
