"""Order legs that can be matched in one way only, found by column.

Holds: which orders of the two sides are certainly the same, and what is left to be scored.
Belongs here: what is decided for all fills at once.
Never here: weighing one match against another (`leg_matching` does that for the rest).

An order is certain in two cases:

* LEAN knows its number at the broker, nobody else names that number, and all legs agree.
* Every one of its legs has exactly one counterpart of its contract, side, quantity and price within the time window,
  these are all the legs of one order of the broker, and the same holds the other way round. That it is the cheapest
  match, too, follows only where no order nearby is uncertain: orders that share a contract and side, with no gap longer
  than the window between them, make a cluster, and one uncertain order makes all orders of its clusters uncertain.
  In a cluster where every order has one exact counterpart, any other pairing costs more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from pipelines.transforms.matching.fill_columns import (
    LARGEST,
    Flags,
    Ints,
    TooWide,
    coded,
    microseconds,
    numbered,
    packed,
    whole,
    whole_of,
)
from pipelines.transforms.matching.settings import MatchSettings

_DAY: Final = 86_400_000_000
_MINUTE: Final = 60_000_000
_MOST_PAIRS: Final = 32
"""Candidates per leg on average beyond which a cluster is left to be scored."""


@dataclass(frozen=True, slots=True)
class Side:
    """The fills, legs and orders of one side, by number; times in microseconds, quantities and prices in 1e-8."""

    leg_of_fill: Ints
    unit_of_leg: Ints
    units: int
    day: Ints
    slot: Ints
    first: Ints
    last: Ints
    quantity: Ints
    lowest: Ints
    highest: Ints
    comparable: Flags
    """All quantities and prices are whole numbers of 1e-8."""
    unpriced: Flags
    """A row has no price."""
    timed: Flags
    legs_of_unit: Ints


@dataclass(frozen=True, slots=True)
class Certain:
    """What is certain: legs of LEAN, their counterparts, whether the number or the fills decided, and the gaps.

    `lean_left` and `broker_left` mark the fills that have to be scored.
    """

    lean: Side
    broker: Side
    lean_leg: Ints
    broker_leg: Ints
    by_number: Flags
    gap: Ints
    timed: Flags
    lean_left: Flags
    broker_left: Flags

    @property
    def several(self) -> Flags:
        """Whether the order of each certain leg has more than one."""
        return self.lean.legs_of_unit[self.lean.unit_of_leg[self.lean_leg]] > 1


def certain_legs(lean: pl.DataFrame, broker: pl.DataFrame, settings: MatchSettings) -> Certain:
    """Everything certain between two sides in the columns of `fill_columns`. Raises TooWide."""
    contract, booked_contract = coded(lean["instrument_key"], broker["instrument_key"])
    days = [side["session_date"].to_physical().cast(pl.Int64).to_numpy() for side in (lean, broker)]
    slot, booked_slot = _slots(days, (contract, booked_contract), (lean, broker))
    ours = _side(lean, days[0], slot, _lean_units(lean, days[0]), lean["order_id"].to_numpy())
    theirs = _side(broker, days[1], booked_slot, _broker_units(broker, days[1]), None)
    named = _by_number(lean, broker, ours, theirs, settings)
    sure = _by_fills(ours, theirs, named, settings)
    lean_leg = np.concatenate((named.lean_leg, sure.lean_leg))
    broker_leg = np.concatenate((named.broker_leg, sure.broker_leg))
    lean_left = np.ones(len(ours.slot), dtype=bool)
    broker_left = np.ones(len(theirs.slot), dtype=bool)
    lean_left[lean_leg] = False
    broker_left[broker_leg] = False
    return Certain(
        lean=ours,
        broker=theirs,
        lean_leg=lean_leg,
        broker_leg=broker_leg,
        by_number=np.arange(len(lean_leg)) < len(named.lean_leg),
        gap=_gap(ours, theirs, lean_leg, broker_leg),
        timed=theirs.timed[broker_leg],
        lean_left=lean_left[ours.leg_of_fill],
        broker_left=broker_left[theirs.leg_of_fill],
    )


# --- fills, legs, orders -----------------------------------------------------------------------------------------------


def _slots(
    days: list[Ints], contracts: tuple[Ints, Ints], sides: tuple[pl.DataFrame, pl.DataFrame]
) -> tuple[Ints, Ints]:
    """Session, contract and side of every fill as one number for both."""
    bought = [(side["quantity"] > 0).to_numpy().astype(np.int64) for side in sides]
    together = packed(np.concatenate(days), np.concatenate(contracts), np.concatenate(bought))
    places, _ = numbered(together)
    return places[: len(days[0])], places[len(days[0]) :]


def _lean_units(lean: pl.DataFrame, day: Ints) -> Ints:
    """Orders and combos of a session: by group, else by the broker's numbers, else by order."""
    [run] = coded(lean["run_id"])
    [names] = coded(lean["broker_ids"].list.join("\n"))
    group = lean["group_id"]
    kind = np.where(group.is_not_null().to_numpy(), 0, np.where(names >= 0, 1, 2))
    of_group = group.fill_null(0).to_numpy()
    name = np.choose(kind, (of_group, names, lean["order_id"].to_numpy()))
    return packed(day, run, kind, name)


