"""Limits on single orders: against the holdings, and on what protects something else.

Holds: crossing zero, closing more than is held, taking away a hedge or a cover, a call sold alone.
Belongs here: a limit that needs the legs of an order.
Never here: money.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from tomking.kernel.limits.margin import OptionLeg
from tomking.kernel.limits.terms import Refusal


def check_crossing(legs: Iterable[tuple[str, int]], holdings: Mapping[str, int]) -> Refusal | None:
    """Whether an order would take a holding through zero, which brokerages refuse for a whole combination."""
    for key, quantity in legs:
        held = holdings.get(key, 0)
        if held * quantity < 0 and abs(quantity) > abs(held):
            reason = f"{key}: {quantity} ordered against {held} held"
            return Refusal("crosses_zero", reason, Decimal(-held), Decimal(quantity))
    return None


def check_closing(legs: Iterable[tuple[str, int]], holdings: Mapping[str, int]) -> Refusal | None:
    """Whether an order that is meant to close asks for more of a contract than is held against it."""
    for key, quantity in legs:
        held = holdings.get(key, 0)
        if held * quantity >= 0 or abs(quantity) > abs(held):
            reason = f"{key}: {quantity} ordered in order to close {held}"
            return Refusal("more_than_held", reason, Decimal(-held), Decimal(quantity))
    return None


def check_hedge(after: Mapping[str, Sequence[int]]) -> Refusal | None:
    """Whether naked legs keep their hedge: `after` holds the quantities that each role would have left.

    Lesson 3 of August 2024: a naked pair stands only while its debit spread does.
    """
    naked = sum(-quantity for quantity in after.get("naked", ()) if quantity < 0)
    bought = sum(quantity for quantity in after.get("hedge", ()) if quantity > 0)
    if naked and not bought:
        return Refusal("hedge", f"{naked} naked contracts would stand without their hedge", Decimal(1), Decimal(0))
    return None


def check_cover(short_calls: int, long_calls: int) -> Refusal | None:
    """Whether as many calls are bought as are sold against them, in the trade and what it covers together."""
    if short_calls > long_calls:
        reason = f"{short_calls} calls sold against {long_calls} bought"
        return Refusal("cover", reason, Decimal(long_calls), Decimal(short_calls))
    return None


def check_naked_call(legs: Sequence[OptionLeg]) -> Refusal | None:
    """Whether a call is sold alone: without a bought call in the plan or a sold put whose margin it shares."""
    sold = sum(-leg.quantity for leg in legs if leg.call_put == "C" and leg.quantity < 0)
    bought = sum(leg.quantity for leg in legs if leg.call_put == "C" and leg.quantity > 0)
    puts = sum(-leg.quantity for leg in legs if leg.call_put == "P" and leg.quantity < 0)
    if sold > bought + puts:
        return Refusal("naked_call", f"{sold} calls sold alone", Decimal(bought + puts), Decimal(sold))
    return None


def check_roll(legs: Sequence[OptionLeg]) -> Refusal | None:
    """Whether an order that rolls sells no more contracts of a side than it buys back there."""
    for side in ("P", "C"):
        sold = sum(-leg.quantity for leg in legs if leg.call_put == side and leg.quantity < 0)
        bought = sum(leg.quantity for leg in legs if leg.call_put == side and leg.quantity > 0)
        if sold > bought:
            return Refusal("roll", f"{sold} {side} sold against {bought} bought back", Decimal(bought), Decimal(sold))
    return None
