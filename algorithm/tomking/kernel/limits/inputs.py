"""VIX as an input: whether it may be used, whether an emergency rule may act on it, and what stands in for it.

Holds: the judgement of a reading, and the choice among the index and its stand-ins.
Belongs here: the health of an input that can close trades.
Never here: the rules that act on it (`brakes`, `buying_power`).

Where the index is not to be had, the implied volatility of the chain at the money stands in for it, then the realised
volatility of the underlying, both in points. A stand-in can stop entries and lower ceilings; it never closes a trade,
because neither is what the thresholds were written for. The same holds for a reading that jumped, until a second
reading confirms it: the print before the open of 2024-08-05 was 27 points above that day's close.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from tomking.kernel.limits.terms import number
from tomking.kernel.readings import Reading

INDEX: Final = "index"
_LOWEST, _HIGHEST = Decimal(5), Decimal(200)


@dataclass(frozen=True, slots=True)
class VixInput:
    """The reading to work with (None: nothing is known), whether it may close trades, and what is wrong with it."""

    reading: Reading | None
    may_close: bool
    problem: str | None

    @property
    def level(self) -> Decimal | None:
        """Points, or None."""
        return None if self.reading is None else self.reading.value


def judge_vix(
    offered: Reading | None,
    last: Reading | None,
    now: datetime,
    values: Mapping[str, str],
    *,
    stand_ins: Sequence[Reading] = (),
) -> VixInput:
    """The level of VIX to work with.

    `offered` is the index, or what stands in for it already; `last` the newest earlier reading of the index; `stand_ins`
    are tried in order where `offered` cannot be used, and have to be as young and plausible.
    """
    problem = _problem(offered, now, values)
    if problem is None and offered is not None and offered.source == INDEX:
        if last is not None and last.observed_at < offered.observed_at and _jumped(offered, last, values):
            return VixInput(offered, may_close=False, problem=f"vix rose from {last.value} to {offered.value} at once")
        return VixInput(offered, may_close=True, problem=None)
    if problem is None and offered is not None:
        return VixInput(offered, may_close=False, problem=f"vix is missing; {offered.source} stands in")
    for reading in stand_ins:
        if _problem(reading, now, values) is None:
            return VixInput(reading, may_close=False, problem=f"{problem}; {reading.source} stands in")
    return VixInput(None, may_close=False, problem=f"{problem}; nothing stands in")


def _problem(index: Reading | None, now: datetime, values: Mapping[str, str]) -> str | None:
    if index is None:
        return "vix is missing"
    if not index.value.is_finite() or not _LOWEST <= index.value <= _HIGHEST:
        return f"vix of {index.value} is not plausible"
    minutes = (now - index.observed_at).total_seconds() / 60
    if minutes < 0 or minutes > number(values, "limits.vix_max_age_minutes"):
        return "vix is too old"
    return None


def _jumped(index: Reading, last: Reading, values: Mapping[str, str]) -> bool:
    return index.value > last.value * (1 + number(values, "limits.vix_jump"))
