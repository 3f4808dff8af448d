"""Tables of correlations of a universe and of its groups, rebuilt from prices.

Holds: the newest pairs, group means with their intervals by session, group regimes.
Belongs here: filling `derived.pair_correlations`, `group_correlations`, `symbol_groups`, `group_regimes`.
Never here: labels of the universe itself, which are stored as known (`regimes`); arithmetic (`tomking.kernel`).
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from pipelines.transforms.regimes.returns import AlignedReturns
from pipelines.transforms.regimes.rolling_means import label_history
from tomking.kernel.correlation import WINDOW, correlation_matrix
from tomking.kernel.group_intervals import GroupInterval, group_intervals
from tomking.kernel.pattern_correlation import moved_to, pattern_matrix
from tomking.kernel.regimes import RegimeSettings
from warehouse.frames import frame, frame_schema
from warehouse.models.derived.correlations import GroupCorrelation, GroupRegime, PairCorrelation, SymbolGroup

if TYPE_CHECKING:
    from warehouse.session import WriteSession


def store_pairs(session: WriteSession, universe: str, returns: AlignedReturns, forecast: float | None) -> None:
    """The newest matrix, one row a pair: as it was over the window, and as it is to be expected."""
    window = returns.rows[-WINDOW:]
    stored = session.rows("SELECT max(session_date) FROM derived.pair_correlations WHERE universe = ?", [universe])
    if len(window) < WINDOW or (stored[0][0] is not None and stored[0][0] > returns.dates[-1]):
        return
    matrix = correlation_matrix(window)
    expected = moved_to(pattern_matrix(returns.rows), math.nan if forecast is None else forecast)
    positions = sorted(range(len(returns.symbols)), key=lambda place: returns.symbols[place])
    rows = [
        {
            "universe": universe,
            "session_date": returns.dates[-1],
            "first_symbol": returns.symbols[first],
            "second_symbol": returns.symbols[second],
            "correlation": _known(float(matrix[first, second])),
            "expected_correlation": None if forecast is None else _known(float(expected[first, second])),
            "observations": WINDOW,
        }
        for place, first in enumerate(positions)
        for second in positions[place + 1 :]
    ]
    session.replace(PairCorrelation, frame(PairCorrelation, rows), "universe = ?", [universe])


def store_groups(
    session: WriteSession,
    universe: str,
    returns: AlignedReturns,
    groups: Sequence[tuple[str, str]],
    dirty: Sequence[dt.date],
) -> None:
    """Group means of the sessions that have none, and of every session from the first dirty one on.

    `groups`: group of each symbol and the version of the table that says so.
    """
    members = [
        {"universe": universe, "symbol": symbol, "group_name": name, "table_version": version}
        for symbol, (name, version) in zip(returns.symbols, groups, strict=True)
    ]
    regrouped = session.replace(SymbolGroup, frame(SymbolGroup, members), "universe = ?", [universe])
    newest = session.rows("SELECT max(session_date) FROM derived.group_correlations WHERE universe = ?", [universe])
    start = _first_to_make(newest[0][0], dirty, regrouped=regrouped > 0)
    names = [name for name, _ in groups]
    rows = (
        (returns.dates[last], found)
        for last in range(WINDOW - 1, len(returns.dates))
        if returns.dates[last] >= start
        for found in group_intervals(returns.rows[last + 1 - WINDOW : last + 1], names)
    )
    session.replace(
        GroupCorrelation,
        _group_frame(universe, rows),
        "universe = ? AND session_date >= ? AND session_date <= ?",
        [universe, start, returns.dates[-1]],
    )


def _first_to_make(newest: dt.date | None, dirty: Sequence[dt.date], *, regrouped: bool) -> dt.date:
    if newest is None or regrouped:
        return dt.date.min
    return min([newest, *dirty])


def _group_frame(universe: str, rows: Iterable[tuple[dt.date, GroupInterval]]) -> pl.DataFrame:
    found = list(rows)
    return pl.DataFrame(
        {
            "universe": [universe] * len(found),
            "session_date": [date for date, _ in found],
            "first_group": [one.group.first for _, one in found],
            "second_group": [one.group.second for _, one in found],
            "mean_correlation": [one.group.mean for _, one in found],
            "pairs": [one.group.pairs for _, one in found],
            "low": [one.low for _, one in found],
            "high": [one.high for _, one in found],
        },
        schema=frame_schema(GroupCorrelation),
    ).with_columns(pl.col("mean_correlation", "low", "high").fill_nan(None))


def store_group_regimes(
    session: WriteSession,
    universe: str,
    returns: AlignedReturns,
    groups: Sequence[tuple[str, str]],
    numbers: RegimeSettings,
) -> None:
    """The regime of each group of two members at least, from its own returns, every session that has a label."""
    frames = []
    for name in sorted({name for name, _ in groups}):
        places = [place for place, (group, _) in enumerate(groups) if group == name]
        if len(places) < numbers.minimum_assets or len(places) == len(groups):
            continue
        days = label_history(returns.dates, np.ascontiguousarray(returns.rows[:, places]), numbers)
        rows = [
            {
                "universe": universe,
                "group_name": name,
                "session_date": day.date,
                "regime": day.regime,
                "danger": day.danger,
                "diversification": day.diversification,
                "semi_volatility": day.semi_volatility,
                "mean_correlation": day.mean_correlation,
                "correlation_forecast": day.forecast,
                "reason": day.reason,
                "members": len(places),
            }
            for day in days
            if day.regime is not None
        ]
        frames.append(frame(GroupRegime, rows))
    found = pl.concat(frames) if frames else frame(GroupRegime, [])
    session.replace(GroupRegime, found, "universe = ?", [universe])


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value
