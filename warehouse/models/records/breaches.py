"""Breaches: what spoke against a parameter set while a run worked with it, and what was done about it.

Holds: each limit that a set broke, once for each time the set was published.
Belongs here: evidence that a set was taken back for.
Never here: the limits (`ops.breach_limits`), figures of sets that hold (`marts.breach_watch`).
"""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Text
from sqlalchemy.orm import Mapped, mapped_column

from warehouse.models.base import RECORDS, Base, instant, key, references, statistic, text

BREACH_ACTIONS = ("rolled_back", "nothing_before", "left")


class Breach(Base):
    """A limit that a set broke since it was last published and acknowledged."""

    __tablename__ = "breaches"
    __table_args__ = (
        CheckConstraint("action in (" + ", ".join(repr(one) for one in BREACH_ACTIONS) + ")"),
        {"schema": RECORDS},
    )

    breach_id: Mapped[key]
    deployment: Mapped[text]
    sha256: Mapped[str] = mapped_column(Text, info=references("records.parameter_sets.sha256"))
    publication: Mapped[str] = mapped_column(Text, info=references("records.parameter_events.event_id"))
    rule_id: Mapped[text]
    figure: Mapped[statistic]
    limit_value: Mapped[statistic]
    in_force_since: Mapped[instant]
    found_at: Mapped[instant]
    run_id: Mapped[str | None] = mapped_column(Text, info=references("records.runs.run_id"))
    evidence: Mapped[text]
    action: Mapped[text]
    """rolled_back; nothing_before: no earlier set could take its place; left: the configuration leaves it to a person."""
    actor: Mapped[text]
    to_sha256: Mapped[str | None]
    """The set that took its place."""
