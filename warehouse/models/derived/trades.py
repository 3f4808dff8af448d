"""Tables of strategy trades, rebuilt from orders and events.

Holds: trades of a whole strategy, joined from legs by tag and group.
Belongs here: a figure of a trade as its trader sees it.
Never here: LEAN's own closed trades (`records.closed_trades`).
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, mapped_column

from warehouse.models.base import DERIVED, Base, key, references, text


class StrategyTrade(Base):
    """A trade of a strategy: all legs from opening to the end, whatever ended it."""

    __tablename__ = "strategy_trades"
    __table_args__ = ({"schema": DERIVED},)

    run_id: Mapped[str] = mapped_column(Text, primary_key=True, info=references("records.runs.run_id"))
    trade_id: Mapped[key]
    strategy: Mapped[text]
    kind: Mapped[text]
    side: Mapped[text]
    quantity: Mapped[Decimal | None]
    opened_at: Mapped[dt.datetime | None]
    closed_at: Mapped[dt.datetime | None]
    ended_by: Mapped[text]
    credit: Mapped[Decimal | None]
    profit_loss: Mapped[Decimal | None]
    fees: Mapped[Decimal | None]
    days_held: Mapped[Decimal | None]


class TradeOrder(Base):
    """Which orders belong to a strategy trade, and in what part."""

    __tablename__ = "trade_orders"
    __table_args__ = ({"schema": DERIVED},)

    run_id: Mapped[str] = mapped_column(Text, primary_key=True, info=references("records.runs.run_id"))
    order_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    trade_id: Mapped[text]
    part: Mapped[text]
    """open, close, roll, expiry, assignment, margin_call."""
