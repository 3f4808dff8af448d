"""Tables of what the engine says about a run's quality: its own analysis, and the data it asked for.

Holds: findings of the `analysis` list, the data monitor's reports, the requests for data.
Belongs here: a column for something that LEAN checks or counts about its own run.
Never here: checks of ours (`ops.checks`), messages of a log (`records.run_messages`).
"""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, mapped_column

from warehouse.models.base import RECORDS, Base, key, key_number, references, text
from warehouse.models.records.runs import run_reference


class AnalysisFinding(Base):
    """A finding of the engine's analysis (written since 2026-04-07)."""

    __tablename__ = "analysis_findings"
    __table_args__ = ({"schema": RECORDS},)

    run_id: Mapped[str] = run_reference()
    position: Mapped[key_number]
    name: Mapped[text]
    """Without its parent's name."""
    parent: Mapped[str | None]
    """Of `<parent> / <name>` the parent."""
    issue: Mapped[text]
    occurrences: Mapped[int | None]
    sample_json: Mapped[str | None]
    """What the finding shows as an example, as JSON: text, object, list or bool; may be a whole order or event."""
    solutions_json: Mapped[text]
    """JSON array of texts."""


class DataMonitorReport(Base):
    """A data monitor's report: how many requests for data succeeded. Percentages are in percent."""

    __tablename__ = "data_monitor_reports"
    __table_args__ = ({"schema": RECORDS},)

    run_id: Mapped[str] = run_reference()
    file_name: Mapped[key]
    requests: Mapped[int | None]
    succeeded: Mapped[int | None]
    failed: Mapped[int | None]
    failed_percentage: Mapped[Decimal | None]
    universe_requests: Mapped[int | None]
    universe_succeeded: Mapped[int | None]
    universe_failed: Mapped[int | None]
    universe_failed_percentage: Mapped[Decimal | None]
    rates_json: Mapped[text]
    """JSON array: requests per second, sampled while the run went on."""


class DataRequest(Base):
    """A file of market data that the engine asked for. Without a primary key, as `records.chart_points` is."""

    __tablename__ = "data_requests"
    __table_args__ = ({"schema": RECORDS},)

    run_id: Mapped[str] = mapped_column(Text, info=references("records.runs.run_id"))
    file_name: Mapped[text]
    position: Mapped[int]
    """Its line in the list, from 1."""
    path: Mapped[text]
    """Relative to the data folder."""
    succeeded: Mapped[bool]

    __mapper_args__ = {"primary_key": ["run_id", "file_name", "position"]}  # noqa: RUF012 (declared so by the base)
