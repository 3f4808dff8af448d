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

AdjustmentClass = Literal[
    "regulatory_rounding", "fee_correction", "refund", "market_data", "wire", "borrow", "interest", "fee", "other"
]
"""What the broker booked to the account: the weekly clean-up of roundings, money back for one fill (fee_correction) or
for anything else (refund), data subscriptions, wire and borrow fees, interest, any other fee, any other adjustment."""

_CORRECTION = re.compile(
    r"fee correction\b(?:\s+(?P<symbol>\S+))?(?:\s+(?P<day>\d{1,2}/\d{1,2}/\d{2,4}))?", re.IGNORECASE
)
_ROUNDING = re.compile(r"reg(?:ulatory)?\s+fee\s+adj", re.IGNORECASE)
_KINDS: tuple[tuple[AdjustmentClass, re.Pattern[str]], ...] = (
    ("refund", re.compile(r"refund|rebate|reimburs|waive|waiver|fee revers|goodwill|courtesy", re.IGNORECASE)),
    ("market_data", re.compile(r"market data|snapshot|quote|streaming|subscription|\bnetwork [abc]\b|\blevel (?:i|ii|1|2)\b|"
                               r"\bopra\b|\bl[12]\b|data fee", re.IGNORECASE)),
    ("wire", re.compile(r"\bwire\b|\bach\b", re.IGNORECASE)),
    ("borrow", re.compile(r"borrow|\bhtb\b|short stock", re.IGNORECASE)),
)  # fmt: skip
"""Words of a fee's description → what the fee is for, the first that fits."""
_INTEREST = re.compile(r"\bint(?:erest)?\b|\bthru\b.*@ *[0-9.]+ *%", re.IGNORECASE)
_FEE = re.compile(r"\bfees?\b|\bcharges?\b|\bsurcharge\b|snapshot|market data", re.IGNORECASE)
_NO_FEE = re.compile(r"dividend|\bdiv\b|tax|withh", re.IGNORECASE)
FEE_TYPES = frozenset(
    {"Fee", "Fees", "Other Fees", "Broker Fees", "Advisor Fees", "Commission", "Commission Adjustments", "Transaction Fees",
     "Service Fee", "ADR Mgmt Fee", "Advisor Fee"}
)  # fmt: skip
"""How brokers call a fee that belongs to no fill."""
_ADJUSTMENTS = frozenset({"account_adjustment", "adjustment"})
REFUND_DAYS = 60
"""How long after a session a refund that names no day may still belong to it."""


@dataclass(frozen=True, slots=True)
class AccountRow:
    """Such a row; `amount` as booked, negative = cost. `interest` is no charge, so it is in no total of charges."""

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
        if self.sub_type not in FEE_TYPES and _is_interest(self.sub_type, self.description):
            return "interest"
        kind = next((kind for kind, words in _KINDS if words.search(self.description)), None)
        return kind or ("fee" if _is_fee(self.sub_type, self.description) else "other")

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


def is_charge(row_class: str, sub_type: str, description: str) -> bool:
    """Whether a statement row is a charge to the account, or gives one back, and belongs to no fill."""
    if row_class in _ADJUSTMENTS:
        return not _is_interest(sub_type, description) or bool(_ROUNDING.search(description))
    return row_class == "money" and _is_fee(sub_type, description)


def is_account_row(row_class: str, sub_type: str, description: str) -> bool:
    """Whether a statement row is an account-level adjustment: a charge, money back, or interest. Deposits, dividends,
    taxes and transfers are not."""
    of_interest = row_class in (*_ADJUSTMENTS, "money") and _is_interest(sub_type, description)
    return of_interest or is_charge(row_class, sub_type, description)


def _is_fee(sub_type: str, description: str) -> bool:
    if sub_type in FEE_TYPES:
        return True
    said = f"{sub_type} {description}"
    return bool(_FEE.search(said)) and not _NO_FEE.search(said) and not _is_interest(sub_type, description)


def _is_interest(sub_type: str, description: str) -> bool:
    said = f"{sub_type} {description}"
    return sub_type not in FEE_TYPES and bool(_INTEREST.search(said)) and not _NO_FEE.search(said)


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
