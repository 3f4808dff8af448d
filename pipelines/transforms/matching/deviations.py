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

from pipelines.transforms.matching.fills import (
    BrokerFill,
    Deviation,
    LeanFill,
    Leg,
    average_price,
    in_time_order,
    total,
)
from pipelines.transforms.matching.order_units import BrokerLeg, LeanLeg
from pipelines.transforms.matching.settings import MatchSettings


def gap_between(leg: LeanLeg, counterpart: BrokerLeg) -> dt.timedelta:
    """Time between the nearest ends of the two, zero where they overlap.

    A broker that prints no time leaves the prices to tell equal averages apart: a minute where these differ.
    """
    if not all(fill.has_time for fill in counterpart.fills):
        return dt.timedelta(minutes=_by_price(leg.fills) != _by_price(counterpart.fills))
    first, last = leg.fills[0].occurred_at, leg.fills[-1].occurred_at
    booked_first, booked_last = counterpart.fills[0].occurred_at, counterpart.fills[-1].occurred_at
    return max(booked_first - last, first - booked_last, dt.timedelta(0))


def _by_price(fills: Sequence[LeanFill] | Sequence[BrokerFill]) -> dict[Decimal | None, Decimal]:
    found: dict[Decimal | None, Decimal] = {}
    for fill in fills:
        found[fill.price] = found.get(fill.price, Decimal(0)) + fill.quantity
    return found


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


def score_of(deviations: Sequence[Deviation], gap: dt.timedelta, settings: MatchSettings) -> Decimal:
    """1 for the same fill at the same second, down to 0 for one that deviates in all and lies at the window's edge."""
    weight = Decimal(weight_of(deviations, settings)) / (2 * settings.missing)
    late = min(
        Decimal(gap // dt.timedelta(seconds=1)) / Decimal(settings.window // dt.timedelta(seconds=1)), Decimal(1)
    )
    return max(1 - weight - late / 100, Decimal(0)).quantize(Decimal("0.0001"))


def without_duplicates(leg: Leg) -> Leg:
    """Sets apart rows that book a fill once more: equal rows of one order number beyond what LEAN filled."""
    surplus = abs(leg.broker_quantity) - abs(leg.lean_quantity)
    if "quantity" not in leg.deviations or surplus <= 0:
        return leg
    doubled = _adding_up_to(surplus, _repeated(leg.broker))
    if not doubled:
        return leg
    kept = [row for row in leg.broker if row not in doubled]
    deviations: list[Deviation] = ["duplicate", *(found for found in leg.deviations if found != "quantity")]
    return replace(leg, broker=in_time_order(kept), duplicates=in_time_order(doubled), deviations=tuple(deviations))


def surplus_is_repeated(lean: Sequence[LeanFill], broker: Sequence[BrokerFill]) -> bool:
    """Whether all that the broker has beyond LEAN's quantity are rows booked twice."""
    surplus = abs(total(fill.quantity for fill in broker)) - abs(total(fill.quantity for fill in lean))
    return surplus > 0 and bool(_adding_up_to(surplus, _repeated(broker)))


def _repeated(rows: Sequence[BrokerFill]) -> list[BrokerFill]:
    """Every row but the first of its equals."""
    return [row for place, row in enumerate(rows) if any(_twin(row, earlier) for earlier in rows[:place])]


def _adding_up_to(quantity: Decimal, rows: Sequence[BrokerFill]) -> list[BrokerFill]:
    """The fewest rows of that quantity; none where no rows give it exactly."""
    fewest: dict[Decimal, list[BrokerFill]] = {Decimal(0): []}
    for row in rows:
        for reached, chosen in list(fewest.items()):
            grown = reached + abs(row.quantity)
            if grown <= quantity and (grown not in fewest or len(fewest[grown]) > len(chosen) + 1):
                fewest[grown] = [*chosen, row]
    return fewest.get(quantity, [])


def _twin(row: BrokerFill, other: BrokerFill) -> bool:
    return (
        row.order_number == other.order_number
        and row.occurred_at == other.occurred_at
        and row.quantity == other.quantity
        and row.price == other.price
    )
