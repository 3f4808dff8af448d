"""Puts sold while VIX is high: the opposite of selling less then, off unless a parameter turns it on.

Holds: the strategy's rules, read from parameter values, and its decisions.
Belongs here: when it sells at all, which put of which vehicle, how many, when it is left.
Never here: limits over the whole portfolio (`gate`), working of orders, numbers (each one is a parameter).

Each vehicle has its days, its delta and its share of the buying power that is allowed at this VIX; what the shares leave
is kept. Every limit of the portfolio stands before it, so that from the level at which entries stop it sells nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import ClassVar

from tomking.kernel.limits.margin import OptionLeg, estimate_margin
from tomking.kernel.option_chain import ChainRequest
from tomking.strategies.base import VehicleStrategy
from tomking.strategies.book import Book, Leg, Trade
from tomking.strategies.choosing import nearest_delta, nearest_expiry, taken_expiries
from tomking.strategies.exits import credit_exit, date_is_due
from tomking.strategies.intents import Entry, Intent, PlanTrade
from tomking.strategies.market_view import Chain, ChainRow, MarketView
from tomking.strategies.sizing import contracts
from tomking.strategies.working_orders import Opening


@dataclass(frozen=True, slots=True)
class HighVixPuts(VehicleStrategy):
    """The strategy's parameters, converted, and what follows from them. Units as in the parameter table."""

    name: ClassVar[str] = "high_vix_puts"

    enabled: bool
    quantity: int
    vix_from: Decimal
    days: str
    dte_tolerance: int
    deltas: str
    shares: str
    ceiling: Decimal
    min_credit: Decimal
    target_share: Decimal
    stop_multiple: Decimal
    exit_dte: int

    def _of(self, texts: str, view: MarketView) -> Decimal:
        """The view's vehicle's own of several values; the last one counts for those that have none."""
        values = texts.split("+")
        place = [one.symbol for one in self.vehicles].index(view.underlying)
        return Decimal(values[min(place, len(values) - 1)])

    def chain_request(self, view: MarketView, book: Book) -> ChainRequest | None:
        """Once on each entry day, where it is on and VIX is known to be high."""
        is_high = view.vix_level is not None and view.vix_level >= self.vix_from
        if not self.enabled or not is_high or not self.looks(view, book):
            return None
        days = int(self._of(self.days, view))
        first, last = (view.day + timedelta(days=days + side * self.dte_tolerance) for side in (-1, 1))
        return ChainRequest(view.underlying, view.day, first, last, call_put="P")

    def propose(self, chain: Chain, view: MarketView, book: Book) -> tuple[Entry, ...]:
        """The put to sell, or why there is none."""
        rows, days = chain.rows, int(self._of(self.days, view))
        taken = taken_expiries(book, view.underlying)
        expiry = nearest_expiry(rows, view.day, days, self.dte_tolerance, without=taken)
        if expiry is None:
            return self.passing(view, "no_expiry" if rows else "no_chain")
        put = nearest_delta(rows, expiry, "P", self._of(self.deltas, view))
        if put is None:
            return self.passing(view, "no_strike")
        quantity = min(contracts(self.quantity, view), self._affordable(put, view))
        if quantity == 0:
            return self.passing(view, "no_size")
        legs, reason = (Leg(put.key, -quantity),), f"put delta {put.delta} at VIX {view.vix_level}"
        return (PlanTrade(self.name, view.underlying, legs, expiry, reason),)

    def _affordable(self, put: ChainRow, view: MarketView) -> int:
        """How many puts the vehicle's share of the allowed buying power pays for; none where the account is not known."""
        if view.equity is None or view.price is None:
            return 0
        one = estimate_margin([OptionLeg("P", put.strike, put.expiry, -1)], view.price, view.multiplier)
        return int(max(view.equity, Decimal(0)) * self.ceiling * self._of(self.shares, view) / one)

    def manage(self, view: MarketView, book: Book) -> tuple[Intent, ...]:
        """The next step of each put in the view's underlying."""
        terms = Opening(-self.min_credit, lambda net: self.stop_multiple * -net)
        return self.work_trades(view, book, terms, self.exit_dte, self.exit_reason)

    def exit_reason(self, trade: Trade, view: MarketView) -> str | None:
        """Why a put has to be bought back now: `stop`, `target`, `dte`, or None."""
        at_a_price = credit_exit(trade, view, self.target_share, self.stop_multiple)
        return at_a_price or ("dte" if date_is_due(trade.expiry, self.exit_dte, view) else None)
