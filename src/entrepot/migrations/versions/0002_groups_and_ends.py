"""Grants by group, by pattern, and with an end."""

import sqlalchemy as sa
from alembic import op

from entrepot.db.schema import UtcTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("grant", sa.Column("pattern", sa.String(length=640)))
    op.add_column("grant", sa.Column("expires_at", UtcTime()))
    op.create_index(
        "ix_grant_pattern",
        "grant",
        ["subject"],
        sqlite_where=sa.text("pattern IS NOT NULL"),
        postgresql_where=sa.text("pattern IS NOT NULL"),
    )
    op.create_table(
        "membership",
        sa.Column("member", sa.String(length=64), nullable=False),
        sa.Column("group", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("member", "group", name=op.f("pk_membership")),
    )
    op.create_index("ix_membership_group", "membership", ["group", "member"])
