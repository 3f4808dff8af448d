"""How much an account had traded of a product in the month before each fill, for prices by monthly volume.

Holds: the threshold that each fill has reached.
Belongs here: counting what the statements show; what they leave out is not known and not guessed.
Never here: the prices of the tiers (`tomking.kernel.schedules`).
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from pipelines.transforms.fees.explanation import Terms
from pipelines.transforms.matching.fills import ZERO, BrokerFill, in_time_order
from tomking.kernel.fees import FeeSchedule


def with_month_volumes(
    fills: Sequence[BrokerFill], terms: Mapping[str, Terms], schedules: Sequence[FeeSchedule]
) -> list[BrokerFill]:
    """The fills with the highest threshold of monthly volume that the fills before them had reached."""
    tiers: defaultdict[str, set[Decimal]] = defaultdict(set)
    for row in (row for schedule in schedules for row in schedule.rows if row.from_volume is not None):
        tiers[row.product].add(row.from_volume or ZERO)
    thresholds = {product: sorted(found) for product, found in tiers.items()}
    if not thresholds:
        return list(fills)
    traded: defaultdict[tuple[str, int, int], Decimal] = defaultdict(lambda: ZERO)
    reached: dict[str, Decimal] = {}
    for fill in in_time_order(fills):
        of_fill = terms.get(fill.instrument_key)
        if of_fill is None or fill.leg_class != "trade" or of_fill.product not in thresholds:
            continue
        month = (of_fill.product, fill.session_date.year, fill.session_date.month)
        steps = thresholds[of_fill.product]
        place = bisect_right(steps, traded[month])
        if place:
            reached[fill.row_id] = steps[place - 1]
        traded[month] += abs(fill.quantity)
    return [replace(fill, month_volume=reached[fill.row_id]) if fill.row_id in reached else fill for fill in fills]
