"""The book of trades between the object store, the orders and the portfolio.

Holds: restoring it, booking what orders have done, and following the portfolio where it went another way.
Belongs here: whatever makes the book say what is true.
Never here: the stored documents (`book_store`), deciding what to trade.

The book is checked against the portfolio before every decision, because assignment, exercise, expiry and margin calls
change legs without an order of ours. What is more in the portfolio than in the book is reported and left alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from math import gcd

from tomking.adapters.book_store import BookStore, Found
from tomking.adapters.journal import Journal
from tomking.adapters.object_store import Store
from tomking.adapters.orders import GroupReport, LegFill, OrderDesk
from tomking.kernel.contracts import make_tag
from tomking.strategies.book import Book, Leg, Trade
from tomking.strategies.book_rebuild import Held, trades_of


class BookKeeper:
    """Keeps the book; `multiplier` is cash per share of premium and contract.

    Only a `persistent` book is stored: a backtest begins with an empty one and must not touch a live deployment's.
    """

    def __init__(
        self, store: Store, deployment: str, journal: Journal, multiplier: Decimal, *, persistent: bool
    ) -> None:
        self._documents, self._journal, self._multiplier = BookStore(store, deployment, journal), journal, multiplier
        self._persistent = persistent
        self._causes: dict[str, str] = {}
        self._lost: Found | None = None
        self.book = Book()

    def restore(self) -> None:
        """Read the book of an earlier run of this deployment; a damaged one is kept aside and not used."""
        if not self._persistent:
            return
        found = self._documents.load()
        if found.book is not None:
            self.book = found.book
            self._journal.write("book_restored", trades=len(self.book.trades), source=found.source)
        elif found.damaged is not None or found.reason is not None:
            self._lost = found

    def rebuild(self, holdings: Held, now: datetime) -> bool:
        """Where no stored book could be read, make it again from the portfolio; True where that was so.

        `initialize` is too early for it: inherited holdings are not visible there.
        """
        lost, self._lost = self._lost, None
        if lost is None:
            return False
        for trade in trades_of(holdings, now):
            self.book.put(trade)
        self.book.counter = len(self.book.trades)
        self._journal.write("book_rebuilt", trades=len(self.book.trades), kept_as=lost.damaged, reason=lost.reason)
        return True

    def save(self) -> None:
        """Store the book where it changed."""
        if self._persistent and self._lost is None:
            self._documents.save(self.book)

    def take_over(self, desk: OrderDesk, holdings: Mapping[str, int]) -> None:
        """After a restart, join resting orders to their trades again, by tag.

        An opening order that is gone while its contracts are held was filled unseen: its price is then taken to be its
        limit, the worst it can have been. Other orders that are gone are forgotten.
        """
        for trade in self.book.live():
            working = trade.working
            if working is None:
                continue
            found = desk.adopt(trade.id, make_tag(trade.strategy, trade.id, working.action))
            if found:
                self.book.change(trade.id, working=replace(working, order_ids=tuple(found)))
            elif trade.state == "planned" and self._is_held(trade, holdings):
                units = gcd(*(abs(leg.quantity) for leg in trade.legs))
                self.book.change(
                    trade.id,
                    state="open",
                    credit=-working.limit * units,
                    opened_at=working.sent_at,
                    attempts=0,
                    working=None,
                )
                for leg in trade.legs:
                    self._adjusted(leg.key, 0, leg.quantity, trade.id, "filled_unseen")
            else:
                self.book.change(trade.id, working=None)

    def _is_held(self, trade: Trade, holdings: Mapping[str, int]) -> bool:
        expected = self.book.expected()
        return all(holdings.get(leg.key, 0) - expected.get(leg.key, 0) == leg.quantity for leg in trade.legs)

    # --- what orders have done ---------------------------------------------------------------------------------------

    def settle(self, desk: OrderDesk, now: datetime) -> bool:
        """Book every group of orders that is filled or ended; True where something was."""
        changed = False
        for trade in self.book.live():
            report = desk.report(trade.id) if trade.working is not None else None
            if report is None or report.state == "working":
                continue
            desk.forget(trade.id)
            self._book(trade, report, now)
            changed = True
        return changed

    def _book(self, trade: Trade, report: GroupReport, now: datetime) -> None:
        """A group that ended with some fills is booked for what was filled; the rest is asked for again."""
        if trade.state == "planned":
            if report.fills:
                roles = {leg.key: leg.role for leg in trade.legs}
                legs = tuple(
                    Leg(fill.key, fill.quantity, roles[fill.key], opened=-fill.price * fill.quantity)
                    for fill in report.fills
                )
                self.book.change(
                    trade.id,
                    state="open",
                    legs=legs,
                    credit=-_cost(report.fills),
                    opened_at=now,
                    attempts=0,
                    working=None,
                )
            else:
                self.book.change(trade.id, working=None, attempts=trade.attempts + 1)
            return
        filled = {fill.key: fill for fill in report.fills}
        legs = tuple(_after(leg, filled.get(leg.key)) for leg in trade.legs)
        trade = self.book.change(
            trade.id,
            legs=legs,
            proceeds=None if trade.proceeds is None else trade.proceeds - _cost(report.fills),
            attempts=0 if report.state == "filled" else trade.attempts + 1,
            working=None,
        )
        if not trade.pairs:
            self._end(trade, "closed")

    # --- what the portfolio says -------------------------------------------------------------------------------------

    def note_cause(self, key: str, cause: str) -> None:
        """Remember why a holding is about to differ (`expired`, `assigned`, `margin_call`)."""
        self._causes[key] = cause

    def follow(self, holdings: Mapping[str, int]) -> None:
        """Make open trades hold what the portfolio holds; contracts with resting orders wait until those are settled."""
        resting = {leg.key for trade in self.book.live() if trade.working is not None for leg in trade.legs}
        for key, expected in self.book.expected().items():
            held = holdings.get(key, 0)
            if held != expected and key not in resting:
                self._follow_one(key, expected, held)
        self._causes.clear()

    def _follow_one(self, key: str, expected: int, held: int) -> None:
        cause = self._causes.get(key, "closed")
        if held * expected > 0 and abs(held) > abs(expected):
            self._adjusted(key, expected, held, None, "more_held_than_booked")
            return
        left = held if held * expected > 0 else 0
        for trade in self.book.index.holding(key):
            mine = sum(leg.quantity for leg in trade.legs if leg.key == key)
            if trade.state != "open" or not mine:
                continue
            kept = mine if abs(mine) <= abs(left) else left
            left -= kept
            if kept != mine:
                # What an expiry leaves is nothing; what any other change brought is not known.
                known = cause == "expired"
                legs = tuple(
                    replace(leg, quantity=kept, closed=leg.closed if known else None) if leg.key == key else leg
                    for leg in trade.legs
                )
                proceeds = trade.proceeds if known else None
                changed = self.book.change(trade.id, legs=legs, proceeds=proceeds)
                self._adjusted(key, mine, kept, trade.id, cause)
                if not changed.pairs:
                    self._end(changed, cause)

    def check_indexes(self) -> None:
        """Once a session: indexes that no longer say what the trades say are reported and made again."""
        if not self.book.is_intact():
            self.book.rebuild()
            self._journal.write("error", message="the indexes of the book were damaged and made again", where="book")

    def _adjusted(self, key: str, book: int, portfolio: int, trade_id: str | None, reason: str) -> None:
        self._journal.write(
            "book_adjusted",
            symbol=key,
            book=Decimal(book),
            portfolio=Decimal(portfolio),
            trade_id=trade_id,
            reason=reason,
        )

    def _end(self, trade: Trade, ended_by: str) -> None:
        self.book.change(trade.id, state="closed", ended_by=ended_by, working=None)
        credit, profit = None, None
        if trade.credit is not None:
            credit = trade.credit * self._multiplier
            profit = None if trade.proceeds is None else credit + trade.proceeds * self._multiplier
        self._journal.write(
            "trade_ended",
            trade_id=trade.id,
            strategy=trade.strategy,
            ended_by=ended_by,
            credit=credit,
            profit_loss=profit,
        )

    def abandon(self, trade_id: str) -> None:
        """Take a planned trade out of the book."""
        self.book.change(trade_id, state="closed", ended_by="abandoned", working=None)


def _after(leg: Leg, fill: LegFill | None) -> Leg:
    """A leg after a closing fill."""
    if fill is None:
        return leg
    closed = None if leg.closed is None else leg.closed - fill.price * fill.quantity
    return replace(leg, quantity=leg.quantity + fill.quantity, closed=closed)


def _cost(fills: tuple[LegFill, ...]) -> Decimal:
    return sum((fill.price * fill.quantity for fill in fills), Decimal(0))
