"""Weekly call spreads against a 1-1-2 that has run for a month, off unless a parameter turns them on.

Holds: `WeeklyCalls`, the rules of that part of the 1-1-2, and their decisions.
Belongs here: when such a spread is sold, which strikes, when it is left.
Never here: the 1-1-2 itself, limits, working of orders, numbers (each one is a parameter).

The rule sells calls a little above the strike of the spread's long put, which pays what it names only once the price has
come down to there. Calls sold alone are never traded, so each has one bought further up: its loss is the width at most.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from tomking.kernel.occ import parse_occ
from tomking.strategies.book import Book, Leg, Trade
from tomking.strategies.choosing import nearest_expiry, taken_expiries
from tomking.strategies.exits import credit_share, date_is_due
from tomking.strategies.intents import PlanTrade
from tomking.strategies.market_view import ChainRow, MarketView
from tomking.strategies.working_orders import Opening

WEEKLY = "weekly"
"""The part of the 1-1-2 that these trades are."""


@dataclass(frozen=True, slots=True)
class WeeklyCalls:
    """The part's parameters. Units as in the parameter table."""

    weekly_calls: bool
    weekly_from_days: int
    weekly_dte: int
    weekly_tolerance: int
    weekly_distance: Decimal
    weekly_wing: Decimal
    weekly_min_credit: Decimal
    weekly_target_share: Decimal

    def due(self, trades: Sequence[Trade], view: MarketView) -> Trade | None:
        """The oldest 1-1-2 old enough whose spread is whole and has no call spread against it now."""
        if not self.weekly_calls:
            return None
        taken = {trade.parent for trade in trades if trade.part == WEEKLY}
        for trade in trades:
            is_old = trade.opened_at is not None and (view.now - trade.opened_at).days >= self.weekly_from_days
            if is_old and trade.part == "" and trade.id not in taken and _long_put(trade) is not None:
                return trade
        return None

    def plan(self, rows: Sequence[ChainRow], view: MarketView, parent: Trade, book: Book) -> PlanTrade | str:
        """The call spread to sell against `parent`, or why there is none."""
        taken = taken_expiries(book, view.underlying)
        expiry = nearest_expiry(rows, view.day, self.weekly_dte, self.weekly_tolerance, without=taken)
        long = _long_put(parent)
        if expiry is None or long is None or view.price is None:
            return "no_expiry"
        calls = sorted((row.strike, row.key) for row in rows if row.expiry == expiry and row.call_put == "C")
        lowest = max(parse_occ(long.key).strike + self.weekly_distance, view.price)
        sold = next((one for one in calls if one[0] >= lowest), None)
        bought = None if sold is None else next((one for one in calls if one[0] >= sold[0] + self.weekly_wing), None)
        if sold is None or bought is None:
            return "no_strike"
        legs = (Leg(sold[1], -long.quantity), Leg(bought[1], long.quantity))
        reason = f"calls {sold[0]} over {bought[0]} against {parent.id}"
        return PlanTrade(parent.strategy, view.underlying, legs, expiry, reason, "short", WEEKLY, parent.id)

    def terms(self, trade: Trade) -> Opening:
        """What it has to bring; the rest of the width is at risk."""
        strikes = [parse_occ(key).strike for key, _ in trade.pairs]
        width = max(strikes) - min(strikes)
        return Opening(-self.weekly_min_credit, lambda net: width + net)

    def exit_reason(self, trade: Trade, view: MarketView) -> str | None:
        """Why a call spread has to be closed now: `target`, `touched`, `expiry`, or None."""
        share = credit_share(trade, view)
        if share is not None and share >= self.weekly_target_share:
            return "target"
        sold = [parse_occ(key).strike for key, quantity in trade.pairs if quantity < 0]
        if view.price is None or not sold or view.price < min(sold):
            return None
        return "expiry" if date_is_due(trade.expiry, 1, view) else "touched"


def _long_put(trade: Trade) -> Leg | None:
    """The bought put of a spread that still has its sold one."""
    hedge = trade.legs_of("hedge")
    is_whole = any(leg.quantity < 0 for leg in hedge)
    return next((leg for leg in hedge if leg.quantity > 0), None) if is_whole else None
