"""What the export of 2018 leaves out against its successors, and what its other cells say about it.

Holds: filling in sub type, order number and currency of a row of sixteen columns.
Belongs here: words of the description that stand for a sub type.
Never here: reading cells (`tastytrade_csv` does that for all its generations).

A trade's sub type is its action in words. Other rows say in their description what they are; a money row whose
description is not known stays money without a sub type, since its amount counts whatever it is called.
"""

from __future__ import annotations

import re
from typing import Any

from pipelines.parsing.tastytrade.layout import FEE_REPAIRS, MONEY_MOVEMENT, RECEIVE_DELIVER, TRADE

CURRENCY = "USD"
"""The broker kept accounts in US dollars only."""
UNNAMED = ""
"""The sub type of a money row whose description is not known."""

_DELIVERIES: tuple[tuple[str, str], ...] = (
    (r"due to expiration", "Expiration"),
    (r"due to assignment", "Assignment"),
    (r"due to exercise", "Exercise"),
    (r"^cash settle.*assign", "Cash Settled Assignment"),
    (r"^cash settle.*exercise", "Cash Settled Exercise"),
    (r"^symbol change", "Symbol Change"),
    (r"^reverse split", "Reverse Split"),
    (r"^forward split", "Forward Split"),
    (r"^(stock )?merger", "Stock Merger"),
    (r"\bacat\b", "ACAT"),
    (r"via dividend", "Dividend"),
)
_MONEY: tuple[tuple[str, str], ...] = (
    (r"^interest on credit balance", "Credit Interest"),
    (r"^from [0-9/]+ thru [0-9/]+ @", "Debit Interest"),
    (r"^(regulatory fee|reg fee|fee correction)", "Balance Adjustment"),
    (r"^(ach deposit|wire funds received)", "Deposit"),
    (r"^(ach disbursement|wire funds sent)", "Withdrawal"),
    (r"mark to market", "Mark to Market"),
    (r"^fullypaid lending rebate", "Fully Paid Stock Lending Income"),
)


def complete(cells: dict[str, Any]) -> dict[str, Any]:
    """The cells with the columns that later exports have; a sub type is None where nothing tells it."""
    return {**cells, "Sub Type": _sub_type(cells), "Order #": None, "Currency": CURRENCY}


def _sub_type(cells: dict[str, Any]) -> str | None:
    description = (cells["Description"] or "").lower()
    action = cells["Action"]
    in_words = None if action is None else action.replace("_", " ").title().replace(" To ", " to ")
    if cells["Type"] == TRADE:
        return in_words
    if cells["Type"] == RECEIVE_DELIVER:
        return _first(_DELIVERIES, description) or in_words
    if cells["Type"] == MONEY_MOVEMENT:
        return _first(_MONEY, description) or ("Balance Adjustment" if description.startswith(FEE_REPAIRS) else UNNAMED)
    return None


def _first(known: tuple[tuple[str, str], ...], description: str) -> str | None:
    return next((name for pattern, name in known if re.search(pattern, description)), None)
