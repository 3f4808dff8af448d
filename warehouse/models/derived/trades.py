"""Tables of strategy trades, rebuilt from orders and events.

Holds: trades of a whole strategy with their legs, orders, fills, and what the rules find where tags are ignored.
Belongs here: a figure of a trade as its trader sees it.
Never here: LEAN's own closed trades (`records.closed_trades`).

A trade is named by the run that opened it and its trade id; in a deployment a later run may close it, so orders and
fills carry both: `run_id` is the order's run, `trade_run_id` the trade's.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, mapped_column

from warehouse.models.base import DERIVED, Base, key, key_number, money, references, text


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
    opened_quantity: Mapped[Decimal | None]
    """All that was opened; `quantity` is what the combo asked for that opened the trade."""
    label: Mapped[text]
    """What a trader calls it, the side included: `bear call spread`."""
    underlying: Mapped[str | None]
    strikes: Mapped[str | None]
    days_to_expiry: Mapped[int | None]
    max_profit: Mapped[Decimal | None]
    max_loss: Mapped[Decimal | None]
    captured_share: Mapped[Decimal | None]
    mae: Mapped[Decimal | None]
    mfe: Mapped[Decimal | None]
    excursion_basis: Mapped[str | None]
    """quotes, closed_trade (exact), bounds (at most this far), None where unknown."""
    chain_run_id: Mapped[text]
    chain_id: Mapped[text]
    chain_position: Mapped[int]
    rolled_from_run_id: Mapped[str | None]
    rolled_from: Mapped[str | None]
    link: Mapped[str | None]
    """Why it continues that trade: roll, covered, wheel."""
    found_without_tags: Mapped[bool | None]
    """Whether the same orders are found where tags are ignored; None: no tag joined it."""


class TradeOrder(Base):
    """Which orders belong to a strategy trade, and in what part; of several trades the first to take of the order."""

    __tablename__ = "trade_orders"
    __table_args__ = ({"schema": DERIVED},)

    run_id: Mapped[str] = mapped_column(Text, primary_key=True, info=references("records.runs.run_id"))
    order_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    trade_id: Mapped[text]
    part: Mapped[text]
    """open, close, roll, expiry, assignment, margin_call."""
    trade_run_id: Mapped[text]
    """The run that opened the trade."""
    joined_by: Mapped[text]
    """tag, group, template, fifo, delivery, order (a trade of its own)."""
    trades: Mapped[int]
    """How many trades it belongs to."""


class TradeFillRow(Base):
    """The part of a fill that belongs to a trade; a fill that ends one trade and opens the next has two rows."""

    __tablename__ = "trade_fills"
    __table_args__ = ({"schema": DERIVED},)

    run_id: Mapped[str] = mapped_column(Text, primary_key=True, info=references("records.runs.run_id"))
    order_id: Mapped[key_number]
    event_id: Mapped[key_number]
    trade_run_id: Mapped[key]
    trade_id: Mapped[key]
    part: Mapped[text]
    quantity: Mapped[money]
    cash: Mapped[Decimal | None]
    """In the contract's quote currency; None: unknown."""
    pays_fee: Mapped[bool]
    """Whether the fill's fee counts in this trade: it does in exactly one."""


class TradeLegRow(Base):
    """A contract within a strategy trade."""

    __tablename__ = "trade_legs"
    __table_args__ = ({"schema": DERIVED},)

    run_id: Mapped[str] = mapped_column(Text, primary_key=True, info=references("records.runs.run_id"))
    trade_id: Mapped[key]
    instrument_key: Mapped[key] = mapped_column(
        Text, primary_key=True, info=references("records.instruments.instrument_key")
    )
    position: Mapped[int]
    quantity: Mapped[Decimal | None]
    opened_price: Mapped[Decimal | None]
    closed_quantity: Mapped[Decimal | None]
    closed_price: Mapped[Decimal | None]
    profit_loss: Mapped[Decimal | None]
    fees: Mapped[Decimal | None]
    ended_by: Mapped[text]


class UntaggedTradeOrder(Base):
    """As `TradeOrder`, found by the rules alone; kept for histories whose tags say something."""

    __tablename__ = "untagged_trade_orders"
    __table_args__ = ({"schema": DERIVED},)

    run_id: Mapped[str] = mapped_column(Text, primary_key=True, info=references("records.runs.run_id"))
    order_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    trade_run_id: Mapped[text]
    trade_id: Mapped[text]
    part: Mapped[text]
    joined_by: Mapped[text]
    trades: Mapped[int]
