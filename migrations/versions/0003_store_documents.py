"""Store documents."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

CHANGES_ROWS_OF: tuple[str, ...] = ()
"""Tables ("schema.table") whose number of rows this migration changes on purpose."""


def upgrade() -> None:
    """Bring the schema forward."""
    _create_table_records_store_documents()


def _create_table_records_store_documents() -> None:
    op.create_table(
        "store_documents",
        sa.Column("folder", sa.Text(), nullable=False),
        sa.Column("object_key", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("deployment", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("document_id", sa.Text(), nullable=True),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("learnt_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("read_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("folder", "object_key", "sha256"),
        schema="records",
    )
