"""How good regime labels are: one row of figures for one detector on one universe.

Holds: the measures, each with the side that is better, and the figures of a labelling.
Belongs here: what is counted, on levels 0 (Normal), 1 (Stressed), 2 (Crisis) a day.
Never here: the labels' making, what they are judged against (`regime_scene`), error bars (`regime_intervals`).

Every figure is worked out as in the published comparison of 35 detectors, so that figures can be set side by side:
lag counts rows from the first close 5 % below the peak to the first label of at least that level (from ten rows
before the peak; a fall never reached counts as 99), *taken* is the share of the fall from peak to trough that had
happened by then, and an alarm is false when none of the twenty rows after its start (or its own rows, if fewer) is
followed by high volatility or a deep fall. *Placebo* is *taken* of the same labels shifted in a circle, 300 times: a
detector that is always on recognises everything, and shows it there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.transforms.regimes.scene import (
    BAD_DRAWDOWN,
    BAD_VOLATILITY,
    BEFORE_PEAK,
    HORIZON,
    Array,
    Scene,
)
from tomking.kernel.regimes import SESSIONS_PER_YEAR

Labels = NDArray[np.int64]

EXPOSURES = (1.0, 0.6, 0.3)
"""Share of the portfolio held in each level, one day after the label."""
COST = 5e-4
"""Cost of a change of exposure, a share of what changes hands."""
NEVER = 99
"""Lag that stands for a fall that was never recognised."""
SHORT = 5
"""A run of one label under this many days is a flicker."""
SHIFTS = 300
_LEAST_SHIFT = 126
_FEWEST_DAYS = 20
"""Days of a level that a mean over them needs more than."""


@dataclass(frozen=True, slots=True)
class Measure:
    """A column of the score. `sign` is 1 where more is better, -1 where less is, 0 where neither is."""

    name: str
    title: str
    sign: int
    places: int = 2


MEASURES = (
    Measure("hits_stressed", "falls recognised as Stressed or worse", 1, 0),
    Measure("hits_crisis", "falls recognised as Crisis", 1, 0),
    Measure("lag_stressed", "median lag to Stressed, days", -1, 1),
    Measure("lag_crisis", "median lag to Crisis, days", -1, 1),
    Measure("taken_stressed", "share of the fall taken by Stressed", -1),
    Measure("taken_crisis", "share of the fall taken by Crisis", -1),
    Measure("false_stressed", "false Stressed alarms a year", -1),
    Measure("false_crisis", "false Crisis alarms a year", -1),
    Measure("volatility_ratio", "volatility ahead, Crisis over Normal", 1),
    Measure("drawdown_ratio", "drawdown ahead, Crisis over Normal", 1),
    Measure("r_squared", "R2 of log volatility ahead", 1),
    Measure("rank_correlation", "rank correlation with correlation ahead", 1),
    Measure("switches", "switches a year", -1),
    Measure("short_runs", "share of runs under 5 days", -1),
    Measure("sharpe", "Sharpe ratio, sized by label", 1),
    Measure("worst_drawdown", "deepest drawdown, sized by label", -1),
    Measure("drawdown_share", "that drawdown over the one of the same mean exposure", -1),
)
"""The columns in which a detector may be better or worse."""

BACKGROUND = (
    Measure("share_normal", "share of days Normal", 0),
    Measure("share_stressed", "share of days Stressed", 0),
    Measure("share_crisis", "share of days Crisis", 0),
    Measure("volatility_normal", "volatility ahead, Normal", 0, 3),
    Measure("volatility_stressed", "volatility ahead, Stressed", 0, 3),
    Measure("volatility_crisis", "volatility ahead, Crisis", 0, 3),
    Measure("drawdown_normal", "drawdown ahead, Normal", 0, 3),
    Measure("drawdown_stressed", "drawdown ahead, Stressed", 0, 3),
    Measure("drawdown_crisis", "drawdown ahead, Crisis", 0, 3),
    Measure("correlation_normal", "correlation ahead, Normal", 0),
    Measure("correlation_stressed", "correlation ahead, Stressed", 0),
    Measure("correlation_crisis", "correlation ahead, Crisis", 0),
    Measure("placebo_stressed", "taken by Stressed, placebo", 0),
    Measure("placebo_crisis", "taken by Crisis, placebo", 0),
    Measure("constant_sharpe", "Sharpe ratio of the same mean exposure", 0),
    Measure("constant_drawdown", "deepest drawdown of the same mean exposure", 0),
)
"""What helps to read the columns."""

Score = dict[str, float]


def score_labels(labels: Labels, scene: Scene, *, placebo: bool = True) -> Score:
    """Every figure of `MEASURES` and `BACKGROUND` for one labelling; NaN where a level has too few days for one.

    `labels` has a level for each row of the scene. Raises ValueError for another number of rows.
    """
    if len(labels) != len(scene.dates):
        raise ValueError(f"{len(scene.dates)} days need as many labels, got {len(labels)}")
    found: Score = {}
    for name, level in (("stressed", 1), ("crisis", 2)):
        lags = np.array([NEVER if lag is None else lag for lag in episode_lags(labels, scene, level)], dtype=np.float64)
        found[f"hits_{name}"] = float((lags != NEVER).sum())
        found[f"lag_{name}"] = float(np.median(lags)) if len(lags) else math.nan
        found[f"taken_{name}"] = _mean_taken(episode_taken(labels, scene, level))
        _, false = alarms(labels, scene, level)
        found[f"false_{name}"] = float(false.sum() / scene.years)
    found.update(_runs(labels, scene), **_ahead(labels, scene), **sized(labels, scene))
    if placebo:
        found.update(_placebo(labels, scene))
    return found


def episode_lags(labels: Labels, scene: Scene, level: int) -> list[int | None]:
    """Rows from the break of each episode to its first label of at least `level`; None where there is none."""
    firsts = [_first(labels, episode.peak, episode.trough, level) for episode in scene.episodes]
    return [
        None if first is None else first - episode.broken for first, episode in zip(firsts, scene.episodes, strict=True)
    ]


def episode_taken(labels: Labels, scene: Scene, level: int, *, never: float = 1.0) -> Array:
    """Share of each episode's fall that had happened by its first label of at least `level`; 1 where there is none."""
    taken = []
    for episode in scene.episodes:
        first = _first(labels, episode.peak, episode.trough, level)
        top, low = scene.index[episode.peak], scene.index[episode.trough]
        share = never if first is None else (top - scene.index[first]) / (top - low)
        taken.append(min(1.0, max(0.0, float(share))))
    return np.array(taken, dtype=np.float64)


