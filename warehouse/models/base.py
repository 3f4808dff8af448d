"""The declarative base and the column types every table shares.

Holds: `Base`, the exact column types (money, instants, texts) and the helper that declares a reference.
Belongs here: a type or naming rule that all schemas follow.
Never here: a table.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated, Any, ClassVar

from sqlalchemy import BigInteger, Date, Double, MetaData, Numeric, Text
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.orm import DeclarativeBase, mapped_column

MONEY_PRECISION = 38
MONEY_SCALE = 18

RECORDS, OPS, DERIVED, MARTS = "records", "ops", "derived", "marts"
MIGRATED_SCHEMAS = (RECORDS, OPS)
"""Schemas whose rows cannot be made again: only Alembic changes them."""
REBUILT_SCHEMAS = (DERIVED, MARTS)
"""Schemas that are dropped and made again when the code that fills them changes."""

key = Annotated[str, mapped_column(Text, primary_key=True)]
key_number = Annotated[int, mapped_column(primary_key=True, autoincrement=False)]
text = Annotated[str, mapped_column(Text)]
instant = Annotated[dt.datetime, mapped_column(TIMESTAMP(timezone=True))]
day = Annotated[dt.date, mapped_column(Date)]
money = Annotated[Decimal, mapped_column(Numeric(MONEY_PRECISION, MONEY_SCALE))]
"""An amount, price or quantity. What it cannot hold (28-digit crypto fees) stands in the text column beside it."""
statistic = Annotated[float, mapped_column(Double)]


class Base(DeclarativeBase):
    """Base of every table; type annotations map to the exact types above."""

    metadata = MetaData()
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        str: Text,
        # File sizes and engine counters pass 32 bits.
        int: BigInteger,
        dt.datetime: TIMESTAMP(timezone=True),
        dt.date: Date,
        Decimal: Numeric(MONEY_PRECISION, MONEY_SCALE),
        float: Double,
    }


def references(target: str) -> dict[str, str]:
    """Column `info` that declares "this value stands in `target`" (schema.table.column).

    DuckDB's foreign keys forbid reloading a run in one transaction, so references are declared here and proved
    by the generated orphan checks (`warehouse.orphans`).
    """
    return {"references": target}