def _broker_units(broker: pl.DataFrame, day: Ints) -> Ints:
    """Order numbers of a session; a row without one stands for itself."""
    [number] = coded(broker["order_number"])
    alone = number < 0
    name = np.where(alone, np.arange(broker.height), number)
    return packed(day, alone.astype(np.int64), np.asarray(name))


def _side(fills: pl.DataFrame, day: Ints, slot: Ints, unit: Ints, order: Ints | None) -> Side:
    units, count = numbered(unit)
    legs = packed(units, slot) if order is None else packed(units, order, slot)
    leg, number = numbered(legs)
    place = np.argsort(leg, kind="stable")
    start = np.searchsorted(leg[place], np.arange(number))
    moment = fills["occurred_at"].to_physical().to_numpy()
    quantity, price = whole(fills["quantity"]), whole(fills["price"])
    unpriced = fills["price"].is_null().to_numpy()
    untimed = ~fills["has_time"].to_numpy() if "has_time" in fills.columns else np.zeros(len(day), dtype=bool)
    inexact = ~quantity.exact | (~price.exact & ~unpriced)
    if number and int(np.abs(quantity.numbers).max()) > LARGEST // max(len(day), 1):
        raise TooWide("quantities")

    def over_leg(reduce: np.ufunc, values: Ints | Flags) -> Ints:
        return np.asarray(reduce.reduceat(values[place], start)) if number else np.zeros(0, dtype=values.dtype)

    unit_of_leg = units[place][start]
    return Side(
        leg_of_fill=leg,
        unit_of_leg=unit_of_leg,
        units=count,
        day=day[place][start],
        slot=slot[place][start],
        first=over_leg(np.minimum, moment),
        last=over_leg(np.maximum, moment),
        quantity=over_leg(np.add, quantity.numbers),
        lowest=over_leg(np.minimum, price.numbers),
        highest=over_leg(np.maximum, price.numbers),
        comparable=~over_leg(np.logical_or, inexact).astype(bool),
        unpriced=over_leg(np.logical_or, unpriced).astype(bool),
        timed=~over_leg(np.logical_or, untimed).astype(bool),
        legs_of_unit=np.bincount(unit_of_leg, minlength=count),
    )


def _gap(ours: Side, theirs: Side, lean_leg: Ints, broker_leg: Ints) -> Ints:
    """Microseconds between the nearest ends of two legs, zero where they overlap."""
    after = theirs.first[broker_leg] - ours.last[lean_leg]
    before = ours.first[lean_leg] - theirs.last[broker_leg]
    return np.asarray(np.maximum(np.maximum(after, before), 0))


def _agree(ours: Side, theirs: Side, lean_leg: Ints, broker_leg: Ints, settings: MatchSettings) -> Flags:
    """Whether quantity and price certainly do not deviate: LEAN filled at one price, and every row is within reach."""
    tolerance = whole_of(settings.price_tolerance)
    price = ours.lowest[lean_leg]
    inside = (theirs.lowest[broker_leg] >= price - tolerance) & (theirs.highest[broker_leg] <= price + tolerance)
    return np.asarray(
        (ours.quantity[lean_leg] == theirs.quantity[broker_leg])
        & (ours.highest[lean_leg] == price)
        & (inside | theirs.unpriced[broker_leg])
        & ours.comparable[lean_leg]
        & ~ours.unpriced[lean_leg]
        & theirs.comparable[broker_leg]
    )


# --- by the broker's order number --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Named:
    """Legs of orders whose number LEAN knows and that agree, and every order that a number concerns at all."""

    lean_leg: Ints
    broker_leg: Ints
    lean_units: Flags
    broker_units: Flags


