"""Chains: trades that continue one another.

Holds: rolls, shares that cover the next option (the wheel), and each trade's place in its chain.
Belongs here: a reason why a trade is the continuation of another.
Never here: what belongs to one trade.

A trade has one predecessor and one successor at most. A roll changes the contracts: the same ones opened again are a new
trade, not a roll.
"""

from __future__ import annotations

import datetime as dt
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from pipelines.transforms.trade_books import Book, Shelf
from pipelines.transforms.trade_kinds import Contract, template_of

ROLL_TIME = dt.timedelta(minutes=15)
"""Closing one and opening the like of it within this time is a roll."""
WHEEL_TIME = dt.timedelta(days=4)
"""Between shares called away and the next option sold: a weekend and a day."""
_MONTH_OF_FUTURE = re.compile(r"[FGHJKMNQUVXZ]\d{1,2}$")


@dataclass(frozen=True, slots=True)
class Place:
    """A trade's place in its chain; `first` is the trade the chain is named after, `position` counts from 1."""

    first: Book
    position: int
    before: Book | None
    link: str | None


def link_cover(shelf: Shelf, book: Book) -> None:
    """Link a trade of nothing but short options to the trade whose shares, or longer option, cover it."""
    legs = book.legs
    if len(legs) != 1 or not legs[0][0].is_option or legs[0][1] >= 0:
        return
    contract, quantity = legs[0]
    lot = (contract.multiplier or Decimal(100)) if contract.security_type == "option" else Decimal(1)
    needed = -quantity * lot * (1 if contract.call_put == "C" else -1)
    for holder, held in shelf.holders_of_shares(contract.family):
        covers = holder is not book and held * needed > 0 and abs(held) >= abs(needed) and _alike(holder, book)
        # Shares whose own option is still there are covered already.
        if covers and not any(leg.is_option for leg in holder.held):
            book.is_covered = True
            return _link(shelf, holder, book)
    for holder in shelf.books[-50:]:
        if holder is not book and _alike(holder, book) and _is_left_of_a_calendar(holder, contract, -quantity):
            return _link(shelf, holder, book)
    return None


def _link(shelf: Shelf, holder: Book, book: Book) -> None:
    if book.rolled_from is None:
        book.rolled_from, book.link = _last_of(shelf.books, holder, book), "covered"


def _is_left_of_a_calendar(holder: Book, contract: Contract, quantity: Decimal) -> bool:
    """Whether it holds only the far side of a calendar or diagonal, of the same right and long enough."""
    held = list(holder.held.items())
    if len(held) != 1 or template_of(holder.legs).kind not in ("calendar", "diagonal"):
        return False
    far, number = held[0]
    return (
        far.is_option
        and (far.family, far.call_put) == (contract.family, contract.call_put)
        and number >= quantity
        and (far.expiry or dt.date.min) > (contract.expiry or dt.date.max)
    )


def link_rolls(books: Sequence[Book]) -> None:
    """Link what was closed and opened again, otherwise alike, within a short time."""
    followed = {id(book.rolled_from) for book in books if book.rolled_from is not None}
    ended = [book for book in books if book.opened and not book.holds_opened and book.last_at is not None]
    closed = _ByEnd([book for book in ended if _closed_by_order(book)])
    called_away = _ByEnd([book for book in ended if book.is_covered and book.takes[-1].part == "assignment"])
    for book in books:
        opened_at = book.opened_at
        if opened_at is None:
            continue
        if book.link == "covered":
            _as_roll(book, opened_at)
            continue
        if book.rolled_from is not None:
            continue
        candidates = [
            *closed.between(opened_at - ROLL_TIME, opened_at + ROLL_TIME),
            *called_away.between(opened_at - WHEEL_TIME, opened_at),
        ]
        for before in candidates:
            if before is not book and id(before) not in followed and _continues(before, book):
                followed.add(id(before))
                book.rolled_from, book.link = before, "roll" if _closed_by_order(before) else "wheel"
                before.is_rolled = book.link == "roll"
                break


class _ByEnd:
    """Trades by their last fill."""

    def __init__(self, books: Iterable[Book]) -> None:
        self._ended = sorted(
            ((book.last_at, book.number, book) for book in books if book.last_at is not None), key=lambda item: item[:2]
        )

    def between(self, start: dt.datetime, end: dt.datetime) -> list[Book]:
        """Those that ended within these instants, both included."""
        first = bisect_left(self._ended, start, key=lambda item: item[0])
        last = bisect_right(self._ended, end, key=lambda item: item[0])
        return [book for _, _, book in self._ended[first:last]]


def _as_roll(book: Book, opened_at: dt.datetime) -> None:
    """A covered option that was closed to sell the next one was rolled."""
    before = book.rolled_from
    if before is None or not before.is_covered or before.last_at is None or not _closed_by_order(before):
        return
    if abs(opened_at - before.last_at) <= ROLL_TIME and not set(before.opened) & set(book.opened):
        book.link, before.is_rolled = "roll", True


def _continues(before: Book, book: Book) -> bool:
    if before.number > book.number or not _alike(before, book) or set(before.opened) & set(book.opened):
        return False
    if _roll_family(before) is None or _roll_family(before) != _roll_family(book):
        return False
    if _closed_by_order(before):
        return template_of(before.legs) == template_of(book.legs) and _may_be_a_roll(before)
    return template_of(book.legs).label == ("short put" if before.legs[0][0].call_put == "C" else "short call")


def _closed_by_order(book: Book) -> bool:
    last = book.takes[-1]
    return last.part in ("close", "roll") and last.fill.kind == "trade"


def _may_be_a_roll(book: Book) -> bool:
    """Whether its closing orders give no other reason: the tag says roll, or only close."""
    actions = {take.role.action for take in book.takes if take.part in ("close", "roll")}
    return all(action in ("", "close") or "roll" in action for action in actions)


def _alike(one: Book, other: Book) -> bool:
    return one.strategy == other.strategy and (
        not one.identities
        or not other.identities
        or bool(one.identities & other.identities)
        or bool(one.texts & other.texts)
    )


def _roll_family(book: Book) -> str | None:
    """What it is on, whatever the month of a future."""
    families = {
        _MONTH_OF_FUTURE.sub("", contract.family) if contract.family.startswith("/") else contract.family
        for contract, _ in book.legs
    }
    return next(iter(families)) if len(families) == 1 else None


def _last_of(books: Sequence[Book], holder: Book, book: Book) -> Book:
    """The newest trade in the chain of `holder`."""
    last = holder
    for other in books:
        if other is not book and other.rolled_from is last:
            last = other
    return last


def places_of(books: Sequence[Book]) -> list[Place]:
    """The place of each trade, in the order of the trades."""
    places: dict[int, Place] = {}
    for book in books:
        before = book.rolled_from
        known = places.get(before.number) if before is not None else None
        if before is None or known is None:
            places[book.number] = Place(book, 1, None, None)
        else:
            places[book.number] = Place(known.first, known.position + 1, before, book.link)
    return [places[book.number] for book in books]
