"""Tables of market history and of the regime labels made from it, as known at the time.

Holds: daily prices with revisions, regime days (point in time) and their later revisions.
Belongs here: what would be lost if it were computed again later with more data.
Never here: correlations and scores that can be recomputed (derived).
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, Date
from sqlalchemy.orm import Mapped, mapped_column

from warehouse.models.base import RECORDS, Base, instant, key, key_number, text


class DailyPrice(Base):
    """A daily bar of one symbol from one source; a corrected bar is a further revision, never an update."""

    __tablename__ = "daily_prices"
    __table_args__ = (
        CheckConstraint("close is not null or adjusted_close is not null"),
        {"schema": RECORDS},
    )

    source: Mapped[key]
    symbol: Mapped[key]
    session_date: Mapped[dt.date] = mapped_column(Date, primary_key=True)
    revision: Mapped[key_number]
    open: Mapped[float | None]
    high: Mapped[float | None]
    low: Mapped[float | None]
    close: Mapped[float | None]
    """As traded; None where the source has adjusted closes only."""
    adjusted_close: Mapped[float | None]
    """Corrected for splits and dividends; None where the source does not say how."""
    volume: Mapped[float | None]
    sha256: Mapped[str | None]
    known_at: Mapped[instant]


class RegimeDay(Base):
    """The regime of a universe on a session, as it was known that evening; never rewritten."""

    __tablename__ = "regime_days"
    __table_args__ = (
        CheckConstraint("regime in ('Normal', 'Stressed', 'Crisis')"),
        {"schema": RECORDS},
    )

    universe: Mapped[key]
    settings_id: Mapped[key]
    """Hash of every number the state machine used and of the universe's members."""
    session_date: Mapped[dt.date] = mapped_column(Date, primary_key=True)
    regime: Mapped[text]
    danger: Mapped[int]
    diversification: Mapped[int | None]
    """None until the correlation axis has the history its thresholds need."""
    semi_volatility: Mapped[float | None]
    mean_correlation: Mapped[float | None]
    correlation_forecast: Mapped[float | None]
    score: Mapped[float | None]
    """Diversification score, 0 to 100, of the equally weighted universe."""
    score_lost_to_concentration: Mapped[float | None]
    score_lost_to_correlation: Mapped[float | None]
    thresholds: Mapped[text]
    """JSON of the thresholds in force that day."""
    reason: Mapped[text]
    members: Mapped[int]
    known_at: Mapped[instant]


class RegimeRevision(Base):
    """What a later computation says of a day that was already labelled; kept apart from the label."""

    __tablename__ = "regime_revisions"
    __table_args__ = ({"schema": RECORDS},)

    universe: Mapped[key]
    settings_id: Mapped[key]
    session_date: Mapped[dt.date] = mapped_column(Date, primary_key=True)
    known_at: Mapped[dt.datetime] = mapped_column(primary_key=True)
    regime: Mapped[text]
    danger: Mapped[int]
    diversification: Mapped[int | None]
    mean_correlation: Mapped[float | None]
    reason: Mapped[text]
