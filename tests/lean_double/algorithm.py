"""`QCAlgorithm`: what `from AlgorithmImports import *` gives an algorithm to derive from.

Holds: settings, subscriptions, order methods, statistics, log, plots, and empty event handlers.
Belongs here: the interface.
Never here: the event loop.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from tests.lean_double.brokerage import BrokerageModel
from tests.lean_double.data import NEW_YORK, DataFolder, OptionContract, TradeBar
from tests.lean_double.names import AccountType, BrokerageName, DataNormalizationMode, Resolution, SeriesType
from tests.lean_double.orders import Leg, OrderTicket
from tests.lean_double.schedule import DateRules, Schedule, TimeRules, instant, is_market_open
from tests.lean_double.securities import Portfolio, Securities, Security
from tests.lean_double.store import ObjectStore
from tests.lean_double.strict import strict
from tests.lean_double.symbols import Symbol
from tests.lean_double.transactions import Listener, Transactions


@dataclass
class Environment:
    """What the engine hands to an algorithm before it starts."""

    data: DataFolder
    store: ObjectStore
    parameters: dict[str, str]
    live: bool = False


@dataclass(slots=True)
class UniverseSettings:
    data_normalization_mode: DataNormalizationMode = DataNormalizationMode.ADJUSTED


@dataclass
class Series:
    name: str
    series_type: SeriesType = SeriesType.LINE
    unit: str = "$"
    values: list[list[float]] = field(default_factory=list)


@dataclass
class Chart:
    name: str
    series: dict[str, Series] = field(default_factory=dict)

    def add_series(self, series: Series) -> None:
        self.series[series.name] = series


class History:
    """The engine's typed history of hourly bars that have ended."""

    def __init__(self, algorithm: QCAlgorithm) -> None:
        self._algorithm = algorithm

    def __getitem__(self, kind: type[TradeBar]) -> Callable[[Symbol, timedelta, Resolution], list[TradeBar]]:
        assert kind is TradeBar
        return self._bars

    def _bars(self, symbol: Symbol, span: timedelta, resolution: Resolution) -> list[TradeBar]:
        if resolution != Resolution.HOUR:
            raise NotImplementedError(f"the stand-in's history is hourly, not of {resolution.name}")
        now, bars = self._algorithm.utc_time, self._algorithm._data.hourly_trades(symbol.value)
        return [bars[moment] for moment in sorted(bars) if now - span < moment <= now]


