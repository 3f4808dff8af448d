"""Bookings that the broker took back within its statements.

Holds: which row takes back which, and what stands in its place.
Belongs here: the netting of original, reversal and corrected row, on plain data.
Never here: rows that differ between two exports (`statement_corrections`), matching with LEAN.

A reversal repeats the row it takes back with every amount turned round: the value against the side, the charges given
back. Original and reversal add up to nothing and are no fills. The chain stays visible on the row that replaced them,
or, where the booking was only taken back, nowhere: then the broker has no such fill.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from pipelines.transforms.fills import ZERO, BrokerFill, in_time_order


def is_reversal(fill: BrokerFill) -> bool:
    """Whether a trade row pays for what it sold, or earns from what it bought."""
    return fill.leg_class == "trade" and fill.value * fill.quantity > 0


def net_reversals(fills: Iterable[BrokerFill]) -> list[BrokerFill]:
    """The fills that stand; the result depends on the fills alone, not on their order.

    A reversal without the row it takes back stays: what it means cannot be told.
    """
    standing = list(in_time_order(fills))
    for reversal in [fill for fill in standing if is_reversal(fill)]:
        taken_back = [fill for fill in standing if _takes_back(reversal, fill)]
        if not taken_back:
            continue
        original = taken_back[-1]
        standing = [fill for fill in standing if fill not in (original, reversal)]
        chain = (*original.corrects, original.row_id, *reversal.corrects, reversal.row_id)
        place = _place_of_correction(standing, original)
        if place is not None:
            corrected = standing[place]
            # It is the fill of the original, however late it was put right.
            standing[place] = replace(
                corrected,
                corrects=tuple(sorted({*corrected.corrects, *chain})),
                occurred_at=min(corrected.occurred_at, original.occurred_at),
                session_date=min(corrected.session_date, original.session_date),
            )
    return standing


def _takes_back(reversal: BrokerFill, fill: BrokerFill) -> bool:
    return (
        not is_reversal(fill)
        and fill.occurred_at <= reversal.occurred_at
        and _slot(fill) == _slot(reversal)
        and fill.quantity == reversal.quantity
        and fill.value == -reversal.value
        and (fill.commission or ZERO) == -(reversal.commission or ZERO)
        and fill.fees == -reversal.fees
    )


def _slot(fill: BrokerFill) -> tuple[object, ...]:
    return fill.leg_class, fill.instrument_key, fill.order_number, fill.effect


def _place_of_correction(standing: list[BrokerFill], original: BrokerFill) -> int | None:
    """The row nearest in size and time to what was taken back, of the same order, contract and side."""
    found = [
        (fill.quantity != original.quantity, abs(fill.occurred_at - original.occurred_at), fill.row_id, place)
        for place, fill in enumerate(standing)
        if _slot(fill) == _slot(original) and fill.quantity * original.quantity > 0 and not is_reversal(fill)
    ]
    return min(found)[-1] if found else None
