"""Booking: what fills do to the legs of a trade, and which legs of several trades a holding that changed belongs to.

Holds: both divisions, on plain data.
Belongs here: arithmetic of legs where one contract stands in several of them.
Never here: storing trades, LEAN's tickets, why a holding changed.

A contract may stand twice in one trade, and in several trades, with either sign. A fill is divided over the legs that it
was meant for; a holding that differs from the sum of the legs takes away from legs, never adds to them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from tomking.strategies.book import Leg
from tomking.strategies.rolls import is_unfilled_roll


@dataclass(frozen=True, slots=True)
class Filled:
    """What was traded of one contract: signed quantity, average price."""

    quantity: int
    price: Decimal


def opened_legs(planned: Sequence[Leg], fills: Mapping[str, Filled]) -> tuple[Leg, ...]:
    """The legs of an opening that was filled, or filled in part: each has what is left of the fill, in order."""
    left = {key: fill.quantity for key, fill in fills.items()}
    found = []
    for leg in planned:
        fill = fills.get(leg.key)
        if fill is None:
            continue
        taken = _part(left[leg.key], leg.quantity)
        left[leg.key] -= taken
        if taken:
            found.append(replace(leg, quantity=taken, opened=-fill.price * taken))
    return tuple(found)


def traded_legs(legs: Sequence[Leg], fills: Mapping[str, Filled]) -> tuple[Leg, ...]:
    """The legs after an order of an open trade: a fill closes the legs it stands against, and opens the one of a roll.

    A hedge is closed last where another leg is of the same contract.
    """
    left = {key: fill.quantity for key, fill in fills.items()}
    found = list(legs)
    for place in sorted(range(len(found)), key=lambda number: found[number].role == "hedge"):
        leg = found[place]
        fill = fills.get(leg.key)
        if fill is None or not left[leg.key]:
            continue
        if is_unfilled_roll(leg):
            taken = left[leg.key]
            found[place] = replace(leg, quantity=taken, opened=-fill.price * taken)
        else:
            taken = _part(left[leg.key], -leg.quantity)
            closed = None if leg.closed is None else leg.closed - fill.price * taken
            found[place] = replace(leg, quantity=leg.quantity + taken, closed=closed)
        left[leg.key] -= taken
    return tuple(found)


def _part(left: int, wanted: int) -> int:
    """What a leg that wants so much takes of what is left; nothing where the signs differ."""
    if left * wanted <= 0:
        return 0
    return wanted if abs(wanted) <= abs(left) else left


def divide_holding(quantities: Sequence[int], held: int) -> tuple[list[int], int]:
    """What each of these legs of one contract has left where the portfolio holds `held`, and what no leg explains.

    Legs are given oldest first. What is missing on one side comes off the legs of that side, the newest first: bought ones
    where less is held than they say, sold ones where more is. The rest is more than was booked.
    """
    kept, change = list(quantities), held - sum(quantities)
    for place in reversed(range(len(kept))):
        if change * kept[place] < 0:
            taken = min(abs(change), abs(kept[place]))
            taken = taken if change > 0 else -taken
            kept[place] += taken
            change -= taken
    return kept, change
