"""Whether a book is becoming one bet, and which cut would help most.

Holds: the share of a book's variance on the first common movement, the early warning, suggestions with their effect.
Belongs here: judging exposures against correlations that are given.
Never here: the score itself (`diversification`), where exposures come from, carrying a suggestion out.

A warning looks at three things: the level of the score, its fall over some sessions *with the present exposures held
fixed* (so that a fall comes from the market and not from our trading), and the share of variance on the first
eigenvector. One of them alone is worth watching; a low score together with one of the others is a warning.

A suggestion only ever makes a position smaller, and states what that would do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import ArrayLike

from tomking.kernel.correlation import correlation_matrix
from tomking.kernel.diversification import DiversificationScore, Resizing, resize, score_book
from tomking.kernel.parameter_specs import SPECS

LOW_SCORE: Final = "low_score"
FALLING: Final = "falling"
COMMON_MOVEMENT: Final = "common_movement"

FACTORS: Final = (0.5, 0.0)
"""A suggestion halves a position or closes it."""


@dataclass(frozen=True, slots=True)
class ConcentrationLimits:
    """Points of score, a fall of it in points over sessions, a share of variance."""

    low_score: float
    fall: float
    fall_sessions: int
    common_share: float

    @classmethod
    def from_values(cls, values: Mapping[str, str]) -> ConcentrationLimits:
        """The limits of a complete table of parameters."""

        def number(name: str) -> float:
            return float(SPECS[f"monitor.{name}"].value(values[f"monitor.{name}"]))

        return cls(number("low_score"), number("score_fall"), int(number("fall_sessions")), number("common_share"))


@dataclass(frozen=True, slots=True)
class ConcentrationWarning:
    """Why a book is, or may become, one bet. `change` is in points since `fall_sessions` ago; None: not known."""

    level: Literal["watch", "warning"]
    reasons: tuple[str, ...]
    score: float
    change: float | None
    common_share: float | None


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Scale the exposure in one symbol by `factor`, and what that does to score and volatility."""

    symbol: str
    factor: float
    effect: Resizing

    @property
    def points(self) -> float:
        """Points of score gained."""
        return self.effect.score_after - self.effect.score_before

    def __str__(self) -> str:
        done = "close" if self.factor == 0.0 else f"cut to {self.factor:.0%}"
        one = self.effect
        return (
            f"{done} {self.symbol}: score {one.score_before:.0f} to {one.score_after:.0f}, "
            f"daily volatility {one.volatility_before:,.0f} to {one.volatility_after:,.0f}"
        )


def common_share(exposures: ArrayLike, volatilities: ArrayLike, correlations: ArrayLike) -> float | None:
    """Share of the book's variance along the first eigenvector of the correlations of what is held.

    With signed risk ``x_i = a_i v_i`` and first eigenpair ``(l, u)``: ``l (u . x)^2 / x' C x``. A hedged book can have
    a small share although everything it holds moves together. None without risk or where a figure is missing.
    """
    exposure = np.asarray(exposures, dtype=np.float64)
    held = exposure != 0.0
    matrix = np.asarray(correlations, dtype=np.float64)[np.ix_(held, held)]
    risk = exposure[held] * np.asarray(volatilities, dtype=np.float64)[held]
    if not len(risk) or not np.isfinite(matrix).all() or not np.isfinite(risk).all():
        return None
    variance = float(risk @ matrix @ risk)
    if variance <= 0.0:
        return None
    values, vectors = np.linalg.eigh(matrix)
    return min(1.0, float(values[-1]) * float(vectors[:, -1] @ risk) ** 2 / variance)


def warning(
    exposures: ArrayLike, now: ArrayLike, before: ArrayLike | None, limits: ConcentrationLimits
) -> ConcentrationWarning | None:
    """Judge a book by a window of returns and, where there is one, the same window `fall_sessions` earlier.

    None where all is well, or where the score cannot be known.
    """
    rows = np.asarray(now, dtype=np.float64)
    score = _score(exposures, rows)
    if score is None:
        return None
    earlier = None if before is None else _score(exposures, np.asarray(before, dtype=np.float64))
    change = None if earlier is None else score.score - earlier.score
    share = common_share(exposures, rows.std(axis=0, ddof=1), correlation_matrix(rows))
    reasons = tuple(
        name
        for name, holds in (
            (LOW_SCORE, score.score < limits.low_score),
            (FALLING, change is not None and change <= -limits.fall),
            (COMMON_MOVEMENT, share is not None and share > limits.common_share),
        )
        if holds
    )
    if not reasons:
        return None
    level: Literal["watch", "warning"] = "warning" if LOW_SCORE in reasons and len(reasons) > 1 else "watch"
    return ConcentrationWarning(level, reasons, score.score, change, share)


def suggestions(symbols: Sequence[str], exposures: Sequence[float], rows: ArrayLike) -> tuple[Suggestion, ...]:
    """Cuts that raise the score and lower the volatility, the largest gain in points first.

    `rows` is the window of daily returns that the effects are worked out with. Empty where nothing helps or the score
    is not known.
    """
    window = np.asarray(rows, dtype=np.float64)
    volatilities, matrix = window.std(axis=0, ddof=1), correlation_matrix(window)
    found = []
    for place, symbol in enumerate(symbols):
        for factor in FACTORS if exposures[place] else ():
            effect = resize(exposures, volatilities, matrix, place, factor)
            if (
                effect is not None
                and effect.score_after > effect.score_before
                and effect.volatility_after < effect.volatility_before
            ):
                found.append(Suggestion(symbol, factor, effect))
    return tuple(sorted(found, key=lambda one: (-one.points, one.effect.volatility_after, one.symbol, -one.factor)))


def _score(
    exposures: ArrayLike, rows: np.ndarray[tuple[int, ...], np.dtype[np.float64]]
) -> DiversificationScore | None:
    return score_book(exposures, rows.std(axis=0, ddof=1), correlation_matrix(rows))
