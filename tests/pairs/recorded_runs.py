"""The recorded runs that traded under the tastytrade model.

Holds: their folders by name, and variants with larger orders and shares, which no recording has.
Belongs here: which runs statements are made for.
Never here: reading them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TypedDict

from tests.pairs.lean_record import write_variant
from tests.shared import shared_path

TASTYTRADE = 36
"""The model's number in `algorithmConfiguration.brokerage`."""


class Variant(TypedDict):
    """What is changed in a copy of the first run."""

    scale: int
    shares: int
    partial: bool


_LIVE = ("live/1-L-3100000001", "live/2-L-3100000002", "live/3-L-3100000003")
_OWN = ("own/tk-tastytrade-covid", "own/tk-tastytrade-small")
VARIANTS: dict[str, Variant] = {
    "covid x7, shares": {"scale": 7, "shares": 4, "partial": False},
    "covid x4, partial": {"scale": 4, "shares": 0, "partial": True},
}
_SHARES = ("ETFConstituentsFrameworkAlgorithm", "VolumeShareSlippageModelAlgorithm")
"""Runs in shares. Their model is another broker's, their fills are as good as any."""
_INDEX = (
    "BasicTemplateSPXWeeklyIndexOptionsStrategyAlgorithm",
    "IndexOptionShortCallITMExpiryRegressionAlgorithm",
    "IndexOptionPutITMExpiryRegressionAlgorithm",
    "BasicTemplateIndexDailyAlgorithm",
)
"""Runs in options on the SPX, settled in cash; their model charges nothing."""
NAMES = (
    *_SHARES,
    *_INDEX,
    *(name.removeprefix("own/tk-tastytrade-") for name in _OWN),
    "live",
    *(f"optimization {place}" for place in range(9)),
    *VARIANTS,
)


def folders_of(name: str, scratch: Path) -> list[Path]:
    """The deployments of one account, first to last; variants are written below `scratch`."""
    if name in VARIANTS:
        target = scratch / name.replace(" ", "-").replace(",", "")
        if not target.exists():
            write_variant(shared_path("runs", *_OWN[0].split("/")), target, **VARIANTS[name])
        return [target]
    if name in (*_SHARES, *_INDEX):
        return [shared_path("runs", "lean", name)]
    if name == "live":
        return [shared_path("runs", *folder.split("/")) for folder in _LIVE]
    if name.startswith("optimization "):
        return [_children()[int(name.split()[1])]]
    return [shared_path("runs", "own", f"tk-tastytrade-{name}")]


def _children() -> list[Path]:
    found = sorted(path for path in shared_path("runs", "optimization").glob("*/*") if path.is_dir())
    for folder in found:
        main = json.loads((folder / f"{folder.name}.json").read_text(encoding="utf-8"))
        if main["algorithmConfiguration"]["brokerage"] != TASTYTRADE:
            raise AssertionError(f"{folder.name} traded under another model")
    return found
