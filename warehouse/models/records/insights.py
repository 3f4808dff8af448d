"""The table of the insights (alphas) of a run.

Holds: what `alpha-results.json` lists, current and kebab-case notation alike.
Belongs here: a column for something an insight says.
Never here: scores of our own.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from sqlalchemy.orm import Mapped

from warehouse.models.base import RECORDS, Base, instant, key, text
from warehouse.models.records.runs import run_reference


class Insight(Base):
    """A prediction the algorithm emitted."""

    __tablename__ = "insights"
    __table_args__ = ({"schema": RECORDS},)

    run_id: Mapped[str] = run_reference()
    insight_id: Mapped[key]
    position: Mapped[int]
    """Its place in the file."""
    group_id: Mapped[str | None]
    source_model: Mapped[str | None]
    generated_at: Mapped[instant]
    created_at: Mapped[dt.datetime | None]
    close_at: Mapped[dt.datetime | None]
    symbol_id: Mapped[text]
    ticker: Mapped[str | None]
    insight_type: Mapped[text]
    """price or volatility."""
    direction: Mapped[text]
    """up, flat or down."""
    period_seconds: Mapped[float | None]
    magnitude: Mapped[float | None]
    confidence: Mapped[float | None]
    weight: Mapped[float | None]
    reference_value: Mapped[Decimal | None]
    """The price (or volatility) when it was emitted."""
    reference_value_final: Mapped[Decimal | None]
    """The same when it closed; LEAN writes 0 while it has not."""
    score_is_final: Mapped[bool | None]
    score_magnitude: Mapped[float | None]
    score_direction: Mapped[float | None]
    estimated_value: Mapped[Decimal | None]
    tag: Mapped[str | None]
