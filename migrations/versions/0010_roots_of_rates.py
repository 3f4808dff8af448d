"""Roots of rates."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

CHANGES_ROWS_OF: tuple[str, ...] = ()
"""Tables ("schema.table") whose number of rows this migration changes on purpose."""


def upgrade() -> None:
    """Bring the schema forward."""
    _add_column_records_fee_rate_proposals()


def _add_column_records_fee_rate_proposals() -> None:
    op.add_column("fee_rate_proposals", sa.Column("root", sa.Text(), nullable=True), schema="records")
