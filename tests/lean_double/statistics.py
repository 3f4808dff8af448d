"""The statistics of a run, under LEAN's names and in LEAN's spelling.

Holds: what can be said from closed trades, fees and the daily equity; a figure the stand-in does not compute is 0, as
the engine prints for runs too short to have it.
Belongs here: numbers and their texts.
Never here: files.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from datetime import timedelta
from decimal import Decimal
from statistics import fmean, median, pstdev, stdev

from tests.lean_double.engine import Run
from tests.lean_double.orders import iso
from tests.lean_double.trades import ClosedTrade, timespan

_YEAR = 252


def _text(value: float | Decimal) -> str:
    rounded = round(float(value), 4)
    return f"{rounded:g}" if rounded == int(rounded) else f"{rounded:.4f}"


def _percent(value: float, places: int = 2) -> str:
    return "0%" if not value else f"{value * 100:.{places}f}%"


def _dollars(value: Decimal) -> str:
    """Negative amounts of this engine print their sign behind the currency."""
    return f"${value:,.2f}"


def returns(run: Run) -> list[float]:
    """Daily returns of the equity."""
    values = [float(total) for _, total in run.daily] + [float(run.algorithm.portfolio.total)]
    return [after / before - 1 for before, after in itertools.pairwise(values) if before]


def drawdown(run: Run) -> float:
    """Largest fall from a high of the equity, as a share."""
    high, worst = float("-inf"), 0.0
    for _, total in run.equity:
        high = max(high, float(total))
        worst = max(worst, 1 - float(total) / high) if high > 0 else worst
    return worst


def portfolio_figures(run: Run) -> dict[str, float | Decimal | int]:
    """Numbers behind `portfolioStatistics`."""
    trades, start, last = run.algorithm.transactions.trades.closed, run.start_cash, run.algorithm.portfolio.total
    wins = [float(t.profit / start) for t in trades if t.profit > 0]
    losses = [float(t.profit / start) for t in trades if t.profit <= 0]
    daily = returns(run)
    spread = stdev(daily) if len(daily) > 2 else 0.0
    down = math.sqrt(fmean([min(r, 0.0) ** 2 for r in daily])) if len(daily) > 2 else 0.0
    mean = fmean(daily) if daily else 0.0
    growth = float(last / start)
    years = max((run.algorithm.end_date - run.algorithm.start_date).days, 1) / 365
    win_rate = len(wins) / len(trades) if trades else 0.0
    average_win, average_loss = fmean(wins) if wins else 0.0, fmean(losses) if losses else 0.0
    ratio = -average_win / average_loss if average_loss else 0.0
    return {
        "averageWinRate": average_win,
        "averageLossRate": average_loss,
        "profitLossRatio": ratio,
        "winRate": win_rate,
        "lossRate": 1 - win_rate if trades else 0.0,
        "expectancy": win_rate * ratio - (1 - win_rate) if trades else 0.0,
        "startEquity": start,
        "endEquity": last,
        "compoundingAnnualReturn": growth ** (1 / years) - 1 if growth > 0 else -1.0,
        "drawdown": round(drawdown(run), 3),
        "totalNetProfit": growth - 1,
        "sharpeRatio": mean / spread * math.sqrt(_YEAR) if spread else 0.0,
        "probabilisticSharpeRatio": 0,
        "sortinoRatio": mean / down * math.sqrt(_YEAR) if down else 0.0,
        "alpha": 0,
        "beta": 0,
        "annualStandardDeviation": spread * math.sqrt(_YEAR),
        "annualVariance": spread**2 * _YEAR,
        "informationRatio": 0,
        "trackingError": 0,
        "treynorRatio": 0,
        "portfolioTurnover": float(run.algorithm.portfolio.volume / last) / max(len(daily), 1) if last else 0.0,
        "valueAtRisk99": 0,
        "valueAtRisk95": 0,
        "drawdownRecovery": 0,
    }


def statistics(run: Run) -> dict[str, str]:
    """The text map `statistics`; the algorithm's own entries come last and override nothing."""
    figures = portfolio_figures(run)
    number = {name: float(value) for name, value in figures.items()}
    found = {
        "Total Orders": str(len(run.algorithm.transactions.orders)),
        "Average Win": _percent(number["averageWinRate"]),
        "Average Loss": _percent(number["averageLossRate"]),
        "Compounding Annual Return": _percent(number["compoundingAnnualReturn"], 3),
        "Drawdown": _percent(number["drawdown"], 3),
        "Expectancy": f"{number['expectancy']:.3f}",
        "Start Equity": f"{run.start_cash.normalize():f}",
        "End Equity": f"{run.algorithm.portfolio.total.normalize():f}",
        "Net Profit": _percent(number["totalNetProfit"], 3),
        "Sharpe Ratio": f"{number['sharpeRatio']:.3f}",
        "Sortino Ratio": f"{number['sortinoRatio']:.3f}",
        "Probabilistic Sharpe Ratio": "0%",
        "Loss Rate": f"{number['lossRate'] * 100:.0f}%",
        "Win Rate": f"{number['winRate'] * 100:.0f}%",
        "Profit-Loss Ratio": f"{number['profitLossRatio']:.2f}",
        "Alpha": "0",
        "Beta": "0",
        "Annual Standard Deviation": f"{number['annualStandardDeviation']:.3f}",
        "Annual Variance": f"{number['annualVariance']:.3f}",
        "Information Ratio": "0",
        "Tracking Error": "0",
        "Treynor Ratio": "0",
        "Total Fees": _dollars(run.algorithm.portfolio.fees),
        "Estimated Strategy Capacity": "$0",
        "Lowest Capacity Asset": "",
        "Portfolio Turnover": _percent(number["portfolioTurnover"]),
        "Drawdown Recovery": "0",
    }
    return found | {k: v for k, v in run.algorithm.summary_statistics.items() if k not in found}


