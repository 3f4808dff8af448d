"""Launches."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

CHANGES_ROWS_OF: tuple[str, ...] = ()
"""Tables ("schema.table") whose number of rows this migration changes on purpose."""


def upgrade() -> None:
    """Bring the schema forward."""
    _create_table_records_launch_events()
    _create_table_records_launch_files()
    _create_table_records_launches()


def _create_table_records_launch_events() -> None:
    op.create_table(
        "launch_events",
        sa.Column("launch_id", sa.Text(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("happened_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("parameter_sha256", sa.Text(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state in ('staged', 'starting', 'running', 'ended', 'failed', 'stopping', 'stopped', 'refresh_sent', 'refresh_acknowledged', 'refresh_refused', 'refresh_timed_out', 'refresh_failed')"
        ),
        sa.PrimaryKeyConstraint("launch_id", "sequence"),
        schema="records",
    )


def _create_table_records_launch_files() -> None:
    op.create_table(
        "launch_files",
        sa.Column("launch_id", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("launch_id", "path"),
        schema="records",
    )


def _create_table_records_launches() -> None:
    op.create_table(
        "launches",
        sa.Column("launch_id", sa.Text(), nullable=False),
        sa.Column("deployment", sa.Text(), nullable=False),
        sa.Column("backend", sa.Text(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=True),
        sa.Column("project", sa.Text(), nullable=False),
        sa.Column("code_sha256", sa.Text(), nullable=False),
        sa.Column("parameter_set_id", sa.Text(), nullable=True),
        sa.Column("parameter_sha256", sa.Text(), nullable=True),
        sa.Column("published_sets", sa.Text(), nullable=False),
        sa.Column("parameters", sa.Text(), nullable=False),
        sa.Column("algorithm_id", sa.Text(), nullable=False),
        sa.Column("results_folder", sa.Text(), nullable=False),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("requested_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("launch_id"),
        schema="records",
    )
