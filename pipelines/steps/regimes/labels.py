"""Regime labels and correlations of every configured universe.

Holds: the step that reads known prices and labels the sessions that have no label yet.
Belongs here: what is stored, what is a revision.
Never here: the model (`tomking.kernel.regimes`), alignment of prices (`transforms.returns`), the tables of
    correlations and groups (`regimes_groups`).
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from pipelines.steps.regimes.groups import store_group_regimes, store_groups, store_pairs
from pipelines.transforms.regimes.returns import LONG_SCHEMA, AlignedReturns, aligned_returns
from pipelines.transforms.regimes.rolling_means import label_history
from tomking.kernel import groups as group_table
from tomking.kernel.correlation_monitor import SCORE_DAYS
from tomking.kernel.diversification import DiversificationScore, score_window
from tomking.kernel.regimes import RegimeDay, RegimeSettings
from warehouse.frames import frame
from warehouse.keys import stable_id
from warehouse.models.records import market

if TYPE_CHECKING:
    from pipelines.config import Settings, UniverseSettings
    from warehouse.session import WriteSession

DIRTY_DOMAIN = "correlations"
SAME = 0.001
"""Mean correlations that differ by less are the same figure: each dividend moves the last digits of every earlier
adjusted close, and the figure's own standard deviation is eighty times this."""
UNGROUPED = "ungrouped"

