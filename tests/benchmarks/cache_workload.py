"""What the caches save: on the requests of a run of the algorithm, and on a stated heavier mix of them.

Holds: the run on the stand-in with and without caches, the minute-by-minute mix, and their tables.
Belongs here: hit rates and provider calls, by day.
Never here: how fast a look-up is (`kernel_modules`).

The mix is that of a watch which looks at every strategy's candidates each minute from 10:30 to 15:30 New York: five
windows of one underlying, as wide as the strategies' parameters make them. Prices are the demonstration's hourly closes
with straight lines between them; a move of more than the threshold, the session's opening and closing and one fill a
day invalidate. The provider reads whole chains, as LEAN's does.

    python -m tests.benchmarks caches
"""

from __future__ import annotations

import datetime as dt
import statistics
import tempfile
import time
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import numpy as np

from tests.algorithm.support import DATA, MAIN, STARTED, journal, make_set, of_kind, publish
from tests.benchmarks.kernel_modules import made_chain
from tests.lean_double.engine import run
from tomking.kernel.cache_counters import MISSES
from tomking.kernel.chain_cache import ChainCache
from tomking.kernel.market_events import MarketEvent, MarketWatch, OrderFilled
from tomking.kernel.option_chain import ChainRequest
from tomking.kernel.parameter_specs import SPECS
from tomking.kernel.sessions import NEW_YORK, sessions_between
from tomking.strategies.market_view import ChainRow

ROWS: Final = 240
FIRST, LAST = dt.date(2019, 12, 2), dt.date(2020, 3, 31)
COLUMNS: Final = ("cache and kind of key", "requests", "hits", "hit rate", *MISSES, "provider calls", "fewer calls by")
DAYS: Final = (
    "what",
    "days",
    "requests a day",
    "hit rate: lowest",
    "median",
    "highest",
    "fewer calls by (95 % of days' means)",
)
TIMES: Final = ("run on the stand-in", "s", "times with")
_SEPARATOR: Final = "+"
Values = Mapping[str, str]
Table = tuple[str, tuple[str, ...], list[tuple[str, ...]]]


@dataclass(frozen=True, slots=True)
class CachedDay:
    """Requests of a session, how many were hits, and how often the provider was asked."""

    day: dt.date
    requests: int
    hits: int
    calls: int

    @property
    def hit_rate(self) -> float:
        return self.hits / self.requests

    @property
    def factor(self) -> float:
        """Calls without a cache over calls with it."""
        return self.requests / self.calls


def windows(values: Values, day: dt.date) -> tuple[ChainRequest, ...]:
    """The five windows of one session."""

    def around(strategy: str, middle: str, tolerance: str, right: str | None) -> ChainRequest:
        days, reach = (
            int(SPECS[f"{strategy}.{name}"].value(values[f"{strategy}.{name}"])) for name in (middle, tolerance)
        )
        first, last = (day + dt.timedelta(days=days + side * reach) for side in (-1, 1))
        return ChainRequest("SPY", day, first, last, call_put=right)

    return (
        ChainRequest("SPY", day, day, day),
        around("one_one_two", "target_dte", "dte_tolerance", "P"),
        around("strangle", "target_dte", "dte_tolerance", None),
        around("ipmcc", "weekly_dte", "weekly_tolerance", "C"),
        around("leap_ladder", "target_dte", "dte_tolerance", "P"),
    )


def replay(values: Values, first: dt.date, last: dt.date, *, enabled: bool = True) -> list[CachedDay]:
    """The mix over the sessions from `first` to `last`."""
    cache: ChainCache[ChainRow] = ChainCache.from_values(values, enabled=enabled, reads_whole=True)
    watch, prices = MarketWatch.from_values(values), hourly_closes()
    for day in sessions_between(first, last):
        listed, wanted = made_chain("SPY", day, ROWS), windows(values, day)
        for now, price in _minutes(day, prices):
            local = now.astimezone(NEW_YORK).time()
            events: list[MarketEvent | None] = [
                watch.price("SPY", price),
                watch.session("SPY", day, is_open=local < dt.time(15, 30)),
            ]
            if local == dt.time(12, 7):
                events.append(OrderFilled("SPY"))
            for event in events:
                if event is not None:
                    cache.on_event(event, now)
            for request in wanted:
                found = cache.get(request, now, lambda _, rows=listed: rows)  # type: ignore[misc]
                assert found.rows is not None
    found_days: dict[dt.date, CachedDay] = {}
    for day, _, counts in cache.counters.by_day_and_kind():
        before = found_days.get(day, CachedDay(day, 0, 0, 0))
        found_days[day] = CachedDay(
            day,
            before.requests + counts.requests,
            before.hits + counts.hits,
            before.calls + counts.provider_calls,
        )
    return list(found_days.values())


