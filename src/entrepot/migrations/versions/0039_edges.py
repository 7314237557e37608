"""Regions have nodes: tokens to join with, and edges."""

import sqlalchemy as sa
from alembic import op

from entrepot.db.schema import Json, Name, UtcTime

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "edge_token",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("region", Name(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("patterns", Json(), nullable=True),
        sa.Column("creator_id", sa.String(32), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("expires_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_edge_token")),
        sa.ForeignKeyConstraint(
            ["region"], ["sync_region.name"], name=op.f("fk_edge_token_region"), ondelete="CASCADE"
        ),
        sa.UniqueConstraint("hash", name=op.f("uq_edge_token_hash")),
    )
    op.create_index(op.f("ix_edge_token_region"), "edge_token", ["region"])
    op.create_table(
        "edge",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("name", Name(64), nullable=False),
        sa.Column("region", Name(64), nullable=False),
        sa.Column("url", sa.String(255), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("patterns", Json(), nullable=True),
        sa.Column("is_draining", sa.Boolean(), nullable=False, server_default=sa.text("false")),
        sa.Column("version", sa.String(64), nullable=False),
        sa.Column("capacity_bytes", sa.BigInteger(), nullable=False),
        sa.Column("held_bytes", sa.BigInteger(), nullable=False, server_default=sa.text("0")),
        sa.Column("free_bytes", sa.BigInteger(), nullable=False, server_default=sa.text("0")),
        sa.Column("streams", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("round_trip_ms", sa.Float(), nullable=True),
        sa.Column("joined_at", UtcTime(), nullable=False),
        sa.Column("seen_at", UtcTime(), nullable=False),
        sa.Column("lost_at", UtcTime(), nullable=True),
        sa.Column("presence", sa.LargeBinary(), nullable=True),
        sa.Column("presence_at", UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_edge")),
        sa.ForeignKeyConstraint(["region"], ["sync_region.name"], name=op.f("fk_edge_region"), ondelete="CASCADE"),
        sa.UniqueConstraint("name", name=op.f("uq_edge_name")),
        sa.UniqueConstraint("hash", name=op.f("uq_edge_hash")),
    )
    op.create_index(op.f("ix_edge_region"), "edge", ["region"])
    op.create_table(
        "kept_blob",
        sa.Column("digest", sa.String(135), nullable=False),
        sa.Column("used_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_kept_blob")),
    )
    op.create_index(op.f("ix_kept_blob_used_at"), "kept_blob", ["used_at"])
