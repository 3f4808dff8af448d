"""Insurance: out-of-the-money puts bought a year out, off unless a parameter turns it on.

Holds: the strategy's rules, read from parameter values, and its decisions.
Belongs here: what is bought, what it may cost, when it is sold.
Never here: limits over the whole portfolio (`gate`), working of orders, numbers (each one is a parameter).

The opposite side of the ladder of LEAP puts, which sells; the two share nothing. A brake that closes everything leaves
insurance in place.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

from tomking.kernel.option_chain import ChainRequest
from tomking.strategies.base import SingleExpiry
from tomking.strategies.book import Book, Leg, Trade
from tomking.strategies.choosing import nearest_expiry
from tomking.strategies.exits import date_is_due, profit_at_mid
from tomking.strategies.intents import Entry, Intent, PlanTrade
from tomking.strategies.market_view import Chain, MarketView
from tomking.strategies.working_orders import Opening, units_of, work_closing


@dataclass(frozen=True, slots=True)
class InsurancePuts(SingleExpiry):
    """The strategy's parameters, converted, and what follows from them. Units as in the parameter table."""

    name: ClassVar[str] = "insurance_puts"
    wanted_side: ClassVar[str | None] = "P"

    enabled: bool
    distance: Decimal
    budget: Decimal
    target_multiple: Decimal
    exit_dte: int

    def chain_request(self, view: MarketView, book: Book) -> ChainRequest | None:
        """Once on each entry day, where insurance is bought at all."""
        return self.request_chain(view) if self.enabled and self.looks(view, book) else None

    def propose(self, chain: Chain, view: MarketView, book: Book) -> tuple[Entry, ...]:
        """The put to buy, or why there is none."""
        del book
        product, rows = view.underlying, chain.rows
        expiry = nearest_expiry(rows, view.day, self.target_dte, self.dte_tolerance)
        if expiry is None or view.price is None:
            return self.passing(view, "no_expiry" if rows else "no_chain")
        wanted = view.price * (1 - self.distance)
        pool = [row for row in rows if row.expiry == expiry and row.call_put == "P" and row.strike < view.price]
        put = min(pool, key=lambda row: (abs(row.strike - wanted), row.strike, row.key), default=None)
        if put is None:
            return self.passing(view, "no_strike")
        legs = (Leg(put.key, self.quantity),)
        return (PlanTrade(self.name, product, legs, expiry, f"strike {put.strike} at {view.price}", "hedge"),)

    def manage(self, view: MarketView, book: Book) -> tuple[Intent, ...]:
        """The next step of each put in the view's underlying."""
        intents: list[Intent] = []
        for trade in book.live(self.name, view.underlying):
            if trade.state == "planned":
                intents += self._buy(trade, view)
            else:
                intents += work_closing(trade, view, self.pricing, self.exit_reason(trade, view))
        return tuple(intents)

    def _buy(self, trade: Trade, view: MarketView) -> list[Intent]:
        money = (view.equity or Decimal(0)) * self.budget
        worst = money / (view.multiplier * units_of(trade.pairs))
        return self.work_entry(trade, view, Opening(worst, lambda net: net, "over_budget"))

    def exit_reason(self, trade: Trade, view: MarketView) -> str | None:
        """Why a put has to be sold now: `target`, `dte`, or None."""
        profit = profit_at_mid(trade, view)
        if profit is not None and trade.credit is not None and trade.credit < 0:
            worth = profit - trade.credit
            if worth >= self.target_multiple * -trade.credit:
                return "target"
        return "dte" if date_is_due(trade.expiry, self.exit_dte, view) else None
