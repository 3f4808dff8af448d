"""Rows of one order in a statement that gives orders no number, told by the order's minimum.

Holds: putting such rows together where their charges are those of one order.
Belongs here: a broker that rounds nothing and asks a minimum per order.
Never here: rows with order numbers (`order_units`), statements without a minimum to tell by.

Each of several orders pays the minimum, the fills of one order pay it once. Rows in one contract, side and session are
one order where that takes fewer prices of venues than several orders would, or as many and less to pay.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

from pipelines.transforms.fees.explanation import Explained, Terms
from pipelines.transforms.fees.explanation_memory import Explanations
from pipelines.transforms.fees.leg_fees import fee_fills
from pipelines.transforms.matching.fills import ZERO, Leg, in_time_order, total
from tomking.kernel.fees import FeeSchedule

MOST_ROWS: Final = 50
"""An order of more rows has its minimum used up long before."""


def put_together(
    legs: Sequence[Leg], terms: Mapping[str, Terms], explanations: Explanations, schedule: FeeSchedule | None
) -> list[Leg]:
    """The legs, those of one order put together; in the order given, each at the place of its first row."""
    if schedule is None or not schedule.is_exact:
        return list(legs)
    alike: defaultdict[tuple[object, ...], list[Leg]] = defaultdict(list)
    for leg in legs:
        if len(leg.broker) == 1 and _is_loose(leg):
            alike[leg.instrument_key, leg.session_date, leg.side].append(leg)
    whole: dict[int, Leg] = {}
    gone: set[int] = set()
    for parts in alike.values():
        if not 1 < len(parts) <= MOST_ROWS:
            continue
        of_leg = terms.get(parts[0].instrument_key)
        one = parts[0].with_broker(in_time_order(row for part in parts for row in part.broker))
        found = explanations.explain(one, of_leg)
        if of_leg is None or found.expected is None or _is_open(found):
            continue
        together = _asked([one], of_leg, schedule)
        if any(_is_open(explanations.explain(part, of_leg)) for part in parts) or together < _asked(
            parts, of_leg, schedule
        ):
            whole[id(parts[0])] = one
            gone.update(id(part) for part in parts[1:])
    return [whole.get(id(leg), leg) for leg in legs if id(leg) not in gone]


def _is_loose(leg: Leg) -> bool:
    row = leg.broker[0]
    return leg.leg_class == "trade" and row.order_number is None and row.all_in


def _is_open(found: Explained) -> bool:
    """Whether something of it is not explained."""
    return any(part.cause == "unknown" and part.amount for part in found.parts)


def _asked(legs: Sequence[Leg], terms: Terms, schedule: FeeSchedule) -> tuple[int, Decimal]:
    """How many prices venues would have had, and how much they would have asked or paid in all."""
    prices: set[Decimal] = set()
    asked = ZERO
    for leg in legs:
        due = [fees.total for fees in schedule.fees_for_leg(fee_fills(leg, terms))]
        charged = [(row.commission or ZERO) + row.fees for row in leg.rows]
        units = [abs(row.quantity) for row in leg.rows]
        if len(set(units)) == 1:
            # Rows of one day without times: the dearest first, as the minimum makes them.
            due, charged = sorted(due), sorted(charged)
        left = [paid - owed for paid, owed in zip(charged, due, strict=True)]
        prices.update(round(amount / size, 6) for amount, size in zip(left, units, strict=True))
        asked += total(map(abs, left))
    return len(prices), asked
