"""Breaches and shadow runs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

CHANGES_ROWS_OF: tuple[str, ...] = ()
"""Tables ("schema.table") whose number of rows this migration changes on purpose."""


def upgrade() -> None:
    """Bring the schema forward."""
    _create_table_ops_breach_limits()
    _create_table_records_breaches()
    _create_table_records_shadow_days()


def _create_table_ops_breach_limits() -> None:
    op.create_table(
        "breach_limits",
        sa.Column("rule_id", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("limit_value", sa.Double(), nullable=False),
        sa.Column("is_watched", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("rule_id"),
        schema="ops",
    )


def _create_table_records_breaches() -> None:
    op.create_table(
        "breaches",
        sa.Column("breach_id", sa.Text(), nullable=False),
        sa.Column("deployment", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("publication", sa.Text(), nullable=False),
        sa.Column("rule_id", sa.Text(), nullable=False),
        sa.Column("figure", sa.Double(), nullable=False),
        sa.Column("limit_value", sa.Double(), nullable=False),
        sa.Column("in_force_since", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("found_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=True),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("to_sha256", sa.Text(), nullable=True),
        sa.CheckConstraint("action in ('rolled_back', 'nothing_before', 'left')"),
        sa.PrimaryKeyConstraint("breach_id"),
        schema="records",
    )


def _create_table_records_shadow_days() -> None:
    op.create_table(
        "shadow_days",
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("live_sha256", sa.Text(), nullable=False),
        sa.Column("universe", sa.Text(), nullable=False),
        sa.Column("session_date", sa.Date(), nullable=False),
        sa.Column("regime", sa.Text(), nullable=True),
        sa.Column("live_regime", sa.Text(), nullable=True),
        sa.Column("size_share", sa.Double(), nullable=False),
        sa.Column("live_size_share", sa.Double(), nullable=False),
        sa.Column("evaluated_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("sha256", "live_sha256", "universe", "session_date"),
        schema="records",
    )