@strict
class QCAlgorithm:
    """The base class of algorithms."""

    environment: Environment

    def __init__(self) -> None:
        environment = self.environment
        self._data = environment.data
        self._parameters = environment.parameters
        self.live_mode = environment.live
        self.is_warming_up = False
        self.object_store = environment.store
        self.universe_settings = UniverseSettings()
        self.securities = Securities()
        self.portfolio = Portfolio(self.securities)
        listener = Listener(self._order_event, self._assignment, self.debug)
        self.transactions = Transactions(self.securities, self.portfolio, listener)
        self.schedule, self.date_rules, self.time_rules = Schedule(), DateRules(), TimeRules()
        self.algorithm_id = ""
        self.project_id = 0
        self.name = ""
        self.tags: list[str] = []
        self.brokerage = BrokerageName.DEFAULT
        self.transactions.model = BrokerageModel(self.brokerage)
        self.start_date, self.end_date = date(1998, 1, 2), date(1998, 1, 2)
        self.runtime_statistics: dict[str, str] = {}
        self.summary_statistics: dict[str, str] = {}
        self.charts: dict[str, Chart] = {}
        self.messages: list[tuple[datetime, str]] = []
        self.utc_time: datetime
        self.years = range(0)
        self.portfolio.cash = Decimal(100_000)

    # --- handlers an algorithm may replace ----------------------------------------------------------------------------

    def initialize(self) -> None: ...

    def on_data(self, data: Any) -> None: ...

    def on_order_event(self, order_event: Any) -> None: ...

    def on_assignment_order_event(self, assignment_event: Any) -> None: ...

    def on_command(self, data: Any) -> bool | None: ...

    def on_end_of_algorithm(self) -> None: ...

    # --- settings -----------------------------------------------------------------------------------------------------

    def get_parameter(self, name: str, default: Any = None) -> Any:
        """The text of a parameter; with a default of another type the text is converted, or the default answered."""
        text = self._parameters.get(name)
        if text is None:
            return default
        if default is None or isinstance(default, str):
            return text
        try:
            return type(default)(text)
        except ValueError:
            return default

    def get_parameters(self) -> dict[str, str]:
        return dict(self._parameters)

    def set_start_date(self, year: int, month: int, day: int) -> None:
        self.start_date = date(year, month, day)
        self.utc_time = instant(self.start_date, time())

    def set_end_date(self, year: int, month: int, day: int) -> None:
        self.end_date = date(year, month, day)

    def set_cash(self, amount: float) -> None:
        self.portfolio.cash = Decimal(str(amount))

    def set_brokerage_model(self, brokerage: BrokerageName, account_type: AccountType = AccountType.MARGIN) -> None:
        del account_type
        self.brokerage = brokerage
        self.transactions.model = BrokerageModel(brokerage)

    def set_name(self, name: str) -> None:
        self.name = name

    def add_tag(self, tag: str) -> None:
        self.tags.append(tag)

    def set_benchmark(self, benchmark: Symbol | Callable[[datetime], float]) -> None: ...

    def set_runtime_statistic(self, name: str, value: str | float) -> None:
        self.runtime_statistics[name] = str(value)

    def set_summary_statistic(self, name: str, value: str | float) -> None:
        self.summary_statistics[name] = str(value)

    # --- subscriptions and chains -------------------------------------------------------------------------------------

    def add_equity(
        self,
        ticker: str,
        resolution: Resolution = Resolution.MINUTE,
        *,
        data_normalization_mode: DataNormalizationMode = DataNormalizationMode.ADJUSTED,
    ) -> Security:
        del data_normalization_mode
        self._check(resolution)
        return self.securities.add(Symbol.equity(ticker))

    def add_index(self, ticker: str, resolution: Resolution = Resolution.MINUTE) -> Security:
        self._check(resolution)
        return self.securities.add(Symbol.index(ticker))

    def add_option_contract(self, symbol: Symbol, resolution: Resolution = Resolution.MINUTE) -> Security:
        self._check(resolution)
        return self.securities.add(symbol)

    def _check(self, resolution: Resolution) -> None:
        if resolution != self._data.resolution:
            raise NotImplementedError(f"the data folder has no bars of {resolution.name}")

    @property
    def history(self) -> History:
        """Past bars: `history[TradeBar](symbol, span, resolution)`."""
        return History(self)

    @property
    def account_currency(self) -> str:
        return "USD"

    def option_chain(self, symbol: Symbol) -> list[OptionContract]:
        """The universe of the day before, expired contracts left out."""
        assert symbol.underlying is not None
        today = self.time.date()
        return [row for row in self._data.chain(symbol.underlying, today) if row.expiry.date() >= today]

    def is_market_open(self, symbol: Symbol) -> bool:
        del symbol
        return is_market_open(self.time)

    # --- orders -------------------------------------------------------------------------------------------------------

    def market_order(self, symbol: Symbol, quantity: float, asynchronous: bool = False, tag: str = "") -> OrderTicket:
        del asynchronous
        return self.transactions.market(symbol, Decimal(str(quantity)), tag)

    def limit_order(
        self, symbol: Symbol, quantity: float, limit_price: float, asynchronous: bool = False, tag: str = ""
    ) -> OrderTicket:
        del asynchronous
        return self.transactions.limit(symbol, Decimal(str(quantity)), Decimal(str(limit_price)), tag)

    def combo_limit_order(
        self, legs: list[Leg], quantity: int, limit_price: float, asynchronous: bool = False, tag: str = ""
    ) -> list[OrderTicket]:
        del asynchronous
        return self.transactions.combination(legs, Decimal(quantity), Decimal(str(limit_price)), tag)

    # --- time, messages, plots ----------------------------------------------------------------------------------------

    @property
    def time(self) -> datetime:
        """The algorithm's time zone is New York's; the value carries no zone."""
        return self.utc_time.astimezone(NEW_YORK).replace(tzinfo=None)

    def log(self, message: str) -> None:
        self.messages.append((self.time, message))

    def debug(self, message: str) -> None:
        self.messages.append((self.time, message))

    def error(self, message: str) -> None:
        self.messages.append((self.time, message))

    def add_chart(self, chart: Chart) -> None:
        self.charts[chart.name] = chart

    def plot(self, chart: str, series: str, value: float) -> None:
        found = self.charts.setdefault(chart, Chart(chart))
        if series not in found.series:
            found.add_series(Series(series))
        found.series[series].values.append([int(self.utc_time.timestamp()), float(value)])

    def _order_event(self, event: Any) -> None:
        self.on_order_event(event)

    def _assignment(self, event: Any) -> None:
        self.on_assignment_order_event(event)
