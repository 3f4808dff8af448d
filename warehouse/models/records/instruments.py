"""Tables of instruments: what each source said about one, and every name it has.

Holds: descriptions and symbols.
Belongs here: what LEAN and brokers call the things of `records.instruments`.
Never here: the one row that all of them make together (`runs.InstrumentRow`), prices.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, mapped_column

from warehouse.models.base import RECORDS, Base, instant, key, references, text


class InstrumentDescription(Base):
    """What one source said about an instrument under one of its names.

    Rows are only ever added. `records.instruments` is made of all of them by a rule that knows no order, so that what
    was read first makes no difference; where two say different things, both stay here and `marts.instruments` says so.
    """

    __tablename__ = "instrument_descriptions"
    __table_args__ = ({"schema": RECORDS},)

    description_id: Mapped[key]
    """Hash over all that is said: the same description twice is one row."""
    instrument_key: Mapped[text] = mapped_column(Text, info=references("records.instruments.instrument_key"))
    source: Mapped[text]
    """lean, or the broker whose statement it was."""
    symbol: Mapped[text]
    """The name as the source wrote it."""
    lean_symbol_id: Mapped[str | None]
    security_type: Mapped[text]
    ticker: Mapped[text]
    underlying: Mapped[str | None]
    root: Mapped[str | None]
    expiry: Mapped[dt.date | None]
    call_put: Mapped[str | None]
    strike: Mapped[Decimal | None]
    style: Mapped[str | None]
    multiplier: Mapped[Decimal | None]
    learnt_at: Mapped[instant]


class InstrumentSymbol(Base):
    """One name of an instrument: as a source wrote it, or as the kernel prints it for that source."""

    __tablename__ = "instrument_symbols"
    __table_args__ = ({"schema": RECORDS},)

    instrument_key: Mapped[str] = mapped_column(
        Text, primary_key=True, info=references("records.instruments.instrument_key")
    )
    source: Mapped[key]
    """lean, lean_id, occ, tastytrade, tastytrade_stream, ibkr, ibkr_description, schwab, schwab_export, thinkorswim or
    tdameritrade; the name of a broker for what stands in its statements."""
    symbol: Mapped[key]
    learnt_at: Mapped[instant]
