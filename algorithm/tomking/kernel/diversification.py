"""How diversified a book is, from 0 (one bet) to 100 (as many independent bets as there are places).

Holds: the score, its split into points lost to concentration and to correlation, its derivative, the effect of
    resizing one position, and an error bar.
Belongs here: arithmetic on exposures, volatilities and correlations.
Never here: position limits, regimes, or where exposures come from.

Formula
-------
With exposures ``a_i`` (money, negative when short), volatilities ``v_i`` and correlations ``r_ij``:

    p_i   = |a_i| v_i / sum_j |a_j| v_j                            share of gross risk
    H     = sum_i p_i^2                                            concentration, 1 for a single bet
    rho   = sum_{i != j} s_i s_j p_i p_j r_ij / (1 - H)            risk-weighted correlation, s_i the sign of a_i
    score = 100 (1 - H) (1 - rho) / (1 - 1 / N)                    held between 0 and 100

``(1 - H)(1 - rho)`` is one minus the inverse square of the diversification ratio (Choueifaty and Coignard 2008), that
is one minus the share of gross risk that is left after netting. The signs make a short position against correlated
longs count as what it is: a hedge lowers `rho` and raises the score.

N counts the places of the book, empty ones (exposure 0) included. Keep the list of places fixed when two books are
compared: filling an empty place with a small hedge then always raises the score.

Feed risk, not notional: delta-adjusted exposures, or daily profit and loss per strategy with unit exposures.
Over a 20-day window the correlation part moves by 7 to 9 points (one standard deviation) on noise alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from tomking.kernel.correlation import Array, correlation_matrix

SINGLE_BET = 1e-12
"""A book whose risk lies in one place up to this share is a single bet; a correlation with the rest has no meaning."""


@dataclass(frozen=True, slots=True)
class DiversificationScore:
    """The score of one book.

    `lost_to_concentration + lost_to_correlation == 100 - unclipped` up to rounding; a well hedged book loses a
    negative number of points to correlation. `correlation` is the risk-weighted one, NaN for a single bet.
    """

    score: float
    unclipped: float
    lost_to_concentration: float
    lost_to_correlation: float
    concentration: float
    correlation: float
    places: int


@dataclass(frozen=True, slots=True)
class Resizing:
    """What scaling one position would do: the scores, and the book's volatility in the unit of the exposures."""

    place: int
    factor: float
    score_before: float
    score_after: float
    volatility_before: float
    volatility_after: float


def score_book(exposures: ArrayLike, volatilities: ArrayLike, correlations: ArrayLike) -> DiversificationScore | None:
    """Score a book; None where it cannot be known.

    It cannot be known without any risk, or when a volatility or correlation of a held position is missing (NaN).
    Places without exposure may have missing figures. Raises ValueError for shapes that do not fit, for negative
    volatilities and for missing exposures.
    """
    signed, matrix = _signed_risk(exposures, volatilities, correlations)
    if signed is None:
        return None
    gross = float(np.abs(signed).sum())
    if gross == 0.0:
        return None
    share = signed / gross
    places = len(share)
    concentration = float((share * share).sum())
    if places == 1 or 1.0 - concentration < SINGLE_BET:
        return DiversificationScore(0.0, 0.0, 100.0, 0.0, 1.0, math.nan, places)
    netted = float(share @ matrix @ share)
    correlation = (netted - concentration) / (1.0 - concentration)
    spread = (1.0 - concentration) / (1.0 - 1.0 / places)
    apart = 1.0 - correlation
    unclipped = 100.0 * (1.0 - netted) / (1.0 - 1.0 / places)
    # Each factor's loss is averaged over the two sequences in which the factors can be applied, so neither comes first.
    return DiversificationScore(
        score=min(100.0, max(0.0, unclipped)),
        unclipped=unclipped,
        lost_to_concentration=50.0 * (1.0 - spread) * (1.0 + apart),
        lost_to_correlation=50.0 * (1.0 - apart) * (1.0 + spread),
        concentration=concentration,
        correlation=correlation,
        places=places,
    )


def book_volatility(exposures: ArrayLike, volatilities: ArrayLike, correlations: ArrayLike) -> float:
    """Standard deviation of the book in the unit of the exposures; NaN where a held position's figures are missing."""
    signed, matrix = _signed_risk(exposures, volatilities, correlations)
    return math.nan if signed is None else math.sqrt(max(0.0, float(signed @ matrix @ signed)))