def runtime_statistics(run: Run) -> dict[str, str]:
    """The text map `runtimeStatistics`."""
    portfolio = run.algorithm.portfolio
    held = portfolio.held()
    absolute = sum((abs(s.holdings.exact_quantity * s.last * s.multiplier) for s in held), Decimal(0))
    unrealized = sum(
        ((s.last - s.holdings.average_price) * s.holdings.exact_quantity * s.multiplier for s in held), Decimal(0)
    )
    net = portfolio.total - run.start_cash - unrealized
    share = (portfolio.total / run.start_cash - 1) * 100
    return run.algorithm.runtime_statistics | {
        "Equity": _dollars(portfolio.total),
        "Fees": f"-${portfolio.fees:,.2f}",
        "Holdings": _dollars(absolute),
        "Net Profit": _dollars(net),
        "Probabilistic Sharpe Ratio": "0%",
        "Return": f"{share:.2f} %",
        "Unrealized": _dollars(unrealized),
        "Volume": _dollars(portfolio.volume),
    }


def _runs(trades: Sequence[ClosedTrade], wins: bool) -> int:
    longest = current = 0
    for trade in trades:
        current = current + 1 if (trade.profit > 0) == wins else 0
        longest = max(longest, current)
    return longest


def _span(durations: Sequence[timedelta], how: Callable[[Sequence[float]], float]) -> str:
    return timespan(timedelta(seconds=int(how([d.total_seconds() for d in durations])))) if durations else "00:00:00"


