"""What every statement parser hands back, whatever the broker.

Holds: the statement row, the statement file, and the classes of rows.
Belongs here: a fact that more than one broker prints and that matching or reconciliation needs.
Never here: how a broker writes it, and what we make of it (matching, expectations, causes).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from pipelines.parsing.refusals import Refusal

RowClass = Literal[
    "trade",
    "delivery",
    "expiration",
    "assignment",
    "exercise",
    "cash_settlement",
    "mark_to_market",
    "corporate_action",
    "transfer",
    "account_adjustment",
    "adjustment",
    "money",
]
"""What a row is about.

trade: an execution. delivery: the stock or future that an assignment or exercise moved. cash_settlement: the cash of
an index option or future at expiry. account_adjustment: the broker mends fees it charged (never belongs to one fill).
adjustment: any other balance adjustment. money: deposits, interest, dividends, fees without a fill.
"""

POSITION_EVENTS: frozenset[str] = frozenset({"expiration", "assignment", "exercise", "cash_settlement", "delivery"})
"""Classes that come from the expiry or exercise of an option or future, booked after the session they belong to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementRow:
    """One row of a statement, typed; amounts are signed as printed (negative = cost or debit), quantity unsigned.

    `raw` keeps every cell as printed. `None` means that the broker prints nothing or "does not apply", never zero.
    """

    line: int
    occurred_at: dt.datetime
    occurred_text: str
    session_date: dt.date
    row_class: RowClass
    row_type: str
    sub_type: str
    action: str | None
    side: Literal["buy", "sell"] | None
    effect: Literal["open", "close"] | None
    symbol: str | None
    instrument_key: str | None
    instrument_type: str | None
    underlying: str | None
    description: str | None
    quantity: Decimal | None
    price: Decimal | None
    price_text: str | None
    price_exact: bool | None
    """Whether quantity, price and multiplier give the printed value to the cent; `None`: cannot be checked."""
    multiplier: Decimal | None
    value: Decimal
    commission: Decimal | None
    fees: Decimal | None
    total: Decimal | None
    currency: str
    order_number: str | None
    raw: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class StatementFile:
    """A statement that was read: the rows taken, those refused, and the parts it was put together from.

    `parts` are ranges of `rows` (start, stop), one per statement in the file: several when exports were
    concatenated with their headers.
    """

    format: str
    rows: tuple[StatementRow, ...]
    refusals: tuple[Refusal, ...] = ()
    parts: tuple[tuple[int, int], ...] = field(default=())
