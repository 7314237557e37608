"""Mirrors have a size; what is pinned in them is never trimmed."""

import sqlalchemy as sa
from alembic import op

from entrepot.db.schema import Name, RowId, UtcTime

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("upstream", sa.Column("limit_bytes", sa.BigInteger(), nullable=False, server_default=sa.text("0")))
    op.create_table(
        "mirror_pin",
        sa.Column("organization_id", RowId, sa.ForeignKey("organization.id", ondelete="CASCADE"), nullable=False),
        sa.Column("repositories", Name(255), nullable=False),
        sa.Column("tags", Name(255), nullable=False),
        sa.Column("creator_id", sa.String(32), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "repositories", "tags", name=op.f("pk_mirror_pin")),
    )
    op.create_table(
        "trim_lease",
        sa.Column("scope", sa.String(32), nullable=False),
        sa.Column("leader", sa.String(32), nullable=False),
        sa.Column("leased_until", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("scope", name=op.f("pk_trim_lease")),
    )
