"""Orders of both sides, put together from their fills.

Holds: a leg, an order or combo of LEAN, an order number of the broker, and their stable order.
Belongs here: which fills of one side belong together.
Never here: comparing the two sides.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeVar

from pipelines.transforms.matching.fill_columns import foreign_ids
from pipelines.transforms.matching.fills import BrokerFill, LeanFill, in_time_order, lean_key, lean_order, total

LegKey = tuple[str, int]
"""Contract and side."""


@dataclass(frozen=True, slots=True)
class LeanLeg:
    """LEAN's fills of one order in one contract, in time order."""

    key: LegKey
    fills: tuple[LeanFill, ...]


@dataclass(frozen=True, slots=True)
class BrokerLeg:
    """The broker's rows of one order number in one contract and side, in time order."""

    key: LegKey
    fills: tuple[BrokerFill, ...]


@dataclass(frozen=True, slots=True)
class LeanUnit:
    """All legs of an order or combo that filled in one session."""

    legs: tuple[LeanLeg, ...]

    @property
    def place(self) -> tuple[Any, ...]:
        """By time, run and order."""
        return lean_key(self.legs[0].fills[0])


@dataclass(frozen=True, slots=True)
class BrokerUnit:
    """All rows of one order number in one session."""

    order_number: str | None
    legs: tuple[BrokerLeg, ...]

    @property
    def place(self) -> tuple[Any, ...]:
        """By order number, then time."""
        # Numbers are given in the order of submission; printed times of legs that filled together are jumbled.
        first = min(leg.fills[0].occurred_at for leg in self.legs)
        return (order_place(self.order_number), first, self.legs[0].fills[0].row_id)


def order_place(number: str | None) -> int:
    """The order number as a number; one without digits, and none, come first."""
    return int(number) if number and number.isdecimal() else -1


Unit = TypeVar("Unit", LeanUnit, BrokerUnit)


def lean_units(fills: Sequence[LeanFill]) -> list[LeanUnit]:
    """Orders and combos; legs that share a number of the broker are one order, too."""
    by_unit: defaultdict[tuple[object, ...], list[LeanFill]] = defaultdict(list)
    for fill in fills:
        foreign = tuple(foreign_ids(fill))
        if fill.group_id is not None:
            unit: tuple[object, ...] = (fill.run_id, "group", fill.group_id)
        elif foreign:
            unit = (fill.run_id, "broker", foreign)
        else:
            unit = (fill.run_id, "order", fill.order_id)
        by_unit[unit].append(fill)
    units = []
    for members in by_unit.values():
        by_leg: defaultdict[tuple[int, str, int], list[LeanFill]] = defaultdict(list)
        for fill in members:
            by_leg[fill.order_id, fill.instrument_key, _side(fill.quantity)].append(fill)
        legs = [LeanLeg((key, side), lean_order(found)) for (_, key, side), found in by_leg.items()]
        units.append(LeanUnit(tuple(sorted(legs, key=lambda leg: lean_key(leg.fills[0])))))
    return in_place(units)


def broker_units(fills: Sequence[BrokerFill]) -> list[BrokerUnit]:
    """Order numbers; a row without one stands for itself."""
    by_number: defaultdict[tuple[str | None, str], list[BrokerFill]] = defaultdict(list)
    for fill in fills:
        # Statements without order numbers: every row is a unit of its own, partial fills are taken in afterwards.
        by_number[fill.order_number, fill.row_id if fill.order_number is None else ""].append(fill)
    units = []
    for (number, _), members in by_number.items():
        by_leg: defaultdict[LegKey, list[BrokerFill]] = defaultdict(list)
        for fill in members:
            by_leg[fill.instrument_key, _side(fill.quantity)].append(fill)
        legs = [BrokerLeg(key, in_time_order(found)) for key, found in sorted(by_leg.items())]
        units.append(BrokerUnit(number, tuple(legs)))
    return in_place(units)


def merged_by_price(lean: Sequence[LeanUnit], broker: Sequence[BrokerUnit], tolerance: Decimal) -> list[BrokerUnit]:
    """The broker's units, with rows put together that are one order filled at several prices.

    A statement without order numbers and times has one row per order and price. Rows belong together where each is,
    in quantity and price, one of the prices at which a leg of LEAN filled, and all of these are there.
    """
    units = list(broker)
    for leg in (leg for unit in lean for leg in unit.legs):
        parts: defaultdict[Decimal, Decimal] = defaultdict(Decimal)
        for fill in leg.fills:
            parts[fill.price] += fill.quantity
        if len(parts) < 2:
            continue
        found: list[BrokerUnit] = []
        for price, quantity in parts.items():
            part = next(
                (unit for unit in units if unit not in found and _is(unit, leg.key, quantity, price, tolerance)), None
            )
            if part is not None:
                found.append(part)
        if len(found) == len(parts):
            rows = in_time_order(row for unit in found for row in unit.legs[0].fills)
            units = [unit for unit in units if unit not in found]
            units.append(BrokerUnit(None, (BrokerLeg(leg.key, rows),)))
    return in_place(units)


def parts_together(
    lean: Sequence[LeanUnit], broker: Sequence[BrokerUnit], is_part: Callable[[LeanLeg, BrokerLeg], bool]
) -> list[BrokerUnit]:
    """The broker's units, with rows without an order number put together that make up a leg of LEAN exactly.

    Only where all rows that `is_part` allows at one price are wanted: no choice is made between several.
    """
    loose: defaultdict[LegKey, list[BrokerUnit]] = defaultdict(list)
    for unit in broker:
        if unit.order_number is None and len(unit.legs) == 1:
            loose[unit.legs[0].key].append(unit)
    merged: dict[int, BrokerUnit] = {}
    gone: set[int] = set()
    for leg in (leg for unit in lean for leg in unit.legs):
        by_price: defaultdict[Decimal | None, list[BrokerUnit]] = defaultdict(list)
        for unit in loose[leg.key]:
            if id(unit) not in gone and is_part(leg, unit.legs[0]):
                by_price[unit.legs[0].fills[0].price].append(unit)
        wanted = total(fill.quantity for fill in leg.fills)
        fitting = [
            parts
            for parts in by_price.values()
            if total(row.quantity for part in parts for row in part.legs[0].fills) == wanted
        ]
        if len(fitting) == 1 and len(fitting[0]) > 1:
            [parts] = fitting
            rows = in_time_order(row for part in parts for row in part.legs[0].fills)
            gone.update(id(part) for part in parts)
            merged[id(parts[0])] = BrokerUnit(None, (BrokerLeg(leg.key, rows),))
    return in_place([*(unit for unit in broker if id(unit) not in gone), *merged.values()])


def _is(unit: BrokerUnit, key: LegKey, quantity: Decimal, price: Decimal, tolerance: Decimal) -> bool:
    """Whether a unit is one untimed row of this contract, side, quantity and price."""
    (leg, *others) = unit.legs
    if unit.order_number is not None or others or leg.key != key or len(leg.fills) != 1:
        return False
    (row,) = leg.fills
    if row.has_time or row.price is None:
        return False
    return row.quantity == quantity and abs(row.price - price) <= tolerance


def in_place(units: Iterable[Unit]) -> list[Unit]:
    """In the stable order of the two sides: LEAN's by time, the broker's by number."""
    return sorted(units, key=lambda unit: unit.place)


def _side(quantity: Decimal) -> int:
    return 1 if quantity > 0 else -1
