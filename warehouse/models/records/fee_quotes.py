"""Figures about fees that a broker states and that are no booking: quotes of orders, totals of days.

Holds: what an order would cost by the broker's own calculation, and the broker's total of a day's fees.
Belongs here: a broker's statement about fees that moves no money.
Never here: statement rows, and what we expect (that is computed).
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, mapped_column

from warehouse.models.base import RECORDS, Base, instant, key, key_number, money, references, text


class FeeQuote(Base):
    """What the broker said an order would cost before it was sent (a dry run); costs are negative."""

    __tablename__ = "fee_quotes"
    __table_args__ = ({"schema": RECORDS},)

    quote_id: Mapped[key]
    account: Mapped[text]
    broker: Mapped[text]
    sha256: Mapped[text]
    legs: Mapped[text]
    """JSON array: instrument_key, side, effect, quantity of each leg."""
    limit_price: Mapped[Decimal | None]
    """Of the order, per unit; positive = credit."""
    total: Mapped[money]
    raw: Mapped[text]
    """JSON: the order and the calculation as the broker wrote them."""
    learnt_at: Mapped[instant]


class FeeQuoteCharge(Base):
    """One component of a quote."""

    __tablename__ = "fee_quote_charges"
    __table_args__ = ({"schema": RECORDS},)

    quote_id: Mapped[str] = mapped_column(Text, primary_key=True, info=references("records.fee_quotes.quote_id"))
    position: Mapped[key_number]
    component: Mapped[text]
    name: Mapped[text]
    """The broker's own word for it."""
    amount: Mapped[money]
    amount_text: Mapped[text]


class BrokerDayFees(Base):
    """The broker's own total of all fees of a day: a control figure for the bookings. The latest reply counts."""

    __tablename__ = "broker_day_fees"
    __table_args__ = ({"schema": RECORDS},)

    account: Mapped[key]
    session_date: Mapped[dt.date] = mapped_column(primary_key=True)
    broker: Mapped[text]
    amount: Mapped[money]
    """Negative = cost."""
    sha256: Mapped[text]
    learnt_at: Mapped[instant]
