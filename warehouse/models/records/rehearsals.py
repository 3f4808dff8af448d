"""Tables of crisis rehearsals: what an evening's book would have lost on the days of past crises.

Holds: a rehearsal of one book, its looks at each session, and each leg's part of the worst look of each scenario.
Belongs here: what was known and found that evening; it is never computed again.
Never here: the positions themselves (`derived.positions`), the figures of the crises (code).

Losses are a model's, in account currency, rounded to cents; a gain is negative.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from sqlalchemy import Date, Text
from sqlalchemy.orm import Mapped, mapped_column

from warehouse.models.base import RECORDS, Base, day, instant, key, key_number, money, references, statistic, text


class Rehearsal(Base):
    """One book, rehearsed; the same book with the same code and limits is rehearsed once."""

    __tablename__ = "rehearsals"
    __table_args__ = ({"schema": RECORDS},)

    rehearsal_id: Mapped[key]
    """Hash of the legs with all they were priced by, the equity, the cap and the code."""
    run_id: Mapped[str] = mapped_column(Text, info=references("records.runs.run_id"))
    deployment: Mapped[str | None]
    book_date: Mapped[day]
    legs: Mapped[int]
    left_out: Mapped[int]
    """Legs that could not be priced; their losses are in no figure."""
    left_out_why: Mapped[text]
    """JSON: instrument key → reason."""
    equity: Mapped[Decimal | None]
    currency: Mapped[str | None]
    cap: Mapped[money]
    """Share of equity that the worst look may cost."""
    worst_look: Mapped[str | None]
    worst_loss: Mapped[Decimal | None]
    worst_share: Mapped[float | None]
    is_blocked: Mapped[bool]
    parameter_set_id: Mapped[str | None]
    """The set whose cap was used; None: the default."""
    code_version: Mapped[text]
    rehearsed_at: Mapped[instant]


class RehearsalLook(Base):
    """The book at one look of one session: the close, or the low with VIX at its high."""

    __tablename__ = "rehearsal_looks"
    __table_args__ = ({"schema": RECORDS},)

    rehearsal_id: Mapped[str] = mapped_column(
        Text, primary_key=True, info=references("records.rehearsals.rehearsal_id")
    )
    position: Mapped[key_number]
    scenario: Mapped[text]
    span: Mapped[text]
    """day (that session alone) or path (all that came before it as well)."""
    session_date: Mapped[dt.date] = mapped_column(Date)
    mark: Mapped[text]
    days: Mapped[int]
    vix_ratio: Mapped[statistic]
    margin_factor: Mapped[statistic]
    loss: Mapped[money]
    margin_before: Mapped[money]
    margin_after: Mapped[money]
    is_worst: Mapped[bool]
    """The largest loss of its scenario."""


class RehearsalLeg(Base):
    """A leg's part in the worst look of a scenario, and what it was priced by."""

    __tablename__ = "rehearsal_legs"
    __table_args__ = ({"schema": RECORDS},)

    rehearsal_id: Mapped[str] = mapped_column(
        Text, primary_key=True, info=references("records.rehearsals.rehearsal_id")
    )
    scenario: Mapped[key]
    trade_id: Mapped[key]
    instrument_key: Mapped[key]
    strategy: Mapped[text]
    underlying: Mapped[text]
    group_name: Mapped[text]
    quantity: Mapped[money]
    price: Mapped[statistic]
    price_source: Mapped[text]
    """Where the price of the underlying is from: journal, daily_prices, mark (its own), marks (solved from a put's and a call's)."""
    factor: Mapped[statistic]
    factor_source: Mapped[text]
    """Whose move it is multiplied by."""
    volatility: Mapped[float | None]
    volatility_source: Mapped[str | None]
    """journal, mark (implied by it), vix (its level, for want of better); None for what is no option."""
    volatility_after: Mapped[float | None]
    loss: Mapped[money]
