"""The limit on what the book would lose in a crisis that was.

Holds: `exceeds_cap`, by which the evening decides, and `check_crisis`, by which the algorithm obeys.
Belongs here: the rule about a rehearsal's result.
Never here: the rehearsal (`kernel.crisis`), the document that carries it (`kernel.entry_block`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from tomking.kernel.entry_block import EntryBlock
from tomking.kernel.limits.terms import Refusal, number


def exceeds_cap(loss_share: Decimal, values: Mapping[str, str]) -> tuple[bool, Decimal]:
    """Whether a loss, as a share of equity, is more than `limits.crisis_loss` allows, and what that is."""
    cap = number(values, "limits.crisis_loss")
    return loss_share > cap, cap


def check_crisis(block: EntryBlock | None, day: date) -> Refusal | None:
    """The refusal of every entry while a block is in force; None without one, or once it has expired."""
    if block is None or not block.is_blocked or not block.is_in_force(day):
        return None
    what = f"the book of {block.book_date} would lose too much in {block.scenario}"
    return Refusal("crisis_rehearsal", what, block.cap, block.loss_share)
