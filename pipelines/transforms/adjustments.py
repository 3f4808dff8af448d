"""Statement rows that belong to the account and not to a fill.

Holds: their classes, and which overcharged leg a correction gives money back for.
Belongs here: what a broker's description of such a row means.
Never here: fills, expected fees, what is a break.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

AdjustmentClass = Literal["regulatory_rounding", "fee_correction", "fee", "other"]

_CORRECTION = re.compile(
    r"fee correction\b(?:\s+(?P<symbol>\S+))?(?:\s+(?P<day>\d{1,2}/\d{1,2}/\d{2,4}))?", re.IGNORECASE
)
_ROUNDING = re.compile(r"reg(?:ulatory)?\s+fee\s+adj", re.IGNORECASE)
FEE_TYPES = frozenset({"Fee", "Other Fees", "Broker Fees", "Advisor Fees", "Commission"})
"""How brokers call a fee that belongs to no fill."""
REFUND_DAYS = 60
"""How long after a session a refund that names no day may still belong to it."""


@dataclass(frozen=True, slots=True)
class AccountRow:
    """Such a row; `amount` as booked, negative = cost."""

    row_id: str
    session_date: dt.date
    occurred_at: dt.datetime
    sub_type: str
    description: str
    amount: Decimal

    @property
    def adjustment_class(self) -> AdjustmentClass:
        """What the row is, by the broker's own words."""
        if _CORRECTION.match(self.description):
            return "fee_correction"
        if _ROUNDING.search(self.description):
            return "regulatory_rounding"
        return "fee" if self.sub_type in FEE_TYPES else "other"

    @property
    def symbol(self) -> str | None:
        """The underlying a correction names."""
        match = _CORRECTION.match(self.description)
        return match["symbol"] if match else None

    @property
    def corrected_day(self) -> dt.date | None:
        """The session a correction names."""
        match = _CORRECTION.match(self.description)
        if match is None or match["day"] is None:
            return None
        month, day, year = (int(part) for part in match["day"].split("/"))
        try:
            return dt.date(year + 2000 if year < 100 else year, month, day)
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class Overcharge:
    """A leg that was charged more than our schedule expects; `excess` is a cost, positive."""

    leg_id: str
    underlying: str
    session_date: dt.date
    excess: Decimal


def link_corrections(rows: Iterable[AccountRow], overcharges: Sequence[Overcharge]) -> dict[str, str]:
    """Row id -> leg id of every correction whose leg can be told.

    A correction belongs to a leg of the underlying and the day it names (where it names none: one of the last
    `REFUND_DAYS`) whose excess it gives back exactly. Where only one leg of that very day was overcharged, it is that
    one whatever the amount. A leg is corrected once; the earlier leg comes first.
    """
    left = sorted(overcharges, key=lambda found: (found.session_date, found.leg_id))
    found: dict[str, str] = {}
    corrections = [row for row in rows if row.adjustment_class == "fee_correction"]
    for row in sorted(corrections, key=lambda row: (row.occurred_at, row.row_id)):
        candidates = [leg for leg in left if _may_be(row, leg)]
        exact = [leg for leg in candidates if leg.excess == row.amount]
        if not exact and len(candidates) == 1 and row.corrected_day is not None:
            exact = candidates
        if exact:
            found[row.row_id] = exact[0].leg_id
            left.remove(exact[0])
    return found


def _may_be(row: AccountRow, leg: Overcharge) -> bool:
    if row.symbol is not None and row.symbol.upper() != leg.underlying.upper():
        return False
    if row.corrected_day is not None:
        return row.corrected_day == leg.session_date
    return dt.timedelta(0) <= row.session_date - leg.session_date <= dt.timedelta(days=REFUND_DAYS)