def trade_figures(run: Run) -> dict[str, object]:
    """`tradeStatistics`: decimals as texts of at most four places, counts as numbers."""
    trades = run.algorithm.transactions.trades.closed
    profits = [t.profit for t in trades]
    wins, losses = [p for p in profits if p > 0], [p for p in profits if p <= 0]
    won, lost = [t.duration for t in trades if t.profit > 0], [t.duration for t in trades if t.profit <= 0]
    gain, loss = sum(wins, Decimal(0)), sum(losses, Decimal(0))
    spread = pstdev(map(float, profits)) if len(profits) > 1 else 0.0
    falls = math.sqrt(fmean([min(float(p), 0.0) ** 2 for p in profits])) if profits else 0.0
    mean = float(sum(profits, Decimal(0)) / len(profits)) if profits else 0.0
    average_win, average_loss = (
        (gain / len(wins) if wins else Decimal(0)),
        (loss / len(losses) if losses else Decimal(0)),
    )
    worst, best = [t.worst for t in trades], [t.best for t in trades]
    low = _lowest_fall(profits)

    def of(values: Sequence[Decimal], how: Callable[[Sequence[Decimal]], Decimal]) -> str:
        return _text(how(values)) if values else "0"

    return {
        "startDateTime": iso(min(t.entered for t in trades)) if trades else None,
        "endDateTime": iso(max(t.exited for t in trades)) if trades else None,
        "totalNumberOfTrades": len(trades),
        "numberOfWinningTrades": len(wins),
        "numberOfLosingTrades": len(losses),
        "totalProfitLoss": _text(gain + loss),
        "totalProfit": _text(gain),
        "totalLoss": _text(loss),
        "largestProfit": of(wins, max),
        "largestLoss": of(losses, min),
        "averageProfitLoss": _text(mean),
        "averageProfit": _text(average_win),
        "averageLoss": _text(average_loss),
        "averageTradeDuration": _span(won + lost, fmean),
        "averageWinningTradeDuration": _span(won, fmean),
        "averageLosingTradeDuration": _span(lost, fmean),
        "medianTradeDuration": _span(won + lost, median),
        "medianWinningTradeDuration": _span(won, median),
        "medianLosingTradeDuration": _span(lost, median),
        "maxConsecutiveWinningTrades": _runs(trades, wins=True),
        "maxConsecutiveLosingTrades": _runs(trades, wins=False),
        "profitLossRatio": _text(-average_win / average_loss if average_loss else 0),
        "winLossRatio": _text(len(wins) / len(losses) if losses else 0),
        "winRate": _text(len(wins) / len(trades) if trades else 0),
        "lossRate": _text(len(losses) / len(trades) if trades else 0),
        "averageMAE": of(worst, lambda v: sum(v, Decimal(0)) / len(v)),
        "averageMFE": of(best, lambda v: sum(v, Decimal(0)) / len(v)),
        "largestMAE": of(worst, min),
        "largestMFE": of(best, max),
        "maximumClosedTradeDrawdown": _text(low),
        "maximumIntraTradeDrawdown": of(worst, min),
        "profitLossStandardDeviation": _text(spread),
        "profitLossDownsideDeviation": _text(falls),
        "profitFactor": _text(-gain / loss if loss else 0),
        "sharpeRatio": _text(mean / spread if spread else 0),
        "sortinoRatio": _text(mean / falls if falls else 0),
        "profitToMaxDrawdownRatio": _text((gain + loss) / -low if low else 0),
        "maximumEndTradeDrawdown": of([t.give_back for t in trades], max),
        "averageEndTradeDrawdown": of(
            [p - b for b, p in zip(best, profits, strict=True)], lambda v: sum(v, Decimal(0)) / len(v)
        ),
        "maximumDrawdownDuration": "00:00:00",
        "totalFees": _text(sum((t.fees for t in trades), Decimal(0))),
    }


def _lowest_fall(profits: Sequence[Decimal]) -> Decimal:
    total = high = low = Decimal(0)
    for profit in profits:
        total += profit
        high = max(high, total)
        low = min(low, total - high)
    return low


def portfolio_texts(run: Run) -> dict[str, object]:
    """`portfolioStatistics`: every figure as text."""
    return {
        name: str(value) if isinstance(value, int) else _text(value) for name, value in portfolio_figures(run).items()
    }
