"""Views: everything a strategy may look at, put together for one instant.

Holds: `Views`.
Belongs here: joining contracts, market, account and calendar into a `MarketView`.
Never here: observing (the parts do that), deciding.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

from tomking.adapters import clock
from tomking.adapters.contracts import Contracts, number
from tomking.adapters.correlation import Correlations
from tomking.adapters.greeks import GreeksDesk
from tomking.adapters.market import Market
from tomking.kernel.sessions import next_session
from tomking.strategies.book import Book
from tomking.strategies.market_view import MarketView

if TYPE_CHECKING:
    from AlgorithmImports import QCAlgorithm


class Views:
    """Makes the view of each underlying."""

    def __init__(
        self,
        algorithm: QCAlgorithm,
        contracts: Contracts,
        market: Market,
        greeks: GreeksDesk,
        correlations: Correlations,
    ) -> None:
        self._algorithm, self._contracts, self._market, self._greeks = algorithm, contracts, market, greeks
        self._correlations = correlations

    def of_all(self, book: Book) -> Mapping[str, MarketView]:
        """The views of every underlying at this instant."""
        portfolio = self._algorithm.portfolio
        equity, used = number(portfolio.total_portfolio_value), number(portfolio.total_margin_used)
        return {underlying: self._of(underlying, book, equity, used) for underlying in self._contracts.underlyings}

    def _of(self, underlying: str, book: Book, equity: Decimal | None, used: Decimal | None) -> MarketView:
        now, local = clock.utc_now(self._algorithm), clock.local_now(self._algorithm)
        contracts, market = self._contracts, self._market
        keys = {leg.key for trade in book.live(product=underlying) for leg in trade.legs}
        seen = keys & contracts.watched | contracts.prepared(underlying, local.date())
        quotes = {key: contracts.quote(key) for key in seen}
        return MarketView(
            now=now,
            local=local,
            next_session=next_session(local.date()),
            is_open=contracts.is_open(underlying),
            underlying=underlying,
            price=contracts.price(underlying),
            quotes=quotes,
            holdings=contracts.holdings({*keys, underlying}),
            equity=equity,
            margin_used=used,
            vix=market.vix(underlying),
            session_open=market.session_open(underlying, local.date()),
            daily_bars=market.bars(underlying),
            iv_rank=market.volatility_rank(underlying),
            implied_volatility=market.volatility(underlying),
            deltas=self._greeks.deltas({key: quotes[key] for key in keys & quotes.keys()}, underlying),
            regime=self._correlations.regime,
            regime_multiplier=self._correlations.size_multiplier,
            correlation_day=self._correlations.session,
            mean_correlation=self._correlations.mean,
            currency=str(self._algorithm.account_currency),
            halted=market.is_halted(underlying),
        )
