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
from decimal import Decimal

from pipelines.transforms.trades.books import Book, Place, Shelf
from pipelines.transforms.trades.kinds import Contract

ROLL_TIME = dt.timedelta(minutes=15)
"""Closing one and opening the like of it within this time is a roll."""
WHEEL_TIME = dt.timedelta(days=4)
"""Between shares called away and the next option sold: a weekend and a day."""
_MONTH_OF_FUTURE = re.compile(r"[FGHJKMNQUVXZ]\d{1,2}$")


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
            return _link(holder, book)
    for holder in shelf.recent:
        if holder is not book and _is_left_of_a_calendar(holder, contract, -quantity) and _alike(holder, book):
            return _link(holder, book)
    return None


def _link(holder: Book, book: Book) -> None:
    if book.rolled_from is None:
        book.follow(_last_of(holder), "covered")


def _last_of(holder: Book) -> Book:
    """The newest trade in the chain of `holder`."""
    last = holder.newest or holder
    while last.followed_by is not None:
        last = last.followed_by
    holder.newest = last
    return last


def _is_left_of_a_calendar(holder: Book, contract: Contract, quantity: Decimal) -> bool:
    """Whether it holds only the far side of a calendar or diagonal, of the same right and long enough."""
    if len(holder.held) != 1 or holder.template.kind not in ("calendar", "diagonal"):
        return False
    ((far, number),) = holder.held.items()
    return (
        far.is_option
        and (far.family, far.call_put) == (contract.family, contract.call_put)
        and number >= quantity
        and (far.expiry or dt.date.min) > (contract.expiry or dt.date.max)
    )


class Chains:
    """Links the trades of a history, and tells which of them nothing can change any more.

    What a trade continues is decided once the time of a roll has passed since its opening, by what is known then.
    """

    def __init__(self) -> None:
        self._unfinished: dict[int, Book] = {}
        self._undecided: dict[int, Book] = {}
        self._flat: dict[int, Book] = {}
        self._closed: dict[int, Book] = {}
        """Ended by an order."""
        self._called_away: dict[int, Book] = {}
        """Ended by an assignment against the shares that cover it."""
        self._next = 0

    def finished(self, changed: Iterable[Book], now: dt.datetime | None) -> list[Book]:
        """Take note of the trades that changed; returns those that nothing at `now` or later can change.

        None: nothing comes any more, and every trade that is left is returned.
        """
        for book in changed:
            self._note(book)
        due = [book for book in self._undecided.values() if book.opened_at and _is_over(book.opened_at, ROLL_TIME, now)]
        if due:
            self._link_rolls(due)
        for book in due:
            del self._undecided[book.number]
        _forget(self._closed, 2 * ROLL_TIME, now)
        _forget(self._called_away, WHEEL_TIME + 2 * ROLL_TIME, now)
        left = self._unfinished if now is None else self._flat
        # Who may still be found to have rolled it was opened within the time of a roll of its end.
        done = [
            book
            for book in left.values()
            if not (book.opened_at and book.number in self._undecided) and _is_over(book.last_at, 2 * ROLL_TIME, now)
        ]
        for book in done:
            self._flat.pop(book.number, None)
            self._undecided.pop(book.number, None)
            del self._unfinished[book.number]
        return done

    def _note(self, book: Book) -> None:
        if book.number >= self._next:
            self._next = book.number + 1
            self._unfinished[book.number] = self._undecided[book.number] = book
        has_ended = bool(book.opened) and not book.holds_opened
        is_assigned = book.last is not None and book.last.part == "assignment"
        _keep(self._flat, book, not book.held and not book.is_awaited)
        _keep(self._closed, book, has_ended and _closed_by_order(book))
        _keep(self._called_away, book, has_ended and book.is_covered and is_assigned)

    def _link_rolls(self, books: Sequence[Book]) -> None:
        """Link what was closed and opened again, otherwise alike, within a short time."""
        ended = bool(self._closed or self._called_away)
        closed, called_away = _ByEnd(self._closed.values()), _ByEnd(self._called_away.values())
        for book in books:
            opened_at = book.opened_at
            if opened_at is None:
                continue
            if book.link == "covered":
                _as_roll(book, opened_at)
                continue
            if book.rolled_from is not None or not ended:
                continue
            candidates = [
                *closed.between(opened_at - ROLL_TIME, opened_at + ROLL_TIME),
                *called_away.between(opened_at - WHEEL_TIME, opened_at),
            ]
            for before in candidates:
                if before is not book and before.followed_by is None and _continues(before, book):
                    book.follow(before, "roll" if _closed_by_order(before) else "wheel")
                    before.is_rolled = book.link == "roll"
                    break


def _keep(books: dict[int, Book], book: Book, belongs: bool) -> None:
    if belongs:
        books[book.number] = book
    else:
        books.pop(book.number, None)


def _is_over(moment: dt.datetime | None, span: dt.timedelta, now: dt.datetime | None) -> bool:
    """Whether so much time has passed since; a moment that is not known is long ago."""
    return now is None or moment is None or now - moment > span


def _forget(ended: dict[int, Book], span: dt.timedelta, now: dt.datetime | None) -> None:
    for number in [number for number, book in ended.items() if _is_over(book.last_at, span, now)]:
        del ended[number]


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
    if before.number > book.number or not _alike(before, book) or not before.opened.keys().isdisjoint(book.opened):
        return False
    if _roll_family(before) is None or _roll_family(before) != _roll_family(book):
        return False
    if _closed_by_order(before):
        return before.template == book.template and _may_be_a_roll(before)
    return book.template.label == ("short put" if before.legs[0][0].call_put == "C" else "short call")


def _closed_by_order(book: Book) -> bool:
    last = book.last
    return last is not None and last.part in ("close", "roll") and last.fill.kind == "trade"


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


def place_of(book: Book) -> Place:
    """The place of a trade; those before it in its chain keep theirs from now on."""
    line = [book]
    while (before := _before(line[-1])) is not None and before.place is None:
        line.append(before)
    for one in reversed(line):
        before = _before(one)
        if before is None or before.place is None:
            one.place = Place(one.key, 1, None, None)
        else:
            one.place = Place(before.place.first, before.place.position + 1, before.key, one.link)
    assert book.place is not None
    return book.place


def _before(book: Book) -> Book | None:
    before = book.rolled_from
    return before if before is not None and before.number < book.number else None
