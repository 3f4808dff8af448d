"""Rows that a later statement shows differently: the chain from the original to its correction.

Holds: which row of one statement corrects which row of another.
Belongs here: the rule, on plain data.
Never here: reading or writing tables, and differences between a broker's row and ours.

A broker that mends a fill exports it again with another charge or price. Row by row that would be one more fill. An
export has all rows of a second or none (it is cut by day), so where two statements both show a *slot* (the same fill
by time, instrument, side, quantity and order) and disagree on what stands in it, one corrects the other: what only the
older shows is replaced, one for one, by what only the newer shows. Neither row is removed.

Of two statements the one that reaches further in time was exported later.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

Slot = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Seen:
    """A row as a statement shows it: its id, its slot, and how far in time the furthest statement showing it goes."""

    row_id: str
    slot: Slot
    reach: dt.datetime


@dataclass(frozen=True, slots=True)
class Correction:
    """`original` no longer stands; `replacement` does."""

    original: str
    replacement: str


def corrections(shown: Iterable[Seen], standing: Iterable[Seen]) -> list[Correction]:
    """Pairs the rows of one statement with the rows that other statements left standing.

    `shown` are the rows of the statement in file order, `standing` those that stood before it was read. Where both
    reach equally far the statement at hand is the later one: it was read later.
    """
    shown_by_slot: defaultdict[Slot, dict[str, Seen]] = defaultdict(dict)
    for row in shown:
        shown_by_slot[row.slot][row.row_id] = row
    standing_by_slot: defaultdict[Slot, dict[str, Seen]] = defaultdict(dict)
    for row in standing:
        standing_by_slot[row.slot][row.row_id] = row
    found: list[Correction] = []
    for slot, ours in shown_by_slot.items():
        others = standing_by_slot.get(slot, {})
        only_here = [row for row_id, row in ours.items() if row_id not in others]
        only_there = [row for row_id, row in others.items() if row_id not in ours]
        # Not strict: rows left over on one side correct nothing, they are simply there.
        for here, there in zip(only_here, only_there, strict=False):
            later, earlier = (here, there) if here.reach >= there.reach else (there, here)
            found.append(Correction(earlier.row_id, later.row_id))
    return found
