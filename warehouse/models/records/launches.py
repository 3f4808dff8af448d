"""Tables of launches: each time LEAN was started from here, with what, by whom and why.

Holds: launches, the files of the code they ran, what happened to them.
Belongs here: a fact of a start that LEAN's own files do not say.
Never here: what the run did (`warehouse.models.records.runs`).
"""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Text
from sqlalchemy.orm import Mapped, mapped_column

from warehouse.models.base import RECORDS, Base, instant, key, key_number, references, text

LAUNCH_STATES = ("staged", "starting", "running", "ended", "failed", "stopping", "stopped")
REFRESH_STATES = ("refresh_sent", "refresh_acknowledged", "refresh_refused", "refresh_timed_out", "refresh_failed")


class Launch(Base):
    """One start of LEAN for a deployment."""

    __tablename__ = "launches"
    __table_args__ = ({"schema": RECORDS},)

    launch_id: Mapped[key]
    deployment: Mapped[text]
    backend: Mapped[text]
    mode: Mapped[text]
    account: Mapped[str | None]
    project: Mapped[text]
    code_sha256: Mapped[text]
    """Over paths and bytes of the staged project without `config.json`."""
    parameter_set_id: Mapped[str | None]
    parameter_sha256: Mapped[str | None]
    published_sets: Mapped[text]
    """JSON: the hashes that the dated history named at the start, oldest first; a backtest walks through them."""
    parameters: Mapped[text]
    """JSON: the run parameters handed over."""
    algorithm_id: Mapped[text]
    results_folder: Mapped[text]
    requested_by: Mapped[text]
    requested_at: Mapped[instant]
    why: Mapped[text]
    cloud_run_id: Mapped[str | None]
    """The backtest's id at QuantConnect, as the command line printed it."""
    cloud_address: Mapped[str | None]


class LaunchFile(Base):
    """A file of the code a launch ran."""

    __tablename__ = "launch_files"
    __table_args__ = ({"schema": RECORDS},)

    launch_id: Mapped[str] = mapped_column(Text, primary_key=True, info=references("records.launches.launch_id"))
    path: Mapped[key]
    sha256: Mapped[text]


class LaunchEvent(Base):
    """Something that happened to a launch; the newest one that is no refresh is its state."""

    __tablename__ = "launch_events"
    __table_args__ = (
        CheckConstraint("state in (" + ", ".join(repr(one) for one in (*LAUNCH_STATES, *REFRESH_STATES)) + ")"),
        {"schema": RECORDS},
    )

    launch_id: Mapped[str] = mapped_column(Text, primary_key=True, info=references("records.launches.launch_id"))
    sequence: Mapped[key_number]
    state: Mapped[text]
    happened_at: Mapped[instant]
    actor: Mapped[text]
    parameter_sha256: Mapped[str | None]
    """Of a refresh: the set it asked for."""
    detail: Mapped[str | None]
