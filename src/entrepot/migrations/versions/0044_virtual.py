"""Organizations can merge others; of several mirrors of one registry an operator says which answers for it."""

import sqlalchemy as sa
from alembic import op

from entrepot.db.schema import Json, Name, RowId, UtcTime

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "organization", sa.Column("is_virtual", sa.Boolean(), nullable=False, server_default=sa.text("false"))
    )
    op.add_column("upstream", sa.Column("is_transparent", sa.Boolean(), nullable=False, server_default=sa.text("true")))
    op.create_table(
        "virtual_organization",
        sa.Column("organization_id", RowId, sa.ForeignKey("organization.id", ondelete="CASCADE"), nullable=False),
        sa.Column("allow", Json(), nullable=False),
        sa.Column("deny", Json(), nullable=False),
        sa.Column("quarantine_seconds", sa.Integer(), nullable=False),
        sa.Column("creator_id", sa.String(32), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("changed_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", name=op.f("pk_virtual_organization")),
    )
    op.create_table(
        "virtual_member",
        sa.Column("organization_id", RowId, sa.ForeignKey("organization.id", ondelete="CASCADE"), nullable=False),
        sa.Column("member_id", RowId, sa.ForeignKey("organization.id", ondelete="CASCADE"), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("allow", Json(), nullable=False),
        sa.Column("deny", Json(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "member_id", name=op.f("pk_virtual_member")),
    )
    op.create_index(op.f("ix_virtual_member_member_id"), "virtual_member", ["member_id"])
    op.create_table(
        "virtual_name",
        sa.Column("organization_id", RowId, sa.ForeignKey("organization.id", ondelete="CASCADE"), nullable=False),
        sa.Column("name", Name(255), nullable=False),
        sa.Column("member_id", RowId, nullable=False),
        sa.Column("since", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "name", name=op.f("pk_virtual_name")),
    )
    op.create_table(
        "digest_seen",
        sa.Column("digest", sa.String(135), nullable=False),
        sa.Column("seen_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_digest_seen")),
    )
    op.create_index(op.f("ix_digest_seen_seen_at"), "digest_seen", ["seen_at"])
