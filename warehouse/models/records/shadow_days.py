"""Shadow runs: what a candidate would have said of days it has not seen, beside the set in force.

Holds: one session of one candidate in one universe.
Belongs here: both sets' labels and shares of size, as they came out that evening.
Never here: labels of the regime as such (`records.regime_days`), the judgement of the gate.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, mapped_column

from warehouse.models.base import RECORDS, Base, instant, key, references, statistic


class ShadowDay(Base):
    """A session after the candidate's data, labelled and sized by the candidate and by the set in force."""

    __tablename__ = "shadow_days"
    __table_args__ = ({"schema": RECORDS},)

    sha256: Mapped[str] = mapped_column(Text, primary_key=True, info=references("records.parameter_sets.sha256"))
    live_sha256: Mapped[str] = mapped_column(Text, primary_key=True, info=references("records.parameter_sets.sha256"))
    universe: Mapped[key]
    session_date: Mapped[dt.date] = mapped_column(primary_key=True)
    regime: Mapped[str | None]
    live_regime: Mapped[str | None]
    size_share: Mapped[statistic]
    live_size_share: Mapped[statistic]
    evaluated_at: Mapped[instant]
