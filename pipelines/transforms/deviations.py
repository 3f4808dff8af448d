"""Where two sides of a leg deviate, and what that weighs.

Holds: quantity, price and time between LEAN's fills and the broker's, and rows that book a fill twice.
Belongs here: comparing one leg with one leg.
Never here: choosing which legs to compare.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from pipelines.transforms.fills import BrokerFill, Deviation, LeanFill, Leg, average_price, in_time_order, total
from pipelines.transforms.match_settings import MatchSettings
from pipelines.transforms.order_units import BrokerLeg, LeanLeg


def gap_between(leg: LeanLeg, counterpart: BrokerLeg) -> dt.timedelta:
    """Time between the nearest ends of the two, zero where they overlap."""
    first, last = leg.fills[0].occurred_at, leg.fills[-1].occurred_at
    booked_first, booked_last = counterpart.fills[0].occurred_at, counterpart.fills[-1].occurred_at
    return max(booked_first - last, first - booked_last, dt.timedelta(0))


def deviations_of(
    lean: Sequence[LeanFill], broker: Sequence[BrokerFill], settings: MatchSettings
) -> tuple[Deviation, ...]:
    """What differs beyond the tolerance: the quantity, the price."""
    found: list[Deviation] = []
    if total(fill.quantity for fill in lean) != total(fill.quantity for fill in broker):
        found.append("quantity")
    if _prices_differ(lean, broker, settings.price_tolerance):
        found.append("price")
    return tuple(found)


def _prices_differ(lean: Sequence[LeanFill], broker: Sequence[BrokerFill], tolerance: Decimal) -> bool:
    booked = [fill.price for fill in broker if fill.price is not None]
    if not booked or len(booked) < len(broker):
        return False
    filled = {fill.price for fill in lean}
    if len(filled) == 1:
        # Every row against the one price: an average would hide one row of several.
        only = next(iter(filled))
        return any(abs(price - only) > tolerance for price in booked)
    ours, theirs = average_price(lean), average_price(broker)
    smallest = min(abs(fill.quantity) for fill in broker) / total(abs(fill.quantity) for fill in broker)
    return ours is not None and theirs is not None and abs(ours - theirs) > tolerance * smallest


def weight_of(deviations: Sequence[Deviation], settings: MatchSettings) -> int:
    """What the deviations weigh in the cost of a pair."""
    if "quantity" in deviations and "price" in deviations:
        return settings.both
    if "quantity" in deviations:
        return settings.quantity
    return settings.price if "price" in deviations else 0


def without_duplicates(leg: Leg) -> Leg:
    """Sets apart rows that book a fill once more: equal rows of one order number beyond what LEAN filled."""
    surplus = abs(leg.broker_quantity) - abs(leg.lean_quantity)
    if "quantity" not in leg.deviations or surplus <= 0:
        return leg
    kept: list[BrokerFill] = []
    doubled: list[BrokerFill] = []
    for row in reversed(leg.broker):
        twins = [other for other in leg.broker if other is not row and _twin(row, other) and other not in doubled]
        if twins and abs(row.quantity) <= surplus:
            doubled.append(row)
            surplus -= abs(row.quantity)
        else:
            kept.append(row)
    if surplus or not doubled:
        return leg
    deviations: list[Deviation] = ["duplicate", *(found for found in leg.deviations if found != "quantity")]
    return replace(leg, broker=in_time_order(kept), duplicates=in_time_order(doubled), deviations=tuple(deviations))


def _twin(row: BrokerFill, other: BrokerFill) -> bool:
    return (
        row.order_number == other.order_number
        and row.occurred_at == other.occurred_at
        and row.quantity == other.quantity
        and row.price == other.price
    )
