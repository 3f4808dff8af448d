"""The modules of the algorithm: look-ups beside the scans they replace, cached chains, pricing, an evening's features.

Holds: made-up books and chains, what is timed on them, and the tables.
Belongs here: what a handler of the algorithm does many times a day.
Never here: LEAN's own costs (measured inside the engine), the harness of whole-second comparisons.

    python -m tests.benchmarks modules
"""

from __future__ import annotations

import datetime as dt
import gc
import itertools
import statistics
import time
import tracemalloc
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any, Final

import numpy as np

from tests.benchmarks.figures import Figure
from tomking.kernel.chain_cache import ChainCache
from tomking.kernel.correlation import RollingCorrelation, group_correlations, mean_correlation
from tomking.kernel.correlation_monitor import CorrelationMonitor
from tomking.kernel.occ import occ_text
from tomking.kernel.option_chain import ChainRequest
from tomking.kernel.parameters import default_values
from tomking.kernel.profit_loss import Position, PositionBatch, batch_profit_loss, profit_loss
from tomking.kernel.thresholds import AxisThresholds, Calibration, ForecastWeights
from tomking.strategies.book import Book, Leg, Trade, Working
from tomking.strategies.market_view import ChainRow

SIZES: Final = (10, 100, 1_000, 10_000)
AGAINST_SCAN: Final = (50, 100, 500)
REPETITIONS: Final = 9
CHAIN_ROWS: Final = 2_900
ENTRIES: Final = 100
CALLS: Final = 2_000
DAYS: Final = 60

LATENCIES: Final = ("what", "amount", "p50 µs", "p95 µs", "p99 µs")
MEMORY: Final = ("what", "after day 5", "at the end", "peak", "bytes a row")

_START: Final = dt.datetime(2020, 3, 16, 14, tzinfo=dt.UTC)
_DAY: Final = _START.date()
_PRODUCTS: Final = ("SPY", "QQQ", "IWM", "GLD", "TLT", "USO", "XLE", "DIA")
_STRATEGIES: Final = ("strangle", "lt112", "leap_ladder", "ipmcc", "friday0dte")
Call = Callable[[], Any]


@dataclass(frozen=True, slots=True)
class LookUp:
    """The same question asked of the book's indexes and of a walk through its trades."""

    name: str
    ours: Callable[[Book], Any]
    scan: Callable[[Book], Any]


