"""Completed sessions of an underlying, made of the bars that the engine delivers.

Holds: the builder of daily bars, and their first filling from the engine's history.
Belongs here: turning intraday bars into sessions.
Never here: indicators over them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from AlgorithmImports import TradeBar

from tomking.adapters.contracts import number
from tomking.strategies.market_view import DailyBar

if TYPE_CHECKING:
    from AlgorithmImports import QCAlgorithm, Resolution, Symbol

_KEPT = 260
HISTORY = timedelta(days=380)
"""What is asked of the engine's history at the start: a year of sessions and some days."""


@dataclass(frozen=True, slots=True)
class Prices:
    """Open, high, low and close of one bar, and the New York date on which it ended."""

    day: date
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal


def prices_of(bar: TradeBar) -> Prices | None:
    """A bar's prices; None where one of them is no number."""
    found = [number(value) for value in (bar.open, bar.high, bar.low, bar.close)]
    if any(value is None for value in found):
        return None
    first, high, low, last = (value for value in found if value is not None)
    return Prices(bar.end_time.date(), first, high, low, last)


class DailyBars:
    """The sessions of one underlying, oldest first; the running one is kept apart until the next begins."""

    def __init__(self) -> None:
        self._done: list[DailyBar] = []
        self._running: DailyBar | None = None
        self._completed: tuple[DailyBar, ...] = ()

    @property
    def completed(self) -> tuple[DailyBar, ...]:
        """Every session that is over, up to about a year of them."""
        return self._completed

    def session_open(self, day: date) -> Decimal | None:
        """The first price of the running session; None where it has none yet."""
        running = self._running
        return running.open if running is not None and running.day == day else None

    def add(self, prices: Prices) -> None:
        """Take in a bar; bars of a day that is over already are left out."""
        running = self._running
        if running is not None and prices.day < running.day:
            return
        if running is None or prices.day > running.day:
            self._finish()
            self._running = DailyBar(prices.day, prices.open, prices.high, prices.low, prices.close)
            return
        self._running = replace(
            running, high=max(running.high, prices.high), low=min(running.low, prices.low), close=prices.close
        )

    def close_session(self, day: date) -> DailyBar | None:
        """The session of `day` is over; its bar, None where it had none."""
        running = self._running
        if running is None or running.day != day:
            return None
        self._finish()
        return running

    def _finish(self) -> None:
        if self._running is not None:
            self._done.append(self._running)
            del self._done[:-_KEPT]
            self._completed = tuple(self._done)
            self._running = None


def past_bars(algorithm: QCAlgorithm, symbol: Symbol, resolution: Resolution) -> Iterable[Prices]:
    """The bars of the last year by the engine's history; what raises there is raised here."""
    for bar in algorithm.history[TradeBar](symbol, HISTORY, resolution):
        found = prices_of(bar)
        if found is not None:
            yield found
