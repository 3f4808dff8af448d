"""The correlation monitor inside the run: fed each evening, asked by every view.

Holds: the monitor of a run with its feed, and the journal lines about regimes.
Belongs here: which symbols are watched and when their closes go in.
Never here: correlations, regimes, sizing (`kernel.correlation_monitor`).

A monitor needs at least two symbols. With one there is none, and what it would say stays unknown.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

from tomking.adapters.journal import Journal
from tomking.kernel.correlation_monitor import CorrelationMonitor
from tomking.kernel.parameters import ParameterSet
from tomking.kernel.regime_parameters import regime_calibration
from tomking.strategies.market_view import DailyBar


class Correlations:
    """What is known of the correlations of the watched shares."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._monitor: CorrelationMonitor | None = None
        self._state: str | None = None

    def begin(
        self,
        symbols: Sequence[str],
        values: Mapping[str, str],
        parameters: ParameterSet | None,
        past: Mapping[str, Sequence[DailyBar]],
    ) -> None:
        """Watch these symbols, from what is known of their past; a new parameter set begins it anew."""
        if len(symbols) < 2:
            return
        calibration = None if parameters is None else regime_calibration(parameters)
        self._monitor = CorrelationMonitor(tuple(symbols), values, calibration)
        closes: dict[date, dict[str, float | Decimal | None]] = {}
        for symbol in symbols:
            for bar in past.get(symbol, ()):
                closes.setdefault(bar.day, {})[symbol] = bar.close
        for day in sorted(closes):
            self._monitor.observe(day, closes[day])

    def close_session(self, day: date, bars: Mapping[str, DailyBar]) -> None:
        """Feed the closes of a session; a regime that changes is a line."""
        monitor = self._monitor
        if monitor is None:
            return
        monitor.observe(day, {symbol: bar.close for symbol, bar in bars.items()})
        if monitor.regime is not None and monitor.regime != self._state:
            self._state = monitor.regime
            self._journal.write("regime", state=monitor.regime, session_date=monitor.session)

    @property
    def made_with(self) -> dict[str, int]:
        """The window in sessions by its parameter; empty where nothing is watched."""
        return {} if self._monitor is None else {"regime.window": self._monitor.settings.window}

    @property
    def regime(self) -> str | None:
        """The state after the newest session."""
        return None if self._monitor is None else self._monitor.regime

    @property
    def size_multiplier(self) -> Decimal | None:
        """The share of a new trade's size that the regime leaves; None where nothing is watched."""
        return None if self._monitor is None else self._monitor.size_multiplier

    @property
    def session(self) -> date | None:
        """The newest session that all symbols have."""
        return None if self._monitor is None else self._monitor.session

    @property
    def mean(self) -> Decimal | None:
        """The mean correlation of the window; None while it is not full."""
        found = math.nan if self._monitor is None else self._monitor.mean().mean
        return None if math.isnan(found) else Decimal(repr(round(found, 12)))

    def beta(self, symbol: str, index: str) -> Decimal | None:
        """A symbol's beta to another, 1 to itself; None where it is not known."""
        if symbol == index:
            return Decimal(1)
        monitor = self._monitor
        if monitor is None or symbol not in monitor.symbols or index not in monitor.symbols:
            return None
        found = monitor.beta(symbol, index)
        return None if found is None else Decimal(repr(round(found, 12)))
