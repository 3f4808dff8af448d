"""Option chains of LEAN, converted once into plain rows and served from the cache.

Holds: reading a chain, the implied volatility at the money, the answer to a strategy's request.
Belongs here: LEAN's chain objects.
Never here: how long a chain lives (`kernel.chain_cache`), choosing contracts.

A chain is that of the previous session. Reading one costs LEAN some ten milliseconds and converting it twice as much,
a look-up in the cache microseconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from AlgorithmImports import OptionRight

from tomking.adapters.contracts import Contracts, number
from tomking.adapters.journal import Journal
from tomking.kernel.chain_cache import ChainAnswer, ChainCache
from tomking.kernel.market_events import ExpiryListed, MarketEvent
from tomking.kernel.occ import occ_text
from tomking.kernel.option_chain import ChainRequest
from tomking.kernel.staleness import StalenessTraces
from tomking.strategies.market_view import Chain, ChainRow

if TYPE_CHECKING:
    from AlgorithmImports import OptionContract, QCAlgorithm

_NEAR_THE_MONEY = Decimal("0.03")
_VOLATILITY_DAYS = 30
_SHORTEST, _LONGEST = 15, 60
_KNOWN_CONTRACTS = 50_000
_VOLUME_FROM_DAYS = 150
"""Volume is read of contracts this far out only: nothing else is chosen by it, and each attribute of LEAN's costs time."""


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
        cache: ChainCache[ChainRow],
        journal: Journal,
        on_event: Callable[[MarketEvent], None],
    ) -> None:
        self._algorithm, self._contracts, self.cache, self._journal = algorithm, contracts, cache, journal
        self._on_event = on_event
        self._last_expiry: dict[str, date] = {}
        self._volatility: dict[str, AtTheMoney] = {}
        self._known: dict[tuple[str, float, datetime, bool], tuple[str, Decimal, str, date] | None] = {}
        self._failed: set[tuple[str, date]] = set()
        self.last: dict[str, ChainAnswer[ChainRow]] = {}
        self.traces = StalenessTraces()

    def answer(self, request: ChainRequest, now: datetime) -> Chain | None:
        """The chain that a strategy asks for; None where nothing is known, which is said once a day."""
        found = self.cache.get(request, now, self._read)
        self.last[request.root] = found
        if self.traces.wants(request.root, request.day):
            level = self._volatility.get(request.root) if found.source == "read" else None
            self.traces.note(request.root, now, None if level is None else level.volatility)
        if found.failure is not None and (request.root, request.day) not in self._failed:
            self._failed.add((request.root, request.day))
            self._journal.write("error", message=found.failure[:500], where=f"chain {request.root}")
        if found.rows is None:
            return None
        return Chain(found.rows, found.read_at, found.is_stale)

    def volatility(self, underlying: str) -> AtTheMoney | None:
        """At the money, of the chain that was read last."""
        return self._volatility.get(underlying)

    def _read(self, request: ChainRequest) -> Iterator[ChainRow]:
        underlying, day = request.root, request.day
        rows = []
        for contract in self._algorithm.option_chain(self._contracts.canonical(underlying)):
            row = self._row(underlying, contract, day)
            if row is not None:
                rows.append(row)
        if not rows:
            raise LookupError(f"LEAN has no chain of {underlying} for {day}")
        self._note(underlying, day, rows)
        return iter(rows)

    def _row(self, underlying: str, contract: OptionContract, day: date) -> ChainRow | None:
        """A contract as plain data; None for one that cannot be read."""
        mark = (underlying, float(contract.strike), contract.expiry, contract.right == OptionRight.CALL)
        known = self._known.get(mark)
        if known is None:
            known = self._known[mark] = self._describe(underlying, contract)
        if known is None:
            return None
        key, strike, call_put, expiry = known
        delta, volatility = number(contract.greeks.delta), number(contract.implied_volatility)
        volume = number(contract.volume) if (expiry - day).days >= _VOLUME_FROM_DAYS else None
        return ChainRow(
            key, strike, call_put, expiry, delta, volatility or None, None if volume is None else int(volume)
        )

    def _describe(self, underlying: str, contract: OptionContract) -> tuple[str, Decimal, str, date] | None:
        """What never changes of a contract; a chain lists the same ones day after day."""
        strike = number(contract.strike)
        if strike is None:
            return None
        call_put = "C" if contract.right == OptionRight.CALL else "P"
        expiry: date = contract.expiry.date()
        key = occ_text(underlying, expiry, call_put, strike.normalize())
        self._contracts.remember(key, contract.symbol)
        return key, strike, call_put, expiry

    def _note(self, underlying: str, day: date, rows: list[ChainRow]) -> None:
        latest, before = max(row.expiry for row in rows), self._last_expiry.get(underlying)
        if len(self._known) > _KNOWN_CONTRACTS:
            self._known.clear()
        if before is not None and latest > before:
            self._on_event(ExpiryListed(underlying, latest))
        self._last_expiry[underlying] = max(latest, before or latest)
        price = self._contracts.price(underlying)
        if price is not None:
            level = volatility_at_the_money(rows, price, day)
            if level is not None:
                self._volatility[underlying] = AtTheMoney(day, level)


def volatility_at_the_money(rows: Iterable[ChainRow], price: Decimal, day: date) -> Decimal | None:
    """The mean implied volatility of the strikes nearest to `price`, of the expiry nearest to 30 days; None without any."""
    known = [
        (abs((row.expiry - day).days - _VOLATILITY_DAYS), abs(row.strike - price), row.implied_volatility)
        for row in rows
        if row.implied_volatility is not None
        and _SHORTEST <= (row.expiry - day).days <= _LONGEST
        and abs(row.strike / price - 1) <= _NEAR_THE_MONEY
    ]
    if not known:
        return None
    place = min(one[:2] for one in known)
    levels = [level for *where, level in known if tuple(where) == place]
    return sum(levels, Decimal(0)) / len(levels)
