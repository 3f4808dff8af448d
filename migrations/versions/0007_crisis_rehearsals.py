"""Crisis rehearsals."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

CHANGES_ROWS_OF: tuple[str, ...] = ()
"""Tables ("schema.table") whose number of rows this migration changes on purpose."""


def upgrade() -> None:
    """Bring the schema forward."""
    _create_table_records_rehearsal_legs()
    _create_table_records_rehearsal_looks()
    _create_table_records_rehearsals()


def _create_table_records_rehearsal_legs() -> None:
    op.create_table(
        "rehearsal_legs",
        sa.Column("rehearsal_id", sa.Text(), nullable=False),
        sa.Column("scenario", sa.Text(), nullable=False),
        sa.Column("trade_id", sa.Text(), nullable=False),
        sa.Column("instrument_key", sa.Text(), nullable=False),
        sa.Column("strategy", sa.Text(), nullable=False),
        sa.Column("underlying", sa.Text(), nullable=False),
        sa.Column("group_name", sa.Text(), nullable=False),
        sa.Column("quantity", sa.Numeric(precision=38, scale=18), nullable=False),
        sa.Column("price", sa.Double(), nullable=False),
        sa.Column("price_source", sa.Text(), nullable=False),
        sa.Column("factor", sa.Double(), nullable=False),
        sa.Column("factor_source", sa.Text(), nullable=False),
        sa.Column("volatility", sa.Double(), nullable=True),
        sa.Column("volatility_source", sa.Text(), nullable=True),
        sa.Column("volatility_after", sa.Double(), nullable=True),
        sa.Column("loss", sa.Numeric(precision=38, scale=18), nullable=False),
        sa.PrimaryKeyConstraint("rehearsal_id", "scenario", "trade_id", "instrument_key"),
        schema="records",
    )


def _create_table_records_rehearsal_looks() -> None:
    op.create_table(
        "rehearsal_looks",
        sa.Column("rehearsal_id", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("scenario", sa.Text(), nullable=False),
        sa.Column("span", sa.Text(), nullable=False),
        sa.Column("session_date", sa.Date(), nullable=False),
        sa.Column("mark", sa.Text(), nullable=False),
        sa.Column("days", sa.BigInteger(), nullable=False),
        sa.Column("vix_ratio", sa.Double(), nullable=False),
        sa.Column("margin_factor", sa.Double(), nullable=False),
        sa.Column("loss", sa.Numeric(precision=38, scale=18), nullable=False),
        sa.Column("margin_before", sa.Numeric(precision=38, scale=18), nullable=False),
        sa.Column("margin_after", sa.Numeric(precision=38, scale=18), nullable=False),
        sa.Column("is_worst", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("rehearsal_id", "position"),
        schema="records",
    )


def _create_table_records_rehearsals() -> None:
    op.create_table(
        "rehearsals",
        sa.Column("rehearsal_id", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("deployment", sa.Text(), nullable=True),
        sa.Column("book_date", sa.Date(), nullable=False),
        sa.Column("legs", sa.BigInteger(), nullable=False),
        sa.Column("left_out", sa.BigInteger(), nullable=False),
        sa.Column("left_out_why", sa.Text(), nullable=False),
        sa.Column("equity", sa.Numeric(precision=38, scale=18), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("cap", sa.Numeric(precision=38, scale=18), nullable=False),
        sa.Column("worst_look", sa.Text(), nullable=True),
        sa.Column("worst_loss", sa.Numeric(precision=38, scale=18), nullable=True),
        sa.Column("worst_share", sa.Double(), nullable=True),
        sa.Column("is_blocked", sa.Boolean(), nullable=False),
        sa.Column("parameter_set_id", sa.Text(), nullable=True),
        sa.Column("code_version", sa.Text(), nullable=False),
        sa.Column("rehearsed_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("rehearsal_id"),
        schema="records",
    )
