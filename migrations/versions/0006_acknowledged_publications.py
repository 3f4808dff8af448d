"""Acknowledged publications."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

CHANGES_ROWS_OF: tuple[str, ...] = ()
"""Tables ("schema.table") whose number of rows this migration changes on purpose."""


def upgrade() -> None:
    """Bring the schema forward."""
    _add_column_records_parameter_events()


def _add_column_records_parameter_events() -> None:
    op.add_column("parameter_events", sa.Column("acknowledges", sa.Text(), nullable=True), schema="records")
