"""The correlation monitor: what the evening's closes say about the market and about a book.

Holds: one observation a session, aligned by date; the windows; and what is asked of them.
Belongs here: joining correlations, regime, diversification and sizing into answers about one session.
Never here: their arithmetic (each has its module), where closes come from, what a strategy does with an answer.

A return is one observation a symbol a session. A session that any symbol lacks is none; returns are taken between the
sessions that remain, so that markets with other holidays stay aligned. Across a hole of more than `LONGEST_GAP_DAYS`
there is no return. Futures are fed as back-adjusted continuous series. The warehouse joins in the same way
(`pipelines.transforms.regimes.returns`), and its labels come from the same state machine.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from tomking.kernel import concentration
from tomking.kernel.concentration import ConcentrationLimits, ConcentrationWarning, Suggestion
from tomking.kernel.correlation import (
    Array,
    GroupCorrelation,
    MeanCorrelation,
    RollingCorrelation,
    correlation_matrix,
    group_correlations,
    mean_correlation,
)
from tomking.kernel.diversification import DiversificationScore, score_book, score_window
from tomking.kernel.groups import SECTOR, group_of
from tomking.kernel.parameter_specs import SPECS
from tomking.kernel.regime_sizing import RegimeSizing
from tomking.kernel.regimes import RegimeDay, RegimeModel, RegimeSettings
from tomking.kernel.thresholds import Calibration

LONGEST_GAP_DAYS = 10
"""Calendar days between two joined sessions beyond which the return between them is missing: a hole in the data, not a
return of one day. The longest closure of the New York exchange since 1990 spans seven (September 2001)."""

SCORE_DAYS = 60
"""Sessions of the diversification score: over 20 its noise is 7 to 9 points."""

BETA_DAYS = 250
"""Sessions that a beta is estimated over; below `SCORE_DAYS` of them there is none."""

UNGROUPED = "ungrouped"


@dataclass(frozen=True, slots=True)
class BookAssessment:
    """What the monitor says about a book of exposures after a session.

    `score` is None where it cannot be known (an exposure in a symbol that is not watched, a flat or missing series);
    `unknown` names those symbols.
    """

    session: dt.date
    score: DiversificationScore | None
    warning: ConcentrationWarning | None
    suggestions: tuple[Suggestion, ...]
    unknown: tuple[str, ...]


class CorrelationMonitor:
    """Fed one session at a time, asked between sessions.

    Parameters
    ----------
    symbols : sequence of str
        The universe, in a fixed order.
    values : mapping of str to str
        A complete table of parameters (`regime.window`, `regime.minimum_stay`, `monitor.…`).
    calibration : Calibration, optional
        Published thresholds and forecast weights; without them the regime is learnt from the sessions fed.
    groups : mapping of str to str, optional
        Group of each symbol; without one its sector, else the rule's correlation group.

    After a restart the monitor is fed its recent past again (`RegimeSettings.buffer_days` sessions); from the same
    sessions it gives the same answers.
    """

    def __init__(
        self,
        symbols: Sequence[str],
        values: Mapping[str, str],
        calibration: Calibration | None = None,
        groups: Mapping[str, str] | None = None,
    ) -> None:
        if len(set(symbols)) != len(symbols):
            raise ValueError("a symbol is named twice")
        self.symbols = tuple(symbols)
        window, stay = (int(SPECS[name].value(values[name])) for name in ("regime.window", "regime.minimum_stay"))
        self.settings = RegimeSettings(window=window, minimum_stay=stay)
        self.sizing = RegimeSizing.from_values(values)
        self._limits = ConcentrationLimits.from_values(values)
        self._model = RegimeModel(len(self.symbols), self.settings, calibration)
        held = max(window, BETA_DAYS, SCORE_DAYS + self._limits.fall_sessions)
        self._returns = RollingCorrelation(len(self.symbols), held)
        self._logs: Array | None = None
        self._session: dt.date | None = None
        self._newest: dict[str, dt.date] = {}
        self._last_fed: dt.date | None = None
        self.left_out = 0
        self.day: RegimeDay | None = None
        """The newest labelled session."""
        given = groups or {}
        self.groups = tuple(
            given.get(symbol) or group_of(symbol, SECTOR) or group_of(symbol) or UNGROUPED for symbol in self.symbols
        )

    def observe(self, session: dt.date, closes: Mapping[str, float | Decimal | None]) -> RegimeDay | None:
        """Take in the closes of a session; its label, or None where some symbol has no close or it is the first.

        A close that is no positive finite number is none. Symbols that are not watched are passed over. Raises
        ValueError for a session that is not later than the last one fed.
        """
        if self._last_fed is not None and session <= self._last_fed:
            raise ValueError(f"sessions come in sequence: {session} is not after {self._last_fed}")
        self._last_fed = session
        prices = np.array([_price(closes.get(symbol)) for symbol in self.symbols])
        known = np.isfinite(prices)
        if not known.all():
            self._newest.update({one: session for one, there in zip(self.symbols, known, strict=True) if there})
            self.left_out += 1
            return None
        before, earlier = self._logs, self._session
        self._logs, self._session = np.log(prices), session
        if before is None or earlier is None:
            return None
        returns: Array = self._logs - before
        if (session - earlier).days > LONGEST_GAP_DAYS:
            returns = np.full(len(self.symbols), np.nan)
        self._returns.push(returns)
        self.day = self._model.step(session, returns)
        return self.day

    # --- the market --------------------------------------------------------------------------------------------------

    @property
    def session(self) -> dt.date | None:
        """The newest session that all symbols have: what every answer here rests on."""
        return self._session

    @property
    def settled(self) -> bool:
        """Whether the regime no longer depends on where the feed began."""
        return self._model.settled

    @property
    def regime(self) -> str | None:
        """The state after the newest session; None while unknown."""
        return self.day.regime if self.day is not None else None

    @property
    def size_multiplier(self) -> Decimal:
        """The share of a new trade's size that the present regime leaves, 0 to 1."""
        return self.sizing.multiplier(self.regime)

    def age_days(self, on: dt.date) -> int | None:
        """Calendar days since the newest session that all symbols have; None before the first."""
        return None if self._session is None else (on - self._session).days

    def newest_input(self, symbol: str) -> dt.date | None:
        """The last session in which a symbol had a close."""
        newest = self._newest.get(symbol)
        if self._session is None or symbol not in self.symbols:
            return newest
        return self._session if newest is None else max(newest, self._session)

    def mean(self) -> MeanCorrelation:
        """Mean over the pairs of the displayed window; missing until it is full."""
        rows = self._rows(self.settings.window)
        return MeanCorrelation(math.nan, 0) if rows is None else mean_correlation(rows)

    def group_means(self) -> tuple[GroupCorrelation, ...]:
        """Means within and between groups over the displayed window, with their pairs; empty until it is full."""
        rows = self._rows(self.settings.window)
        return () if rows is None else group_correlations(rows, self.groups)

    def matrix(self) -> Array | None:
        """Correlations of the displayed window, in the order of `symbols`; None until it is full."""
        rows = self._rows(self.settings.window)
        return None if rows is None else correlation_matrix(rows)

    def universe_score(self) -> DiversificationScore | None:
        """The score of the universe at equal exposures, as the warehouse stores it; None where it cannot be known."""
        rows = self._rows(SCORE_DAYS)
        return None if rows is None else score_window(rows)

    def beta(self, symbol: str, index: str) -> float | None:
        """Slope of a symbol's returns on an index's, both watched; None with too few sessions or a flat index."""
        rows = self._returns.rows()[-BETA_DAYS:]
        one, other = rows[:, self.symbols.index(symbol)], rows[:, self.symbols.index(index)]
        both = np.isfinite(one) & np.isfinite(other)
        if int(both.sum()) < SCORE_DAYS:
            return None
        centred = other[both] - other[both].mean()
        variance = float(centred @ centred)
        return float(centred @ one[both]) / variance if variance > 0.0 else None

    # --- a book ------------------------------------------------------------------------------------------------------

    def assess(self, exposures: Mapping[str, float]) -> BookAssessment | None:
        """Score, warning and suggestions for exposures by symbol (delta-adjusted money, negative when short).

        None before `SCORE_DAYS` sessions have been seen.
        """
        rows = self._rows(SCORE_DAYS)
        if rows is None or self._session is None:
            return None
        moving = np.isfinite(np.diag(correlation_matrix(rows)))
        usable = dict(zip(self.symbols, moving, strict=True))
        unknown = tuple(symbol for symbol, amount in exposures.items() if amount and not usable.get(symbol, False))
        if unknown:
            return BookAssessment(self._session, None, None, (), unknown)
        book = [float(exposures.get(symbol, 0.0)) for symbol in self.symbols]
        score = score_book(book, rows.std(axis=0, ddof=1), correlation_matrix(rows))
        earlier = self._rows(SCORE_DAYS, self._limits.fall_sessions)
        return BookAssessment(
            self._session,
            score,
            concentration.warning(book, rows, earlier, self._limits),
            concentration.suggestions(self.symbols, book, rows),
            (),
        )

    def _rows(self, count: int, back: int = 0) -> Array | None:
        """The `count` returns that ended `back` sessions ago, oldest first; None where there are not as many."""
        rows = self._returns.rows()
        end = len(rows) - back
        return rows[end - count : end] if end >= count else None


def _price(close: float | Decimal | None) -> float:
    value = math.nan if close is None else float(close)
    return value if math.isfinite(value) and value > 0.0 else math.nan
