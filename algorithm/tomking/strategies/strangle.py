"""The 45-day strangle: sell an out-of-the-money put and call, leave at half the credit, at the stop, or at 21 days.

Holds: the strategy's rules, read from parameter values, and its decisions.
Belongs here: when to enter, which strikes, when to leave.
Never here: limits over the whole portfolio (`gate`), working of orders, numbers (each one is a parameter).

Order of the exits: the stop is named before the target, the target before the deltas, those before the date; all of them
end the trade at once. A side that is tested, below the delta that ends the trade, is closed alone. Deltas that are not
known defend nothing.
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

_VIX_BASE = Decimal(20)
"""The level at which scaling by VIX leaves the quantity as it is (the rule's own formula)."""


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
    min_iv_rank: Decimal
    vix_lowest: Decimal
    vix_scaling: bool
    vix_scaling_most: Decimal
    delta_close_tested: Decimal
    delta_exit: Decimal

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
        rows, product = chain.rows, view.underlying
        quantity = self._quantity(view)
        reason = self._blocked(view) if quantity else "no_size"
        if reason is not None:
            return (PassEntry(self.name, product, reason),)
        taken = taken_expiries(book, product)
        expiry = nearest_expiry(rows, view.day, self.target_dte, self.dte_tolerance, without=taken)
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
        legs = (Leg(put.key, -quantity), Leg(call.key, -quantity))
        return (PlanTrade(self.name, product, legs, expiry, f"put delta {put.delta}, call delta {call.delta}"),)

    def _blocked(self, view: MarketView) -> str | None:
        if view.vix_level is not None and view.vix_level < self.vix_lowest:
            return "vix_low"
        return "iv_rank_low" if view.iv_rank is not None and view.iv_rank < self.min_iv_rank else None

    def _quantity(self, view: MarketView) -> int:
        """Contracts of each leg; scaling by VIX only where it is turned on, and below every limit like any size."""
        base = Decimal(self.quantity)
        if self.vix_scaling and view.vix_level is not None:
            base = min(base * view.vix_level / _VIX_BASE, base * self.vix_scaling_most)
        return contracts(base, view)

    def manage(self, view: MarketView, book: Book) -> tuple[Intent, ...]:
        """The next step of each strangle in the view's underlying."""
        intents: list[Intent] = []
        for trade in book.live(self.name, view.underlying):
            intents += self._open(trade, view) if trade.state == "planned" else self._leave(trade, view)
        return tuple(intents)

    def _open(self, trade: Trade, view: MarketView) -> list[Intent]:
        window = self.entry.is_open_for(trade.planned_on, view)
        terms = Opening(-self.min_credit, lambda net: self.stop_multiple * -net)
        return work_opening(trade, view, self.pricing, terms, window_open=window)

    def _leave(self, trade: Trade, view: MarketView) -> list[Intent]:
        reason = self.exit_reason(trade, view)
        legs = None
        if reason is None:
            legs = self._tested(trade, view)
            reason = "tested" if legs else None
        return report_late(trade, self.exit_dte, view) + work_closing(trade, view, self.pricing, reason, legs=legs)

    def _tested(self, trade: Trade, view: MarketView) -> tuple[tuple[str, int], ...] | None:
        """The closing of legs whose delta says that their side is tested, where the other side stays."""
        tested = tuple(
            (key, -quantity)
            for key, quantity in trade.pairs
            if quantity < 0 and abs(view.deltas.get(key, Decimal(0))) >= self.delta_close_tested
        )
        return tested or None

    def exit_reason(self, trade: Trade, view: MarketView) -> str | None:
        """Why an open trade has to end now: `stop`, `target`, `defence`, `dte`, or None."""
        profit = profit_at_mid(trade, view)
        if profit is not None and trade.credit is not None and trade.credit > 0:
            if profit <= -self.stop_multiple * trade.credit:
                return "stop"
            if profit >= self.target_share * trade.credit:
                return "target"
        if any(abs(view.deltas.get(key, Decimal(0))) >= self.delta_exit for key, held in trade.pairs if held < 0):
            return "defence"
        return "dte" if date_is_due(trade.expiry, self.exit_dte, view) else None
