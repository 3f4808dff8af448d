"""Tables of optimisations: the search over a strategy's parameters and the backtests it launched.

Holds: one row per optimisation, one per backtest it launched. The backtests themselves are runs.
Belongs here: a column for something the optimiser writes.
Never here: results of the backtests (`records.run_statistics`).
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, Text
from sqlalchemy.orm import Mapped, mapped_column

from warehouse.models.base import RECORDS, Base, instant, key, references, text

OPTIMIZATION_STATES = ("completed", "failed", "running")


class Optimization(Base):
    """An optimisation: its own folder, with the backtests in folders below."""

    __tablename__ = "optimizations"
    __table_args__ = (
        CheckConstraint("status in (" + ", ".join(repr(state) for state in OPTIMIZATION_STATES) + ")"),
        {"schema": RECORDS},
    )

    optimization_id: Mapped[key]
    """As `records.runs.optimization_id` has it."""
    name: Mapped[text]
    """Its folder's name."""
    folder: Mapped[text]
    status: Mapped[text]
    """completed: it ended with a winner; failed: it ended without one; running: the log does not say that it ended."""
    strategy: Mapped[str | None]
    """Grid search, Euler search, as the configuration names it."""
    target_metric: Mapped[str | None]
    """`['Statistics'].['Sharpe Ratio']`, as the engine writes the path to it."""
    target_extremum: Mapped[str | None]
    """max or min."""
    constraints_json: Mapped[text]
    """JSON array of the constraints, as the configuration or the log states them."""
    space_json: Mapped[text]
    """JSON array of the parameters: of the configuration with min, max and step, else the values the log shows."""
    backtests: Mapped[int | None]
    """How many the search wants, where the log says."""
    started_at: Mapped[dt.datetime | None]
    ended_at: Mapped[dt.datetime | None]
    winner_algorithm_id: Mapped[str | None]
    """`records.runs.algorithm_id` of the best backtest (so far, while it runs). Only the log names it."""
    winner_parameters_json: Mapped[str | None]
    winner_value_text: Mapped[str | None]
    """The target's value it reached, as printed."""
    winner_value: Mapped[float | None]
    newest_at: Mapped[dt.datetime | None]
    learnt_at: Mapped[instant]
    updated_at: Mapped[instant]


class OptimizationBacktest(Base):
    """A backtest that the optimiser launched, whether or not its results are there."""

    __tablename__ = "optimization_backtests"
    __table_args__ = ({"schema": RECORDS},)

    optimization_id: Mapped[str] = mapped_column(
        Text, primary_key=True, info=references("records.optimizations.optimization_id")
    )
    algorithm_id: Mapped[key]
    """Joins `records.runs` together with the optimisation's id."""
    position: Mapped[int]
    launched_at: Mapped[dt.datetime | None]
    parameters_json: Mapped[text]
    """JSON object of texts."""


class OptimizationFile(Base):
    """A file of the optimisation itself; the bytes are in the raw store under `sha256`."""

    __tablename__ = "optimization_files"
    __table_args__ = ({"schema": RECORDS},)

    optimization_id: Mapped[str] = mapped_column(
        Text, primary_key=True, info=references("records.optimizations.optimization_id")
    )
    file_name: Mapped[key]
    sha256: Mapped[key]
    role: Mapped[text]
    learnt_at: Mapped[instant]
