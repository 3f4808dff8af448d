"""The Friday 0DTE: a spread against the morning's move, or an iron condor, that expires the same day.

Holds: the strategy's rules, read from parameter values, and its decisions.
Belongs here: which side is sold, which strikes, when it is left.
Never here: limits over the whole portfolio (`gate`), working of orders, numbers (each one is a parameter).

A move above the threshold since the open sells a call spread, one below it a put spread, anything between both. Short
strikes lie a share of the average true range away, inside bounds of delta (or the next one further out, where no strike is
inside). Deltas are worked out for this hour, because the chain's own are those of the evening before. Quotes of the
strikes in reach are watched from the open on, so that an order can go out with the decision. A plan whose short strike is
touched, or too near, before it is filled is given up. Where the Friday is no session, the day before it takes its place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import ClassVar

from tomking.kernel.black_scholes import DAYS_A_YEAR, greeks_of
from tomking.kernel.indicators import average_true_range
from tomking.kernel.occ import parse_occ
from tomking.kernel.option_chain import ChainRequest
from tomking.strategies.base import VehicleStrategy
from tomking.strategies.book import Book, Leg, Trade
from tomking.strategies.entry import on_session
from tomking.strategies.exits import credit_share
from tomking.strategies.intents import AbandonTrade, CancelOrder, Entry, Intent, PlanTrade, ReportLate, WatchQuotes
from tomking.strategies.market_view import Chain, ChainRow, MarketView
from tomking.strategies.sizing import contracts
from tomking.strategies.working_orders import Opening, work_closing

_BLOCKING = ("FOMC", "CPI")
_QUOTES = "quotes"
"""The part of the day's work under which the strikes in reach are looked for."""


@dataclass(frozen=True, slots=True)
class SizeLadder:
    """Contracts by the equity they begin at."""

    size_from_30000: int
    size_from_40000: int
    size_from_50000: int
    size_from_75000: int
    size_from_100000: int
    size_from_150000: int

    def contracts(self, equity: Decimal | None) -> int:
        """Contracts for an account of this size; none below the first step or where the size is not known."""
        found = 0
        for name in self.__slots__:
            if equity is not None and equity >= int(name.rpartition("_")[2]):
                found = int(getattr(self, name))
        return found


