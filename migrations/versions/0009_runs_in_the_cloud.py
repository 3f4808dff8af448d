"""Runs in the cloud."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

CHANGES_ROWS_OF: tuple[str, ...] = ()
"""Tables ("schema.table") whose number of rows this migration changes on purpose."""


def upgrade() -> None:
    """Bring the schema forward."""
    _add_column_records_launches()
    _add_column_records_launches_2()


def _add_column_records_launches() -> None:
    op.add_column("launches", sa.Column("cloud_run_id", sa.Text(), nullable=True), schema="records")


def _add_column_records_launches_2() -> None:
    op.add_column("launches", sa.Column("cloud_address", sa.Text(), nullable=True), schema="records")