def made_book(size: int) -> Book:
    """A book of strangles: about ten trades on an expiry, eight products, one order each."""
    book = Book()
    for number in range(size):
        product, strategy = _PRODUCTS[number % 8], _STRATEGIES[number % 5]
        expiry = _DAY + dt.timedelta(days=7 * (number // 10 % 1000))
        strikes = Decimal(100 + number % 97), Decimal(220 + number // 7)
        legs = tuple(
            Leg(occ_text(product, expiry, right, strike), -1) for right, strike in zip("PC", strikes, strict=True)
        )
        working = Working("open", _START, Decimal("-1.50"), 1, (2 * number + 1, 2 * number + 2))
        book.put(Trade(f"t{number}", strategy, product, "open", legs, expiry, _DAY, working=working))
    return book


def look_ups(size: int) -> tuple[LookUp, ...]:
    """What the algorithm asks of its book, about the trade in the middle of it."""
    number = size // 2
    trade = made_book(size).trades[f"t{number}"]
    product, strategy, expiry, key, order = (
        trade.product,
        trade.strategy,
        trade.expiry,
        trade.legs[0].key,
        2 * number + 1,
    )
    return (
        LookUp("trade by id", lambda b: b.trades[trade.id], lambda b: _walk(b, lambda t: t.id == trade.id)[0]),
        LookUp(
            "trades by symbol", lambda b: b.live(product=product), lambda b: _walk(b, lambda t: t.product == product)
        ),
        LookUp("trades by strategy", lambda b: b.live(strategy), lambda b: _walk(b, lambda t: t.strategy == strategy)),
        LookUp(
            "trades by expiry", lambda b: b.index.by_expiry(expiry), lambda b: _walk(b, lambda t: t.expiry == expiry)
        ),
        LookUp(
            "trades by status", lambda b: b.index.by_status("open"), lambda b: _walk(b, lambda t: t.state == "open")
        ),
        LookUp(
            "trades by strategy and symbol",
            lambda b: b.live(strategy, product),
            lambda b: _walk(b, lambda t: t.strategy == strategy and t.product == product),
        ),
        LookUp("trade of an order", lambda b: b.trade_of_order(order), lambda b: _owner(b, order)),
        LookUp("expected holding", lambda b: b.expected_of(key), lambda b: _expected(b).get(key, 0)),
        LookUp("trades in a contract", lambda b: b.index.holding(key), lambda b: _walk(b, lambda t: _has(t, key))),
    )


def _walk(book: Book, wanted: Callable[[Trade], bool]) -> tuple[Trade, ...]:
    return tuple(trade for trade in book.trades.values() if wanted(trade))


def _has(trade: Trade, key: str) -> bool:
    return any(leg.key == key for leg in trade.legs)


def _owner(book: Book, order_id: int) -> Trade | None:
    for trade in book.trades.values():
        if trade.working is not None and order_id in trade.working.order_ids:
            return trade
    return None


def _expected(book: Book) -> dict[str, int]:
    held: dict[str, int] = {}
    for trade in book.trades.values():
        if trade.state == "open":
            for key, quantity in trade.pairs:
                held[key] = held.get(key, 0) + quantity
    return held


def microseconds(calls: Sequence[Call], repetitions: int = REPETITIONS) -> list[float]:
    """Median microseconds of one call of each, measured in turns of at least a fifth of a millisecond."""
    loops = []
    for call in calls:
        started, count = time.perf_counter(), 0
        while time.perf_counter() - started < 2e-4:
            call()
            count += 1
        loops.append(max(1, count))
    taken: list[list[float]] = [[] for _ in calls]
    gc.collect()
    for _ in range(repetitions):
        for place, (call, loop) in enumerate(zip(calls, loops, strict=True)):
            started = time.perf_counter()
            for _ in itertools.repeat(None, loop):
                call()
            taken[place].append((time.perf_counter() - started) / loop * 1e6)
    return [statistics.median(one) for one in taken]


def slope(sizes: Sequence[int], taken: Sequence[float]) -> float:
    """Least-squares slope of log time over log size: 0 for constant time, 1 for a scan."""
    return float(np.polyfit(np.log(sizes), np.log(taken), 1)[0])


def look_up_rows(sizes: Sequence[int] = SIZES) -> list[tuple[str, ...]]:
    """Microseconds of each look-up by number of positions, with the slope; the strike range answers ten at each size."""
    books = {size: made_book(size) for size in sizes}
    asked = {size: look_ups(size) for size in sizes}
    rows: dict[str, list[Call]] = {}
    for size, book in books.items():
        for one in asked[size]:
            assert one.ours(book) == one.scan(book), one.name
            rows.setdefault(one.name, []).append(partial(one.ours, book))
        rows.setdefault("ten components by strike", []).append(ten_strikes(book))
        rows.setdefault("a change of a trade", []).append(partial(book.change, f"t{size // 2}", attempts=1))
    found = []
    for name, calls in rows.items():
        taken = microseconds(calls)
        found.append((name, *(f"{each:.2f}" for each in taken), f"{slope(sizes, taken):.2f}"))
    return found


def ten_strikes(book: Book) -> Call:
    """A range that answers ten components at every size: calls lie above 220, each strike once in seven trades."""
    strikes = [part.strike for part in book.index.components_between("SPY", Decimal(220)) if part.strike is not None]
    low, high = strikes[0], strikes[min(9, len(strikes) - 1)]
    return partial(book.index.components_between, "SPY", low, high)


def factor_rows(sizes: Sequence[int] = AGAINST_SCAN) -> tuple[list[tuple[str, ...]], list[Figure]]:
    """Each look-up beside its scan, by number of positions; and pricing a book beside one position at a time."""
    table: dict[str, list[str]] = {}
    figures = []
    for size in sizes:
        book = made_book(size)
        positions, prices = made_positions(size)
        batch = PositionBatch(positions)
        pairs = {one.name: (partial(one.ours, book), partial(one.scan, book)) for one in look_ups(size)}
        for name, way in _PRICING.items():
            assert way(positions, prices) == batch.at(prices).total
            pairs[f"P&L of a prepared book; scan: {name}"] = (
                partial(_total, batch, prices),
                partial(way, positions, prices),
            )
        for name, (ours, scan) in pairs.items():
            fast, slow = microseconds([ours, scan])
            table.setdefault(name, []).append(f"{fast:.2f}, {slow:.1f}, {slow / fast:.1f}")
            figures.append(Figure(f"{name}, {size} positions: to the scan", fast / slow))
    return [(name, *cells) for name, cells in table.items()], figures


def _total(batch: PositionBatch, prices: dict[str, Decimal | None]) -> Decimal | None:
    return batch.at(prices).total


def made_positions(size: int) -> tuple[list[Position], dict[str, Decimal | None]]:
    """Positions in half as many contracts, of four products, with a price each."""
    random = np.random.default_rng(size)
    cents = random.integers(1, 5_000, 2 * size).tolist()
    sizes = [Decimal(text) for text in ("100", "50", "5", "1000")]
    positions = [
        Position(
            f"k{number % max(1, size // 2)}",
            Decimal(1 - 2 * (number % 2)),
            Decimal(cents[number]) / 100,
            sizes[number % 4],
        )
        for number in range(size)
    ]
    return positions, {f"k{number}": Decimal(cents[size + number]) / 100 for number in range(size)}


def _one_by_one(positions: Sequence[Position], prices: dict[str, Decimal | None]) -> Decimal:
    return sum((profit_loss(one, prices.get(one.instrument_key)) or Decimal(0) for one in positions), Decimal(0))


def _unchecked(positions: Sequence[Position], prices: dict[str, Decimal | None]) -> Decimal:
    total = Decimal(0)
    for one in positions:
        price = prices[one.instrument_key]
        if price is not None and one.multiplier is not None:
            total += one.quantity * (price - one.entry_price) * one.multiplier
    return total


_PRICING: Final[dict[str, Callable[[Sequence[Position], dict[str, Decimal | None]], Decimal | None]]] = {
    "one position at a time": _one_by_one,
    "a bare expression, nothing checked": _unchecked,
    "the batch made anew each time": lambda positions, prices: batch_profit_loss(positions, prices).total,
}


def made_chain(root: str, day: dt.date = _DAY, rows: int = CHAIN_ROWS) -> list[ChainRow]:
    """A chain as the engine lists one: some thirty expiries, strikes one apart, puts and calls."""
    strikes = -(-rows // 60)
    made = []
    for number in range(rows):
        expiry = day + dt.timedelta(days=3 + 7 * (number // (2 * strikes)))
        strike = Decimal(200 + number // 2 % strikes)
        right = "PC"[number % 2]
        made.append(ChainRow(occ_text(root, expiry, right, strike), strike, right, expiry, Decimal(number % 99) / 100))
    return made


def latency_rows(entries: int = ENTRIES, rows: int = CHAIN_ROWS, calls: int = CALLS) -> list[tuple[str, ...]]:
    """Percentiles of single calls: chains served from a full cache, a chain taken in, one evening of correlations."""
    cache: ChainCache[ChainRow] = ChainCache(dt.timedelta(minutes=5), entries)
    listed = made_chain("SPY", rows=rows)
    requests = [ChainRequest(f"R{number}", _DAY) for number in range(entries)]
    for request in requests:
        cache.get(request, _START, lambda _: listed)
    first, last = (_DAY + dt.timedelta(days=days) for days in (30, 60))
    windows = [ChainRequest(request.root, _DAY, first, last, call_put="P") for request in requests]
    amount = f"{entries} chains of {rows:,} contracts"
    exact = _spread(calls, lambda number: cache.get(requests[number % entries], _START, _never))
    part = _spread(calls, lambda number: cache.get(windows[number % entries], _START, _never))
    taken = _spread(
        max(5, calls // 100),
        lambda number: cache.get(requests[0].on(_DAY + dt.timedelta(days=number)), _START, lambda _: listed),
    )
    features, evening = _evenings(calls)
    return [
        ("a cached chain", amount, *exact),
        ("puts of 30 to 60 days out of a cached chain", amount, *part),
        ("a chain read: put in order and stored", f"{rows:,} contracts", *taken),
        ("20-day mean and group means of one day", "20 series", *features),
        ("one evening of the monitor: label and all features", "20 series", *evening),
    ]


def _never(_: ChainRequest) -> list[ChainRow]:
    raise AssertionError("the cache should have answered")


def _spread(calls: int, call: Callable[[int], object]) -> tuple[str, str, str]:
    """Percentiles of the processor's time: a call during which another program ran has not become slower by it."""
    call(0)
    taken = []
    gc.collect()
    for number in range(calls):
        started = time.thread_time_ns()
        call(number)
        taken.append((time.thread_time_ns() - started) / 1000)
    middle, high, highest = np.percentile(taken, [50, 95, 99])
    return f"{middle:.1f}", f"{high:.1f}", f"{highest:.1f}"


def _evenings(calls: int) -> tuple[tuple[str, str, str], tuple[str, str, str]]:
    random = np.random.default_rng(20)
    symbols = tuple(f"S{number:02d}" for number in range(20))
    groups = {symbol: f"g{number % 4}" for number, symbol in enumerate(symbols)}
    returns = random.normal(0, 0.01, (calls + 600, 20))
    names = list(groups.values())
    ring = RollingCorrelation(20, 20)
    for row in returns[:20]:
        ring.push(row)

    def features(number: int) -> object:
        ring.push(returns[number])
        rows = ring.rows()
        return mean_correlation(rows), group_correlations(rows, names)

    axis = AxisThresholds(0.15, 0.25, 0.13, 0.20)
    calibration = Calibration(axis, AxisThresholds(0.4, 0.6, 0.35, 0.5), ForecastWeights(0.02, 0.2, 0.4, 0.3))
    monitor = CorrelationMonitor(symbols, default_values(), calibration, groups)
    closes = (100.0 * np.exp(np.cumsum(returns, axis=0))).tolist()
    evenings = [dict(zip(symbols, row, strict=True)) for row in closes]
    first = dt.date(1990, 1, 1)
    for number in range(600):
        monitor.observe(first + dt.timedelta(days=number), evenings[number])
    later = itertools.count(600)

    def evening(_: int) -> object:
        number = next(later)
        found = monitor.observe(first + dt.timedelta(days=number), evenings[min(number, len(evenings) - 1)])
        return found, monitor.mean(), monitor.group_means()

    return _spread(calls, features), _spread(calls - 1, evening)


def memory_rows(
    days: int = DAYS, rows: int = CHAIN_ROWS, entries: int = ENTRIES
) -> tuple[list[tuple[str, ...]], list[Figure]]:
    """What a cache holds while days of chains go through it: every chain is another one, and none is kept too long."""
    cache: ChainCache[ChainRow] = ChainCache(dt.timedelta(minutes=5), entries)
    tracemalloc.start()
    after = {}
    held = 0
    try:
        for number in range(days):
            day = _DAY + dt.timedelta(days=number)
            now = dt.datetime.combine(day, dt.time(14), dt.UTC)
            for request in range(max(1, entries // 4)):
                cache.get(ChainRequest(f"R{request}", day), now, lambda asked: made_chain(asked.root, asked.day, rows))
            held = max(held, cache.held)
            after[number + 1] = tracemalloc.get_traced_memory()[0]
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    early, late = after[min(5, days)], after[days]
    assert held <= entries
    amount = f"{max(1, entries // 4)} chains of {rows:,} a day, at most {entries}"
    table: list[tuple[str, ...]] = [(amount, *map(_megabytes, (early, late, peak)), f"{late / held / rows:.0f}")]
    return table, [Figure(f"memory after {days} days: to that after 5", late / early)]


def report(*, small: bool) -> tuple[list[tuple[str, tuple[str, ...], list[tuple[str, ...]]]], list[Figure]]:
    """Every table as title, columns and rows, and the figures that are kept; `small` shows that it runs."""
    sizes, against = ((10, 20), (20,)) if small else (SIZES, AGAINST_SCAN)
    factors, figures = factor_rows(against)
    if small:
        latencies, (memory, more) = latency_rows(3, 120, 100), memory_rows(6, 40, 4)
    else:
        latencies, (memory, more) = latency_rows(), memory_rows()
    return [
        (
            "microseconds of a look-up by number of trades in the book",
            ("what", *(f"{size:,}" for size in sizes), "log-log slope"),
            look_up_rows(sizes),
        ),
        (
            "beside what it replaces, by number of positions",
            ("what", *(f"{size}: µs, scan µs, factor" for size in against)),
            factors,
        ),
        ("single calls, processor time", LATENCIES, latencies),
        ("memory of the chain cache", MEMORY, memory),
    ], [*figures, *more]


def _megabytes(size: float) -> str:
    return f"{size / 1e6:.1f} MB"
