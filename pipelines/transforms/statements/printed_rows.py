"""A statement row as one generation of a broker's exports prints it.

Holds: the plain data by which rows of two generations are compared.
Belongs here: what a comparison may look at.
Never here: the comparison of single rows (`statement_generations`) or of sums (`merged_bookings`).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

Booking = tuple[object, ...]
"""What every generation says alike of a booking."""


@dataclass(frozen=True, slots=True)
class Printed:
    """A row as one generation prints it. `has_time` False: `occurred_at` is the midnight of its day.

    `numbering` says whose numbers the order numbers are: two that differ keep rows apart within one numbering only.
    `words` prefer a partner and decide nothing. `merges`: the row may stand for several fills.
    """

    row_id: str
    generation: int
    booking: Booking
    value: Decimal
    occurred_at: dt.datetime
    has_time: bool
    session_date: dt.date
    order_number: str | None = None
    numbering: str = ""
    quantity: Decimal = Decimal(0)
    price: Decimal | None = None
    currency: str = ""
    words: str = ""
    merges: bool = False
