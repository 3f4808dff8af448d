"""How a run's cash moved while nothing was filled.

Holds: telling interest (a little on most days) from cash that code put in or took out (once).
Belongs here: what the shape of the cash curve proves.
Never here: amounts; the samples are made from rounded ratios and are good for a shape only.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Literal

_MOST = Decimal("0.8")
_SEVERAL = 3


@dataclass(frozen=True, slots=True)
class CashSample:
    """Cash at an instant: equity less what was held."""

    sampled_at: dt.datetime
    cash: Decimal


def history_of(samples: Sequence[CashSample], fills: Sequence[dt.datetime]) -> Literal["gradual", "sudden"] | None:
    """`sudden` where one quiet interval has most of the movement, `gradual` where several share it.

    An interval is quiet when nothing was filled in it. None where too few are quiet or nothing moved.
    """
    moved = sorted(
        (
            abs(after.cash - before.cash)
            for before, after in pairwise(samples)
            if not any(before.sampled_at < filled <= after.sampled_at for filled in fills)
        ),
        reverse=True,
    )
    together = sum(moved, Decimal(0))
    if not together:
        return None
    if moved[0] >= together * _MOST:
        return "sudden"
    return "gradual" if sum(one > 0 for one in moved) >= _SEVERAL else None
