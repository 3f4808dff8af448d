"""Which expiries, assignments, exercises and deliveries of LEAN and of the broker are the same.

Holds: the matching of events that happen to a position, by contract and session.
Belongs here: what settlement does to dates, sides and quantities.
Never here: trades (`leg_matching`), fees.

LEAN processes an expiry at the midnight after the session, a broker books it at the end of that session or on a later
day, often without a side; both sides name the contract, and a contract ends once. Deliveries are told apart by
instrument, side, price (the strike) and quantity.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import TypeVar

from pipelines.transforms.matching.assignment import cheapest_pairs
from pipelines.transforms.matching.fills import (
    BrokerFill,
    Deviation,
    LeanFill,
    Leg,
    LegClass,
    in_time_order,
    lean_order,
    total,
)
from pipelines.transforms.matching.settings import DEFAULT, MatchSettings

_STRONGEST: tuple[LegClass, ...] = ("assignment", "exercise", "expiration")
_DEVIATES = 10**6
_Fill = TypeVar("_Fill", LeanFill, BrokerFill)


def match_events(
    lean: Iterable[LeanFill], broker: Iterable[BrokerFill], settings: MatchSettings = DEFAULT
) -> tuple[Leg, ...]:
    """Legs of every event that is no trade; every fill is in exactly one of them."""
    lean, broker = list(lean), list(broker)
    removals = _pair(
        _grouped((fill for fill in lean if fill.leg_class != "delivery"), _lean_removal),
        _broker_removals([fill for fill in broker if fill.leg_class != "delivery"], settings),
        settings,
    )
    deliveries = _pair(
        _grouped((fill for fill in lean if fill.leg_class == "delivery"), _lean_delivery),
        _grouped((fill for fill in broker if fill.leg_class == "delivery"), _broker_delivery),
        settings,
    )
    return tuple(sorted((*removals, *deliveries), key=_place))


def _lean_removal(fill: LeanFill) -> Hashable:
    return fill.instrument_key, fill.run_id, fill.order_id


def _broker_removals(fills: Sequence[BrokerFill], settings: MatchSettings) -> list[tuple[BrokerFill, ...]]:
    """The plain removal and the cash row of one settlement belong together; the cash may come on a later day."""
    removed = {(fill.instrument_key, fill.session_date) for fill in fills if not fill.settles_cash}

    def key(fill: BrokerFill) -> Hashable:
        days = [
            day
            for contract, day in removed
            if contract == fill.instrument_key
            and 0 <= (fill.session_date - day).days <= (settings.settlement_days if fill.settles_cash else 0)
        ]
        return fill.instrument_key, max(days, default=fill.session_date)

    return _grouped(fills, key)


def _lean_delivery(fill: LeanFill) -> Hashable:
    return fill.instrument_key, fill.run_id, fill.order_id, fill.quantity > 0


def _broker_delivery(fill: BrokerFill) -> Hashable:
    return fill.instrument_key, fill.session_date, fill.quantity > 0, fill.price


def _grouped(fills: Iterable[_Fill], key: Callable[[_Fill], Hashable]) -> list[tuple[_Fill, ...]]:
    groups: defaultdict[Hashable, list[_Fill]] = defaultdict(list)
    for fill in fills:
        groups[key(fill)].append(fill)
    return [tuple(members) for members in groups.values()]


def _pair(
    lean: Sequence[tuple[LeanFill, ...]], broker: Sequence[tuple[BrokerFill, ...]], settings: MatchSettings
) -> list[Leg]:
    lean = sorted((lean_order(members) for members in lean), key=lambda members: members[0].reference)
    broker = sorted((in_time_order(members) for members in broker), key=lambda members: members[0].row_id)
    by_instrument: defaultdict[str, list[int]] = defaultdict(list)
    for column, rows in enumerate(broker):
        by_instrument[rows[0].instrument_key].append(column)
    gains: dict[tuple[int, int], int] = {}
    for row, fills in enumerate(lean):
        for column in by_instrument[fills[0].instrument_key]:
            cost = _cost(fills, broker[column], settings)
            if cost is not None:
                gains[row, column] = cost - 3 * _DEVIATES
    pairs = cheapest_pairs(gains)
    taken = set(pairs.values())
    legs = [_joined(fills, broker[pairs[row]]) if row in pairs else _alone(fills) for row, fills in enumerate(lean)]
    legs.extend(_alone((), rows) for column, rows in enumerate(broker) if column not in taken)
    return legs


def _cost(fills: Sequence[LeanFill], rows: Sequence[BrokerFill], settings: MatchSettings) -> int | None:
    apart = abs((rows[0].session_date - fills[0].session_date).days)
    if apart > settings.settlement_days or _opposite(fills, rows):
        return None
    deviating = _quantity_differs(fills, rows)
    if fills[0].leg_class == "delivery" and rows[0].price is not None:
        if abs(rows[0].price - fills[0].price) > settings.price_tolerance and deviating:
            return None
        deviating = deviating or abs(rows[0].price - fills[0].price) > settings.price_tolerance
    return apart + (_DEVIATES if deviating else 0)


def _opposite(fills: Sequence[LeanFill], rows: Sequence[BrokerFill]) -> bool:
    return any(row.sided and (row.quantity > 0) != (fills[0].quantity > 0) for row in rows)


def _moved(rows: Sequence[BrokerFill]) -> Decimal:
    moving = [row for row in rows if not row.settles_cash] or list(rows)
    return total(abs(row.quantity) for row in moving)


def _quantity_differs(fills: Sequence[LeanFill], rows: Sequence[BrokerFill]) -> bool:
    return total(abs(fill.quantity) for fill in fills) != _moved(rows)


def _joined(fills: tuple[LeanFill, ...], rows: tuple[BrokerFill, ...]) -> Leg:
    sign = 1 if fills[0].quantity > 0 else -1
    sided = tuple(replace(row, quantity=abs(row.quantity) * sign) for row in rows)
    deviations: list[Deviation] = ["quantity"] if _quantity_differs(fills, rows) else []
    if fills[0].leg_class == "delivery" and any(row.price not in (None, fills[0].price) for row in rows):
        deviations.append("price")
    if rows[0].session_date != fills[0].session_date:
        deviations.append("timing")
    return Leg(
        instrument_key=fills[0].instrument_key,
        session_date=fills[0].session_date,
        leg_class=fills[0].leg_class,
        lean=fills,
        broker=sided,
        tier="contract" if {"quantity", "price"} & set(deviations) else "fill",
        score=Decimal("0.4500") if {"quantity", "price"} & set(deviations) else Decimal("1.0000"),
        deviations=tuple(deviations),
    )


def _alone(fills: tuple[LeanFill, ...] = (), rows: tuple[BrokerFill, ...] = ()) -> Leg:
    if fills:
        first = fills[0]
        return Leg(first.instrument_key, first.session_date, first.leg_class, lean=fills)
    classes = {row.leg_class for row in rows}
    found = "delivery" if "delivery" in classes else next(name for name in _STRONGEST if name in classes)
    return Leg(rows[0].instrument_key, rows[0].session_date, found, broker=rows)


def _place(leg: Leg) -> tuple[dt.date, str, str, str]:
    reference = leg.lean[0].reference if leg.lean else leg.broker[0].row_id
    return (leg.session_date, leg.instrument_key, leg.leg_class, reference)
