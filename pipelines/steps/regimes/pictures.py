"""The pictures of every universe, from the published copy.

Holds: gathering labels, index, VIX and matrices, and the pictures made of them.
Belongs here: what the Dagster asset and the command both show.
Never here: drawing (`pipelines.plots.regimes`), computing labels.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl

from pipelines.config import Settings, UniverseSettings
from pipelines.plots import regimes as regime_plots
from pipelines.steps.regimes.labels import universe_returns
from pipelines.transforms.regimes.returns import AlignedReturns
from tomking.kernel.correlation import WINDOW, correlation_matrix
from tomking.kernel.correlation_monitor import SCORE_DAYS
from tomking.kernel.diversification import score_interval, score_window
from warehouse.access import WriteSession

YEAR = 252
"""Sessions between the two correlation maps."""

_DAYS = """
    SELECT session_date, regime, semi_volatility, correlation_forecast, score, score_lost_to_concentration,
        score_lost_to_correlation
    FROM marts.regimes WHERE universe = ? ORDER BY session_date
"""
_VIX = """
    SELECT session_date, max_by(close, revision) AS vix FROM records.daily_prices
    WHERE upper(symbol) IN ('VIX', '^VIX', 'VIX.INDEX') GROUP BY session_date
"""


def regime_pictures(session: WriteSession, settings: Settings) -> dict[str, dict[str, bytes]]:
    """PNG images by universe and name: `timeline`, `correlations`, `score`; a universe without labels has none."""
    vix = session.frame(_VIX).cast({"session_date": pl.Date, "vix": pl.Float64})
    found = {}
    for universe in settings.universes:
        days = session.frame(_DAYS, [universe.name])
        returns, _ = universe_returns(session, universe)
        if days.height and returns is not None:
            found[universe.name] = _pictures(universe, days, returns, vix)
    return found


def _pictures(
    universe: UniverseSettings, days: pl.DataFrame, returns: AlignedReturns, vix: pl.DataFrame
) -> dict[str, bytes]:
    last: dt.date = returns.dates[-1]
    title = f"{universe.name}: regime over {len(universe.symbols)} symbols in equal parts, to {last}"
    whole = days.join(index_of(returns), on="session_date", how="left").join(vix, on="session_date", how="left")
    pictures = {
        "timeline": regime_plots.state_timeline(whole, title),
        "score": regime_plots.score_with_losses(
            days, f"{universe.name}: diversification score and what it lacks to 100{_newest_score(returns)}"
        ),
    }
    before = max(WINDOW - 1, len(returns.dates) - 1 - YEAR)
    if len(returns.dates) >= WINDOW:
        pictures["correlations"] = regime_plots.correlation_maps(
            correlation_matrix(returns.rows[-WINDOW:]),
            correlation_matrix(returns.rows[before + 1 - WINDOW : before + 1]),
            returns.symbols,
            last,
            returns.dates[before],
        )
    return pictures


def _newest_score(returns: AlignedReturns) -> str:
    """The newest score with its 90 % interval, as the end of a title; empty where there is none."""
    window = returns.rows[-SCORE_DAYS:]
    found = score_window(window) if len(window) == SCORE_DAYS else None
    if found is None:
        return ""
    low, high = score_interval(window)
    return f" · now {found.score:.0f}, 90 % between {low:.0f} and {high:.0f}"


def index_of(returns: AlignedReturns) -> pl.DataFrame:
    """Level of equal parts of all symbols, rebalanced daily, 100 before the first return."""
    simple = np.expm1(np.nan_to_num(returns.rows, nan=0.0)).mean(axis=1)
    return pl.DataFrame(
        {"session_date": returns.dates, "index": 100.0 * np.cumprod(1.0 + simple)},
        schema={"session_date": pl.Date, "index": pl.Float64},
    )
