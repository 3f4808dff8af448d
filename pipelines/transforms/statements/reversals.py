"""Bookings that the broker took back within its statements.

Holds: which row takes back which, and what stands in its place.
Belongs here: the netting of original, reversal and corrected row, on plain data.
Never here: rows that differ between two exports (`statement_corrections`), matching with LEAN.

Where the broker names the booking that a row takes back or replaces, the names decide; else the amounts do.
A reversal repeats the row it takes back with every amount turned round: the value against the side, the charges given
back. Original and reversal add up to nothing and are no fills. The chain stays visible on the row that replaced them,
or, where the booking was only taken back, nowhere: then the broker has no such fill.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from pipelines.transforms.matching.fills import ZERO, BrokerFill, in_time_order


def is_reversal(fill: BrokerFill) -> bool:
    """Whether a trade row pays for what it sold, or earns from what it bought."""
    return fill.leg_class == "trade" and fill.value * fill.quantity > 0


def net_reversals(fills: Iterable[BrokerFill]) -> list[BrokerFill]:
    """The fills that stand; the result depends on the fills alone, not on their order.

    A reversal without the row it takes back stays: what it means cannot be told.
    """
    standing = list(in_time_order(fills))
    for reversal in [fill for fill in standing if is_reversal(fill)]:
        named = [fill for fill in standing if _names(reversal, fill) and not is_reversal(fill)]
        taken_back = named or [fill for fill in standing if _takes_back(reversal, fill)]
        if not taken_back:
            continue
        original = taken_back[-1]
        standing = [fill for fill in standing if fill not in (original, reversal)]
        chain = (*original.corrects, original.row_id, *reversal.corrects, reversal.row_id)
        place = _place_of_correction(standing, original)
        if place is not None:
            standing[place] = _corrected(standing[place], original, chain)
    return _replaced_by_name(standing)


def _corrected(fill: BrokerFill, original: BrokerFill, chain: Iterable[str]) -> BrokerFill:
    """The fill that stands for the original, however late it was put right."""
    return replace(
        fill,
        corrects=tuple(sorted({*fill.corrects, *chain})),
        occurred_at=min(fill.occurred_at, original.occurred_at),
        session_date=min(fill.session_date, original.session_date),
    )


def _replaced_by_name(standing: list[BrokerFill]) -> list[BrokerFill]:
    """A correction may name what it replaces without a reversal of it."""
    for correction in [fill for fill in standing if fill.cancels is not None and not is_reversal(fill)]:
        original = next((fill for fill in standing if _names(correction, fill)), None)
        if original is not None:
            standing.remove(original)
            place = standing.index(correction)
            standing[place] = _corrected(correction, original, (*original.corrects, original.row_id))
    return standing


def _names(row: BrokerFill, fill: BrokerFill) -> bool:
    return fill is not row and fill.execution_id is not None and fill.execution_id == row.cancels


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
    named = [place for place, fill in enumerate(standing) if _names(fill, original) and not is_reversal(fill)]
    if named:
        return named[0]
    found = [
        (fill.quantity != original.quantity, abs(fill.occurred_at - original.occurred_at), fill.row_id, place)
        for place, fill in enumerate(standing)
        if _slot(fill) == _slot(original) and fill.quantity * original.quantity > 0 and not is_reversal(fill)
    ]
    return min(found)[-1] if found else None
