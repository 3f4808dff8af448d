"""The event loop: one algorithm over the days of a data folder.

Holds: installing the stand-in's names, loading an algorithm, and running it hour by hour.
Belongs here: the order of things within a slice.
Never here: result files.

Within an hour: scheduled calls, then prices, fills, margin calls, early assignments, then `on_data`. Options that expired are ended at the midnight
after their last day. As in the engine, an expiring contract brings a slice of its own at midnight; and new subscriptions
take effect at the end of a slice, followed by a second one a tick later, in which resting combinations meet the same
bars once more and the algorithm is not called.
"""

from __future__ import annotations

import importlib.util
import math
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any

from tests.lean_double import algorithm as interface
from tests.lean_double import data as market_data
from tests.lean_double import fee_models, names, orders, securities, slices, store, symbols
from tests.lean_double.algorithm import Environment, QCAlgorithm
from tests.lean_double.data import DataFolder, TradeBar
from tests.lean_double.orders import TICK
from tests.lean_double.schedule import instant, is_market_open
from tests.lean_double.slices import Slice
from tests.lean_double.store import ObjectStore
from tests.lean_double.symbols import Symbol
from tests.lean_double.transactions import Bars


@dataclass
class Run:
    """A finished run: the algorithm, its equity curve, and how it ended."""

    algorithm: QCAlgorithm
    algorithm_id: str
    started_at: datetime
    ended_at: datetime
    equity: list[tuple[datetime, Decimal]]
    daily: list[tuple[datetime, Decimal]]
    data: DataFolder
    parameters: dict[str, str]
    start_cash: Decimal
    error: str = ""
    stack_trace: str = ""

    @property
    def status(self) -> str:
        return "RuntimeError" if self.error else "Completed"


def algorithm_imports() -> ModuleType:
    """The module `AlgorithmImports` with the stand-in's names."""
    module = ModuleType("AlgorithmImports")
    for source in (names, symbols, orders, market_data, securities, slices, store, fee_models, interface):
        for name, value in vars(source).items():
            if not name.startswith("_") and getattr(value, "__module__", None) == source.__name__:
                setattr(module, name, value)
    for value in (date, datetime, time, timedelta):
        setattr(module, value.__name__, value)
    return module


def install() -> None:
    """Make `from AlgorithmImports import *` work in this process; the real one is left alone where there is one.

    The type stubs leave an empty package of that name, which is none.
    """
    if not hasattr(sys.modules.get("AlgorithmImports"), "QCAlgorithm"):
        sys.modules["AlgorithmImports"] = algorithm_imports()


def load(path: Path) -> type[QCAlgorithm]:
    """The algorithm class of a file; its folder leads the import path, as the engine has it."""
    install()
    folder = str(path.resolve().parent)
    if folder not in sys.path:
        sys.path.insert(0, folder)
    spec = importlib.util.spec_from_file_location(f"lean_double_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found = [
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, QCAlgorithm) and value is not QCAlgorithm
    ]
    if len(found) != 1:
        raise ImportError(f"{path}: {len(found)} algorithm classes, one expected")
    return found[0]


@contextmanager
def _wall_clock(moment: datetime | None) -> Iterator[None]:
    """Pin the clocks of the algorithm's own clock module, so that a run can be repeated to the byte."""
    clock = None if moment is None else importlib.import_module("tomking.adapters.clock")
    if clock is None:
        yield
        return
    before = clock.wall_now, clock.stopwatch
    # A stopwatch that stands measures nothing, which is not the same as 0.
    clock.wall_now, clock.stopwatch = lambda: moment, lambda: math.nan  # type: ignore[attr-defined]
    try:
        yield
    finally:
        clock.wall_now, clock.stopwatch = before  # type: ignore[attr-defined]


def run(
    path: Path,
    data_folder: Path | DataFolder,
    store_folder: Path,
    parameters: dict[str, str],
    *,
    algorithm_id: str,
    started_at: datetime | None = None,
    live: bool = False,
    stop_after: date | None = None,
    holdings: dict[str, tuple[Decimal, Decimal]] | None = None,
    cash: Decimal | None = None,
) -> Run:
    """Run the algorithm in `path` over `data_folder`.

    `started_at` pins the wall clock. `stop_after` ends the loop after that day without telling the algorithm, as a
    killed process does. `holdings` (option text → quantity, average price) and `cash` are what the account starts with.
    """
    install()
    with _wall_clock(started_at):
        kind = load(path)
        data = DataFolder(data_folder) if isinstance(data_folder, Path) else data_folder
        kind.environment = Environment(data, ObjectStore(store_folder), parameters, live)
        started = started_at or datetime.now(UTC)
        loop = _Loop(kind(), algorithm_id, holdings or {}, cash)
        error = trace = ""
        try:
            loop.run(stop_after)
        except Exception as problem:  # noqa: BLE001 - whatever an algorithm raises is its run's error
            error, trace = f"{type(problem).__name__}: {problem}", traceback.format_exc()
        finally:
            data.close()
        ended = started_at or datetime.now(UTC)
        return Run(
            loop.algorithm,
            algorithm_id,
            started,
            ended,
            loop.equity,
            loop.daily,
            data,
            parameters,
            loop.start_cash,
            error,
            trace,
        )


