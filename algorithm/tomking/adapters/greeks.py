"""Greeks of the watched contracts: computed from their quotes, served from the cache.

Holds: the provider behind the Greeks cache, and the Greeks of a set of contracts.
Belongs here: which quote and which price a model is fed with.
Never here: the model (`kernel.black_scholes`), how long Greeks live (`kernel.greeks_cache`).

LEAN's daily chain has the Greeks of the evening before. During a session the volatility is the one that the mid of the
present quote implies; a contract without a usable quote has no Greeks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING

from tomking.adapters import clock
from tomking.adapters.contracts import Contracts
from tomking.kernel.black_scholes import DAYS_A_YEAR, greeks_of, implied_volatility
from tomking.kernel.greeks import Greeks
from tomking.kernel.greeks_cache import GreeksCache
from tomking.kernel.occ import parse_occ
from tomking.kernel.sessions import close_time_utc, session_on_or_before
from tomking.kernel.staleness import StalenessTraces
from tomking.strategies.market_view import Quote

if TYPE_CHECKING:
    from AlgorithmImports import QCAlgorithm


def years_left(key: str, now: datetime) -> float:
    """Time from `now` (UTC) to the close of a contract's last session, in years of 365 days."""
    last = session_on_or_before(parse_occ(key).expiry)
    return (close_time_utc(last) - now) / timedelta(days=1) / DAYS_A_YEAR


class GreeksDesk:
    """Greeks by contract key."""

    def __init__(self, algorithm: QCAlgorithm, contracts: Contracts, cache: GreeksCache) -> None:
        self._algorithm, self._contracts, self.cache = algorithm, contracts, cache
        self.traces = StalenessTraces()

    def of(self, key: str, underlying: str) -> Greeks | None:
        """The Greeks of a watched contract now; None where they are not known."""
        now = clock.utc_now(self._algorithm)
        answer = self.cache.get(key, underlying, now, partial(self._compute, underlying=underlying))
        if self.traces.wants(key, clock.local_now(self._algorithm).date()):
            # A few keys are computed anew each time, beside the answer: what the cache's age costs is learnt from them.
            fresh = self._compute(key, underlying) if answer.source == "cached" else answer.greeks
            self.traces.note(key, now, None if fresh is None else fresh.delta)
        return answer.greeks

    def of_each(self, keys: Iterable[str], underlying: str) -> dict[str, Greeks | None]:
        """The Greeks of several contracts of one underlying."""
        return {key: self.of(key, underlying) for key in keys}

    def deltas(self, quotes: Mapping[str, Quote], underlying: str) -> dict[str, Decimal]:
        """Signed deltas of the quoted contracts; those that are not known are left out."""
        found = self.of_each(quotes, underlying)
        return {key: one.delta for key, one in found.items() if one is not None and one.delta is not None}

    def _compute(self, key: str, underlying: str) -> Greeks | None:
        parts, price, mid = parse_occ(key), self._contracts.price(underlying), self._contracts.quote(key).mid
        if price is None or mid is None:
            return None
        years = years_left(key, clock.utc_now(self._algorithm))
        volatility = implied_volatility(mid, price, parts.strike, years, parts.call_put)
        if volatility is None:
            return None
        return greeks_of(price, parts.strike, years, volatility, parts.call_put)
