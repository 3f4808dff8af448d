"""Tables of readings: which versions of a run's files were read together, and how far they had come.

Holds: readings of runs.
Belongs here: what is needed to make a run's rows again from all that was ever read of it.
Never here: the files themselves (raw store) or their rows.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy.orm import Mapped

from warehouse.models.base import RECORDS, Base, instant, key, text
from warehouse.models.records.runs import run_reference


class RunReading(Base):
    """The files of a run as they lay together once. LEAN rewrites them, so a run that went on may have many."""

    __tablename__ = "run_readings"
    __table_args__ = ({"schema": RECORDS},)

    run_id: Mapped[str] = run_reference()
    reading_id: Mapped[key]
    """Hash over role, name and content of every file."""
    files_json: Mapped[text]
    """JSON array of [role, file name, sha256, size]."""
    is_complete: Mapped[bool]
    newest_at: Mapped[dt.datetime | None]
    orders: Mapped[int | None]
    events: Mapped[int]
    refused: Mapped[int]
    """Rows and files that could not be read."""
    unread: Mapped[int]
    """Files among them: a reading that has some is tried again the next time."""
    size: Mapped[int]
    """Bytes of all files beside the main one."""
    parser_version: Mapped[text]
    learnt_at: Mapped[instant]
    read_at: Mapped[instant]
    """When it was last taken; of two that came equally far the one taken later stands."""