@dataclass(frozen=True, slots=True)
class Friday0dte(VehicleStrategy):
    """The strategy's parameters, converted, and what follows from them. Units as in the parameter table."""

    name: ClassVar[str] = "friday0dte"

    sizes: SizeLadder
    direction_move: Decimal
    directional_atr: Decimal
    condor_atr: Decimal
    atr_days: int
    lowest_delta: Decimal
    highest_delta: Decimal
    delta_never: Decimal
    watched_atr: Decimal
    wing_width: Decimal
    broken_wing: bool
    broken_wing_width: Decimal
    min_credit: Decimal
    target_share: Decimal
    stop_multiple: Decimal
    evaluate_at: time
    close_at: time
    last_exit: time
    vix_block: Decimal

    def may_enter_on(self, day: date, equity: Decimal | None = None) -> bool:
        """Fridays, or the session before one that is closed."""
        del equity
        return self.entry.is_day(day, holiday="before")

    # --- entry -------------------------------------------------------------------------------------------------------

    def chain_request(self, view: MarketView, book: Book) -> ChainRequest | None:
        """The chain of today's expiry: once before the entry window, once on its first bar."""
        if not self.looks(view, book) and not self._prepares(view, book):
            return None
        return ChainRequest(view.underlying, view.day, view.day, view.day)

    def _prepares(self, view: MarketView, book: Book) -> bool:
        """Whether it is time to watch quotes: an entry day, open, before the window."""
        early = view.is_open and view.local.time() < self.entry.entry_from
        return early and self.may_enter_on(view.day) and not book.was_considered(*self._key(view), _QUOTES)

    def _key(self, view: MarketView) -> tuple[str, str, date]:
        return self.name, view.underlying, view.day

    def propose(self, chain: Chain, view: MarketView, book: Book) -> tuple[Entry, ...]:
        """The spread or condor of today, or why there is none; before the window, the strikes to watch."""
        if self._prepares(view, book):
            return (WatchQuotes(self.name, view.underlying, self._in_reach(chain.rows, view), _QUOTES),)
        reason = self._blocked(chain, view)
        if reason is not None:
            return self.passing(view, reason)
        move = self._move(view)
        sides = ("C",) if move > self.direction_move else ("P",) if move < -self.direction_move else ("P", "C")
        quantity = contracts(self.sizes.contracts(view.equity), view)
        legs: list[Leg] = []
        for side in sides:
            found = self._spread(chain.rows, view, side, len(sides) == 1, quantity)
            if isinstance(found, str):
                return self.passing(view, found)
            legs += found
        kind = "iron condor" if len(sides) == 2 else f"{'call' if sides[0] == 'C' else 'put'} spread"
        reason = f"{kind}, {move:.4f} since the open"
        return (PlanTrade(self.name, view.underlying, tuple(legs), view.day, reason),)

    def _in_reach(self, rows: Sequence[ChainRow], view: MarketView) -> tuple[str, ...]:
        """Contracts that may be sold or bought in the window, by how far the price may move until then."""
        atr = average_true_range(view.daily_bars, self.atr_days)
        if atr is None or view.price is None:
            return ()
        reach = self.watched_atr * atr + max(self.wing_width, self.broken_wing_width)
        return tuple(row.key for row in rows if abs(row.strike - view.price) <= reach)

    def _blocked(self, chain: Chain, view: MarketView) -> str | None:
        if view.vix_level is not None and view.vix_level >= self.vix_block:
            return "vix_block"
        if view.events is None:
            return "events_unknown"
        if any(event in _BLOCKING for event in view.events):
            return "event_day"
        if view.price is None or view.session_open is None:
            return "no_open"
        if average_true_range(view.daily_bars, self.atr_days) is None:
            return "no_history"
        if contracts(self.sizes.contracts(view.equity), view) == 0:
            return "no_size"
        return None if chain.rows else "no_expiry"

    def _move(self, view: MarketView) -> Decimal:
        assert view.price is not None
        assert view.session_open is not None
        return view.price / view.session_open - 1

    def _spread(
        self, rows: Sequence[ChainRow], view: MarketView, side: str, is_alone: bool, quantity: int
    ) -> list[Leg] | str:
        """The short and the long leg of one side, or why there are none."""
        atr = average_true_range(view.daily_bars, self.atr_days)
        assert atr is not None
        assert view.price is not None
        out = 1 if side == "C" else -1
        wanted = view.price + out * atr * (self.directional_atr if is_alone else self.condor_atr)
        deltas = [(row, self._delta(row, view)) for row in rows if row.call_put == side]
        pool = [row for row, delta in deltas if delta is not None and self.lowest_delta <= delta <= self.highest_delta]
        if not pool:
            # Strikes may be too far apart for the bounds: then the next one further out, never one nearer.
            below = [(delta, row) for row, delta in deltas if delta is not None and 0 < delta < self.lowest_delta]
            most = max((delta for delta, _ in below), default=None)
            pool = [row for delta, row in below if delta == most]
        # A tie goes to the strike further out.
        short = min(pool, key=lambda row: (abs(row.strike - wanted), -out * row.strike, row.key), default=None)
        if short is None:
            return "no_strike"
        is_tested = self.broken_wing and (self._move(view) > 0) == (side == "C")
        far = short.strike + out * (self.broken_wing_width if is_tested else self.wing_width)
        beyond = [row for row in rows if row.call_put == side and out * (row.strike - short.strike) > 0]
        long = min(beyond, key=lambda row: (abs(row.strike - far), out * row.strike, row.key), default=None)
        if long is None:
            return "no_wing"
        return [Leg(short.key, -quantity), Leg(long.key, quantity)]

    def _delta(self, row: ChainRow, view: MarketView) -> Decimal | None:
        """The unsigned delta at this hour; the chain's own where its volatility is not known."""
        delta = row.delta
        if row.implied_volatility is not None and view.price is not None:
            left = datetime.combine(view.day, view.close_time) - view.local
            years = left / timedelta(days=DAYS_A_YEAR)
            greeks = greeks_of(view.price, row.strike, years, row.implied_volatility, row.call_put)
            delta = None if greeks is None else greeks.delta
        return None if delta is None else abs(delta)

    # --- trades ------------------------------------------------------------------------------------------------------

    def manage(self, view: MarketView, book: Book) -> tuple[Intent, ...]:
        """The next step of each trade in the view's underlying."""
        intents: list[Intent] = []
        for trade in book.live(self.name, view.underlying):
            if trade.state == "planned":
                intents += self._open(trade, view)
            else:
                intents += self._report_late(trade, view)
                intents += work_closing(trade, view, self.pricing, self.exit_reason(trade, view))
        return tuple(intents)

    def _open(self, trade: Trade, view: MarketView) -> list[Intent]:
        width = _width(trade)
        # At the stop no more is lost than the wider wing leaves.
        terms = Opening(-self.min_credit, lambda net: min(self.stop_multiple * -net, width + net))
        reason = "touched" if _is_touched(trade, view) else "too_near" if self._is_too_near(trade, view) else None
        if reason is None:
            return self.work_entry(trade, view, terms)
        if trade.working is None:
            return [AbandonTrade(trade.id, reason)]
        return [] if trade.working.cancel_asked else [CancelOrder(trade.id, reason)]

    def _is_too_near(self, trade: Trade, view: MarketView) -> bool:
        """Whether the delta of a short strike has reached what is never sold, as far as deltas are known."""
        return any(
            abs(view.deltas.get(key, Decimal(0))) >= self.delta_never for key, quantity in trade.pairs if quantity < 0
        )

    def exit_reason(self, trade: Trade, view: MarketView) -> str | None:
        """Why an open trade has to end now: `stop`, `target`, `touched`, `profit`, `time`, or None."""
        share, clock = credit_share(trade, view), view.local.time()
        if share is not None and share <= -self.stop_multiple:
            return "stop"
        # The clock comes before the target: from then on the order has to be filled.
        if clock >= on_session(self.close_at, view):
            return "time"
        if share is not None and share >= self.target_share:
            return "target"
        if clock >= on_session(self.evaluate_at, view):
            if _is_touched(trade, view):
                return "touched"
            if share is not None and share > 0:
                return "profit"
        return None

    def _report_late(self, trade: Trade, view: MarketView) -> list[Intent]:
        late = view.day > trade.expiry or view.local.time() > on_session(self.last_exit, view)
        return [ReportLate(trade.id, "alive_after_last_exit")] if late else []


def _width(trade: Trade) -> Decimal:
    """The wider distance between the strikes of one side."""
    widest = Decimal(0)
    for side in ("P", "C"):
        strikes = [parts.strike for key, _ in trade.pairs if (parts := parse_occ(key)).call_put == side]
        widest = max(widest, max(strikes) - min(strikes)) if strikes else widest
    return widest


def _is_touched(trade: Trade, view: MarketView) -> bool:
    """Whether the price is at or beyond a strike that was sold."""
    if view.price is None:
        return False
    for key, quantity in trade.pairs:
        parts = parse_occ(key)
        beyond = view.price - parts.strike if parts.call_put == "C" else parts.strike - view.price
        if quantity < 0 and beyond >= 0:
            return True
    return False
