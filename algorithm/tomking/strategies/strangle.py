"""The 45-day strangle: sell an out-of-the-money put and call, leave at half the credit, at the stop, or at 21 days.

Holds: the strategy's rules, read from parameter values, and its decisions.
Belongs here: when to enter, which strikes, when to leave.
Never here: limits over the whole portfolio (`gate`), working of orders, numbers (each one is a parameter).

Order of the exits: the stop is named before the target, the target before the deltas, those before the date; all of them
end the trade at once. A side that is tested, below the delta that ends the trade, is closed alone; below that delta again,
the other side is rolled nearer, once a day. Target and stop stay those of the credit the trade was opened for. Deltas
that are not known defend nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

from tomking.kernel.indicators import price_range
from tomking.kernel.occ import parse_occ
from tomking.kernel.option_chain import ChainRequest
from tomking.strategies.base import SingleExpiry
from tomking.strategies.book import Book, Leg, Trade
from tomking.strategies.choosing import nearest_delta, nearest_expiry, taken_expiries
from tomking.strategies.exits import credit_exit, date_is_due, report_late
from tomking.strategies.intents import Entry, Intent, PlanRoll, PlanTrade
from tomking.strategies.market_view import Chain, MarketView
from tomking.strategies.rolls import ROLL, roll_pair, work_roll
from tomking.strategies.sizing import contracts
from tomking.strategies.working_orders import Opening, work_closing

_VIX_BASE = Decimal(20)
"""The level at which scaling by VIX leaves the quantity as it is (the rule's own formula)."""


@dataclass(frozen=True, slots=True)
class Strangle(SingleExpiry):
    """The strategy's parameters, converted, and what follows from them. Units as in the parameter table."""

    name: ClassVar[str] = "strangle"

    put_delta: Decimal
    call_delta: Decimal
    min_credit: Decimal
    target_share: Decimal
    exit_dte: int
    stop_multiple: Decimal
    min_iv_rank: Decimal
    event_days: int
    event_names: str
    range_days: int
    range_most: Decimal
    vix_lowest: Decimal
    vix_scaling: bool
    vix_scaling_most: Decimal
    delta_roll_untested: Decimal
    delta_close_tested: Decimal
    delta_exit: Decimal

    def chain_request(self, view: MarketView, book: Book) -> ChainRequest | None:
        """The chain of a strangle whose untested side is to be rolled, else that of a new one on its entry day."""
        rolled = self._to_roll(view, book)
        if rolled is not None:
            return ChainRequest(view.underlying, view.day, rolled.expiry, rolled.expiry)
        return self.request_chain(view) if self.looks(view, book) else None

    def propose(self, chain: Chain, view: MarketView, book: Book) -> tuple[Entry, ...]:
        """The strangle to open today, the roll of one that is open, or why there is none."""
        rolled = self._to_roll(view, book)
        return self._enter(chain, view, book) if rolled is None else self._roll(rolled, chain, view)

    def _enter(self, chain: Chain, view: MarketView, book: Book) -> tuple[Entry, ...]:
        rows, product = chain.rows, view.underlying
        quantity = self._quantity(view)
        reason = self._blocked(view) if quantity else "no_size"
        if reason is not None:
            return self.passing(view, reason)
        taken = taken_expiries(book, product)
        expiry = nearest_expiry(rows, view.day, self.target_dte, self.dte_tolerance, without=taken)
        if expiry is None:
            return self.passing(view, "no_expiry" if rows else "no_chain")
        if (expiry - view.day).days <= self.exit_dte:
            return self.passing(view, "expiry_below_exit")
        put = nearest_delta(rows, expiry, "P", self.put_delta)
        call = nearest_delta(rows, expiry, "C", self.call_delta)
        if put is None or call is None:
            return self.passing(view, "no_strike")
        if put.strike >= call.strike:
            return self.passing(view, "strikes_crossed")
        legs = (Leg(put.key, -quantity), Leg(call.key, -quantity))
        return (PlanTrade(self.name, product, legs, expiry, f"put delta {put.delta}, call delta {call.delta}"),)

    def _blocked(self, view: MarketView) -> str | None:
        if view.vix_level is not None and view.vix_level < self.vix_lowest:
            return "vix_low"
        if view.iv_rank is not None and view.iv_rank < self.min_iv_rank:
            return "iv_rank_low"
        moved = price_range(view.daily_bars, self.range_days)
        if moved is not None and moved > self.range_most:
            return "range_wide"
        return "event_near" if self._is_event_near(view) else None

    def _is_event_near(self, view: MarketView) -> bool:
        """Whether something is announced today or within the days that have to be free of it; unknown days are none."""
        names = self.event_names.split("+")
        return any(name in names for _, name in view.events_ahead(self.event_days))

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
            intents += self._open(trade, view) if trade.state == "planned" else self._leave(trade, view, book)
        return tuple(intents)

    def _open(self, trade: Trade, view: MarketView) -> list[Intent]:
        return self.work_entry(trade, view, Opening(-self.min_credit, lambda net: self.stop_multiple * -net))

    def _leave(self, trade: Trade, view: MarketView, book: Book) -> list[Intent]:
        reason = self.exit_reason(trade, view)
        legs = None
        if reason is None:
            legs = self._tested(trade, view)
            reason = "tested" if legs else None
        late = report_late(trade, self.exit_dte, view)
        if reason is None and self._rolls_today(trade, view, book):
            return late + work_roll(trade, view, self.pricing, is_due=True)
        return late + work_closing(trade, view, self.pricing, reason, legs=legs)

    def _rolls_today(self, trade: Trade, view: MarketView, book: Book) -> bool:
        """Whether a contract was taken in today that still has to be traded."""
        return bool(roll_pair(trade)) and book.was_considered(self.name, view.underlying, view.day, ROLL)

    def _tested(self, trade: Trade, view: MarketView) -> tuple[tuple[str, int], ...] | None:
        """The closing of legs whose delta says that their side is tested, where the other side stays."""
        tested = tuple(
            (key, -quantity)
            for key, quantity in trade.pairs
            if quantity < 0 and _delta(view, key) >= self.delta_close_tested
        )
        return tested or None

    # --- defence by a roll -------------------------------------------------------------------------------------------

    def _to_roll(self, view: MarketView, book: Book) -> Trade | None:
        """The strangle whose untested side is to be rolled now; each product is looked at once a day."""
        if not view.is_open or book.was_considered(self.name, view.underlying, view.day, ROLL):
            return None
        for trade in book.live(self.name, view.underlying):
            if self._untested(trade, view) is not None and self.exit_reason(trade, view) is None:
                return trade
        return None

    def _untested(self, trade: Trade, view: MarketView) -> str | None:
        """The sold contract whose other side is tested as far as a roll, and no further."""
        sold = [key for key, quantity in trade.pairs if quantity < 0]
        if trade.state != "open" or trade.working is not None or len(sold) != 2 or not view.deltas.keys() >= set(sold):
            return None
        far, near = sorted(sold, key=lambda key: _delta(view, key))
        is_due = self.delta_roll_untested <= _delta(view, near) < self.delta_close_tested
        return far if is_due and _delta(view, far) < self._wanted_delta(far) else None

    def _wanted_delta(self, key: str) -> Decimal:
        return self.put_delta if parse_occ(key).call_put == "P" else self.call_delta

    def _roll(self, trade: Trade, chain: Chain, view: MarketView) -> tuple[Entry, ...]:
        """The contract at the entry's delta that takes the place of the untested one; strikes never cross."""
        far = self._untested(trade, view)
        assert far is not None
        old = parse_occ(far)
        other = next(parse_occ(key).strike for key, quantity in trade.pairs if quantity < 0 and key != far)
        found = nearest_delta(chain.rows, trade.expiry, old.call_put, self._wanted_delta(far))
        out = 1 if old.call_put == "C" else -1
        if found is None or not out * other < out * found.strike < out * old.strike:
            return self.passing(view, "no_strike_to_roll", ROLL)
        reason = f"{old.call_put} {old.strike} to {found.strike}"
        return (PlanRoll(trade.id, self.name, view.underlying, Leg(found.key, 0, ROLL), far, reason),)

    def exit_reason(self, trade: Trade, view: MarketView) -> str | None:
        """Why an open trade has to end now: `stop`, `target`, `defence`, `dte`, or None."""
        at_a_price = credit_exit(trade, view, self.target_share, self.stop_multiple)
        if at_a_price is not None:
            return at_a_price
        if any(_delta(view, key) >= self.delta_exit for key, held in trade.pairs if held < 0):
            return "defence"
        return "dte" if date_is_due(trade.expiry, self.exit_dte, view) else None


def _delta(view: MarketView, key: str) -> Decimal:
    """The unsigned delta of a contract; 0 where it is not known, which defends nothing."""
    return abs(view.deltas.get(key, Decimal(0)))