def score_gradient(exposures: ArrayLike, volatilities: ArrayLike, correlations: ArrayLike) -> Array | None:
    """Points gained per unit of exposure added to each place (before clipping); None where the score is unknown.

    With ``x_i = a_i v_i`` and ``G = sum |x_i|``, the unclipped score is ``100 (1 - x'Cx / G^2) / (1 - 1/N)``, so its
    slope in ``a_i`` is ``-200 v_i ((Cx)_i / G^2 - sign(x_i) x'Cx / G^3) / (1 - 1/N)``. An empty place has no sign: its
    slope is given for exposure added in the direction that hedges.
    """
    signed, matrix = _signed_risk(exposures, volatilities, correlations)
    if signed is None or len(signed) < 2:
        return None
    gross = float(np.abs(signed).sum())
    if gross == 0.0:
        return None
    pull = matrix @ signed
    netted = float(signed @ pull)
    direction = np.where(signed == 0.0, -np.sign(pull), np.sign(signed))
    volatility = np.nan_to_num(np.asarray(volatilities, dtype=np.float64))
    slope: Array = -200.0 * volatility * (pull / gross**2 - direction * netted / gross**3) / (1.0 - 1.0 / len(signed))
    return slope


def resize(
    exposures: Sequence[float], volatilities: ArrayLike, correlations: ArrayLike, place: int, factor: float
) -> Resizing | None:
    """The effect of multiplying one exposure by `factor` (0 closes it, 1.5 adds half); None where it is unknown."""
    changed = list(exposures)
    changed[place] = changed[place] * factor
    before, after = (score_book(book, volatilities, correlations) for book in (exposures, changed))
    if before is None or after is None:
        return None
    return Resizing(
        place,
        factor,
        before.score,
        after.score,
        book_volatility(exposures, volatilities, correlations),
        book_volatility(changed, volatilities, correlations),
    )


def score_window(returns: ArrayLike, exposures: ArrayLike | None = None) -> DiversificationScore | None:
    """Score a book from a window of daily returns (rows are days); equal exposures unless given.

    Series that are flat or missing in the window are left out together with their places, so that one late listing
    does not hide the score of the rest; None with fewer than two series left.
    """
    rows = np.asarray(returns, dtype=np.float64)
    matrix = correlation_matrix(rows)
    defined = ~np.isnan(np.diag(matrix))
    if int(defined.sum()) < 2:
        return None
    book = np.ones(rows.shape[1]) if exposures is None else np.asarray(exposures, dtype=np.float64)
    kept = rows[:, defined]
    return score_book(book[defined], kept.std(axis=0, ddof=1), matrix[np.ix_(defined, defined)])


def score_interval(
    returns: ArrayLike,
    exposures: ArrayLike | None = None,
    *,
    confidence: float = 0.90,
    draws: int = 500,
    block: int = 5,
    seed: int = 0,
) -> tuple[float, float]:
    """Error bar of `score_window` by a circular block bootstrap of the days (Politis and Romano 1992).

    Blocks of five days keep the clustering of volatility; the same seed gives the same interval. NaN where no draw
    has a score. Raises ValueError for numbers out of range.
    """
    rows = np.asarray(returns, dtype=np.float64)
    if not 0.0 < confidence < 1.0 or draws < 1 or block < 1 or len(rows) < 2:
        raise ValueError("confidence lies between 0 and 1; draws and block start at 1; two days are needed at least")
    random = np.random.default_rng(seed)
    scores = []
    for _ in range(draws):
        starts = random.integers(0, len(rows), math.ceil(len(rows) / block))
        days = (starts[:, None] + np.arange(block)).ravel()[: len(rows)] % len(rows)
        found = score_window(rows[days], exposures)
        if found is not None:
            scores.append(found.score)
    if not scores:
        return math.nan, math.nan
    tail = 50.0 * (1.0 - confidence)
    low, high = np.percentile(scores, [tail, 100.0 - tail])
    return float(low), float(high)


def _signed_risk(exposures: ArrayLike, volatilities: ArrayLike, correlations: ArrayLike) -> tuple[Array | None, Array]:
    """Signed exposure times volatility, and the matrix with empty places blanked; None if a figure is missing."""
    exposure = np.asarray(exposures, dtype=np.float64)
    volatility = np.asarray(volatilities, dtype=np.float64)
    matrix = np.array(correlations, dtype=np.float64)
    if exposure.ndim != 1 or volatility.shape != exposure.shape or matrix.shape != (len(exposure),) * 2:
        raise ValueError(
            f"exposures, volatilities and correlations do not fit: {exposure.shape}, {volatility.shape}, {matrix.shape}"
        )
    if not np.isfinite(exposure).all():
        raise ValueError("an exposure is missing: a position of unknown size cannot be scored")
    if (volatility < 0.0).any():
        raise ValueError("a volatility is negative")
    held = exposure != 0.0
    inner = matrix[np.ix_(held, held)]
    if not (np.isfinite(volatility[held]).all() and np.isfinite(inner).all()):
        return None, matrix
    # A place without exposure adds nothing whatever its figures are; zero them where they are missing.
    blank = np.where(np.isfinite(matrix), matrix, 0.0)
    np.fill_diagonal(blank, 1.0)
    return np.where(held, exposure * np.where(np.isfinite(volatility), volatility, 0.0), 0.0), blank