class _Loop:
    def __init__(
        self,
        algorithm: QCAlgorithm,
        algorithm_id: str,
        holdings: dict[str, tuple[Decimal, Decimal]],
        cash: Decimal | None,
    ) -> None:
        self.algorithm, self._id = algorithm, algorithm_id
        self._holdings, self._cash = holdings, cash
        self.equity: list[tuple[datetime, Decimal]] = []
        self.daily: list[tuple[datetime, Decimal]] = []
        self.start_cash = Decimal(0)

    def run(self, stop_after: date | None) -> None:
        algorithm = self.algorithm
        # Before initialize there is no id yet, and no date until the algorithm sets one.
        self._at(_midnight(algorithm.start_date))
        algorithm.initialize()
        algorithm.algorithm_id = self._id
        algorithm.years = range(algorithm.start_date.year - 1, algorithm.end_date.year + 1)
        self._inherit()
        algorithm.securities.start_waiting(_midnight(algorithm.start_date))
        self.start_cash = algorithm.portfolio.cash
        self._at(_midnight(algorithm.start_date))
        self._sample()
        self.daily.append((algorithm.utc_time, algorithm.portfolio.total))
        day = algorithm.start_date
        while day <= algorithm.end_date:
            self._day(day)
            if day == stop_after:
                return
            day += timedelta(days=1)
        algorithm.on_end_of_algorithm()

    def _inherit(self) -> None:
        portfolio = self.algorithm.portfolio
        if self._cash is not None:
            portfolio.cash = self._cash
        for text, (quantity, price) in self._holdings.items():
            # The engine subscribes what the account holds, whether the algorithm has asked for it or not.
            holding = self.algorithm.securities.add(symbols.from_text(text)).holdings
            holding.exact_quantity, holding.average_price = quantity, price

    def _at(self, moment: datetime) -> None:
        self.algorithm.utc_time = self.algorithm.transactions.now = moment

    def _day(self, day: date) -> None:
        algorithm = self.algorithm
        midnight = _midnight(day)
        self._at(midnight)
        if day != algorithm.start_date:
            self._expire(day)
            self.daily.append((midnight, algorithm.portfolio.total))
        calls = algorithm.schedule.due(day)
        for moment in self._bar_times(day):
            while calls and calls[0][0] <= moment:
                self._call(*calls.pop(0))
            self._at(moment)
            self._slice(moment)
        for call in calls:
            self._call(*call)

    def _call(self, moment: datetime, callback: Any) -> None:
        self._at(moment)
        callback()

    def _bar_times(self, day: date) -> list[datetime]:
        found: set[datetime] = set()
        first, last = _midnight(day), _midnight(day + timedelta(days=1))
        for security in self.algorithm.securities:
            if not security.symbol.is_option:
                found.update(m for m in self._bars_of(security.symbol) if first < m <= last)
        return sorted(found)

    def _bars_of(self, symbol: Symbol) -> dict[datetime, Any]:
        data = self.algorithm._data
        return data.quotes(symbol, self.algorithm.years) if symbol.is_option else data.trades(symbol.value)

    def _slice(self, moment: datetime) -> None:
        algorithm, found = self.algorithm, Slice()
        bars: Bars = {}
        previous: dict[Symbol, tuple[Decimal, Decimal]] = {}
        for security in list(algorithm.securities):
            bar = self._bars_of(security.symbol).get(moment)
            if bar is None or security.subscribed_at is None or moment <= security.subscribed_at:
                continue
            previous[security.symbol] = (security.bid, security.ask)
            security.take(bar)
            bars[security.symbol] = bar
            if isinstance(bar, TradeBar):
                found.bars[security.symbol] = bar
            else:
                found.quote_bars[security.symbol] = bar
        algorithm.transactions.trades.mark(algorithm.securities)
        if is_market_open(algorithm.time):
            algorithm.transactions.scan(bars, previous)
            algorithm.transactions.call_margin()
            algorithm.transactions.assign_early(algorithm.time)
        algorithm.on_data(found)
        self._sample()
        if algorithm.securities.start_waiting(moment):
            self._at(moment + TICK)
            if is_market_open(algorithm.time):
                last = {one: (algorithm.securities[one].bid, algorithm.securities[one].ask) for one in bars}
                algorithm.transactions.scan(bars, last)

    def _expire(self, day: date) -> None:
        """End what expired yesterday or earlier; a contract that does so today or did yesterday brings a slice."""
        algorithm = self.algorithm
        options = [s for s in algorithm.securities if s.symbol.is_option and s.symbol.expiry is not None]
        for security in sorted(options, key=lambda one: (one.symbol.right or 0, one.symbol.strike or 0)):
            expiry = security.symbol.expiry
            if expiry is None or expiry >= day:
                continue
            for order in algorithm.transactions.get_open_orders(security.symbol):
                algorithm.transactions.cancel(order, "")
            if security.holdings.exact_quantity and security.symbol.underlying is not None:
                algorithm.transactions.expire(security, algorithm.securities[security.symbol.underlying])
            security.delist()
        if any(s.symbol.expiry in (day, day - timedelta(days=1)) for s in options):
            algorithm.on_data(Slice())

    def _sample(self) -> None:
        self.equity.append((self.algorithm.utc_time, self.algorithm.portfolio.total))


def _midnight(day: date) -> datetime:
    return instant(day, time())
