"""The parts of a run, made once and joined to each other.

Holds: `Modules`: caches, market, Greeks, orders, book, fees, trader, and the lines of a session's end.
Belongs here: construction, and what concerns several parts at once (an event, a restart, a session's end).
Never here: the order of things on LEAN's events (`runner`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from tomking.adapters import clock
from tomking.adapters.attribution import Attributions, Documents
from tomking.adapters.book_keeper import BookKeeper
from tomking.adapters.chains import Chains
from tomking.adapters.contracts import Contracts
from tomking.adapters.correlation import Correlations
from tomking.adapters.end_of_day import EndOfDay
from tomking.adapters.fees import FeeForecaster
from tomking.adapters.greeks import GreeksDesk
from tomking.adapters.journal import Journal
from tomking.adapters.market import Market
from tomking.adapters.object_store import Store
from tomking.adapters.orders import OrderDesk
from tomking.adapters.settings import RunSettings
from tomking.adapters.trader import Trader
from tomking.adapters.views import Views
from tomking.kernel.chain_cache import ChainCache
from tomking.kernel.greeks_cache import GreeksCache
from tomking.kernel.market_events import MarketEvent, MarketWatch
from tomking.kernel.occ import SymbolError, parse_occ
from tomking.kernel.option_chain import ChainRequest
from tomking.kernel.parameters import ParameterSet
from tomking.kernel.products import OPTION_MULTIPLIER
from tomking.kernel.vehicles import Vehicle, VehicleRefused
from tomking.strategies.market_view import ChainRow

if TYPE_CHECKING:
    from AlgorithmImports import QCAlgorithm


class Modules:
    """Every part of a run; caches take their sizes and life times from `values`, as they are at the start."""

    def __init__(
        self,
        algorithm: QCAlgorithm,
        settings: RunSettings,
        store: Store,
        journal: Journal,
        *,
        contracts: Contracts,
        values: Mapping[str, str],
    ) -> None:
        self._algorithm, self.contracts = algorithm, contracts
        self._looked: dict[str, date] = {}
        on = {name: name not in settings.without for name in ("chain_cache", "greeks_cache")}
        chain_cache: ChainCache[ChainRow] = ChainCache.from_values(values, enabled=on["chain_cache"], reads_whole=True)
        greeks_cache = GreeksCache.from_values(values, enabled=on["greeks_cache"])
        self.fees = FeeForecaster(settings.brokerage, journal, lambda: clock.utc_now(algorithm))
        self.chains = Chains(algorithm, contracts, chain_cache, journal, self.on_event)
        self.greeks = GreeksDesk(algorithm, contracts, greeks_cache)
        self.market = Market(
            algorithm,
            contracts,
            MarketWatch.from_values(values),
            journal,
            resolution=settings.resolution,
            on_event=self.on_event,
        )
        self.correlations = Correlations(journal)
        # Like the book, it is stored in live runs only.
        documents = Documents(store, settings.deployment, journal) if algorithm.live_mode else None
        self.attributions = Attributions(algorithm, contracts, self.greeks, journal, documents=documents)
        self.desk = OrderDesk(algorithm, contracts)
        self.keeper = BookKeeper(
            store, settings.deployment, journal, OPTION_MULTIPLIER, persistent=bool(algorithm.live_mode)
        )
        self.views = Views(algorithm, contracts, self.market, self.greeks, self.correlations)
        self.trader = Trader(
            algorithm,
            contracts,
            self.chains,
            self.views,
            desk=self.desk,
            keeper=self.keeper,
            fees=self.fees,
            journal=journal,
        )
        self.end_of_day = EndOfDay(
            journal,
            contracts,
            self.greeks,
            {"chains": chain_cache.counters, "greeks": greeks_cache.counters},
            traces={"chains": (self.chains.traces, "volatility"), "greeks": (self.greeks.traces, "delta")},
            beta_of=self._beta_of,
        )

    def add_underlying(self, ticker: str) -> None:
        """Subscribe a vehicle, once. Raises VehicleRefused for one whose kind the adapters cannot trade."""
        if ticker in self.contracts.underlyings:
            return
        kind = Vehicle(ticker, ticker).kind
        if kind != "equity":
            raise VehicleRefused(
                f"{ticker} cannot be traded here: the adapters know options of shares, not of a {kind}"
            )
        self.contracts.add_underlying(ticker)
        self.market.add(ticker)

    def watch_correlations(
        self, others: Sequence[str], values: Mapping[str, str], parameters: ParameterSet | None
    ) -> None:
        """Watch the vehicles and these other shares, from their past on."""
        for ticker in others:
            self.contracts.add_share(ticker)
            self.market.add(ticker)
        shares = self.contracts.shares
        self.correlations.begin(shares, values, parameters, {one: self.market.bars(one) for one in shares})

    def look_at_volatility(self) -> None:
        """Once a session, when it has begun: each chain as a whole, for the volatility at the money."""
        now, day = clock.utc_now(self._algorithm), clock.local_now(self._algorithm).date()
        for underlying in self.contracts.underlyings:
            if self._looked.get(underlying) != day and self.contracts.is_open(underlying):
                self._looked[underlying] = day
                self.chains.answer(ChainRequest(underlying, day), now)
        self.market.note_volatility(self.chains)

    def on_event(self, event: MarketEvent) -> None:
        """Something makes what was read before worthless: the caches drop it."""
        now = clock.utc_now(self._algorithm)
        self.chains.cache.on_event(event, now)
        self.greeks.cache.on_event(event, now)

    def take_over(self, contracts: Contracts) -> None:
        """After a start with inherited holdings: rebuild a lost book, join resting orders to their trades again."""
        everything, now = contracts.everything_held(), clock.utc_now(self._algorithm)
        if self.keeper.rebuild(everything, now):
            for trade in self.keeper.book.live():
                self.add_underlying(trade.product)
                contracts.watch(leg.key for leg in trade.legs)
        holdings = {key: quantity for key, (quantity, _) in everything.items()}
        self.fees.inherit(holdings)
        self.keeper.take_over(self.desk, holdings)
        self.attributions.inherit(self.keeper.book)

    def journal_values(self, journal: Journal, switched_off: Iterable[str]) -> None:
        """Write down what the modules of this run were made with."""
        values = {**self.chains.cache.made_with, **self.greeks.cache.made_with, **self.correlations.made_with}
        journal.write(
            "modules",
            values={name: Decimal(value) for name, value in values.items()},
            fee_schedule=self.fees.schedule,
            switched_off="+".join(sorted(switched_off)),
        )

    def close_session(self, day: date) -> None:
        """The session of `day` is over."""
        self.correlations.close_session(day, self.market.close_session(day))
        self.keeper.check_indexes()

    def underlying_of(self, key: str) -> str:
        """The ticker below an instrument key."""
        try:
            return parse_occ(key).root
        except SymbolError:
            return key

    def _beta_of(self, underlying: str) -> Decimal | None:
        index, *_ = self.contracts.underlyings
        return self.correlations.beta(underlying, index)
