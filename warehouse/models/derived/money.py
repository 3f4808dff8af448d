"""Tables of money recomputed from order events, with LEAN's own figures beside it.

Holds: lots, positions, profit per instrument, the identity of each run per currency, LEAN's totals compared.
Belongs here: an amount that follows from a run's events and the figures in its files.
An amount is None where it is unknown, and where no column could hold it.
Never here: broker statements (reconciliation), or trades of a whole strategy (`trades`).
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, mapped_column

from warehouse.models.base import DERIVED, Base, instant, key, key_number, references, text


def run_reference() -> Mapped[str]:
    """The run a row belongs to: first part of its primary key."""
    return mapped_column(Text, primary_key=True, info=references("records.runs.run_id"))


class InstrumentProfit(Base):
    """What a run made with one instrument, in the instrument's quote currency; None is unknown."""

    __tablename__ = "instrument_profit"
    __table_args__ = ({"schema": DERIVED},)

    run_id: Mapped[str] = run_reference()
    instrument_key: Mapped[key]
    currency: Mapped[str | None]
    multiplier: Mapped[Decimal | None]
    multiplier_source: Mapped[text]
    """product, symbol_properties, closed_trades (what LEAN's own trades imply) or unknown."""
    fills: Mapped[int]
    bought: Mapped[Decimal | None]
    sold: Mapped[Decimal | None]
    flows: Mapped[Decimal | None]
    """Cash of trades and deliveries; of contracts settled daily the value that was traded."""
    settlement: Mapped[Decimal | None]
    """Cash of options settled in cash."""
    realised_fifo: Mapped[Decimal | None]
    realised_average: Mapped[Decimal | None]
    fees_text: Mapped[text]
    """JSON object: currency to exact amount."""
    fees: Mapped[Decimal | None]
    """Fees where all are in the quote currency."""
    open_quantity: Mapped[Decimal | None]


class Lot(Base):
    """A round trip, first in first out: what was opened and what closed it."""

    __tablename__ = "lots"
    __table_args__ = ({"schema": DERIVED},)

    run_id: Mapped[str] = run_reference()
    lot: Mapped[key_number]
    """1 to n in the order of closing."""
    instrument_key: Mapped[text]
    entry_order_id: Mapped[int | None]
    """None: held before the first fill of the run."""
    exit_order_id: Mapped[int]
    opened_at: Mapped[dt.datetime | None]
    closed_at: Mapped[instant]
    quantity: Mapped[Decimal | None]
    """Signed as it was held."""
    entry_price: Mapped[Decimal | None]
    exit_price: Mapped[Decimal | None]
    """Of an option settled in cash its intrinsic value."""
    profit_loss: Mapped[Decimal | None]
    """Gross of fees, in the instrument's quote currency."""
    fees: Mapped[Decimal | None]
    entry_source: Mapped[text]
    """fill; of what the run inherited: live_holdings (average price of LEAN's status file), lean_profit_loss (made from its
    `profitLoss` map) or unknown."""
    ended_by: Mapped[text]
    """trade, expiry, exercise, assignment, delivery, delisting."""


class Position(Base):
    """What a run still held at its end."""

    __tablename__ = "positions"
    __table_args__ = ({"schema": DERIVED},)

    run_id: Mapped[str] = run_reference()
    instrument_key: Mapped[key]
    currency: Mapped[str | None]
    quantity: Mapped[Decimal | None]
    average_price: Mapped[Decimal | None]
    cost: Mapped[Decimal | None]
    """Signed like the position."""
    mark: Mapped[Decimal | None]
    """Price of one unit; None where the files give only a sum over several positions."""
    mark_source: Mapped[str | None]
    unrealised: Mapped[Decimal | None]


class RunMoney(Base):
    """Cash of a run in one currency; in the account's currency also the identity with LEAN's equity."""

    __tablename__ = "run_money"
    __table_args__ = ({"schema": DERIVED},)

    run_id: Mapped[str] = run_reference()
    currency: Mapped[key]
    is_account_currency: Mapped[bool]
    start_equity: Mapped[Decimal | None]
    flows: Mapped[Decimal | None]
    settlement: Mapped[Decimal | None]
    fees: Mapped[Decimal | None]
    marks: Mapped[Decimal | None]
    marks_source: Mapped[str | None]
    end_ours: Mapped[Decimal | None]
    end_lean: Mapped[Decimal | None]
    difference: Mapped[Decimal | None]
    """LEAN's end less ours."""
    unexplained: Mapped[Decimal | None]
    state: Mapped[str | None]
    """ties, explained, unexplained, unknown; incomplete where the run is not whole. None beside the account currency."""


class MoneyFigure(Base):
    """One of LEAN's own totals beside ours, in the account's currency."""

    __tablename__ = "money_figures"
    __table_args__ = ({"schema": DERIVED},)

    run_id: Mapped[str] = run_reference()
    figure: Mapped[key]
    ours: Mapped[Decimal | None]
    lean: Mapped[Decimal | None]
    difference: Mapped[Decimal | None]


class MoneyDifference(Base):
    """A named part of the difference between LEAN's figure and ours; the parts of a figure add up to it."""

    __tablename__ = "money_differences"
    __table_args__ = ({"schema": DERIVED},)

    run_id: Mapped[str] = run_reference()
    figure: Mapped[key]
    cause: Mapped[key]
    amount: Mapped[Decimal | None]
    note: Mapped[str | None]
    basis: Mapped[str | None]
