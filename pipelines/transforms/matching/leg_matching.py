"""Which fills of LEAN and which rows of the broker are the same order leg.

Holds: the tiers of matching for trades.
Belongs here: deciding that two fills are one, and saying where they deviate.
Never here: fees (a price that differs is a fact here, what it costs is explained elsewhere), expiries and deliveries
(`event_matching`).

Tiers, each on what the one before left over:

1. `broker_id`: LEAN knows the broker's order number.
2. `group`: all legs of a combo fill together, and the broker books them under one order number; order against order
   within the time window, at the least total deviation.
3. `fill`: leg against leg (combos that the broker split into several orders).

Pairs that deviate in price or quantity are called `contract`. Rows that belong to a leg already matched (partial fills
under several numbers) are taken in last; what is then left stands on one side only.

Sessions whose clock is off by whole hours are matched in a second pass (`clock_shifts`).

Of large accounts, what can be matched in one way only is found by column first (`certain_legs`); the tiers then see the
rest alone, with the places that its orders have among all, so that the result is the same to the last fill.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from pipelines.transforms.matching.assignment import cheapest_pairs
from pipelines.transforms.matching.certain_matching import ALONE, Everyone, Places, match_certain
from pipelines.transforms.matching.clock_shifts import with_shifted_sessions
from pipelines.transforms.matching.deviations import (
    deviations_of,
    gap_between,
    score_of,
    surplus_is_repeated,
    weight_of,
    without_duplicates,
)
from pipelines.transforms.matching.fill_columns import foreign_ids
from pipelines.transforms.matching.fills import BrokerFill, LeanFill, Leg, Tier, average_price, total
from pipelines.transforms.matching.order_units import (
    BrokerLeg,
    BrokerUnit,
    LeanLeg,
    LeanUnit,
    LegKey,
    broker_units,
    in_place,
    lean_units,
    merged_by_price,
    parts_together,
)
from pipelines.transforms.matching.settings import DEFAULT, MatchSettings

_MINUTE = 10**9
_WEIGHT = 10**15
"""One cost in three ranks: deviation, then whole minutes apart, then how far the order of the two sides is kept."""


LEAST_FOR_COLUMNS = 2_000
"""Fills of both sides from which on columns are faster than fills."""


def match_trades(
    lean: Iterable[LeanFill], broker: Iterable[BrokerFill], settings: MatchSettings = DEFAULT
) -> tuple[Leg, ...]:
    """Legs of every trade of one account, matched or not; every fill is in exactly one of them.

    The result depends on the fills alone, not on the order they come in. Sessions never mix.
    """
    legs = with_shifted_sessions(_within_window(list(lean), list(broker), settings), settings, match_by_session)
    return tuple(sorted(legs, key=lambda leg: (leg.session_date, *leg_place(leg))))


def _within_window(lean: Sequence[LeanFill], broker: Sequence[BrokerFill], settings: MatchSettings) -> list[Leg]:
    certain = match_certain(lean, broker, settings) if len(lean) + len(broker) >= LEAST_FOR_COLUMNS else None
    if certain is None:
        return match_by_session(lean, broker, settings)
    rest = match_by_session(certain.lean_left, certain.broker_left, settings, certain.places)
    return [*certain.legs, *rest]


def match_by_session(
    lean: Iterable[LeanFill], broker: Iterable[BrokerFill], settings: MatchSettings, places: Places | None = None
) -> list[Leg]:
    """The same, fill by fill; `places` tells where the orders of a session stand among those that are not given."""
    lean_by_day: defaultdict[dt.date, list[LeanFill]] = defaultdict(list)
    broker_by_day: defaultdict[dt.date, list[BrokerFill]] = defaultdict(list)
    for fill in lean:
        lean_by_day[fill.session_date].append(fill)
    for row in broker:
        broker_by_day[row.session_date].append(row)
    found: list[Leg] = []
    for day in sorted(lean_by_day.keys() | broker_by_day.keys()):
        everyone = ALONE if places is None else places.of(day)
        found.extend(_Session(lean_by_day[day], broker_by_day[day], settings, everyone).legs())
    return found


class _Session:
    """The matching of one session."""

    def __init__(
        self, lean: Sequence[LeanFill], broker: Sequence[BrokerFill], settings: MatchSettings, everyone: Everyone
    ) -> None:
        self.settings = settings
        self.everyone = everyone
        self.lean = lean_units(lean)
        booked = merged_by_price(self.lean, broker_units(broker), settings.price_tolerance)
        self.broker = parts_together(self.lean, booked, lambda leg, part: _is_part(leg, part, settings, exact=True))
        self.matched: list[Leg] = []

    def legs(self) -> list[Leg]:
        self._by_broker_id()
        self._by_cost(self.everyone)
        self.lean = in_place([LeanUnit((leg,)) for unit in self.lean for leg in unit.legs])
        loose = in_place([BrokerUnit(unit.order_number, (leg,)) for unit in self.broker for leg in unit.legs])
        self.broker = parts_together(
            self.lean, loose, lambda leg, part: _is_part(leg, part, self.settings, exact=False)
        )
        self._by_cost(ALONE)
        left = [leg for unit in self.broker for leg in unit.legs]
        legs, left = _take_in(self.matched, left, self.settings)
        legs = [without_duplicates(leg) for leg in legs]
        for unit in self.lean:
            legs.extend(_one_sided(lean=leg) for leg in unit.legs)
        legs.extend(_one_sided(broker=leg) for leg in left)
        return sorted(legs, key=leg_place)

    def _by_broker_id(self) -> None:
        by_number = {unit.order_number: unit for unit in self.broker if unit.order_number is not None}
        lean_left: list[LeanUnit] = []
        for unit in self.lean:
            numbers = [number for number in _foreign_ids(unit) if number in by_number]
            partner = next((by_number[number] for number in numbers if _shared(unit, by_number[number])), None)
            if partner is None:
                lean_left.append(unit)
                continue
            by_number = {number: known for number, known in by_number.items() if known is not partner}
            self.broker.remove(partner)
            lean_left.extend(self._join(unit, partner, "broker_id"))
        self.lean, self.broker = in_place(lean_left), in_place(self.broker)

    def _by_cost(self, everyone: Everyone) -> None:
        gains = _gains(self.lean, self.broker, self.settings, everyone)
        pairs = cheapest_pairs(gains)
        taken = set(pairs.values())
        lean, broker = self.lean, self.broker
        self.lean = [unit for row, unit in enumerate(lean) if row not in pairs]
        self.broker = [unit for column, unit in enumerate(broker) if column not in taken]
        for row, column in pairs.items():
            several = len(lean[row].legs) > 1 and len(_shared(lean[row], broker[column])) > 1
            self.lean.extend(self._join(lean[row], broker[column], "group" if several else "fill"))
        self.lean, self.broker = in_place(self.lean), in_place(self.broker)

    def _join(self, unit: LeanUnit, partner: BrokerUnit, tier: Tier) -> list[LeanUnit]:
        """Makes legs of two units; returns what of LEAN's unit has no counterpart, and keeps the broker's rest."""
        by_key = {leg.key: leg for leg in partner.legs}
        alone: list[LeanLeg] = []
        for leg in unit.legs:
            counterpart = by_key.pop(leg.key, None)
            if counterpart is None:
                alone.append(leg)
            else:
                self.matched.append(_leg(leg, counterpart, tier, self.settings))
        if by_key:
            self.broker.append(BrokerUnit(partner.order_number, tuple(by_key.values())))
        return [LeanUnit(tuple(alone))] if alone else []


def _foreign_ids(unit: LeanUnit) -> list[str]:
    return sorted({number for leg in unit.legs for fill in leg.fills for number in foreign_ids(fill)})


def _shared(unit: LeanUnit, partner: BrokerUnit) -> set[LegKey]:
    return {leg.key for leg in unit.legs} & {leg.key for leg in partner.legs}


def _gains(
    lean: Sequence[LeanUnit], broker: Sequence[BrokerUnit], settings: MatchSettings, everyone: Everyone
) -> dict[tuple[int, int], int]:
    """What pairing unit with unit costs more than leaving both alone, for every pair within the time window."""
    columns_of: defaultdict[LegKey, list[int]] = defaultdict(list)
    for column, partner in enumerate(broker):
        for leg in partner.legs:
            columns_of[leg.key].append(column)
    near: dict[tuple[int, int], tuple[int, int]] = {}
    for row, unit in enumerate(lean):
        for column in sorted({column for leg in unit.legs for column in columns_of[leg.key]}):
            found = _pair_cost(unit, broker[column], settings)
            if found is not None:
                near[row, column] = found
    row_rank = {row: rank + everyone.lean_before(lean[row]) for row, rank in _ranks(row for row, _ in near).items()}
    column_rank = {
        column: rank + everyone.broker_before(broker[column])
        for column, rank in _ranks(column for _, column in near).items()
    }
    gains: dict[tuple[int, int], int] = {}
    for (row, column), (cost, minutes) in near.items():
        alone = settings.missing * (len(lean[row].legs) + len(broker[column].legs))
        # The sum of squares is least where both sides keep their order: equal fills are told apart by nothing else.
        crossing = (row_rank[row] - column_rank[column]) ** 2
        gains[row, column] = (cost - alone) * _WEIGHT + minutes * _MINUTE + min(crossing, _MINUTE - 1)
    return gains


def _ranks(indexes: Iterable[int]) -> dict[int, int]:
    return {index: rank for rank, index in enumerate(sorted(set(indexes)))}


def _pair_cost(unit: LeanUnit, partner: BrokerUnit, settings: MatchSettings) -> tuple[int, int] | None:
    """Deviation and whole minutes apart, None where the two cannot be the same order."""
    partners: Mapping[LegKey, BrokerLeg] = {leg.key: leg for leg in partner.legs}
    cost, apart, near = 0, dt.timedelta.max, False
    used: dict[LegKey, LeanLeg] = {}
    for leg in unit.legs:
        counterpart = None if leg.key in used else partners.get(leg.key)
        if counterpart is None:
            cost += settings.missing
            continue
        used[leg.key] = leg
        gap = gap_between(leg, counterpart)
        near = near or gap <= settings.window
        apart = min(apart, gap)
        deviations = deviations_of(leg.fills, counterpart.fills, settings)
        repeated = deviations == ("quantity",) and surplus_is_repeated(leg.fills, counterpart.fills)
        cost += settings.duplicate if repeated else weight_of(deviations, settings)
    cost += settings.missing * (len(partners) - len(used))
    if not near or (len(used) == 1 and not all(_may_be_one(leg, partners[key], settings) for key, leg in used.items())):
        return None
    return cost, apart // dt.timedelta(minutes=1)


def _may_be_one(leg: LeanLeg, counterpart: BrokerLeg, settings: MatchSettings) -> bool:
    """Whether two fills that deviate can still be the same where no other leg, and nothing but the time, speaks for it."""
    deviations = deviations_of(leg.fills, counterpart.fills, settings)
    if "price" not in deviations:
        return True
    ours, theirs = average_price(leg.fills), average_price(counterpart.fills)
    if ours is None or theirs is None:
        return False
    if "quantity" in deviations and not surplus_is_repeated(leg.fills, counterpart.fills):
        return False
    return _within_reach(ours, theirs, settings)


def _within_reach(ours: Decimal, theirs: Decimal, settings: MatchSettings) -> bool:
    return abs(ours - theirs) <= max(settings.price_reach_least, abs(ours) * settings.price_reach)


def _is_part(leg: LeanLeg, part: BrokerLeg, settings: MatchSettings, *, exact: bool) -> bool:
    """Whether a row may be a part of a leg: near, and at its price, or (not `exact`) at one within reach of it."""
    if gap_between(leg, part) > settings.window:
        return False
    if "price" not in deviations_of(leg.fills, part.fills, settings):
        return True
    ours, theirs = average_price(leg.fills), average_price(part.fills)
    return not exact and ours is not None and theirs is not None and _within_reach(ours, theirs, settings)


def _leg(leg: LeanLeg, counterpart: BrokerLeg, tier: Tier, settings: MatchSettings) -> Leg:
    deviations = deviations_of(leg.fills, counterpart.fills, settings)
    return Leg(
        instrument_key=leg.key[0],
        session_date=leg.fills[0].session_date,
        leg_class="trade",
        lean=leg.fills,
        broker=counterpart.fills,
        tier=tier if not deviations or tier == "broker_id" else "contract",
        score=score_of(deviations, _apart(leg, counterpart, settings), settings),
        deviations=deviations,
    )


def _apart(leg: LeanLeg, counterpart: BrokerLeg, settings: MatchSettings) -> dt.timedelta:
    """The gap as far as it speaks for a pair; a day without a time speaks no more than the window's edge."""
    timed = all(fill.has_time for fill in counterpart.fills)
    return gap_between(leg, counterpart) if timed else settings.window


