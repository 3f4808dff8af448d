"""An observed figure with its age: what it says, when that was, and where it came from.

Holds: `Reading`.
Belongs here: nothing else.
Never here: whether a reading may be used (`limits.inputs`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Reading:
    """A value, the instant (UTC) it belongs to, and its source (`index`, or the name of what stands in for it)."""

    value: Decimal
    observed_at: datetime
    source: str
