"""The lines that end a session: Greeks of each trade and of the book, cache counters, what the handlers cost.

Holds: `EndOfDay`.
Belongs here: figures that are written once a session.
Never here: what a trade or an order has done (written when it happens).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal

from tomking.adapters.contracts import Contracts
from tomking.adapters.greeks import GreeksDesk
from tomking.adapters.journal import Journal
from tomking.kernel.cache_counters import CacheCounters
from tomking.kernel.greeks import SHARE, Greeks
from tomking.kernel.portfolio_greeks import SUMS, GreeksLeg, portfolio_greeks
from tomking.kernel.products import OPTION_MULTIPLIER
from tomking.kernel.staleness import StalenessTraces
from tomking.strategies.book import Book, Trade

_FIELDS = {
    "deltas": "delta",
    "gammas": "gamma",
    "thetas": "theta",
    "vegas": "vega",
    "volatilities": "implied_volatility",
}


class HandlerTimes:
    """Seconds that the handlers took, collected over a session."""

    def __init__(self) -> None:
        self._taken: list[float] = []

    def add(self, seconds: float) -> None:
        """One slice was handled; NaN where nothing was measured."""
        if not math.isnan(seconds):
            self._taken.append(seconds)

    def take(self) -> dict[str, float]:
        """Percentiles and sum of the session in milliseconds, by name; the collection begins anew."""
        taken, self._taken = sorted(self._taken), []
        if not taken:
            return {}
        found = {f"p{share}": taken[min(len(taken) * share // 100, len(taken) - 1)] * 1000 for share in (50, 95, 99)}
        return {**found, "total": sum(taken) * 1000}

    @property
    def count(self) -> int:
        """Slices of the session so far."""
        return len(self._taken)


class EndOfDay:
    """Writes the lines of a session's end; `beta_of` answers an underlying's beta to the index, None where unknown."""

    def __init__(
        self,
        journal: Journal,
        contracts: Contracts,
        greeks: GreeksDesk,
        counters: Mapping[str, CacheCounters],
        *,
        traces: Mapping[str, tuple[StalenessTraces, str]],
        beta_of: Callable[[str], Decimal | None],
    ) -> None:
        self._journal, self._contracts, self._greeks, self._counters = journal, contracts, greeks, counters
        self._traces, self._beta_of = traces, beta_of
        self.times = HandlerTimes()

    def write(self, book: Book, day: date) -> None:
        """The session of `day` is over."""
        greeks = self._greeks_of(book)
        for trade in book.live():
            if trade.state == "open" and trade.pairs:
                self._trade_greeks(trade, greeks, day)
        self._portfolio_greeks(book, greeks, day)
        self._handler_times(day)

    def write_counters(self, before: date) -> None:
        """The caches' counters of the days before `before`, and what their age would have cost on the traced keys."""
        for name, counters in self._counters.items():
            for day, kind, counts in counters.take(before):
                self._journal.write(
                    "cache",
                    cache=name,
                    key_kind=kind,
                    session_date=day,
                    hits=counts.hits,
                    misses={str(miss): count for miss, count in counts.misses.items()},
                    evictions=counts.evictions,
                    stale_served=counts.stale_served,
                    provider_calls=counts.provider_calls,
                    failures=counts.failures,
                    filtered=counts.filtered,
                    known_missing=counts.known_missing,
                )
        for name, (traces, unit) in self._traces.items():
            for trace in traces.take(before):
                self._journal.write(
                    "staleness",
                    cache=name,
                    traced=trace.key,
                    session_date=trace.day,
                    requests=trace.requests,
                    readings={str(second): value for second, value in trace.readings.items()},
                    unit=unit,
                )

    def _greeks_of(self, book: Book) -> dict[str, Greeks | None]:
        found: dict[str, Greeks | None] = {}
        for trade in book.live():
            keys = [key for key, _ in trade.pairs if key in self._contracts.watched]
            found.update(self._greeks.of_each(keys, trade.product))
        return found

    def _trade_greeks(self, trade: Trade, greeks: Mapping[str, Greeks | None], day: date) -> None:
        quantities = dict(trade.pairs)
        marks = {key: self._contracts.quote(key).mid for key in quantities if key in self._contracts.watched}
        columns: dict[str, dict[str, Decimal]] = {}
        for column, name in _FIELDS.items():
            values = {key: getattr(greeks.get(key), name, None) for key in quantities}
            columns[column] = {key: value for key, value in values.items() if value is not None}
        self._journal.write(
            "trade_greeks",
            trade_id=trade.id,
            strategy=trade.strategy,
            session_date=day,
            underlying=trade.product,
            quantities={key: Decimal(quantity) for key, quantity in quantities.items()},
            price=self._contracts.price(trade.product),
            marks={key: mark for key, mark in marks.items() if mark is not None},
            multiplier=OPTION_MULTIPLIER,
            **columns,
        )

    def _portfolio_greeks(self, book: Book, greeks: Mapping[str, Greeks | None], day: date) -> None:
        index, *_ = self._contracts.underlyings
        legs = [
            GreeksLeg(
                key=key,
                underlying=trade.product,
                quantity=quantity,
                multiplier=OPTION_MULTIPLIER,
                greeks=greeks.get(key),
                price=self._contracts.price(trade.product),
                beta=self._beta_of(trade.product),
            )
            for trade in book.live()
            if trade.state == "open"
            for key, quantity in trade.pairs
        ]
        legs += [
            GreeksLeg(key, key, quantity, Decimal(1), SHARE, self._contracts.price(key), self._beta_of(key))
            for key, quantity in self._contracts.holdings(()).items()
        ]
        if not legs:
            return
        price = self._contracts.price(index)
        total = portfolio_greeks(legs, price)
        self._journal.write(
            "portfolio_greeks",
            session_date=day,
            legs=len(legs),
            index=index,
            index_price=price,
            missing=len(total.missing),
            **{name: getattr(total.total, name) for name in SUMS},
        )

    def _handler_times(self, day: date) -> None:
        count = self.times.count
        for name, milliseconds in self.times.take().items():
            self._journal.write(
                "metric",
                name=f"handler_{name}",
                value=Decimal(repr(round(milliseconds, 3))),
                unit="ms",
                count=count,
                session_date=day,
            )
