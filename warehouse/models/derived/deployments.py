"""Tables of deployments: paper and live runs that are one history, rebuilt from the runs.

Holds: deployments, their runs in order, positions at each start and end, gaps.
Belongs here: a fact that takes several runs of one deployment to see.
Never here: a single run's figures (`records`), or strategy trades.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, mapped_column

from warehouse.models.base import DERIVED, Base, key, key_number, references, text


class Deployment(Base):
    """An algorithm put to work: one history, however often the engine was started for it."""

    __tablename__ = "deployments"
    __table_args__ = ({"schema": DERIVED},)

    deployment_id: Mapped[key]
    name: Mapped[text]
    named_by: Mapped[text]
    """configuration, journal, project (its folder) or run (the first run's algorithm id)."""
    mode: Mapped[text]
    account: Mapped[str | None]


class DeploymentRun(Base):
    """A run of a deployment; a run belongs to exactly one."""

    __tablename__ = "deployment_runs"
    __table_args__ = ({"schema": DERIVED},)

    run_id: Mapped[str] = mapped_column(Text, primary_key=True, info=references("records.runs.run_id"))
    deployment_id: Mapped[text] = mapped_column(Text, info=references("derived.deployments.deployment_id"))
    position: Mapped[int]
    """1 for the first start."""
    link_reason: Mapped[text]
    """Why it continues the run before it."""


class DeploymentPosition(Base):
    """What a run of a deployment began with, did and left behind in one instrument."""

    __tablename__ = "deployment_positions"
    __table_args__ = ({"schema": DERIVED},)

    run_id: Mapped[str] = mapped_column(Text, primary_key=True, info=references("records.runs.run_id"))
    instrument: Mapped[key]
    """The instrument's key; the engine's symbol where no key is known."""
    deployment_id: Mapped[text]
    began_with: Mapped[Decimal | None]
    began_by: Mapped[text]
    """Where `began_with` comes from: engine log, end holdings, run before, unknown."""
    filled: Mapped[Decimal]
    left_with: Mapped[Decimal | None]
    engine_quantity: Mapped[Decimal | None]
    """What the run's own newest status file holds: the check of `left_with`."""
    run_before_left: Mapped[Decimal | None]
    """None for the first run."""
    mismatch: Mapped[str | None]
    """What does not fit, in words; None where everything does."""


class DeploymentGap(Base):
    """Something missing in a deployment's history: time without a run, or files that are not there."""

    __tablename__ = "deployment_gaps"
    __table_args__ = ({"schema": DERIVED},)

    deployment_id: Mapped[key]
    position: Mapped[key_number]
    kind: Mapped[text]
    """not_running, overlap, events_missing, orders_missing, day_files_missing."""
    run_id: Mapped[text] = mapped_column(Text, info=references("records.runs.run_id"))
    """The run after which, or in which, something is missing."""
    next_run_id: Mapped[str | None]
    from_time: Mapped[dt.datetime | None]
    until_time: Mapped[dt.datetime | None]
    reason: Mapped[text]
