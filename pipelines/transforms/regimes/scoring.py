"""The whole score of a universe: our labels, the reference's, and ours with one part at a time taken away.

Holds: the detectors that are compared, their scores, the reference's error bars, the verdict column by column, the
    look-ahead test.
Belongs here: which detectors a score has.
Never here: single measures (`regime_scores`), printing.

Every detector is the kernel's own model under other settings, fed day by day; nothing is tuned to a universe.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from pipelines.transforms.regimes.intervals import Interval, score_intervals
from pipelines.transforms.regimes.rolling_means import history_means, label_history
from pipelines.transforms.regimes.scene import Array, Scene
from pipelines.transforms.regimes.scores import MEASURES, Labels, Score, score_labels
from tomking.kernel.regime_settings import ABLATIONS, REFERENCE, RegimeSettings
from tomking.kernel.regimes import LEVELS

OURS, THEIRS = "ours", "reference"
SAME = 1e-9
"""Figures that differ by less are equal."""
CUTS = (0.35, 0.6, 0.85)
"""Shares of the history at which it is cut to see whether earlier labels change."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One measure: ours, the reference's with its error bar, and what that makes (better, clearly better, same, worse)."""

    measure: str
    title: str
    ours: float
    reference: float
    interval: Interval
    verdict: str


@dataclass(frozen=True, slots=True)
class UniverseScore:
    """The score of one universe.

    `scores`: every detector's figures by its name, ours first, then the reference, then ours without one part each.
    `intervals`: error bars of ours. `look_ahead_days`: labels that change when later days are cut off.
    """

    scores: dict[str, Score]
    verdicts: tuple[Verdict, ...]
    intervals: dict[str, Interval]
    look_ahead_days: int
    labels: dict[str, Labels]

    @property
    def worse(self) -> tuple[str, ...]:
        """Measures in which ours is worse than the reference."""
        return tuple(found.measure for found in self.verdicts if found.verdict == "worse")

    @property
    def clearly_better(self) -> tuple[str, ...]:
        """Measures in which ours lies on the better side of the reference's whole error bar."""
        return tuple(found.measure for found in self.verdicts if found.verdict == "clearly better")


def label_levels(
    dates: Sequence[dt.date],
    returns: Array,
    settings: RegimeSettings,
    means: Sequence[Sequence[float]] | None = None,
) -> Labels:
    """Level of each day, 0 where it is not known yet; `means` as in `label_history`."""
    days = label_history(dates, returns, settings, means=means)
    return np.array([0 if day.regime is None else LEVELS[day.regime] for day in days], dtype=np.int64)


def score_universe(
    dates: Sequence[dt.date],
    returns: Array,
    scene: Scene,
    *,
    ablation: bool = True,
    told: Callable[[str], None] = lambda _: None,
) -> UniverseScore:
    """Label and score a universe with every detector; `told` hears which one is at work."""
    detectors = {OURS: RegimeSettings(), THEIRS: REFERENCE, **(ABLATIONS if ablation else {})}
    labels: dict[str, Labels] = {}
    scores: dict[str, Score] = {}
    # Every detector looks at the same three windows.
    means = history_means(returns, RegimeSettings())
    for name, settings in detectors.items():
        told(name)
        labels[name] = label_levels(dates, returns, settings, means)
        scores[name] = score_labels(labels[name], scene)
    told("error bars")
    theirs = score_intervals(labels[THEIRS], scene)
    return UniverseScore(
        scores=scores,
        verdicts=tuple(_verdicts(scores[OURS], scores[THEIRS], theirs)),
        intervals=score_intervals(labels[OURS], scene),
        look_ahead_days=look_ahead_days(dates, returns, labels[OURS], told),
        labels=labels,
    )


def look_ahead_days(
    dates: Sequence[dt.date], returns: Array, labels: Labels, told: Callable[[str], None] = lambda _: None
) -> int:
    """Days whose label differs when the history ends at one of `CUTS`: 0 unless a label uses the future."""
    differing = 0
    for share in CUTS:
        told(f"history cut at {share:.0%}")
        cut = int(share * len(dates))
        differing += int((label_levels(dates[:cut], returns[:cut], RegimeSettings()) != labels[:cut]).sum())
    return differing


def _verdicts(ours: Score, theirs: Score, intervals: dict[str, Interval]) -> list[Verdict]:
    found = []
    for measure in MEASURES:
        one, other = ours[measure.name], theirs[measure.name]
        interval = intervals.get(measure.name, (math.nan, math.nan))
        found.append(
            Verdict(measure.name, measure.title, one, other, interval, _verdict(one, other, interval, measure.sign))
        )
    return found


def _verdict(ours: float, theirs: float, interval: Interval, sign: int) -> str:
    if math.isnan(ours) or math.isnan(theirs):
        return "same" if math.isnan(ours) == math.isnan(theirs) else "worse" if math.isnan(ours) else "better"
    gain = sign * (ours - theirs)
    if gain < -SAME:
        return "worse"
    if gain <= SAME:
        return "same"
    # A figure outside its own error bar (a drawdown is a matter of the one path) has a bar that decides nothing.
    usable = interval[0] <= theirs <= interval[1]
    outside = usable and (ours > interval[1] if sign > 0 else ours < interval[0])
    return "clearly better" if outside else "better"
