"""The account of one run, rebuilt from its fills: a book per instrument, fees per currency.

Holds: which fill goes to which book, and sums over the books.
Belongs here: what the fills alone tell.
Never here: LEAN's own totals, marks, or the reasons why the two differ.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from pipelines.transforms.accounting.event_cash import CURRENCY_PAIRS, SETTLED_DAILY
from pipelines.transforms.accounting.lots import Book, Fill, RoundTrip, Terms
from tomking.kernel.money import ZERO, add, multiply


@dataclass(frozen=True, slots=True)
class Split:
    """A split before the opening of `session_date`: a share becomes 1 / `factor` shares."""

    session_date: dt.date
    factor: Decimal


@dataclass(frozen=True, slots=True)
class Dividend:
    """A payment per share to who held it when `session_date` ended."""

    session_date: dt.date
    per_share: Decimal


@dataclass(slots=True)
class FeeLine:
    """Fees of one instrument in one currency."""

    amount: Decimal = ZERO
    events: int = 0


@dataclass(slots=True)
class Account:
    """Everything the fills of a run tell about its money."""

    currency: str | None
    books: dict[str, Book] = field(default_factory=dict)
    fees: dict[tuple[str, str], FeeLine] = field(default_factory=dict)
    """By instrument and currency."""
    coin_fees: dict[str, Decimal] = field(default_factory=dict)
    """Fees taken in the coin that was bought, at the price of their fills, by the currency they were paid with."""
    fractions: dict[str, Decimal] = field(default_factory=dict)
    """Fractions of shares that splits cut off, by instrument."""
    closed_profit: Decimal | None = ZERO
    """Profit of all round trips, first in first out, in their own currencies; None where one is unknown."""
    closing_fees: Decimal = ZERO
    """Fees on the fills that closed something."""

    @property
    def open_books(self) -> list[Book]:
        """Books with a position."""
        return [book for book in self.books.values() if book.quantity]

    def in_currency(self, currency: str | None) -> list[Book]:
        """Books quoted in a currency; one that names none is in the account's."""
        return [book for book in self.books.values() if (book.terms.currency or self.currency) == currency]

    def fees_in(self, currency: str | None) -> Decimal:
        """Fees charged in a currency."""
        return add(line.amount for (_, charged), line in self.fees.items() if charged == currency)

    @property
    def currencies(self) -> list[str]:
        """Every currency a fill or a fee is in, the account's own first."""
        found = {book.terms.currency or self.currency for book in self.books.values()}
        found |= {charged for _, charged in self.fees} | {self.currency}
        return sorted((one for one in found if one), key=lambda one: (one != self.currency, one))

    @property
    def foreign(self) -> list[str]:
        """Currencies other than the account's that hold money: quotes, and fees that were not taken from a purchase."""
        quoted = {book.terms.currency or self.currency for book in self.books.values()}
        charged = {currency for (key, currency) in self.fees if self.books[key].terms.base != currency}
        return sorted(one for one in quoted | charged if one and one != self.currency)

    @property
    def raw_shares(self) -> dict[str, list[tuple[dt.date, dt.date | None]]]:
        """Shares held at raw prices from one session into another: first and last session, None while still held."""
        found = {}
        for key, book in self.books.items():
            spans = [*book.held_raw, *([(book.raw_since, None)] if book.raw_since else [])]
            if overnight := [(first, last) for first, last in spans if first != last]:
                found[key] = overnight
        return found

    @property
    def settles_daily(self) -> bool:
        """Whether a position is open that costs nothing but its variation."""
        return any(book.terms.security_type in SETTLED_DAILY for book in self.open_books)

    @property
    def holds_pairs(self) -> bool:
        """Whether a pair of currencies was traded: its position is money in another currency."""
        return any(book.terms.security_type in CURRENCY_PAIRS for book in self.books.values())


def paid_dividends(
    account: Account, dividends: Mapping[str, Sequence[Dividend]], last: dt.date | None
) -> list[tuple[str, dt.date, Decimal]]:
    """(instrument, session, amount) of every dividend that shares held at raw prices got or owed, until `last`."""
    paid = []
    for key in account.raw_shares:
        held = sorted(account.books[key].raw_quantities.items())
        for dividend in dividends.get(key, ()):
            if last is not None and dividend.session_date >= last:
                continue
            quantity = next((shares for day, shares in reversed(held) if day <= dividend.session_date), ZERO)
            if quantity:
                paid.append((key, dividend.session_date, multiply(quantity, dividend.per_share)))
    return paid


def account_of(
    fills: Iterable[Fill],
    currency: str | None,
    *,
    splits: Mapping[str, Sequence[Split]] | None = None,
    inherited: Mapping[str, tuple[Terms, Decimal, Decimal | None]] | None = None,
    on_closed: Callable[[str, RoundTrip], None] | None = None,
) -> Account:
    """The account, from fills in the order of time; `on_closed` is given every round trip with its instrument.

    `splits` are those of shares held at raw prices; `inherited` positions are (terms, quantity, price).
    """
    account = Account(currency)
    waiting = {key: sorted(found, key=lambda one: one.session_date) for key, found in (splits or {}).items()}
    for key, (terms, quantity, price) in (inherited or {}).items():
        account.books[key] = Book(terms)
        account.books[key].inherit(quantity, price)
    for fill in fills:
        key = fill.terms.key
        book = account.books.setdefault(key, Book(fill.terms))
        _split_until(account, book, waiting.get(key), fill.session_date)
        if fill.quantity and (closed := book.take(fill)):
            _count_closed(account, fill, closed)
            if on_closed is not None:
                for trip in closed:
                    on_closed(key, trip)
        _charge(account, fill)
    for key, book in account.books.items():
        _split_until(account, book, waiting.get(key), None)
    return account


def _count_closed(account: Account, fill: Fill, closed: Sequence[RoundTrip]) -> None:
    account.closing_fees = add((account.closing_fees, fill.fee or ZERO))
    profits = [trip.profit_loss for trip in closed if trip.profit_loss is not None]
    if account.closed_profit is not None:
        account.closed_profit = add((account.closed_profit, *profits)) if len(profits) == len(closed) else None


def _split_until(account: Account, book: Book, waiting: list[Split] | None, day: dt.date | None) -> None:
    while waiting and (day is None or waiting[0].session_date <= day):
        split = waiting.pop(0)
        if book.quantity:
            fraction = book.split(split.factor)
            account.fractions[book.terms.key] = account.fractions.get(book.terms.key, ZERO) + fraction


def _charge(account: Account, fill: Fill) -> None:
    if fill.fee is None or not fill.fee_currency:
        return
    line = account.fees.setdefault((fill.terms.key, fill.fee_currency), FeeLine())
    line.amount = add((line.amount, fill.fee))
    line.events += 1
    if fill.fee_currency == fill.terms.base:
        paid_with = fill.terms.currency or account.currency or ""
        value = multiply(fill.fee, fill.price)
        account.coin_fees[paid_with] = add((account.coin_fees.get(paid_with, ZERO), value))
