"""Insurance: out-of-the-money puts bought a year out, off unless a parameter turns it on.

Holds: the strategy's rules, read from parameter values, and its decisions.
Belongs here: what is bought, what it may cost, when it is sold.
Never here: limits over the whole portfolio (`gate`), working of orders, numbers (each one is a parameter).

The opposite side of the ladder of LEAP puts, which sells; the two share nothing. A brake that closes everything leaves
insurance in place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import ClassVar

from tomking.kernel.option_chain import ChainRequest
from tomking.kernel.vehicles import Vehicle, pair_vehicles
from tomking.strategies.book import Book, Leg, Trade
from tomking.strategies.choosing import nearest_expiry
from tomking.strategies.entry import EntryWindow
from tomking.strategies.exits import date_is_due, profit_at_mid
from tomking.strategies.intents import Intent, PassEntry, PlanTrade
from tomking.strategies.market_view import Chain, MarketView
from tomking.strategies.rules import read_rules
from tomking.strategies.working_orders import Opening, Pricing, units_of, work_closing, work_opening


@dataclass(frozen=True, slots=True)
class InsurancePuts:
    """The strategy's parameters, converted, and what follows from them. Units as in the parameter table."""

    name: ClassVar[str] = "insurance_puts"

    enabled: bool
    vehicle: str
    stands_for: str
    entry: EntryWindow
    pricing: Pricing
    max_open: int
    quantity: int
    target_dte: int
    dte_tolerance: int
    distance: Decimal
    budget: Decimal
    target_multiple: Decimal
    exit_dte: int

    @classmethod
    def from_values(cls, values: Mapping[str, str]) -> InsurancePuts:
        """The strategy in a complete table of parameter texts."""
        return read_rules(cls, cls.name, values)

    @property
    def vehicles(self) -> tuple[Vehicle, ...]:
        """Puts are bought on each."""
        return pair_vehicles(self.vehicle, self.stands_for)

    def chain_request(self, view: MarketView, book: Book) -> ChainRequest | None:
        """Once on each entry day, where insurance is bought at all."""
        if not self.enabled or not self.entry.is_hour(view) or not self.entry.is_day(view.day):
            return None
        if book.was_considered(self.name, view.underlying, view.day):
            return None
        first, last = (view.day + timedelta(days=self.target_dte + side * self.dte_tolerance) for side in (-1, 1))
        return ChainRequest(view.underlying, view.day, first, last, call_put="P")

    def propose(self, chain: Chain, view: MarketView, book: Book) -> tuple[PlanTrade | PassEntry, ...]:
        """The put to buy, or why there is none."""
        del book
        product, rows = view.underlying, chain.rows
        expiry = nearest_expiry(rows, view.day, self.target_dte, self.dte_tolerance)
        if expiry is None or view.price is None:
            return (PassEntry(self.name, product, "no_expiry" if rows else "no_chain"),)
        wanted = view.price * (1 - self.distance)
        pool = [row for row in rows if row.expiry == expiry and row.call_put == "P" and row.strike < view.price]
        put = min(pool, key=lambda row: (abs(row.strike - wanted), row.strike, row.key), default=None)
        if put is None:
            return (PassEntry(self.name, product, "no_strike"),)
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
        window = self.entry.is_open_for(trade.planned_on, view)
        money = (view.equity or Decimal(0)) * self.budget
        worst = money / (view.multiplier * units_of(trade.pairs))
        terms = Opening(worst, lambda net: net, "over_budget")
        return work_opening(trade, view, self.pricing, terms, window_open=window)

    def exit_reason(self, trade: Trade, view: MarketView) -> str | None:
        """Why a put has to be sold now: `target`, `dte`, or None."""
        profit = profit_at_mid(trade, view)
        if profit is not None and trade.credit is not None and trade.credit < 0:
            worth = profit - trade.credit
            if worth >= self.target_multiple * -trade.credit:
                return "target"
        return "dte" if date_is_due(trade.expiry, self.exit_dte, view) else None
