"""Organizations can be mirrors of other registries: their upstreams, and blobs that are fetched from them."""

import sqlalchemy as sa
from alembic import op

from entrepot.db.schema import Json, Name, RowId, UtcTime

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("organization", sa.Column("is_mirror", sa.Boolean(), nullable=False, server_default=sa.text("false")))
    op.add_column("tag", sa.Column("fresh_until", sa.BigInteger(), nullable=True))
    op.add_column("tag", sa.Column("ask_after", sa.BigInteger(), nullable=True))
    op.create_table(
        "upstream",
        sa.Column("organization_id", RowId, sa.ForeignKey("organization.id", ondelete="CASCADE"), nullable=False),
        sa.Column("host", Name(255), nullable=False),
        sa.Column("endpoints", Json(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("fresh_seconds", sa.Integer(), nullable=False),
        sa.Column("stale_seconds", sa.Integer(), nullable=False),
        sa.Column("absent_seconds", sa.Integer(), nullable=False),
        sa.Column("fetches_max", sa.Integer(), nullable=False),
        sa.Column("creator_id", sa.String(32), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("changed_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", name=op.f("pk_upstream")),
    )
    op.create_index(op.f("ix_upstream_host"), "upstream", ["host"])
    op.create_table(
        "blob_fetch",
        sa.Column("path", Name(255), nullable=False),
        sa.Column("digest", sa.String(135), nullable=False),
        sa.Column("upload_id", sa.String(32), nullable=False),
        sa.Column("leader", sa.String(32), nullable=False),
        sa.Column("leased_until", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("path", "digest", name=op.f("pk_blob_fetch")),
    )
