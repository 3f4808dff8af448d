"""Statements whose clock is off by whole hours.

Holds: telling from a session in which little fits that it was printed in another zone, and matching it then.
Belongs here: shifts of a whole session; single late bookings are not.
Never here: matching within the time window (`leg_matching`).

Some exports print local times of whoever downloads them, without a zone or with the one of another season. Every row
of such a session lies the same number of hours off. Where less than half of a session's legs fit as printed, other hours
are tried. A shift is believed where half of them fit, and more than as printed, in contract, side, price and time, and
where the account shows enough of them.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Final

from pipelines.transforms.matching.deviations import deviations_of, gap_between
from pipelines.transforms.matching.fills import BrokerFill, LeanFill, Leg, in_time_order
from pipelines.transforms.matching.order_units import BrokerLeg, LeanLeg, LegKey, broker_units, lean_units
from pipelines.transforms.matching.settings import MatchSettings

HOURS: Final = (1, -1, 2, -2, 3, -3, 4, -4, 5, -5, 6, -6)
"""Tried in this order: a change of daylight saving first, then the zones of Europe and America."""
LEAST_PAIRS: Final = 5
"""Legs that the account must show at one shift."""
Matcher = Callable[[Iterable[LeanFill], Iterable[BrokerFill], MatchSettings], list[Leg]]


def with_shifted_sessions(legs: Sequence[Leg], settings: MatchSettings, match: Matcher) -> list[Leg]:
    """The legs, sessions that a shifted clock kept apart matched anew; their legs deviate in `timing`."""
    doubtful = _doubtful(legs)
    shifts = _shifts(doubtful, settings)
    if not shifts:
        return list(legs)
    found = [leg for leg in legs if leg.session_date not in shifts]
    for day, shift in shifts.items():
        fills, rows = _both_sides(doubtful[day])
        booked = {row.row_id: row for row in rows}
        moved = [replace(row, occurred_at=row.occurred_at - shift) for row in rows]
        found.extend(_moved_back(leg, booked) for leg in match(fills, moved, settings))
    return found


def _doubtful(legs: Sequence[Leg]) -> dict[dt.date, list[Leg]]:
    """The legs of sessions of which less than half fit."""
    sound: Counter[dt.date] = Counter()
    count: Counter[dt.date] = Counter()
    for leg in legs:
        count[leg.session_date] += 1
        sound[leg.session_date] += bool(leg.lean and leg.broker and not leg.deviations)
    found: defaultdict[dt.date, list[Leg]] = defaultdict(list)
    for leg in legs:
        if 2 * sound[leg.session_date] < count[leg.session_date]:
            found[leg.session_date].append(leg)
    return dict(sorted(found.items()))


def _both_sides(legs: Sequence[Leg]) -> tuple[list[LeanFill], list[BrokerFill]]:
    return [fill for leg in legs for fill in leg.lean], [row for leg in legs for row in leg.rows]


def _shifts(sessions: dict[dt.date, list[Leg]], settings: MatchSettings) -> dict[dt.date, dt.timedelta]:
    """The shift of each session that has one."""
    shown: Counter[dt.timedelta] = Counter()
    of_day: dict[dt.date, dt.timedelta] = {}
    for day, legs in sessions.items():
        fills, rows = _both_sides(legs)
        if not fills or not rows or not all(row.has_time for row in rows):
            continue
        ours = [leg for unit in lean_units(fills) for leg in unit.legs]
        theirs: defaultdict[LegKey, list[BrokerLeg]] = defaultdict(list)
        for unit in broker_units(rows):
            for booked in unit.legs:
                theirs[booked.key].append(booked)
        fitting = {hours: _fitting(ours, theirs, dt.timedelta(hours=hours), settings) for hours in (0, *HOURS)}
        best = max(fitting, key=fitting.__getitem__)
        if best and 2 * fitting[best] >= len(ours):
            of_day[day] = dt.timedelta(hours=best)
            shown[of_day[day]] += fitting[best]
    return {day: shift for day, shift in of_day.items() if shown[shift] >= LEAST_PAIRS}


def _fitting(
    ours: Sequence[LeanLeg], theirs: dict[LegKey, list[BrokerLeg]], shift: dt.timedelta, settings: MatchSettings
) -> int:
    """How many of LEAN's legs have a counterpart at their price, that much later; a part of a leg counts."""
    moved = {
        key: [
            BrokerLeg(key, tuple(replace(row, occurred_at=row.occurred_at - shift) for row in leg.fills))
            for leg in legs
        ]
        for key, legs in theirs.items()
    }
    return sum(
        any(
            gap_between(leg, other) <= settings.window
            and "price" not in deviations_of(leg.fills, other.fills, settings)
            for other in moved.get(leg.key, ())
        )
        for leg in ours
    )


def _moved_back(leg: Leg, booked: dict[str, BrokerFill]) -> Leg:
    rows = in_time_order(booked[row.row_id] for row in leg.broker)
    doubled = in_time_order(booked[row.row_id] for row in leg.duplicates)
    if not leg.lean or not rows:
        return replace(leg, broker=rows, duplicates=doubled)
    return replace(leg, broker=rows, duplicates=doubled, tier="contract", deviations=(*leg.deviations, "timing"))
