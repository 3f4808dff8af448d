"""Table of the rolling windows of a backtest's performance.

Holds: LEAN's figures over the last one, three, six and twelve months, at each month's end.
Belongs here: a figure LEAN writes per window.
Never here: figures of the whole run (`records.run_statistics`), or windows of our own.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from sqlalchemy import Date
from sqlalchemy.orm import Mapped, mapped_column

from warehouse.models.base import RECORDS, Base, key, key_number, text
from warehouse.models.records.runs import run_reference


class RollingStatistic(Base):
    """One figure of one window (`rollingWindow`): as printed, and as a number where it is one."""

    __tablename__ = "rolling_statistics"
    __table_args__ = ({"schema": RECORDS},)

    run_id: Mapped[str] = run_reference()
    months: Mapped[key_number]
    ends_on: Mapped[dt.date] = mapped_column(Date, primary_key=True)
    section: Mapped[key]
    """trade or portfolio."""
    name: Mapped[key]
    value_text: Mapped[text]
    value_number: Mapped[Decimal | None]
    unit: Mapped[str | None]