_PRICES = """
    SELECT session_date, symbol, coalesce(adjusted_close, close) AS price
    FROM records.daily_prices
    WHERE symbol = ? AND source = ? AND session_date >= ? AND session_date <= ? AND known_at <= ?
    QUALIFY row_number() OVER (PARTITION BY session_date ORDER BY revision DESC) = 1
"""
_SOURCES = """
    SELECT source FROM records.daily_prices WHERE symbol = ? AND (?::VARCHAR IS NULL OR source = ?)
    GROUP BY source ORDER BY max(session_date) DESC, count(*) DESC, source LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class UniverseOutcome:
    """What became of one universe; `problem` says why nothing could be computed. Days are ISO text."""

    universe: str
    settings_id: str | None = None
    sessions: int = 0
    left_out: int = 0
    new_labels: int = 0
    revised_labels: int = 0
    last_day: str | None = None
    last_regime: str | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class RegimeOutcome:
    """Outcomes of all universes, in the order of the configuration."""

    universes: tuple[UniverseOutcome, ...]


def recompute_regimes(
    session: WriteSession,
    settings: Settings,
    through: dt.date | None = None,
    universes: Collection[str] | None = None,
    *,
    regime_settings: RegimeSettings | None = None,
) -> RegimeOutcome:
    """Label every session up to `through` that has prices and no label yet; refill the correlations.

    A session that is labelled keeps its label; where its prices were corrected since and the label would now differ,
    that is stored as a revision beside it. `universes` names those to compute (default: all configured).
    """
    numbers = regime_settings or RegimeSettings()
    outcomes = []
    dirty = session.dirty_days(DIRTY_DOMAIN)
    for universe in settings.universes:
        if universes is None or universe.name in universes:
            with session.transaction():
                outcomes.append(_recompute(session, universe, numbers, through, dirty))
    if universes is None and through is None and all(outcome.settings_id is not None for outcome in outcomes):
        session.clear_dirty(DIRTY_DOMAIN, dirty)
    return RegimeOutcome(tuple(outcomes))


def settings_id(numbers: RegimeSettings, symbols: Sequence[str], start: dt.date | None) -> str:
    """The id of everything a label depends on besides prices: every number, the members and the first day."""
    document = json.dumps(asdict(numbers), sort_keys=True)
    return stable_id("regime", document, SCORE_DAYS, ",".join(symbols), start.isoformat() if start else None)


def universe_returns(
    session: WriteSession, universe: UniverseSettings, through: dt.date | None = None
) -> tuple[AlignedReturns | None, str | None]:
    """Aligned returns of a universe from the prices known now, or None and the reason why there are none."""
    found, absent = [], []
    for symbol in universe.symbols:
        sources = session.rows(_SOURCES, [symbol, universe.source, universe.source])
        if not sources:
            absent.append(symbol)
            continue
        span = [universe.start or dt.date.min, through or dt.date.max, session.now]
        found.append(session.frame(_PRICES, [symbol, sources[0][0], *span]).cast(LONG_SCHEMA))
    if absent:
        named = f" from {universe.source}" if universe.source else ""
        return None, f"no prices{named} of {', '.join(absent)}"
    returns = aligned_returns(pl.concat(found), universe.symbols)
    if not returns.dates:
        return None, "the symbols have no two sessions in common"
    return returns, None


def groups_of(universe: UniverseSettings) -> tuple[tuple[str, str], ...]:
    """Group of each symbol and the version of the table that says so: configured, else sector, else rule group."""
    found = []
    for symbol in universe.symbols:
        configured = universe.groups.get(symbol)
        if configured is not None:
            found.append((configured, "configured"))
            continue
        name = group_table.group_of(symbol, group_table.SECTOR) or group_table.group_of(symbol) or UNGROUPED
        found.append((name, group_table.TABLE_VERSION))
    return tuple(found)


def _recompute(
    session: WriteSession,
    universe: UniverseSettings,
    numbers: RegimeSettings,
    through: dt.date | None,
    dirty: Sequence[dt.date],
) -> UniverseOutcome:
    if len(universe.symbols) < numbers.minimum_assets:
        return UniverseOutcome(universe.name, problem=f"a universe has {numbers.minimum_assets} symbols at least")
    returns, problem = universe_returns(session, universe, through)
    if returns is None:
        return UniverseOutcome(universe.name, problem=problem)
    identity = settings_id(numbers, universe.symbols, universe.start)
    days = label_history(returns.dates, returns.rows, numbers)
    new, revised = _store_labels(session, universe, identity, returns, days)
    store_pairs(session, universe.name, returns, days[-1].forecast)
    store_groups(session, universe.name, returns, groups_of(universe), dirty)
    store_group_regimes(session, universe.name, returns, groups_of(universe), numbers)
    return UniverseOutcome(
        universe.name,
        identity,
        sessions=len(days),
        left_out=returns.left_out,
        new_labels=new,
        revised_labels=revised,
        last_day=days[-1].date.isoformat(),
        last_regime=days[-1].regime,
        problem=None if days[-1].regime is not None else days[-1].reason,
    )


def _store_labels(
    session: WriteSession,
    universe: UniverseSettings,
    identity: str,
    returns: AlignedReturns,
    days: Sequence[RegimeDay],
) -> tuple[int, int]:
    """Insert labels of unlabelled sessions and revisions of labelled ones; returns how many of each."""
    key = {"universe": universe.name, "settings_id": identity}
    labelled = _latest(session, "records.regime_days", key)
    revised = _latest(session, "records.regime_revisions", key)
    rows, revisions = [], []
    for place, day in enumerate(days):
        if day.regime is None:
            continue
        known = revised.get(day.date) or labelled.get(day.date)
        if known is None:
            score = score_window(returns.rows[place + 1 - SCORE_DAYS : place + 1]) if place + 1 >= SCORE_DAYS else None
            rows.append({**key, **_label_row(day, score), "members": len(universe.symbols), "known_at": session.now})
        elif _differs(day, known):
            revisions.append(
                {
                    **key,
                    "session_date": day.date,
                    "known_at": session.now,
                    "regime": day.regime,
                    "danger": day.danger,
                    "diversification": day.diversification,
                    "mean_correlation": day.mean_correlation,
                    "reason": day.reason,
                }
            )
    session.insert(market.RegimeDay, frame(market.RegimeDay, rows))
    session.insert(market.RegimeRevision, frame(market.RegimeRevision, revisions))
    return len(rows), len(revisions)


def _label_row(day: RegimeDay, score: DiversificationScore | None) -> dict[str, Any]:
    return {
        "session_date": day.date,
        "regime": day.regime,
        "danger": day.danger,
        "diversification": day.diversification,
        "semi_volatility": day.semi_volatility,
        "mean_correlation": day.mean_correlation,
        "correlation_forecast": day.forecast,
        "score": score.score if score else None,
        "score_lost_to_concentration": score.lost_to_concentration if score else None,
        "score_lost_to_correlation": score.lost_to_correlation if score else None,
        "thresholds": json.dumps(day.thresholds(), sort_keys=True),
        "reason": day.reason,
    }


Known = tuple[str, int, int | None, float | None]


def _latest(session: WriteSession, table: str, key: Mapping[str, str]) -> dict[dt.date, Known]:
    """Regime, levels and mean correlation by session, of the newest row each."""
    found = session.rows(
        f"SELECT session_date, regime, danger, diversification, mean_correlation FROM {table} "
        "WHERE universe = ? AND settings_id = ? "
        "QUALIFY row_number() OVER (PARTITION BY session_date ORDER BY known_at DESC) = 1",
        [key["universe"], key["settings_id"]],
    )
    return {date: (regime, danger, level, mean) for date, regime, danger, level, mean in found}


def _differs(day: RegimeDay, known: Known) -> bool:
    if (day.regime, day.danger, day.diversification) != known[:3]:
        return True
    if day.mean_correlation is None or known[3] is None:
        return (day.mean_correlation is None) != (known[3] is None)
    return abs(day.mean_correlation - known[3]) > SAME
