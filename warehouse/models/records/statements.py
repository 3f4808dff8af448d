"""Tables of broker statements: rows as the broker printed them, typed, with the raw texts beside.

Holds: statements, their rows, where each row was seen, proposed fee rates.
Belongs here: a column for something a broker writes.
Never here: matching, expectations or causes (those are derived).
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from sqlalchemy import CheckConstraint, Text
from sqlalchemy.orm import Mapped, mapped_column

from warehouse.models.base import RECORDS, Base, day, instant, key, key_number, money, references, text


class Statement(Base):
    """A statement file that was taken: account alias, format, coverage."""

    __tablename__ = "statements"
    __table_args__ = ({"schema": RECORDS},)

    sha256: Mapped[str] = mapped_column(Text, primary_key=True, info=references("ops.files.sha256"))
    account: Mapped[key]
    broker: Mapped[text]
    format: Mapped[text]
    file_name: Mapped[text]
    """Without account numbers (`pipelines.privacy`)."""
    row_count: Mapped[int]
    new_rows: Mapped[int]
    first_day: Mapped[dt.date | None]
    last_day: Mapped[dt.date | None]
    parser_version: Mapped[text]
    learnt_at: Mapped[instant]


class StatementRow(Base):
    """One row of a broker's statement; identical rows within a statement are separate (`occurrence`)."""

    __tablename__ = "statement_rows"
    __table_args__ = ({"schema": RECORDS},)

    row_id: Mapped[key]
    account: Mapped[text]
    broker: Mapped[text]
    occurrence: Mapped[int]
    """0 for the first of identical rows of one statement; over overlapping files the larger count stands."""
    occurred_at: Mapped[instant]
    occurred_text: Mapped[text]
    session_date: Mapped[day]
    row_class: Mapped[text]
    """trade, delivery, expiration, assignment, exercise, cash_settlement, mark_to_market, corporate_action, transfer,
    account_adjustment (the broker mends fees it charged), adjustment (any other balance adjustment) or money."""
    row_type: Mapped[text]
    sub_type: Mapped[text]
    action: Mapped[str | None]
    side: Mapped[str | None]
    """buy or sell."""
    effect: Mapped[str | None]
    """open or close, as the broker states it."""
    symbol: Mapped[str | None]
    instrument_key: Mapped[str | None]
    instrument_type: Mapped[str | None]
    underlying: Mapped[str | None]
    description: Mapped[str | None]
    quantity: Mapped[Decimal | None]
    """Unsigned, as printed."""
    price: Mapped[Decimal | None]
    """Per unit, from the description (the printed average is per contract and rounded); shares that traded in parts
    of a cent: value over quantity."""
    price_exact: Mapped[bool | None]
    """Whether quantity, price and multiplier give the printed value to the cent; None: cannot be checked."""
    multiplier: Mapped[Decimal | None]
    value: Mapped[money]
    commission: Mapped[Decimal | None]
    """Signed as printed, negative = cost; None where the broker prints `--`."""
    fees: Mapped[Decimal | None]
    """Signed as printed, negative = cost: everything but the commission, rounded to cents."""
    total: Mapped[Decimal | None]
    currency: Mapped[text]
    order_number: Mapped[str | None]
    raw: Mapped[text]
    """JSON object of every column as printed."""
    execution_id: Mapped[str | None]
    """The broker's own id of the execution or booking."""
    client_reference: Mapped[str | None]
    """What the client wrote on the order."""
    cancels: Mapped[str | None]
    """The execution id that this row takes back or replaces."""
    has_time: Mapped[bool | None]
    """False: the broker prints the day only, and `occurred_at` is New York midnight of it."""
    superseded_by: Mapped[str | None] = mapped_column(Text, info=references("records.statement_rows.row_id"))
    """The row of a later statement that shows the same fill differently; a row stands while this is None."""
    superseded_at: Mapped[dt.datetime | None]
    learnt_at: Mapped[instant]


class StatementRowSource(Base):
    """Where a row was seen: every file and line."""

    __tablename__ = "statement_row_sources"
    __table_args__ = ({"schema": RECORDS},)

    row_id: Mapped[str] = mapped_column(Text, primary_key=True, info=references("records.statement_rows.row_id"))
    sha256: Mapped[key]
    line: Mapped[key_number]


class StatementCharge(Base):
    """One part of what a row was charged, where the broker prints parts."""

    __tablename__ = "statement_charges"
    __table_args__ = ({"schema": RECORDS},)

    row_id: Mapped[str] = mapped_column(Text, primary_key=True, info=references("records.statement_rows.row_id"))
    position: Mapped[key_number]
    component: Mapped[text]
    """A component of the fee schedules; `regulatory` for several of them in one figure."""
    name: Mapped[text]
    """The broker's own word for it."""
    amount: Mapped[money]
    """Signed as printed: negative = cost, positive = rebate."""
    amount_text: Mapped[text]


class FeeRateProposal(Base):
    """A dated fee rate that statements suggest; used only once a person or a rule has accepted it."""

    __tablename__ = "fee_rate_proposals"
    __table_args__ = (CheckConstraint("state in ('proposed', 'accepted', 'rejected')"), {"schema": RECORDS})

    proposal_id: Mapped[key]
    broker: Mapped[text]
    plan: Mapped[text]
    account: Mapped[text]
    component: Mapped[text]
    product: Mapped[text]
    effective_from: Mapped[day]
    effective_to: Mapped[dt.date | None]
    amount: Mapped[money]
    interval_low: Mapped[Decimal | None]
    interval_high: Mapped[Decimal | None]
    replaces_amount: Mapped[Decimal | None]
    fills: Mapped[int]
    evidence: Mapped[text]
    """JSON: the statement rows and the interval each allows."""
    state: Mapped[text]
    proposed_at: Mapped[instant]
    decided_at: Mapped[dt.datetime | None]
    decided_by: Mapped[str | None]
    note: Mapped[str | None]
    root: Mapped[str | None]
    """What the rate is for where it holds for one root of the product only; may end in `*`."""


class BreakAction(Base):
    """What a person did about a break; breaks themselves are derived and keep their id over rebuilds."""

    __tablename__ = "break_actions"
    __table_args__ = (
        CheckConstraint("action in ('assign', 'note', 'resolve', 'reopen')"),
        {"schema": RECORDS},
    )

    action_id: Mapped[key]
    break_id: Mapped[text]
    action: Mapped[text]
    owner: Mapped[str | None]
    note: Mapped[str | None]
    acted_at: Mapped[instant]
