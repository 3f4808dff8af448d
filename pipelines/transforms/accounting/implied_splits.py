"""Splits that LEAN's own closed trades give away.

Holds: the comparison of a closed trade's entry with the fill that opened it.
Belongs here: what a rescaled entry proves.
Never here: factor files, which say it outright (`parsing.corporate_actions`).

When shares held at raw prices split, LEAN rescales the entry of the open trade; order events stay as they were. The
quotient of the two prices is the split factor. When it happened is only known to lie inside the trade: it is taken to
be the day of the exit, whose fill is the first that needs it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from pipelines.transforms.accounting.run_accounts import Split

_STEP = Decimal("1e-12")
_LEAST = Decimal("0.01")
"""How far a quotient lies from one before it is a split and not a rounded price."""


@dataclass(frozen=True, slots=True)
class TradeEntry:
    """Entry of a closed trade: as LEAN lists it, as the event filled it, and the session of its exit."""

    listed: Decimal
    filled: Decimal
    exit_session: dt.date


def implied_splits(entries: Iterable[TradeEntry]) -> list[Split]:
    """The splits of one share; every factor once, at its earliest exit."""
    found: dict[Decimal, dt.date] = {}
    for entry in sorted(entries, key=lambda one: one.exit_session):
        if not entry.filled or not entry.listed:
            continue
        factor = (entry.listed / entry.filled).quantize(_STEP)
        if abs(factor - 1) > _LEAST:
            found.setdefault(factor, entry.exit_session)
    return [Split(day, factor) for factor, day in found.items()]
