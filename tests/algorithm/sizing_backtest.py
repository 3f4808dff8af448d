"""`python -m tests.algorithm.sizing_backtest`: the strategies with sizes by regime, against the same without.

Holds: the two runs over recorded closes, the figures of each, and error bars of their difference.
Belongs here: one market, one seed, one difference between the runs.
Never here: assertions (`test_sizing_backtest`), the sizing itself (`tomking.kernel.regime_sizing`).

The market: SPY's closes with VIX as the volatility of its options; the hours between two closes are a bridge drawn from
one seed. The regime is that of SPY, QQQ and IWM as labelled the evening before, by thresholds learnt from the past. The
account fills at the prices asked (`paper`), so levels of return mean little; the two runs differ in nothing but the
share of size. Error bars: 90 %, days drawn in blocks of twenty, the same days for both runs.
"""

from __future__ import annotations

import argparse
import datetime as dt
import itertools
import math
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from pipelines.commands.output import print_table
from pipelines.parsing.prices.csv_files import parse_price_csv
from pipelines.transforms.regimes.rolling_means import label_history
from tests.algorithm.paper import HOURS, Bar, PaperAccount
from tests.shared import shared_path
from tomking.kernel.parameters import default_values
from tomking.kernel.regime_sizing import RegimeSizing
from tomking.kernel.sessions import NEW_YORK, close_time_utc
from tomking.strategies.registry import make_strategies

STRATEGIES = ("friday0dte", "one_one_two", "strangle")
BLOCK, DRAWS, CONFIDENCE = 20, 2_000, 0.90
TAIL = 0.05
YEAR = 252

Curve = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Market:
    """Closes and VIX by session, and the regime known on the evening before it."""

    days: tuple[dt.date, ...]
    closes: Curve
    vix: Curve
    regimes: tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Figures:
    """Return a year, mean loss on the worst 5 % of days and deepest fall, as shares of the starting equity."""

    gained: float
    tail_loss: float
    deepest: float


def recorded_market(first: str, last: str) -> Market:
    """The sessions between two days from the price histories beside this checkout; skipped where they are absent."""
    spy, qqq, iwm, vix = (_closes(name) for name in ("spy", "qqq", "iwm", "vix"))
    joined = sorted(set(spy) & set(qqq) & set(iwm))
    prices = np.array([[one[day] for one in (spy, qqq, iwm)] for day in joined])
    labels = label_history(joined[1:], np.diff(np.log(prices), axis=0))
    known = {later.date: day.regime for day, later in itertools.pairwise(labels)}
    days = [day for day in joined if first <= day.isoformat() <= last and day in vix and day in known]
    return Market(
        tuple(days),
        np.array([spy[day] for day in days]),
        np.array([vix[day] for day in days]),
        tuple(known[day] for day in days),
    )


def equity_curve(market: Market, sizing: RegimeSizing | None, values: Mapping[str, str], seed: int = 0) -> Curve:
    """Equity after each session; `sizing` None trades full sizes whatever the regime."""
    account = PaperAccount(make_strategies(STRATEGIES, dict(values)), dict(values))
    curve: dict[dt.date, float] = {}
    regimes = dict(zip(market.days, market.regimes, strict=True))
    bars = list(_bars(market, seed))
    account.extra = {"regime_multiplier": _share(sizing, regimes[bars[0].local.date()])}
    decisions = account.run(_announced(bars, account, sizing, regimes))
    for bar, _ in zip(bars, decisions, strict=True):
        curve[bar.local.date()] = float(account.equity)
    return np.array([curve[day] for day in market.days])


def figures(changes: Curve) -> Figures:
    """Figures of daily changes of equity as shares of the starting equity."""
    path = np.concatenate([[0.0], np.cumsum(changes)])
    tail = max(1, int(TAIL * len(changes)))
    return Figures(
        gained=float(changes.mean()) * YEAR,
        tail_loss=-float(np.sort(changes)[:tail].mean()),
        deepest=float((np.maximum.accumulate(path) - path).max()),
    )


