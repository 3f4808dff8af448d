"""Tables that run the system itself.

Holds: the ledger of files, quarantine, dirty days, job and check outcomes, alerts, versions of rebuilt tables.
Belongs here: what an operator asks ("what was read, refused, re-opened, when did it last run").
Never here: trading data.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, Date
from sqlalchemy.orm import Mapped, mapped_column

from warehouse.models.base import OPS, Base, instant, key, statistic, text


class LedgerFile(Base):
    """A file that was looked at: its hash, what it was taken for and what became of it."""

    __tablename__ = "files"
    __table_args__ = (
        CheckConstraint("outcome in ('ingested', 'partial', 'refused', 'superseded', 'unchanged')"),
        {"schema": OPS},
    )

    sha256: Mapped[key]
    path: Mapped[key]
    kind: Mapped[text]
    size: Mapped[int]
    parser_version: Mapped[text]
    outcome: Mapped[text]
    run_id: Mapped[str | None]
    account: Mapped[str | None]
    message: Mapped[str | None]
    first_seen_at: Mapped[instant]
    last_seen_at: Mapped[instant]


class QuarantineItem(Base):
    """A refused file or row, with the reason; kept until a fix lets it in."""

    __tablename__ = "quarantine"
    __table_args__ = (CheckConstraint("state in ('open', 'resolved', 'ignored')"), {"schema": OPS})

    quarantine_id: Mapped[key]
    path: Mapped[text]
    sha256: Mapped[str | None]
    line: Mapped[int | None]
    field: Mapped[str | None]
    value: Mapped[str | None]
    reason: Mapped[text]
    refused_at: Mapped[instant]
    state: Mapped[text]
    resolved_at: Mapped[dt.datetime | None]


class DirtyDay(Base):
    """A session whose derived rows must be made again because something it rests on changed."""

    __tablename__ = "dirty_days"
    __table_args__ = ({"schema": OPS},)

    domain: Mapped[key]
    session_date: Mapped[dt.date] = mapped_column(Date, primary_key=True)
    marked_at: Mapped[dt.datetime] = mapped_column(primary_key=True)
    reason: Mapped[text]
    cleared_at: Mapped[dt.datetime | None]


class JobRun(Base):
    """A job of ours: the nightly loop, or a command that changed something."""

    __tablename__ = "jobs"
    __table_args__ = (
        CheckConstraint("outcome in ('running', 'succeeded', 'failed', 'interrupted')"),
        {"schema": OPS},
    )

    job_id: Mapped[key]
    job: Mapped[text]
    started_at: Mapped[instant]
    ended_at: Mapped[dt.datetime | None]
    outcome: Mapped[text]
    detail: Mapped[str | None]


class CheckResult(Base):
    """The newest result of a data check, the same that the Dagster UI shows."""

    __tablename__ = "checks"
    __table_args__ = (CheckConstraint("severity in ('warn', 'error')"), {"schema": OPS})

    check_name: Mapped[key]
    asset: Mapped[text]
    passed: Mapped[bool]
    severity: Mapped[text]
    failures: Mapped[int]
    detail: Mapped[text]
    """JSON: what was expected, what was found, a sample of the rows at fault."""
    checked_at: Mapped[instant]
    failing_since: Mapped[dt.datetime | None]


class RuleRow(Base):
    """A rule of the algorithm as its rule table has it now."""

    __tablename__ = "rules"
    __table_args__ = ({"schema": OPS},)

    rule_id: Mapped[key]
    position: Mapped[int]
    about: Mapped[text]
    source: Mapped[text]
    enforced_by: Mapped[text]
    test: Mapped[text]
    is_traded: Mapped[bool]
    """Whether what was traded shows a breach (`marts.rule_violations`)."""
    lesson: Mapped[int | None]
    is_called: Mapped[bool]
    """Whether what enforces it is reached from the algorithm's entry point."""
    stored_at: Mapped[instant]


class RuleParameter(Base):
    """A parameter that a rule reads, with its default."""

    __tablename__ = "rule_parameters"
    __table_args__ = ({"schema": OPS},)

    rule_id: Mapped[key]
    parameter_id: Mapped[key]
    default_text: Mapped[str | None]


class ProductGroup(Base):
    """The correlation group of a product, as the kernel's table has it now."""

    __tablename__ = "product_groups"
    __table_args__ = ({"schema": OPS},)

    symbol: Mapped[key]
    group_name: Mapped[text]
    group_limit: Mapped[int | None]
    never_trade: Mapped[str | None]
    """Why it is never traded; null: it may be."""
    table_version: Mapped[text]


class GuardProof(Base):
    """What came of feeding a rule a breach made up for it."""

    __tablename__ = "guard_proofs"
    __table_args__ = ({"schema": OPS},)

    rule_id: Mapped[key]
    proved_at: Mapped[dt.datetime] = mapped_column(primary_key=True)
    has_acted: Mapped[bool]
    acted: Mapped[str | None]
    """The rule that stopped the breach; another than this one where that came first."""
    values_sha256: Mapped[text]
    """The hash of the parameter values it was proved with."""
    parameter_set_id: Mapped[str | None]


class UncalledModule(Base):
    """A module of the algorithm that nothing reaches from its entry point."""

    __tablename__ = "uncalled_modules"
    __table_args__ = ({"schema": OPS},)

    module: Mapped[key]
    found_at: Mapped[instant]


class Alert(Base):
    """A message that reached a sink."""

    __tablename__ = "alerts"
    __table_args__ = ({"schema": OPS},)

    alert_id: Mapped[key]
    raised_at: Mapped[instant]
    severity: Mapped[text]
    source: Mapped[text]
    message: Mapped[text]


class Build(Base):
    """The code version a rebuilt schema was made with."""

    __tablename__ = "builds"
    __table_args__ = ({"schema": OPS},)

    name: Mapped[key]
    code_hash: Mapped[text]
    built_at: Mapped[instant]


class BreachLimit(Base):
    """What a parameter set in force is watched for, with the limit as configured."""

    __tablename__ = "breach_limits"
    __table_args__ = ({"schema": OPS},)

    rule_id: Mapped[key]
    about: Mapped[text]
    limit_value: Mapped[statistic]
    """A figure above it is a breach."""
    is_watched: Mapped[bool]
