"""The ladder of LEAP puts: one far out-of-the-money put sold each week, a year out.

Holds: the strategy's rules, read from parameter values, and its decisions.
Belongs here: which rung is sold, when a rung is left.
Never here: limits over the whole portfolio (`gate`), working of orders, numbers (each one is a parameter).

Deltas rotate by the week. A rung at its roll date is closed and sold anew in a later week: nothing is rolled in one
order. Expiries that the group holds already are left out, since the limits refuse a second trade there.
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
from tomking.strategies.choosing import nearest_delta, nearest_expiry, taken_expiries
from tomking.strategies.entry import EntryWindow
from tomking.strategies.exits import date_is_due, profit_at_mid, report_late
from tomking.strategies.intents import Intent, PassEntry, PlanTrade
from tomking.strategies.market_view import Chain, MarketView
from tomking.strategies.rules import read_rules
from tomking.strategies.sizing import contracts
from tomking.strategies.working_orders import Opening, Pricing, work_closing, work_opening


@dataclass(frozen=True, slots=True)
class LeapLadder:
    """The strategy's parameters, converted, and what follows from them. Units as in the parameter table."""

    name: ClassVar[str] = "leap_ladder"

    vehicle: str
    stands_for: str
    entry: EntryWindow
    pricing: Pricing
    max_open: int
    quantity: int
    target_dte: int
    dte_tolerance: int
    deltas: str
    min_credit: Decimal
    target_share: Decimal
    roll_dte: int
    stop_multiple: Decimal
    vix_skip_below: Decimal
    min_equity: Decimal

    @classmethod
    def from_values(cls, values: Mapping[str, str]) -> LeapLadder:
        """The strategy in a complete table of parameter texts."""
        return read_rules(cls, cls.name, values)

    @property
    def vehicles(self) -> tuple[Vehicle, ...]:
        """One ladder is held in each."""
        return pair_vehicles(self.vehicle, self.stands_for)

    def delta_of(self, view: MarketView) -> Decimal:
        """The delta whose turn it is this week."""
        turn = self.deltas.split("+")
        return Decimal(turn[view.day.toordinal() // 7 % len(turn)])

    def chain_request(self, view: MarketView, book: Book) -> ChainRequest | None:
        """Once on each entry day."""
        if not self.entry.is_hour(view) or not self.entry.is_day(view.day):
            return None
        if book.was_considered(self.name, view.underlying, view.day):
            return None
        first, last = (view.day + timedelta(days=self.target_dte + side * self.dte_tolerance) for side in (-1, 1))
        return ChainRequest(view.underlying, view.day, first, last, call_put="P")

    def propose(self, chain: Chain, view: MarketView, book: Book) -> tuple[PlanTrade | PassEntry, ...]:
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
            return (PassEntry(self.name, product, reason or "no_strike"),)
        return (PlanTrade(self.name, product, (Leg(put.key, -quantity),), expiry, f"put delta {put.delta}"),)

    def _blocked(self, view: MarketView) -> str | None:
        if view.vix_level is not None and view.vix_level < self.vix_skip_below:
            return "vix_low"
        return "account_small" if view.equity is None or view.equity < self.min_equity else None

    def manage(self, view: MarketView, book: Book) -> tuple[Intent, ...]:
        """The next step of each rung in the view's underlying."""
        intents: list[Intent] = []
        for trade in book.live(self.name, view.underlying):
            if trade.state == "planned":
                window = self.entry.is_open_for(trade.planned_on, view)
                terms = Opening(-self.min_credit, lambda net: self.stop_multiple * -net)
                intents += work_opening(trade, view, self.pricing, terms, window_open=window)
            else:
                intents += report_late(trade, self.roll_dte, view)
                intents += work_closing(trade, view, self.pricing, self.exit_reason(trade, view))
        return tuple(intents)

    def exit_reason(self, trade: Trade, view: MarketView) -> str | None:
        """Why a rung has to be closed now: `stop`, `target`, `roll`, or None."""
        profit = profit_at_mid(trade, view)
        if profit is not None and trade.credit is not None and trade.credit > 0:
            if profit <= -self.stop_multiple * trade.credit:
                return "stop"
            if profit >= self.target_share * trade.credit:
                return "target"
        return "roll" if date_is_due(trade.expiry, self.roll_dte, view) else None
