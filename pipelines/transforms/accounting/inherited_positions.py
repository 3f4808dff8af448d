"""Positions that a live run found when it started, and what they had cost.

Holds: how many were inherited, and their price where LEAN's books give it away.
Belongs here: what is known of a position that no event of the run opened.
Never here: the earlier run that opened it (`deployments`).

Quantities are exact: held at the end less everything that was filled. The price is that of the holding where it is
still held, else it follows from the `profitLoss` map: one entry per closing fill, in the same order, each the profit at
average cost less twice the closing fee.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from pipelines.transforms.accounting.lots import Book, Fill, Terms
from tomking.kernel.money import multiply

Inherited = Mapping[str, tuple[Terms, Decimal, Decimal | None]]


def price_inherited(fills: Sequence[Fill], inherited: Inherited, booked: Sequence[Decimal]) -> Inherited:
    """The inherited positions with a price where one can be told; `booked` is the `profitLoss` map in order of time."""
    if not any(price is None for _, _, price in inherited.values()):
        return inherited
    closing = _closing_fills(fills, inherited)
    if len(closing) != len(booked):
        return inherited
    priced = dict(inherited)
    for (fill, is_first), amount in zip(closing, booked, strict=True):
        terms, quantity, price = priced.get(fill.terms.key, (fill.terms, Decimal(0), None))
        whole = abs(fill.quantity) <= abs(quantity)
        if price is None and is_first and whole and quantity and terms.multiplier and fill.kind == "trade":
            profit = amount + 2 * (fill.fee or Decimal(0))
            cost = profit / multiply(fill.quantity, terms.multiplier) + fill.price
            priced[fill.terms.key] = (terms, quantity, cost)
    return priced


def _closing_fills(fills: Sequence[Fill], inherited: Inherited) -> list[tuple[Fill, bool]]:
    """Fills that close something, and whether each is the first to close the inherited position."""
    books: dict[str, Book] = {}
    for key, (terms, quantity, price) in inherited.items():
        books[key] = Book(terms)
        books[key].inherit(quantity, price)
    found: list[tuple[Fill, bool]] = []
    seen: set[str] = set()
    for fill in fills:
        if not fill.quantity:
            continue
        key = fill.terms.key
        if books.setdefault(key, Book(fill.terms)).take(fill):
            found.append((fill, key in inherited and key not in seen))
            seen.add(key)
    return found
