"""Parameters of what the correlation monitor says about a book.

Holds: `PARAMETERS`, and `ORDERED` where some may not exceed others.
Belongs here: a number that warnings, suggestions or the size multiplier read.
Never here: thresholds of the regime itself (`regime`), code that acts on a value.
"""

from __future__ import annotations

from tomking.kernel.parameter_specs.spec import ParameterSpec, number, whole

_SIZED = "ours: exposure 1, 0.6, 0.3 halved the largest drawdown at equal average exposure"

PARAMETERS: tuple[ParameterSpec, ...] = (
    number("monitor.size_normal", "1", "0 to 1 share of size", "Size of new trades while the regime is Normal.",
           _SIZED, step="0.25"),
    number("monitor.size_stressed", "0.6", "0 to 1 share of size", "Size of new trades while it is Stressed.",
           _SIZED, step="0.20"),
    number("monitor.size_crisis", "0.3", "0 to 1 share of size", "Size of new trades while it is Crisis.",
           _SIZED, step="0.20"),
    number("monitor.size_unknown", "1", "0 to 1 share of size",
           "Size of new trades while no regime is known; the hard limits hold in any case.", "ours", step="0.25"),
    number("monitor.low_score", "40", "0 to 100 points", "Diversification score below which a book is concentrated.",
           "ours", step="10"),
    number("monitor.score_fall", "15", "1 to 100 points",
           "Fall of the present book's score that is more than the noise of its window.",
           "score: noise of 7 to 9 points over 20 sessions", step="5"),
    whole("monitor.fall_sessions", "5", "1 to 60 sessions", "Sessions over which that fall is looked for.", "ours",
          step="5"),
    number("monitor.common_share", "0.80", "0.10 to 1 share of variance",
           "Share of a book's variance on the first common movement above which it is one bet.", "ours", step="0.10"),
)  # fmt: skip

ORDERED: tuple[tuple[str, str], ...] = (
    ("monitor.size_crisis", "monitor.size_stressed"),
    ("monitor.size_stressed", "monitor.size_normal"),
)
