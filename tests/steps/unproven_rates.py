"""What of the fee schedules neither a real charge nor a publication proves, with the reason.

Holds: for each broker the component, first day and kind of change that nothing notices.
Belongs here: a gap in the evidence that is known. A test fails where the list is not exactly what goes unnoticed.
Never here: a price called verified (V): its amounts and limits have to be proven.

`python -m tests.steps.fee_mutations` prints every change that nothing notices with its reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tests.steps.fee_mutations import Mutant

_BETWEEN: Final = "no fill lies between the last day of the level before and this one's first"
_FITTED: Final = "a level fitted from small fills: rounding to the cent leaves an interval"
_DAY: Final = "the source shows the price, not the day it began"
Gap = tuple[str, date, str]

UNPROVEN: Final[Mapping[str, Mapping[Gap, str]]] = {
    "ibkr": {
        ("commission", date(2019, 12, 1), "date"): _DAY,
        ("orf", date(2023, 1, 1), "date"): _DAY,
        ("orf", date(2025, 2, 1), "date"): _BETWEEN,
        ("orf", date(2025, 12, 1), "date"): _BETWEEN,
        ("exchange", date(2026, 1, 1), "date"): _DAY,
    },
    "ibkr tiered": {
        ("commission", date(2019, 12, 1), "date"): _DAY,
        ("orf", date(2023, 1, 1), "date"): _DAY,
        ("orf", date(2025, 2, 1), "date"): _BETWEEN,
        ("orf", date(2025, 12, 1), "date"): _BETWEEN,
        ("exchange", date(2026, 1, 1), "date"): _DAY,
    },
    "schwab": {
        ("commission", date(2018, 1, 2), "date"): _BETWEEN,
        (
            "commission",
            date(2019, 10, 7),
            "date",
        ): "the announcement names trades; deliveries are known of 2018 and 2025",
        ("commission", date(2019, 10, 7), "from_price"): "options trade in whole cents: no price lies between",
        ("orf", date(2019, 12, 3), "date"): _BETWEEN,
        ("orf", date(2024, 2, 16), "date"): _BETWEEN,
        ("orf", date(2025, 7, 2), "date"): _BETWEEN,
        ("orf", date(2025, 7, 2), "amount"): _FITTED,
        ("taf", date(2017, 2, 22), "cap"): "a fee of nothing has no limit to reach",
        ("taf", date(2019, 10, 7), "amount"): "deliveries of these years were not seen: taken as for trades",
        ("taf", date(2019, 10, 7), "cap"): "deliveries of these years were not seen: taken as for trades",
        ("taf", date(2019, 10, 7), "date"): "deliveries of these years were not seen: taken as for trades",
    },
    "tastytrade": {
        ("settlement", date(2018, 1, 1), "amount"): "no removal row of an index option was seen",
        ("orf", date(2020, 8, 10), "date"): _BETWEEN,
        ("orf", date(2021, 9, 1), "date"): _BETWEEN,
        ("orf", date(2022, 11, 1), "date"): _BETWEEN,
        ("orf", date(2023, 3, 1), "date"): _BETWEEN,
        ("orf", date(2024, 10, 1), "date"): _BETWEEN,
        ("orf", date(2025, 1, 1), "amount"): _FITTED,
        ("orf", date(2025, 1, 1), "date"): _BETWEEN,
        ("orf", date(2025, 4, 1), "amount"): _FITTED,
        ("orf", date(2025, 4, 1), "date"): _BETWEEN,
        ("orf", date(2025, 5, 1), "date"): _BETWEEN,
        ("orf", date(2025, 7, 1), "date"): _BETWEEN,
        ("orf", date(2025, 9, 1), "amount"): _FITTED,
        ("orf", date(2025, 9, 1), "date"): _BETWEEN,
        ("taf", date(2022, 6, 1), "date"): _BETWEEN,
        ("taf", date(2022, 7, 1), "date"): _BETWEEN,
        ("commission", date(2019, 10, 7), "date"): _DAY,
        ("commission", date(2026, 1, 1), "date"): _DAY,
        ("commission", date(2025, 8, 25), "date"): "rows of options on full-size futures begin in November 2025",
        ("clearing", date(2018, 1, 1), "rounded"): "no order of shares was filled in parts that tell the scopes apart",
    },
    "tdameritrade": {
        ("orf", date(2023, 1, 1), "amount"): "one row of three contracts",
        ("orf", date(2023, 1, 1), "rounded"): "one row of three contracts",
    },
}
"""By broker: component, first day of the row, kind of change (amount, date, cap, from_price, rounded)."""


def gap_of(mutant: Mutant) -> Gap:
    """The place of a change in the list."""
    return mutant.row.component, mutant.row.effective_from, mutant.what.split()[0]


def reason_for(broker: str, mutant: Mutant) -> str | None:
    """Why nothing notices a change, None where the list does not say."""
    return UNPROVEN.get(broker, {}).get(gap_of(mutant))