def hourly_closes(data: Path = DATA) -> dict[dt.datetime, float]:
    """SPY's hourly closes by the end of each hour, New York time without a zone."""
    with zipfile.ZipFile(data / "equity" / "usa" / "hour" / "spy.zip") as archive:
        lines = archive.read(archive.namelist()[0]).decode("ascii").splitlines()
    found = {}
    for line in lines:
        begun, _, _, _, close, _ = line.split(",")
        found[dt.datetime.strptime(begun, "%Y%m%d %H:%M") + dt.timedelta(hours=1)] = int(close) / 10_000  # noqa: DTZ007
    return found


def _minutes(day: dt.date, prices: Mapping[dt.datetime, float]) -> Iterator[tuple[dt.datetime, Decimal]]:
    known = sorted((moment, price) for moment, price in prices.items() if moment.date() == day)
    at, levels = [moment.timestamp() for moment, _ in known], [price for _, price in known]
    for minute in range(10 * 60 + 30, 15 * 60 + 31):
        local = dt.datetime.combine(day, dt.time(minute // 60, minute % 60))
        price = float(np.interp(local.timestamp(), at, levels))
        yield local.replace(tzinfo=NEW_YORK).astimezone(dt.UTC), Decimal(f"{price:.2f}")


def day_row(name: str, days: Sequence[CachedDay]) -> tuple[str, ...]:
    """The distribution over days; the interval of the mean factor is a bootstrap of the days."""
    rates = sorted(day.hit_rate for day in days)
    factors = np.array([day.factor for day in days])
    random = np.random.default_rng(0)
    means = [factors[random.integers(0, len(factors), len(factors))].mean() for _ in range(1000)]
    low, high = np.percentile(means, [2.5, 97.5])
    return (
        name,
        str(len(days)),
        f"{statistics.median(day.requests for day in days):.0f}",
        f"{rates[0]:.1%}",
        f"{statistics.median(rates):.1%}",
        f"{rates[-1]:.1%}",
        f"{factors.mean():.1f} ({low:.1f} to {high:.1f})",
    )


def traded(without: str) -> tuple[list[dict[str, object]], list[str], float]:
    """Journal, orders and seconds of a run of all strategies over the demonstration's data."""
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder)
        publish(store, make_set(dt.date(2019, 12, 2), dt.date(2019, 11, 29)))
        parameters = {"start": FIRST.isoformat(), "end": LAST.isoformat(), "without": without}
        started = time.process_time()
        result = run(MAIN, DATA, store, parameters, algorithm_id="1000000001", started_at=STARTED)
        seconds = time.process_time() - started
        orders = [repr(order) for order in result.algorithm.transactions.orders.values()]
        return journal(store), orders, seconds


def request_rows(lines: list[dict[str, object]]) -> list[tuple[str, ...]]:
    """The counters of a run's journal, by cache and kind of key."""
    sums: dict[tuple[str, str], dict[str, int]] = {}
    for line in of_kind(lines, "cache"):
        one: dict[str, Any] = line
        total = sums.setdefault((one["cache"], one["key_kind"]), dict.fromkeys(("hits", "calls", *MISSES), 0))
        total["hits"] += one["hits"]
        total["calls"] += one["provider_calls"]
        for kind, count in one["misses"].items():
            total[kind] += count
    rows = []
    for (cache, kind), total in sorted(sums.items()):
        requests = total["hits"] + sum(total[miss] for miss in MISSES)
        rows.append(
            (
                f"{cache}, {kind}",
                str(requests),
                str(total["hits"]),
                f"{total['hits'] / requests:.1%}",
                *(str(total[miss]) for miss in MISSES),
                str(total["calls"]),
                f"{requests / total['calls']:.2f}",
            )
        )
    return rows


def report(values: Values, *, small: bool) -> list[Table]:
    """Every table as title, columns and rows."""
    last = FIRST + dt.timedelta(days=3) if small else LAST
    mix = [day_row("every window each minute", replay(values, FIRST, last))]
    tables: list[Table] = [("a stated mix: five windows each minute, hourly prices between", DAYS, mix)]
    if small:
        return tables
    lines, orders, seconds = traded("")
    times: list[tuple[str, ...]] = [("with both caches", f"{seconds:.2f}", "1")]
    for without in ("chain_cache", "greeks_cache", "chain_cache+greeks_cache"):
        _, same, taken = traded(without)
        assert same == orders, f"other orders without {without}"
        times.append((f"without {without.replace(_SEPARATOR, ' and ')}", f"{taken:.2f}", f"{taken / seconds:.2f}"))
    title = (
        f"requests of the algorithm itself, hourly, {FIRST} to {LAST}, {len(orders)} orders, the same without caches"
    )
    return [*tables, (title, COLUMNS, request_rows(lines)), ("processor time of that run", TIMES, times)]