def difference_intervals(sized: Curve, full: Curve, seed: int = 0) -> dict[str, tuple[float, float]]:
    """Interval of each figure's difference, sized less full, over the same drawn days."""
    draw, count = np.random.default_rng(seed), len(sized)
    found: dict[str, list[float]] = {}
    for _ in range(DRAWS):
        starts = draw.integers(0, count, math.ceil(count / BLOCK))
        days = (starts[:, None] + np.arange(BLOCK)).ravel()[:count] % count
        one, other = figures(sized[days]), figures(full[days])
        for name in Figures.__dataclass_fields__:
            found.setdefault(name, []).append(getattr(one, name) - getattr(other, name))
    reach = [50.0 * (1.0 - CONFIDENCE), 50.0 * (1.0 + CONFIDENCE)]
    return {name: tuple(float(one) for one in np.percentile(values, reach)) for name, values in found.items()}  # type: ignore[misc]


def changes_of(curve: Curve) -> Curve:
    """Daily changes as shares of the starting equity."""
    start = float(PaperAccount((), {}).cash)
    changes: Curve = np.diff(np.concatenate([[start], curve])) / start
    return changes


def _announced(
    bars: list[Bar], account: PaperAccount, sizing: RegimeSizing | None, regimes: Mapping[dt.date, str | None]
) -> Iterator[Bar]:
    for bar in bars:
        account.extra = {"regime_multiplier": _share(sizing, regimes[bar.local.date()])}
        yield bar


def _share(sizing: RegimeSizing | None, regime: str | None) -> Decimal:
    return Decimal(1) if sizing is None else sizing.multiplier(regime)


def _bars(market: Market, seed: int) -> Iterator[Bar]:
    """Hourly bars that end each session on its close."""
    draw, before = random.Random(seed), float(market.closes[0])
    for day, close, vix in zip(market.days, market.closes.tolist(), market.vix.tolist(), strict=True):
        end = close_time_utc(day).astimezone(NEW_YORK).time()
        hours = [hour for hour in HOURS if hour <= end]
        step = vix / 100.0 / math.sqrt(YEAR * len(hours))
        walk = [0.0]
        for _ in hours:
            walk.append(walk[-1] + draw.gauss(0.0, step))
        whole = math.log(close / before)
        for place, hour in enumerate(hours, start=1):
            share = place / len(hours)
            price = before * math.exp(whole * share + walk[place] - walk[-1] * share)
            yield Bar(dt.datetime.combine(day, hour), price, vix / 100.0, vix)
        before = close


def _closes(name: str) -> dict[dt.date, float]:
    bars = parse_price_csv(shared_path("samples", "market", f"{name}.csv").read_bytes(), f"{name}.csv").bars
    return {bar.session_date: float(bar.close) for bar in bars if bar.close}


def main(arguments: list[str] | None = None) -> None:
    """Run both and print their figures."""
    parser = argparse.ArgumentParser(prog="python -m tests.algorithm.sizing_backtest", description="sizes by regime")
    parser.add_argument("--first", default="2008-01-02", help="first session, default %(default)s")
    parser.add_argument("--last", default="2025-09-26", help="last session, default %(default)s")
    parser.add_argument("--seed", type=int, default=0, help="of the hours between closes, default %(default)s")
    asked = parser.parse_args(arguments)
    values = default_values()
    market = recorded_market(asked.first, asked.last)
    sized = changes_of(equity_curve(market, RegimeSizing.from_values(values), values, asked.seed))
    full = changes_of(equity_curve(market, None, values, asked.seed))
    one, other, bars = figures(sized), figures(full), difference_intervals(sized, full)
    titles = {
        "gained": "return a year",
        "tail_loss": f"mean loss on the worst {TAIL:.0%} of days",
        "deepest": "deepest fall of equity",
    }
    rows = []
    for name, title in titles.items():
        mine, theirs, (low, high) = getattr(one, name), getattr(other, name), bars[name]
        rows.append((title, f"{mine:.2%}", f"{theirs:.2%}", f"{mine - theirs:+.2%}", f"{low:+.2%} to {high:+.2%}"))
    counts = ", ".join(f"{regime} {market.regimes.count(regime)}" for regime in ("Normal", "Stressed", "Crisis", None))
    print_table(
        f"{', '.join(STRATEGIES)} on SPY, {len(market.days)} sessions from {market.days[0]} to {market.days[-1]} ({counts})",
        ("share of starting equity", "sized by regime", "full size", "difference", "90 %"),
        rows,
    )


if __name__ == "__main__":
    main()
