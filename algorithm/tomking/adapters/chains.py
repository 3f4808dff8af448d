"""Option chains of LEAN, converted once into plain rows and served from the cache.

Holds: reading a chain, the implied volatility at the money, the answer to a strategy's request.
Belongs here: LEAN's chain objects.
Never here: how long a chain lives (`kernel.chain_cache`), choosing contracts.

A chain is that of the previous session. Reading one costs LEAN some ten milliseconds and converting it twice as much,
a look-up in the cache microseconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from statistics import fmean
from typing import Any

from AlgorithmImports import OptionRight, QCAlgorithm

from tomking.adapters.contracts import Contracts, number
from tomking.adapters.journal import Journal
from tomking.kernel.chain_cache import ChainAnswer, ChainCache
from tomking.kernel.market_events import ExpiryListed, MarketEvent
from tomking.kernel.occ import occ_text
from tomking.kernel.option_chain import ChainRequest, ChainRow
from tomking.strategies.market_view import Chain

_NEAR_THE_MONEY = Decimal("0.03")
_VOLATILITY_DAYS = 30
_SHORTEST, _LONGEST = 15, 60


@dataclass(frozen=True, slots=True)
class AtTheMoney:
    """Implied volatility at the money, about 30 days out, as the chain of a session gives it (a share a year)."""

    session: date
    volatility: Decimal


class Chains:
    """Chains of every underlying; `on_event` is told where a new expiry shows."""

    def __init__(
        self,
        algorithm: QCAlgorithm,
        contracts: Contracts,
        cache: ChainCache,
        journal: Journal,
        on_event: Callable[[MarketEvent], None],
    ) -> None:
        self._algorithm, self._contracts, self.cache, self._journal = algorithm, contracts, cache, journal
        self._on_event = on_event
        self._last_expiry: dict[str, date] = {}
        self._volatility: dict[str, AtTheMoney] = {}
        self._failed: set[tuple[str, date]] = set()
        self.last: dict[str, ChainAnswer] = {}

    def answer(self, request: ChainRequest, local: datetime, now: datetime) -> Chain | None:
        """The chain that a strategy asks for; None where nothing is known, which is said once a day."""
        day = local.date()
        found = self.cache.get(request, day, now, self._read)
        self.last[request.underlying] = found
        if found.failure is not None and (request.underlying, day) not in self._failed:
            self._failed.add((request.underlying, day))
            self._journal.write("error", message=found.failure[:500], where=f"chain {request.underlying}")
        if found.rows is None:
            return None
        return Chain(found.rows, found.read_at, found.is_stale)

    def volatility(self, underlying: str) -> AtTheMoney | None:
        """At the money, of the chain that was read last."""
        return self._volatility.get(underlying)

    def _read(self, request: ChainRequest) -> Iterator[ChainRow]:
        underlying = request.underlying
        price = self._contracts.price(underlying)
        day: date = self._algorithm.time.date()
        near: dict[date, list[tuple[Decimal, float]]] = {}
        rows = []
        for contract in self._algorithm.option_chain(self._contracts.canonical(underlying)):
            row = self._row(underlying, contract)
            if row is None:
                continue
            rows.append(row)
            if price is not None and abs(row.strike / price - 1) <= _NEAR_THE_MONEY:
                if _SHORTEST <= (row.expiry - day).days <= _LONGEST:
                    volatility = float(contract.implied_volatility)
                    near.setdefault(row.expiry, []).append((abs(row.strike - price), volatility))
        if not rows:
            raise LookupError(f"LEAN has no chain of {underlying} for {day}")
        self._note(underlying, day, rows, near)
        return iter(rows)

    def _row(self, underlying: str, contract: Any) -> ChainRow | None:
        """A contract as plain data; None for one that cannot be read."""
        strike, delta = number(contract.strike), number(contract.greeks.delta)
        if strike is None:
            return None
        call_put = "C" if contract.right == OptionRight.CALL else "P"
        expiry: date = contract.expiry.date()
        key = occ_text(underlying, expiry, call_put, strike.normalize())
        self._contracts.remember(key, contract.symbol)
        return ChainRow(key, strike, call_put, expiry, delta)

    def _note(
        self, underlying: str, day: date, rows: list[ChainRow], near: Mapping[date, list[tuple[Decimal, float]]]
    ) -> None:
        latest, before = max(row.expiry for row in rows), self._last_expiry.get(underlying)
        if before is not None and latest > before:
            self._on_event(ExpiryListed(underlying, latest))
        self._last_expiry[underlying] = max(latest, before or latest)
        if near:
            expiry = min(near, key=lambda one: abs((one - day).days - _VOLATILITY_DAYS))
            closest = min(distance for distance, _ in near[expiry])
            levels = [level for distance, level in near[expiry] if distance == closest and level > 0]
            if levels:
                self._volatility[underlying] = AtTheMoney(day, Decimal(repr(round(fmean(levels), 8))))