def _by_number(lean: pl.DataFrame, broker: pl.DataFrame, ours: Side, theirs: Side, settings: MatchSettings) -> _Named:
    lean_units = np.zeros(ours.units, dtype=bool)
    broker_units = np.zeros(theirs.units, dtype=bool)
    nothing = np.zeros(0, dtype=np.int64)
    if not lean["broker_ids"].is_not_null().any():
        return _Named(nothing, nothing, lean_units, broker_units)
    known = lean.select(
        "session_date", "broker_ids", ours=pl.Series(ours.unit_of_leg[ours.leg_of_fill], dtype=pl.Int64)
    )
    known = known.filter(pl.col("broker_ids").is_not_null()).explode("broker_ids").unique()
    numbers = broker.select(
        "session_date",
        broker_ids="order_number",
        theirs=pl.Series(theirs.unit_of_leg[theirs.leg_of_fill], dtype=pl.Int64),
    ).unique()
    pairs = known.join(numbers, on=["session_date", "broker_ids"])
    lean_unit, broker_unit = pairs["ours"].to_numpy(), pairs["theirs"].to_numpy()
    lean_units[lean_unit], broker_units[broker_unit] = True, True
    only = (np.bincount(lean_unit, minlength=ours.units)[lean_unit] == 1) & (
        np.bincount(broker_unit, minlength=theirs.units)[broker_unit] == 1
    )
    lean_unit, broker_unit = lean_unit[only], broker_unit[only]
    partner = np.full(ours.units, -1, dtype=np.int64)
    partner[lean_unit] = broker_unit
    of_leg = partner[ours.unit_of_leg]
    mine = np.flatnonzero(of_leg >= 0)
    legs = pl.DataFrame({"unit": of_leg[mine], "slot": ours.slot[mine], "ours": mine}).join(
        pl.DataFrame({"unit": theirs.unit_of_leg, "slot": theirs.slot, "theirs": np.arange(len(theirs.slot))}),
        on=["unit", "slot"],
    )
    lean_leg, broker_leg = legs["ours"].to_numpy(), legs["theirs"].to_numpy()
    agreed = _agree(ours, theirs, lean_leg, broker_leg, settings)
    whole_units = _whole_units(ours, theirs, lean_leg[agreed], broker_leg[agreed])
    return _Named(lean_leg[agreed][whole_units], broker_leg[agreed][whole_units], lean_units, broker_units)


def _whole_units(ours: Side, theirs: Side, lean_leg: Ints, broker_leg: Ints) -> Flags:
    """Pairs of legs, each leg in one pair at most, whose two orders consist of such pairs alone."""
    unit, partner = ours.unit_of_leg[lean_leg], theirs.unit_of_leg[broker_leg]
    pair, number = numbered(packed(unit, partner))
    size = np.bincount(pair, minlength=number)[pair]
    return np.asarray((size == ours.legs_of_unit[unit]) & (size == theirs.legs_of_unit[partner]))


# --- by the fills ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Sure:
    lean_leg: Ints
    broker_leg: Ints


def _by_fills(ours: Side, theirs: Side, named: _Named, settings: MatchSettings) -> _Sure:
    settled, booked = np.zeros(len(ours.slot), dtype=bool), np.zeros(len(theirs.slot), dtype=bool)
    settled[named.lean_leg], booked[named.broker_leg] = True, True
    lean_leg, broker_leg = np.flatnonzero(~settled), np.flatnonzero(~booked)
    cluster, booked_cluster = _clusters(ours, theirs, lean_leg, broker_leg, settings)
    near, near_booked = _candidates(ours, theirs, (lean_leg, broker_leg), (cluster, booked_cluster), settings)
    once = (np.bincount(near, minlength=len(ours.slot))[near] == 1) & (
        np.bincount(near_booked, minlength=len(theirs.slot))[near_booked] == 1
    )
    near, near_booked = near[once], near_booked[once]
    alike = _whole_units(ours, theirs, near, near_booked)
    alike &= ~named.lean_units[ours.unit_of_leg[near]] & ~named.broker_units[theirs.unit_of_leg[near_booked]]
    near, near_booked = near[alike], near_booked[alike]
    doubtful, doubtful_booked = np.ones(ours.units, dtype=bool), np.ones(theirs.units, dtype=bool)
    doubtful[ours.unit_of_leg[near]] = False
    doubtful_booked[theirs.unit_of_leg[near_booked]] = False
    unit, partner = ours.unit_of_leg[lean_leg], theirs.unit_of_leg[broker_leg]
    _spread((doubtful, unit, cluster), (doubtful_booked, partner, booked_cluster))
    sure = ~doubtful[ours.unit_of_leg[near]] & ~doubtful_booked[theirs.unit_of_leg[near_booked]]
    return _Sure(near[sure], near_booked[sure])


