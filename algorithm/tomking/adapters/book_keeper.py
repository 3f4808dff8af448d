"""The book of trades between the object store, the orders and the portfolio.

Holds: restoring it, booking what orders have done, and following the portfolio where it went another way.
Belongs here: whatever makes the book say what is true.
Never here: the stored documents (`book_store`), deciding what to trade.

The book is checked against the portfolio before every decision, because assignment, exercise, expiry and margin calls
change legs without an order of ours. What is more in the portfolio than in the book is reported and left alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from math import gcd

from tomking.adapters.book_store import BookStore, Found
from tomking.adapters.journal import Journal
from tomking.adapters.object_store import Store
from tomking.adapters.orders import GroupReport, LegFill, OrderDesk
from tomking.kernel.contracts import make_tag
from tomking.kernel.occ import parse_occ
from tomking.strategies.book import Book, Trade
from tomking.strategies.book_rebuild import Held, trades_of
from tomking.strategies.booking import Filled, divide_holding, opened_legs, traded_legs
from tomking.strategies.rolls import is_unfilled_roll, roll_pair
from tomking.strategies.working_orders import ROLLING


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
        self._delivered: dict[str, tuple[str, str]] = {}
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
            elif working.action == ROLLING and self._is_rolled(trade, holdings):
                self._roll_unseen(trade)
            else:
                self.book.change(trade.id, working=None)

    def _is_rolled(self, trade: Trade, holdings: Mapping[str, int]) -> bool:
        """Whether the portfolio holds what a roll would have left."""
        expected = self.book.expected()
        return bool(roll_pair(trade)) and all(
            holdings.get(key, 0) - expected.get(key, 0) == quantity for key, quantity in roll_pair(trade)
        )

    def _roll_unseen(self, trade: Trade) -> None:
        """A roll that was filled while nobody looked: the contracts are known, what they brought is not."""
        traded = dict(roll_pair(trade))
        legs = tuple(
            replace(leg, quantity=leg.quantity + traded[leg.key], closed=None)
            if leg.key in traded and (leg.quantity or is_unfilled_roll(leg))
            else leg
            for leg in trade.legs
        )
        self.book.change(trade.id, legs=legs, proceeds=None, attempts=0, working=None)
        for key, quantity in traded.items():
            held = sum(leg.quantity for leg in legs if leg.key == key)
            self._adjusted(key, held - quantity, held, trade.id, "filled_unseen")

    def _is_held(self, trade: Trade, holdings: Mapping[str, int]) -> bool:
        """Whether the portfolio holds the whole trade beyond what the open trades hold."""
        expected, mine = self.book.expected(), Counter[str]()
        for leg in trade.legs:
            mine[leg.key] += leg.quantity
        return all(holdings.get(key, 0) - expected.get(key, 0) == quantity for key, quantity in mine.items())

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
        fills = {fill.key: Filled(fill.quantity, fill.price) for fill in report.fills}
        if trade.state == "planned":
            if not fills:
                self.book.change(trade.id, working=None, attempts=trade.attempts + 1)
                return
            self.book.change(
                trade.id,
                state="open",
                legs=opened_legs(trade.legs, fills),
                credit=-_cost(report.fills),
                opened_at=now,
                attempts=0,
                working=None,
            )
            return
        trade = self.book.change(
            trade.id,
            legs=traded_legs(trade.legs, fills),
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

    def delivered_by(self, underlying: str) -> tuple[str, str] | None:
        """Strategy and id of the trade whose assignment last delivered shares of an underlying; None where not known."""
        return self._delivered.get(underlying)

    def follow(self, holdings: Mapping[str, int], day: date) -> None:
        """Make open trades hold what the portfolio holds; contracts with resting orders wait until those are settled.

        `day` is New York's. What expired before it is held by nobody, even where two trades stood against each other.
        """
        resting = {leg.key for trade in self.book.live() if trade.working is not None for leg in trade.legs}
        for key, expected in self.book.expected().items():
            held = holdings.get(key, 0)
            is_over = not held and parse_occ(key).expiry < day
            if (held != expected or is_over) and key not in resting:
                self._follow_one(key, held, is_over=is_over)
        self._causes.clear()

    def _follow_one(self, key: str, held: int, *, is_over: bool) -> None:
        cause = self._causes.get(key, "expired" if is_over else "closed")
        trades = [trade for trade in self.book.index.holding(key) if trade.state == "open"]
        places = [(trade.id, number) for trade in trades for number, leg in enumerate(trade.legs) if leg.key == key]
        quantities = [leg.quantity for trade in trades for leg in trade.legs if leg.key == key]
        kept, unexplained = ([0] * len(quantities), 0) if is_over else divide_holding(quantities, held)
        if unexplained:
            self._adjusted(key, held - unexplained, held, None, "more_held_than_booked")
        left = dict(zip(places, kept, strict=True))
        for trade in trades:
            mine = sum(leg.quantity for leg in trade.legs if leg.key == key)
            # What an expiry leaves is nothing; what any other change brought is not known.
            known = cause == "expired"
            legs = tuple(
                replace(leg, quantity=left[trade.id, number], closed=leg.closed if known else None)
                if leg.key == key and leg.quantity != left[trade.id, number]
                else leg
                for number, leg in enumerate(trade.legs)
            )
            if legs != trade.legs:
                if cause == "assigned":
                    self._delivered[trade.product] = (trade.strategy, trade.id)
                changed = self.book.change(trade.id, legs=legs, proceeds=trade.proceeds if known else None)
                now_mine = sum(leg.quantity for leg in legs if leg.key == key)
                self._adjusted(key, mine, now_mine, trade.id, cause)
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


def _cost(fills: tuple[LegFill, ...]) -> Decimal:
    return sum((fill.price * fill.quantity for fill in fills), Decimal(0))
