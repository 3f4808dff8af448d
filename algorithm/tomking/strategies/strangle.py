"""The 45-day strangle: sell an out-of-the-money put and call, leave at half the credit, at the stop, or at 21 days.

Holds: the strategy's rules, read from parameter values, and its decisions.
Belongs here: when to enter, which strikes, when to leave.
Never here: limits over the whole portfolio (`gate`), working of orders, numbers (each one is a parameter).

Order of the exits: the stop is named before the target, the target before the date; all three end the trade at once.
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
from tomking.strategies.choosing import nearest_delta, nearest_expiry
from tomking.strategies.entry import EntryWindow
from tomking.strategies.exits import date_is_due, profit_at_mid, report_late
from tomking.strategies.intents import Intent, PassEntry, PlanTrade
from tomking.strategies.market_view import Chain, MarketView
from tomking.strategies.rules import read_rules
from tomking.strategies.working_orders import Opening, Pricing, work_closing, work_opening


@dataclass(frozen=True, slots=True)
class Strangle:
    """The strategy's parameters, converted, and what follows from them. Units as in the parameter table."""

    name: ClassVar[str] = "strangle"

    vehicle: str
    stands_for: str
    target_dte: int
    dte_tolerance: int
    put_delta: Decimal
    call_delta: Decimal
    target_share: Decimal
    exit_dte: int
    stop_multiple: Decimal
    quantity: int
    max_open: int
    entry: EntryWindow
    min_credit: Decimal
    pricing: Pricing

    @classmethod
    def from_values(cls, values: Mapping[str, str]) -> Strangle:
        """The strategy in a complete table of parameter texts."""
        return read_rules(cls, cls.name, values)

    @property
    def vehicles(self) -> tuple[Vehicle, ...]:
        """One strangle is sold in each."""
        return pair_vehicles(self.vehicle, self.stands_for)

    def chain_request(self, view: MarketView, book: Book) -> ChainRequest | None:
        """At most once a day, in the entry window."""
        if not self.entry.is_hour(view) or not self.entry.is_day(view.day):
            return None
        if book.was_considered(self.name, view.underlying, view.day):
            return None
        return ChainRequest(
            view.underlying,
            view.day,
            view.day + timedelta(days=self.target_dte - self.dte_tolerance),
            view.day + timedelta(days=self.target_dte + self.dte_tolerance),
        )

    def propose(self, chain: Chain, view: MarketView, book: Book) -> tuple[PlanTrade | PassEntry, ...]:
        """The strangle to open today, or why there is none."""
        del book
        rows, product = chain.rows, view.underlying
        expiry = nearest_expiry(rows, view.day, self.target_dte, self.dte_tolerance)
        if expiry is None:
            return (PassEntry(self.name, product, "no_expiry" if rows else "no_chain"),)
        if (expiry - view.day).days <= self.exit_dte:
            return (PassEntry(self.name, product, "expiry_below_exit"),)
        put = nearest_delta(rows, expiry, "P", self.put_delta)
        call = nearest_delta(rows, expiry, "C", self.call_delta)
        if put is None or call is None:
            return (PassEntry(self.name, product, "no_strike"),)
        if put.strike >= call.strike:
            return (PassEntry(self.name, product, "strikes_crossed"),)
        legs = (Leg(put.key, -self.quantity), Leg(call.key, -self.quantity))
        return (PlanTrade(self.name, product, legs, expiry, f"put delta {put.delta}, call delta {call.delta}"),)

    def manage(self, view: MarketView, book: Book) -> tuple[Intent, ...]:
        """The next step of each strangle in the view's underlying."""
        intents: list[Intent] = []
        for trade in book.live(self.name, view.underlying):
            intents += self._open(trade, view) if trade.state == "planned" else self._leave(trade, view)
        return tuple(intents)

    def _open(self, trade: Trade, view: MarketView) -> list[Intent]:
        window = view.day == trade.planned_on and view.is_open and not self.entry.is_over(view)
        terms = Opening(-self.min_credit, lambda net: self.stop_multiple * -net)
        return work_opening(trade, view, self.pricing, terms, window_open=window)

    def _leave(self, trade: Trade, view: MarketView) -> list[Intent]:
        reason = self.exit_reason(trade, view)
        steps = work_closing(trade, view, self.pricing, reason, is_patient=reason == "target")
        return report_late(trade, self.exit_dte, view) + steps

    def exit_reason(self, trade: Trade, view: MarketView) -> str | None:
        """Why an open trade has to end now: `stop`, `target`, `dte`, or None."""
        profit = profit_at_mid(trade, view)
        if profit is not None and trade.credit is not None and trade.credit > 0:
            if profit <= -self.stop_multiple * trade.credit:
                return "stop"
            if profit >= self.target_share * trade.credit:
                return "target"
        return "dte" if date_is_due(trade.expiry, self.exit_dte, view) else None
