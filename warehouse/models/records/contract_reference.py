"""Tables of LEAN's reference data: what a contract is worth, and what companies did to their shares.

Holds: symbol properties and corporate actions, as LEAN's data folder states them.
Belongs here: facts of products that runs do not carry.
Never here: prices (`market`), or facts of one run.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from sqlalchemy import CheckConstraint, Date, Text
from sqlalchemy.orm import Mapped, mapped_column

from warehouse.models.base import RECORDS, Base, instant, key, money, references, text


class SymbolProperty(Base):
    """A line of LEAN's symbol properties database."""

    __tablename__ = "symbol_properties"
    __table_args__ = ({"schema": RECORDS},)

    market: Mapped[key]
    symbol: Mapped[key]
    """Empty: every symbol of the market and type that has no line of its own."""
    security_type: Mapped[key]
    description: Mapped[str | None]
    quote_currency: Mapped[text]
    multiplier: Mapped[money]
    strike_multiplier: Mapped[money]
    """What a strike is multiplied with to stand on the scale of its underlying (options on a fifth of an index: 5)."""
    minimum_price_variation: Mapped[Decimal | None]
    lot_size: Mapped[Decimal | None]
    sha256: Mapped[str] = mapped_column(Text, info=references("ops.files.sha256"))
    learnt_at: Mapped[instant]


class CorporateAction(Base):
    """A dividend or split of a share, from LEAN's factor files."""

    __tablename__ = "corporate_actions"
    __table_args__ = (CheckConstraint("kind in ('dividend', 'split')"), {"schema": RECORDS})

    symbol: Mapped[key]
    """Newest ticker, in capitals."""
    session_date: Mapped[dt.date] = mapped_column(Date, primary_key=True)
    """The last session before it: prices of the next one are without the dividend, or after the split."""
    kind: Mapped[key]
    amount: Mapped[money]
    """Of a dividend dollars per share, rounded to cents as LEAN does; of a split the factor (a share becomes 1 / it)."""
    reference_price: Mapped[Decimal | None]
    sha256: Mapped[str] = mapped_column(Text, info=references("ops.files.sha256"))
    learnt_at: Mapped[instant]
