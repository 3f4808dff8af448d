"""The ladder of LEAP puts: one far out-of-the-money put sold each week, a year out.

Holds: the strategy's rules, read from parameter values, and its decisions.
Belongs here: which rung is sold, when a rung is left.
Never here: limits over the whole portfolio (`gate`), working of orders, numbers (each one is a parameter).

Deltas rotate by the week. A rung at its roll date is closed and sold anew in a later week: nothing is rolled in one
order. Expiries that the group holds already are left out, since the limits refuse a second trade there.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

from tomking.strategies.base import SingleExpiry
from tomking.strategies.book import Book, Leg, Trade
from tomking.strategies.choosing import nearest_delta, nearest_expiry, taken_expiries
from tomking.strategies.exits import credit_exit, date_is_due
from tomking.strategies.intents import Entry, Intent, PlanTrade
from tomking.strategies.market_view import Chain, MarketView
from tomking.strategies.sizing import contracts
from tomking.strategies.working_orders import Opening


@dataclass(frozen=True, slots=True)
class LeapLadder(SingleExpiry):
    """The strategy's parameters, converted, and what follows from them. Units as in the parameter table."""

    name: ClassVar[str] = "leap_ladder"
    wanted_side: ClassVar[str | None] = "P"

    deltas: str
    min_credit: Decimal
    target_share: Decimal
    roll_dte: int
    stop_multiple: Decimal
    vix_skip_below: Decimal
    min_equity: Decimal

    def delta_of(self, view: MarketView) -> Decimal:
        """The delta whose turn it is this week."""
        turn = self.deltas.split("+")
        return Decimal(turn[view.day.toordinal() // 7 % len(turn)])

    def propose(self, chain: Chain, view: MarketView, book: Book) -> tuple[Entry, ...]:
        """The rung to sell this week, or why there is none."""
        quantity, product = contracts(self.quantity, view), view.underlying
        taken = taken_expiries(book, product)
        expiry = nearest_expiry(chain.rows, view.day, self.target_dte, self.dte_tolerance, without=taken)
        put = None if expiry is None else nearest_delta(chain.rows, expiry, "P", self.delta_of(view))
        reason = self._blocked(view)
        if reason is None and quantity == 0:
            reason = "no_size"
        if reason is None and expiry is None:
            reason = "no_expiry" if chain.rows else "no_chain"
        if reason is not None or expiry is None or put is None:
            return self.passing(view, reason or "no_strike")
        return (PlanTrade(self.name, product, (Leg(put.key, -quantity),), expiry, f"put delta {put.delta}"),)

    def _blocked(self, view: MarketView) -> str | None:
        if view.vix_level is not None and view.vix_level < self.vix_skip_below:
            return "vix_low"
        return "account_small" if view.equity is None or view.equity < self.min_equity else None

    def manage(self, view: MarketView, book: Book) -> tuple[Intent, ...]:
        """The next step of each rung in the view's underlying."""
        terms = Opening(-self.min_credit, lambda net: self.stop_multiple * -net)
        return self.work_trades(view, book, terms, self.roll_dte, self.exit_reason)

    def exit_reason(self, trade: Trade, view: MarketView) -> str | None:
        """Why a rung has to be closed now: `stop`, `target`, `roll`, or None."""
        at_a_price = credit_exit(trade, view, self.target_share, self.stop_multiple)
        return at_a_price or ("roll" if date_is_due(trade.expiry, self.roll_dte, view) else None)
