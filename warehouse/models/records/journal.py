"""Tables of the algorithm's journal: what it decided, applied, forecast.

Holds: journal entries by segment and line.
Belongs here: columns every kind of entry shares; the rest stays in `payload`.
Never here: interpretation of one kind (views do that).
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, mapped_column

from warehouse.models.base import RECORDS, Base, instant, key, key_number, references, text


class JournalEntry(Base):
    """A line of a journal segment."""

    __tablename__ = "journal_entries"
    __table_args__ = ({"schema": RECORDS},)

    journal_key: Mapped[key]
    """`<deployment>/<run key>` for our layout; for the older one `<file's stem>@<eight digits>`, the digits from the
    hash of its first line, because there every engine without an algorithm id writes the same file."""
    segment: Mapped[key]
    line: Mapped[key_number]
    deployment: Mapped[str | None]
    run_key: Mapped[text]
    run_id: Mapped[str | None] = mapped_column(Text, info=references("records.runs.run_id"))
    dialect: Mapped[text]
    kind: Mapped[text]
    occurred_at: Mapped[dt.datetime | None]
    payload: Mapped[text]
    sha256: Mapped[text]
    learnt_at: Mapped[instant]
