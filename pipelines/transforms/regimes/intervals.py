"""Error bars of a score: how far each figure moves when the days, or the falls, had come in other draws.

Holds: the block bootstrap of every measure of `regime_scores`.
Belongs here: resampling of days in blocks and of episodes.
Never here: the measures' definitions.

Figures of days are drawn in blocks of 63 rows (a quarter), so that spells of volatility stay together; a switch, the
start of a run and a false alarm belong to the day they happen on. Hits, lags and shares taken are drawn from the
episodes, which are few: their bars are wide, and say so. The same seed gives the same bars.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from pipelines.transforms.regimes.scene import Array, Scene
from pipelines.transforms.regimes.scores import (
    NEVER,
    SHORT,
    Labels,
    alarms,
    episode_lags,
    episode_taken,
    explained,
    exposure_returns,
    performance,
    rank_correlation,
    run_lengths,
)
from tomking.kernel.regimes import SESSIONS_PER_YEAR

BLOCK = 63
DRAWS = 300
CONFIDENCE = 0.90

Interval = tuple[float, float]


def score_intervals(
    labels: Labels, scene: Scene, *, draws: int = DRAWS, confidence: float = CONFIDENCE, seed: int = 0
) -> dict[str, Interval]:
    """Interval of every measure; NaN where no draw has the figure. Raises ValueError for too short a scene."""
    count = len(scene.dates) - scene.start
    if count <= BLOCK:
        raise ValueError(f"{count} judged days are no more than one block of {BLOCK}")
    generator = np.random.default_rng(seed)
    drawn: dict[str, list[float]] = {}
    daily, episodic = _Daily(labels, scene), _Episodic(labels, scene)
    for _ in range(draws):
        firsts = generator.integers(0, count - BLOCK + 1, math.ceil(count / BLOCK))
        days = (firsts[:, None] + np.arange(BLOCK)).ravel()[:count]
        figures = daily.figures(days)
        if scene.episodes:
            figures.update(episodic.figures(generator.integers(0, len(scene.episodes), len(scene.episodes))))
        for name, value in figures.items():
            drawn.setdefault(name, []).append(value)
    tail = 50.0 * (1.0 - confidence)
    return {name: _percentiles(np.array(values), tail) for name, values in drawn.items()}


def _percentiles(values: Array, tail: float) -> Interval:
    known = values[np.isfinite(values)]
    if len(known) == 0:
        return math.nan, math.nan
    low, high = np.percentile(known, [tail, 100.0 - tail])
    return float(low), float(high)


class _Daily:
    """Figures of drawn days."""

    def __init__(self, labels: Labels, scene: Scene) -> None:
        start = scene.start
        self.levels = labels[start:]
        self.volatility, self.drawdown = scene.volatility[start:], scene.drawdown[start:]
        self.correlation = scene.correlation[start:]
        with np.errstate(divide="ignore", invalid="ignore"):
            self.log_volatility = np.log(self.volatility)
        self.exposure, self.returns = exposure_returns(labels, scene)
        self.market = np.expm1(scene.portfolio[start:])
        self.switched = np.concatenate([[False], np.diff(self.levels) != 0])
        firsts, lengths = run_lengths(labels, scene)
        self.begun, self.short = np.zeros(len(self.levels), dtype=bool), np.zeros(len(self.levels), dtype=bool)
        self.begun[firsts - start] = True
        self.short[firsts[lengths < SHORT] - start] = True
        self.false = {}
        for name, level in (("stressed", 1), ("crisis", 2)):
            flag = np.zeros(len(self.levels), dtype=bool)
            places, wrong = alarms(labels, scene, level)
            flag[places[wrong] - start] = True
            self.false[name] = flag

    def figures(self, days: NDArray[np.int64]) -> dict[str, float]:
        """Every figure that days have."""
        levels = self.levels[days]
        begun = int(self.begun[days].sum())
        sharpe, deepest = performance(self.returns[days])
        _, constant = performance(float(self.exposure[days].mean()) * self.market[days])
        found = {
            "volatility_ratio": _ratio(levels, self.volatility[days]),
            "drawdown_ratio": _ratio(levels, self.drawdown[days]),
            "r_squared": _of_known(levels, self.log_volatility[days], explained),
            "rank_correlation": _of_known(levels, self.correlation[days], rank_correlation),
            "switches": float(self.switched[days].mean()) * SESSIONS_PER_YEAR,
            "short_runs": int(self.short[days].sum()) / begun if begun else math.nan,
            "sharpe": sharpe,
            "worst_drawdown": deepest,
            "drawdown_share": deepest / constant if constant > 0.0 else math.nan,
        }
        for name, flag in self.false.items():
            found[f"false_{name}"] = float(flag[days].mean()) * SESSIONS_PER_YEAR
        return found


class _Episodic:
    """Figures of drawn episodes."""

    def __init__(self, labels: Labels, scene: Scene) -> None:
        self.lags, self.taken = {}, {}
        for name, level in (("stressed", 1), ("crisis", 2)):
            lags = [NEVER if lag is None else lag for lag in episode_lags(labels, scene, level)]
            self.lags[name] = np.array(lags, dtype=np.float64)
            self.taken[name] = episode_taken(labels, scene, level)

    def figures(self, chosen: NDArray[np.int64]) -> dict[str, float]:
        """Every figure that episodes have."""
        found = {}
        for name, lags in self.lags.items():
            found[f"hits_{name}"] = float((lags[chosen] != NEVER).sum())
            found[f"lag_{name}"] = float(np.median(lags[chosen]))
            found[f"taken_{name}"] = float(self.taken[name][chosen].mean())
        return found


def _ratio(levels: Labels, values: Array) -> float:
    """Mean over days of Crisis over that of Normal days."""
    known = np.isfinite(values)
    crisis, normal = values[known & (levels == 2)], values[known & (levels == 0)]
    return float(crisis.mean() / normal.mean()) if len(crisis) and len(normal) else math.nan


def _of_known(levels: Labels, values: Array, figure: object) -> float:
    known = np.isfinite(values)
    return float(figure(levels[known], values[known])) if known.any() else math.nan  # type: ignore[operator]