def _take_in(
    legs: Sequence[Leg], left: Sequence[BrokerLeg], settings: MatchSettings
) -> tuple[list[Leg], list[BrokerLeg]]:
    """Gives leftover rows to matched legs that miss exactly such rows (one fill booked under several numbers)."""
    result = list(legs)
    remaining: list[BrokerLeg] = []
    for loose in sorted(left, key=lambda leg: (leg.fills[0].occurred_at, leg.fills[0].row_id)):
        place = next((at for at, leg in enumerate(result) if _fits(leg, loose, settings)), None)
        if place is None:
            remaining.append(loose)
            continue
        grown = result[place].with_broker((*result[place].broker, *loose.fills))
        deviations = deviations_of(grown.lean, grown.broker, settings)
        tier: Tier | None = grown.tier if deviations else "fill"
        gap = gap_between(LeanLeg(loose.key, grown.lean), BrokerLeg(loose.key, grown.broker))
        result[place] = replace(grown, deviations=deviations, tier=tier, score=score_of(deviations, gap, settings))
    return result, remaining


def _fits(leg: Leg, loose: BrokerLeg, settings: MatchSettings) -> bool:
    if (leg.instrument_key, leg.side) != loose.key or "quantity" not in leg.deviations:
        return False
    missing = abs(leg.lean_quantity) - abs(leg.broker_quantity)
    if abs(total(fill.quantity for fill in loose.fills)) > missing:
        return False
    if "price" in deviations_of(leg.lean, loose.fills, settings):
        return False
    return gap_between(LeanLeg(loose.key, leg.lean), loose) <= settings.window


def _one_sided(lean: LeanLeg | None = None, broker: BrokerLeg | None = None) -> Leg:
    if lean is not None:
        return Leg(lean.key[0], lean.fills[0].session_date, "trade", lean=lean.fills)
    if broker is None:
        raise AssertionError("a leg needs a side")
    return Leg(broker.key[0], broker.fills[0].session_date, "trade", broker=broker.fills)


def leg_place(leg: Leg) -> tuple[object, ...]:
    """The place of a leg within its session."""
    first = leg.lean[0].occurred_at if leg.lean else leg.rows[0].occurred_at
    return (first, leg.instrument_key, leg.lean[0].reference if leg.lean else leg.rows[0].row_id)
