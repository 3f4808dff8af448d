"""Tables of parameter sets and of what happened to them.

Holds: the documents by hash and their life-cycle events.
Belongs here: evidence that must outlive the code that made it.
Never here: the values' meaning (that is `tomking.kernel.parameters`).
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, Text
from sqlalchemy.orm import Mapped, mapped_column

from warehouse.models.base import RECORDS, Base, day, instant, key, references, text

PARAMETER_STATES = ("proposed", "approved", "refused", "published", "acknowledged", "superseded", "rolled_back")


class ParameterSetRow(Base):
    """A parameter set, keyed by the sha256 of its exact bytes."""

    __tablename__ = "parameter_sets"
    __table_args__ = ({"schema": RECORDS},)

    sha256: Mapped[key]
    parameter_set_id: Mapped[text]
    deployment: Mapped[text]
    schema_version: Mapped[int]
    document: Mapped[text]
    effective_from: Mapped[day]
    data_through: Mapped[dt.date | None]
    code_version: Mapped[text]
    evidence: Mapped[text]
    """JSON: what each calibrated value rests on, and what the alternatives scored."""
    created_at: Mapped[instant]


class ParameterEvent(Base):
    """One step in the life of a parameter set; the newest step is its state."""

    __tablename__ = "parameter_events"
    __table_args__ = (
        CheckConstraint("state in (" + ", ".join(repr(state) for state in PARAMETER_STATES) + ")"),
        {"schema": RECORDS},
    )

    event_id: Mapped[key]
    sha256: Mapped[str] = mapped_column(Text, info=references("records.parameter_sets.sha256"))
    state: Mapped[text]
    sequence: Mapped[int]
    """Order of all events; instants alone may tie."""
    happened_at: Mapped[instant]
    actor: Mapped[text]
    in_force_from: Mapped[dt.date | None]
    """Published: the first day the set is in force by this step. Rolled back: the day from which it no longer is."""
    run_id: Mapped[str | None] = mapped_column(Text, info=references("records.runs.run_id"))
    note: Mapped[str | None]
    acknowledges: Mapped[str | None] = mapped_column(Text, info=references("records.parameter_events.event_id"))
    """Acknowledged: the event of the publication it answers; null where the set was never published from here."""
