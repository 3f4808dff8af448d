"""Rule table."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

CHANGES_ROWS_OF: tuple[str, ...] = ()
"""Tables ("schema.table") whose number of rows this migration changes on purpose."""


def upgrade() -> None:
    """Bring the schema forward."""
    _create_table_ops_guard_proofs()
    _create_table_ops_product_groups()
    _create_table_ops_rule_parameters()
    _create_table_ops_rules()
    _create_table_ops_uncalled_modules()


def _create_table_ops_guard_proofs() -> None:
    op.create_table(
        "guard_proofs",
        sa.Column("rule_id", sa.Text(), nullable=False),
        sa.Column("proved_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("has_acted", sa.Boolean(), nullable=False),
        sa.Column("acted", sa.Text(), nullable=True),
        sa.Column("values_sha256", sa.Text(), nullable=False),
        sa.Column("parameter_set_id", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("rule_id", "proved_at"),
        schema="ops",
    )


def _create_table_ops_product_groups() -> None:
    op.create_table(
        "product_groups",
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("group_name", sa.Text(), nullable=False),
        sa.Column("group_limit", sa.BigInteger(), nullable=True),
        sa.Column("never_trade", sa.Text(), nullable=True),
        sa.Column("table_version", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("symbol"),
        schema="ops",
    )


def _create_table_ops_rule_parameters() -> None:
    op.create_table(
        "rule_parameters",
        sa.Column("rule_id", sa.Text(), nullable=False),
        sa.Column("parameter_id", sa.Text(), nullable=False),
        sa.Column("default_text", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("rule_id", "parameter_id"),
        schema="ops",
    )


def _create_table_ops_rules() -> None:
    op.create_table(
        "rules",
        sa.Column("rule_id", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("enforced_by", sa.Text(), nullable=False),
        sa.Column("test", sa.Text(), nullable=False),
        sa.Column("is_traded", sa.Boolean(), nullable=False),
        sa.Column("lesson", sa.BigInteger(), nullable=True),
        sa.Column("is_called", sa.Boolean(), nullable=False),
        sa.Column("stored_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("rule_id"),
        schema="ops",
    )


def _create_table_ops_uncalled_modules() -> None:
    op.create_table(
        "uncalled_modules",
        sa.Column("module", sa.Text(), nullable=False),
        sa.Column("found_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("module"),
        schema="ops",
    )
