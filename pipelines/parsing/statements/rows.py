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
class Charge:
    """One part of what a row was charged, where the broker prints parts.

    `component` is a component of the fee schedules (commission, clearing, exchange, orf, sec, taf, cat, index, nfa,
    regulatory for several of these in one figure, settlement, tax, other), `name` the broker's own word for it.
    `amount` is signed as the row's own amounts are: negative = cost, positive = rebate.
    """

    component: str
    name: str
    amount: Decimal
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementRow:
    """One row of a statement, typed; amounts are signed as printed (negative = cost or debit), quantity unsigned.

    `raw` keeps every cell as printed. `None` means that the broker prints nothing or "does not apply", never zero.
    Where the broker prints one all-in charge, it stands in `commission` and `fees` is None; `charges` are its parts
    where they are printed, and then add up to commission and fees.
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
    execution_id: str | None = None
    """The broker's own id of the execution or booking; tells rows apart that agree in everything else."""
    client_reference: str | None = None
    """What the client wrote on the order."""
    cancels: str | None = None
    """The `execution_id` that this row takes back or replaces."""
    has_time: bool = True
    """False: the broker prints the day only, and `occurred_at` is New York midnight of it."""
    charges: tuple[Charge, ...] = ()


@dataclass(frozen=True, slots=True)
class QuotedLeg:
    """A leg of an order that the broker was asked about and that was not sent. Quantity unsigned."""

    instrument_key: str
    side: str
    effect: str | None
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class FeeQuote:
    """What the broker says an order would cost: an opinion, never a booking. Amounts signed, negative = cost."""

    legs: tuple[QuotedLeg, ...]
    limit_price: Decimal | None
    """Per unit, positive = credit."""
    charges: tuple[Charge, ...]
    total: Decimal
    raw: str


@dataclass(frozen=True, slots=True)
class DayCharge:
    """The broker's own total of a day's fees; negative = cost. A control figure, never a booking."""

    session_date: dt.date
    amount: Decimal


@dataclass(frozen=True, slots=True)
class StatementFile:
    """A statement that was read: the rows taken, those refused, and the parts it was put together from.

    `parts` are ranges of `rows` (start, stop), one per statement in the file: several when exports were
    concatenated with their headers. `period` are the first and last day the file speaks about, where it says so: it
    then covers days without a row, too.
    """

    format: str
    rows: tuple[StatementRow, ...]
    refusals: tuple[Refusal, ...] = ()
    parts: tuple[tuple[int, int], ...] = field(default=())
    quotes: tuple[FeeQuote, ...] = ()
    day_charges: tuple[DayCharge, ...] = ()
    period: tuple[dt.date, dt.date] | None = None
