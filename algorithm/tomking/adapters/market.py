"""What is known of the market: sessions, prices and volatility of each underlying, and the events they make.

Holds: daily bars, VIX or what stands in for it, ranks of implied volatility, the watch for events.
Belongs here: observations that outlive a slice.
Never here: quotes of contracts (`contracts`), what a strategy makes of it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from tomking.adapters.chains import Chains
from tomking.adapters.contracts import Contracts, number, resolution_of
from tomking.adapters.daily_bars import DailyBars, past_bars, prices_of
from tomking.adapters.journal import Journal
from tomking.kernel.market_events import MarketEvent, MarketWatch, SharesSplit, TradingHalted
from tomking.kernel.readings import Reading
from tomking.kernel.sessions import close_time_utc, is_session, previous_session
from tomking.strategies.market_view import DailyBar

if TYPE_CHECKING:
    from AlgorithmImports import QCAlgorithm, Slice, Symbol

_RANKED = 252
_LEAST_RANKED = 20
_STALE = timedelta(days=7)
_SILENCE = {"hour": timedelta(minutes=95), "minute": timedelta(minutes=10)}
"""No new bar for longer than this while the exchange is open counts as a halt."""


class Market:
    """Observations of every underlying; `on_event` is told of what makes older observations worthless."""

    def __init__(
        self,
        algorithm: QCAlgorithm,
        contracts: Contracts,
        watch: MarketWatch,
        journal: Journal,
        *,
        resolution: str,
        on_event: Callable[[MarketEvent], None],
    ) -> None:
        self._algorithm, self._contracts, self._watch, self._journal = algorithm, contracts, watch, journal
        self._resolution, self._on_event = resolution, on_event
        self._bars: dict[str, DailyBars] = {}
        self._halted: set[str] = set()
        self._last_bar: dict[str, datetime] = {}
        self._vix: Symbol | None = None
        self._vix_reading: Reading | None = None
        self._volatilities: dict[str, dict[date, Decimal]] = {}

    def add(self, underlying: str) -> None:
        """Begin with a new underlying, with what the engine's history holds of it."""
        if underlying in self._bars:
            return
        bars = self._bars[underlying] = DailyBars()
        today = self._algorithm.time.date()
        try:
            symbol = self._contracts.symbol(underlying)
            for prices in past_bars(self._algorithm, symbol, resolution_of("hour")):
                if prices.day < today:
                    bars.add(prices)
        except Exception as error:  # noqa: BLE001 - an engine raises what it likes; trading begins without a past then
            self._journal.write("error", message=str(error)[:500], where=f"history {underlying}")

    def add_vix(self, ticker: str) -> None:
        """Subscribe the volatility index; without one the chain's implied volatility stands in."""
        self._vix = self._algorithm.add_index(ticker, resolution_of(self._resolution)).symbol

    # --- observing ---------------------------------------------------------------------------------------------------

    def note_data(self, data: Slice, local: datetime, now: datetime) -> None:
        """Take in a slice."""
        for underlying in self._contracts.shares:
            symbol = self._contracts.symbol(underlying)
            if data.bars.contains_key(symbol):
                prices = prices_of(data.bars[symbol])
                if prices is not None:
                    self._bars[underlying].add(prices)
            if data.splits.contains_key(symbol):
                factor = number(data.splits[symbol].split_factor)
                self._on_event(SharesSplit(underlying, factor or Decimal(1)))
            price = self._contracts.price(underlying)
            self._tell(None if price is None else self._watch.price(underlying, price))
            is_open = self._contracts.is_open(underlying)
            self._tell(self._watch.session(underlying, local.date(), is_open=is_open))
            self._note_halt(underlying, now, is_open=is_open)
        self._note_vix(now)

    def _note_halt(self, underlying: str, now: datetime, *, is_open: bool) -> None:
        """Silence within a session: noticed while it lasts where slices come, else when it is over."""
        last, before = self._contracts.priced_at(underlying), self._last_bar.get(underlying)
        if last is None:
            return
        self._last_bar[underlying] = last
        limit = _SILENCE[self._resolution]
        # The night is no silence: the first bar of a session may come an hour after its opening.
        silent = is_open and now - last > limit and last.date() == now.date()
        over = before is not None and last - before > limit and last.date() == before.date()
        if (silent or over) and underlying not in self._halted:
            since = before if over and before is not None else last
            self._journal.write("note", message=f"{underlying}: no new bar from {since:%H:%M} UTC, taken as halted")
            self._on_event(TradingHalted(underlying))
        if silent:
            self._halted.add(underlying)
        else:
            self._halted.discard(underlying)

    def _note_vix(self, now: datetime) -> None:
        level = None
        if self._vix is not None:
            level = number(self._algorithm.securities[self._vix].price)
        if level:
            if self._vix_reading is None or level != self._vix_reading.value:
                self._vix_reading = Reading(level, now, "index")
            self._tell(self._watch.vix(level))

    def _tell(self, event: MarketEvent | None) -> None:
        if event is not None:
            self._on_event(event)

    def note_volatility(self, chains: Chains) -> None:
        """Keep the volatility at the money of each underlying, one per session."""
        for underlying in self._contracts.underlyings:
            found = chains.volatility(underlying)
            if found is not None:
                days = self._volatilities.setdefault(underlying, {})
                days[found.session] = found.volatility
                while len(days) > _RANKED:
                    del days[min(days)]

    def close_session(self, day: date) -> dict[str, DailyBar]:
        """The session is over: its bars by underlying."""
        closed = {underlying: bars.close_session(day) for underlying, bars in self._bars.items()}
        return {underlying: bar for underlying, bar in closed.items() if bar is not None}

    # --- answers -----------------------------------------------------------------------------------------------------

    def bars(self, underlying: str) -> tuple[DailyBar, ...]:
        """Completed sessions, oldest first."""
        return self._bars[underlying].completed

    def session_open(self, underlying: str, day: date) -> Decimal | None:
        """The first price of this session."""
        return self._bars[underlying].session_open(day)

    def is_halted(self, underlying: str) -> bool:
        """Whether no new bar has come for too long while the exchange is open."""
        return underlying in self._halted

    def volatility(self, underlying: str) -> Decimal | None:
        """Implied volatility at the money, newest session known."""
        days = self._volatilities.get(underlying)
        return days[max(days)] if days else None

    def volatility_rank(self, underlying: str) -> Decimal | None:
        """Where the newest volatility lies between lowest and highest of a year; None before twenty sessions."""
        days = self._volatilities.get(underlying, {})
        if len(days) < _LEAST_RANKED:
            return None
        low, high = min(days.values()), max(days.values())
        return None if low == high else (days[max(days)] - low) / (high - low)

    def vix(self, underlying: str) -> Reading | None:
        """The index; without one, the chain's volatility in points, as of the session before.

        A chain that has said nothing for a week stands in for nothing.
        """
        if self._vix_reading is not None:
            return self._vix_reading
        days = self._volatilities.get(underlying)
        if not days:
            return None
        session = max(days)
        if self._algorithm.time.date() - session > _STALE:
            return None
        earlier = previous_session(session) if is_session(session) else session
        observed = close_time_utc(earlier) if is_session(earlier) else self._algorithm.utc_time
        return Reading(days[session] * 100, observed, "chain")
