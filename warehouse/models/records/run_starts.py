"""What a live run says of its own beginning, and where its files lay: what joins runs to deployments.

Holds: folders a run was read from, cash and positions a live run began with.
Belongs here: something written down once per start of the engine.
Never here: which runs belong together (that is derived), or what a run holds now (`records.holdings`).
"""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy.orm import Mapped

from warehouse.models.base import RECORDS, Base, instant, key, money, text
from warehouse.models.records.runs import run_reference


class RunFolder(Base):
    """A folder in which files of a run were found; every place a run was ever read from stays."""

    __tablename__ = "run_folders"
    __table_args__ = ({"schema": RECORDS},)

    run_id: Mapped[str] = run_reference()
    folder: Mapped[key]
    learnt_at: Mapped[instant]


class StartingCash(Base):
    """Cash the engine took over from the brokerage when a live run began."""

    __tablename__ = "starting_cash"
    __table_args__ = ({"schema": RECORDS},)

    run_id: Mapped[str] = run_reference()
    currency: Mapped[key]
    amount: Mapped[money]


class StartingHolding(Base):
    """A position the engine took over from the brokerage when a live run began."""

    __tablename__ = "starting_holdings"
    __table_args__ = ({"schema": RECORDS},)

    run_id: Mapped[str] = run_reference()
    symbol: Mapped[key]
    """As the engine prints it: a ticker, or the OSI text of an option."""
    quantity: Mapped[money]
    average_price: Mapped[Decimal | None]
    price: Mapped[Decimal | None]
    source_text: Mapped[text]
    """The engine's own line."""
