"""Retention policies of organizations."""

import sqlalchemy as sa
from alembic import op

from entrepot.db.schema import Json, UtcTime

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

_ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "retention_wide_policy",
        sa.Column("id", _ROW_ID, autoincrement=True, nullable=False),
        sa.Column("organization_id", _ROW_ID, nullable=False),
        sa.Column("document", Json(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("changed_by", sa.String(32), nullable=False),
        sa.Column("updated_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
            name=op.f("fk_retention_wide_policy_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retention_wide_policy")),
    )
    op.create_index("ix_retention_wide_policy_organization_id", "retention_wide_policy", ["organization_id"])