def _spread(*sides: tuple[Flags, Ints, Ints]) -> None:
    """Doubt about an order is doubt about its clusters, and about every order in them.

    Of each side the doubtful orders, which grow, and the order and cluster of every leg.
    """
    clusters = 1 + max(int(cluster.max(initial=-1)) for _, _, cluster in sides)
    known = -1
    while True:
        marked = np.zeros(clusters, dtype=bool)
        for doubtful, unit, cluster in sides:
            marked[cluster[doubtful[unit]]] = True
        count = int(marked.sum())
        if count == known:
            return
        known = count
        for doubtful, unit, cluster in sides:
            doubtful[unit[marked[cluster]]] = True


def _clusters(ours: Side, theirs: Side, lean_leg: Ints, broker_leg: Ints, settings: MatchSettings) -> tuple[Ints, Ints]:
    """The cluster of each leg: one contract and side of a session, with no gap longer than the window.

    Where the broker prints no times, everything of a contract and side is near.
    """
    slot = np.concatenate((ours.slot[lean_leg], theirs.slot[broker_leg]))
    if not len(slot):
        return slot, slot
    day = np.concatenate((ours.day[lean_leg], theirs.day[broker_leg])) * _DAY
    first = np.concatenate((ours.first[lean_leg], theirs.first[broker_leg])) - day
    last = np.concatenate((ours.last[lean_leg], theirs.last[broker_leg])) - day
    lowest = int(first.min())
    width = int(last.max()) - lowest + 1
    if (int(slot.max()) + 1) * width >= LARGEST:
        raise TooWide("times of a session")
    place = np.argsort(slot * width + (first - lowest), kind="stable")
    reached = np.maximum.accumulate((slot * width + (last - lowest))[place])
    slots = slot[place]
    later = (slots * width + (first[place] - lowest))[1:] - reached[:-1] > microseconds(settings.window)
    untimed = np.zeros(int(slot.max()) + 1, dtype=bool)
    untimed[theirs.slot[broker_leg][~theirs.timed[broker_leg]]] = True
    if untimed.any() and microseconds(settings.window) < _MINUTE:
        raise TooWide("a window below a minute, and rows without a time")
    begins = np.concatenate(([True], (slots[1:] != slots[:-1]) | (later & ~untimed[slots[1:]])))
    cluster = np.empty(len(slot), dtype=np.int64)
    cluster[place] = np.cumsum(begins) - 1
    return cluster[: len(lean_leg)], cluster[len(lean_leg) :]


def _candidates(
    ours: Side, theirs: Side, legs: tuple[Ints, Ints], clusters: tuple[Ints, Ints], settings: MatchSettings
) -> tuple[Ints, Ints]:
    """Pairs of legs that agree in contract, side, quantity and price within the window."""
    lean_leg, broker_leg = legs
    left = pl.DataFrame({"cluster": clusters[0], "quantity": ours.quantity[lean_leg], "ours": lean_leg})
    right = pl.DataFrame({"cluster": clusters[1], "quantity": theirs.quantity[broker_leg], "theirs": broker_leg})
    crowded = _crowded(*clusters)
    if crowded is not None:
        left = left.filter(pl.Series(~crowded[clusters[0]]))
    pairs = left.join(right, on=["cluster", "quantity"])
    found, booked = pairs["ours"].to_numpy(), pairs["theirs"].to_numpy()
    near = (_gap(ours, theirs, found, booked) <= microseconds(settings.window)) | ~theirs.timed[booked]
    alike = near & _agree(ours, theirs, found, booked, settings)
    return found[alike], booked[alike]


def _crowded(cluster: Ints, booked_cluster: Ints) -> Flags | None:
    """Clusters in which every leg would have to be compared with very many; None: there is none."""
    size = 1 + max(int(cluster.max(initial=-1)), int(booked_cluster.max(initial=-1)))
    crowded = np.minimum(np.bincount(cluster, minlength=size), np.bincount(booked_cluster, minlength=size))
    found = np.asarray(crowded > _MOST_PAIRS**2)
    return found if found.any() else None