def alarms(labels: Labels, scene: Scene, level: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Rows at which a run of at least `level` begins within the judged rows, and which of them were false."""
    begins, ends = _spells(labels[scene.start :] >= level)
    with np.errstate(invalid="ignore"):
        bad = (scene.volatility > BAD_VOLATILITY) | (scene.drawdown < -BAD_DRAWDOWN)
    starts, stops = begins + scene.start, ends + scene.start
    false = [not bad[first : min(last, first + HORIZON)].any() for first, last in zip(starts, stops, strict=True)]
    return starts, np.array(false, dtype=bool)


def run_lengths(labels: Labels, scene: Scene) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First row of each run of one label within the judged rows, and its length."""
    judged = labels[scene.start :]
    firsts = np.concatenate([[0], np.flatnonzero(np.diff(judged)) + 1])
    return firsts + scene.start, np.diff(np.concatenate([firsts, [len(judged)]]))


def exposure_returns(labels: Labels, scene: Scene) -> tuple[Array, Array]:
    """Exposure by judged row, a day after the label, and the simple return it earned after costs."""
    judged = labels[scene.start :]
    exposure = np.concatenate([[EXPOSURES[0]], np.take(EXPOSURES, judged)[:-1]])
    changed = np.abs(np.diff(np.concatenate([[exposure[0]], exposure])))
    return exposure, exposure * np.expm1(scene.portfolio[scene.start :]) - COST * changed


def performance(returns: Array) -> tuple[float, float]:
    """Sharpe ratio a year and deepest drawdown (positive fraction) of simple daily returns."""
    spread = float(returns.std())
    path = np.cumprod(1.0 + returns)
    deepest = float((1.0 - path / np.maximum.accumulate(path)).max())
    return (float(returns.mean()) / spread * math.sqrt(SESSIONS_PER_YEAR) if spread > 0.0 else math.nan), deepest


def sized(labels: Labels, scene: Scene) -> Score:
    """Sharpe ratio and drawdown of exposure by label, beside those of its mean exposure held all the time."""
    exposure, returns = exposure_returns(labels, scene)
    sharpe, deepest = performance(returns)
    constant, constant_deepest = performance(float(exposure.mean()) * np.expm1(scene.portfolio[scene.start :]))
    return {
        "sharpe": sharpe,
        "worst_drawdown": deepest,
        "drawdown_share": deepest / constant_deepest if constant_deepest > 0.0 else math.nan,
        "constant_sharpe": constant,
        "constant_drawdown": constant_deepest,
    }


def explained(levels: Labels, outcome: Array) -> float:
    """Share of the variance of `outcome` between the means of the levels."""
    total = float(((outcome - outcome.mean()) ** 2).sum())
    within = sum(
        float(((outcome[levels == level] - outcome[levels == level].mean()) ** 2).sum())
        for level in range(3)
        if (levels == level).any()
    )
    return 1.0 - within / total if total > 0.0 else math.nan


def rank_correlation(first: NDArray[Any], second: Array) -> float:
    """Spearman's rank correlation with mean ranks for ties; NaN where either side is constant."""
    ranks = [_ranks(values) for values in (first, second)]
    left, right = (values - values.mean() for values in ranks)
    length = math.sqrt(float((left * left).sum() * (right * right).sum()))
    return float((left * right).sum()) / length if length > 0.0 else math.nan


def _ranks(values: NDArray[Any]) -> Array:
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    ranks: Array = ((2 * last - counts + 1) / 2.0)[inverse]
    return ranks


def _first(labels: Labels, peak: int, trough: int, level: int) -> int | None:
    begin = peak - BEFORE_PEAK
    reached = np.flatnonzero(labels[begin : trough + 1] >= level)
    return begin + int(reached[0]) if len(reached) else None


def _mean_taken(taken: Array) -> float:
    return float(taken.mean()) if len(taken) else math.nan


def _spells(on: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    edges = np.diff(np.concatenate([[0], on.astype(np.int64), [0]]))
    return np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)


def _runs(labels: Labels, scene: Scene) -> Score:
    judged = labels[scene.start :]
    _, lengths = run_lengths(labels, scene)
    shares = {
        f"share_{name}": float((judged == level).mean()) for level, name in enumerate(("normal", "stressed", "crisis"))
    }
    return {
        "switches": float((np.diff(judged) != 0).sum() / scene.years),
        "short_runs": float((lengths < SHORT).mean()),
        **shares,
    }


def _ahead(labels: Labels, scene: Scene) -> Score:
    """What followed the days of each level."""
    judged, found = labels[scene.start :], {}
    for field in ("volatility", "drawdown", "correlation"):
        values = getattr(scene, field)[scene.start :]
        for level, name in enumerate(("normal", "stressed", "crisis")):
            chosen = values[(judged == level) & np.isfinite(values)]
            found[f"{field}_{name}"] = (
                float(chosen.mean()) if (judged == level).sum() > _FEWEST_DAYS and len(chosen) else math.nan
            )
    over = np.isfinite(scene.volatility[scene.start :]) & np.isfinite(scene.correlation[scene.start :])
    moved = over & (np.nan_to_num(scene.volatility[scene.start :]) > 0.0)
    for field in ("volatility", "drawdown"):
        normal = found[f"{field}_normal"]
        found[f"{field}_ratio"] = found[f"{field}_crisis"] / normal if normal else math.nan
    found["r_squared"] = explained(judged[moved], np.log(scene.volatility[scene.start :][moved]))
    found["rank_correlation"] = rank_correlation(judged[over], scene.correlation[scene.start :][over])
    return found


def _placebo(labels: Labels, scene: Scene) -> Score:
    """Mean of `taken` over the labels shifted in a circle; a fall never reached counts as reached at its trough."""
    generator, judged, found = np.random.default_rng(1), labels[scene.start :], {}
    for name, level in (("stressed", 1), ("crisis", 2)):
        shifted, taken = labels.copy(), []
        for _ in range(SHIFTS):
            shifted[scene.start :] = np.roll(judged, generator.integers(_LEAST_SHIFT, len(judged) - _LEAST_SHIFT))
            taken.append(_mean_taken(episode_taken(shifted, scene, level)))
        found[f"placebo_{name}"] = float(np.mean(taken))
    return found
