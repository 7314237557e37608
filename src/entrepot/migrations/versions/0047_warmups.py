"""Warm-ups: images that nodes of regions have before anybody pulls them, asked for by hand or by rule."""

import sqlalchemy as sa
from alembic import op

from entrepot.db.schema import Json, Name, RowId, UtcTime

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "warmup",
        sa.Column("id", RowId, autoincrement=True, nullable=False),
        sa.Column("repository_id", RowId, nullable=False),
        sa.Column("reference", Name(135), nullable=False),
        sa.Column("digest", sa.String(135), nullable=False),
        sa.Column("platforms", Json(), nullable=False),
        sa.Column("copies", sa.Integer(), nullable=True),
        sa.Column("rule", Name(64), nullable=False, server_default=sa.text("''")),
        sa.Column("creator_id", sa.String(64), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("cancelled_at", UtcTime(), nullable=True),
        sa.Column("ended_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["repository_id"], ["repository.id"], name=op.f("fk_warmup_repository_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_warmup")),
    )
    op.create_index(op.f("ix_warmup_repository_id"), "warmup", ["repository_id"])
    op.create_index(op.f("ix_warmup_ended_at"), "warmup", ["ended_at"])
    op.create_table(
        "warmup_node",
        sa.Column("warmup_id", RowId, nullable=False),
        sa.Column("edge_id", sa.String(32), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("bytes_done", sa.BigInteger(), nullable=False, server_default=sa.text("0")),
        sa.Column("bytes_total", sa.BigInteger(), nullable=False, server_default=sa.text("0")),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("error", sa.Text(), nullable=False, server_default=sa.text("''")),
        sa.Column("next_at", UtcTime(), nullable=True),
        sa.Column("changed_at", UtcTime(), nullable=False),
        sa.Column("ended_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["warmup_id"], ["warmup.id"], name=op.f("fk_warmup_node_warmup_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["edge_id"], ["edge.id"], name=op.f("fk_warmup_node_edge_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("warmup_id", "edge_id", name=op.f("pk_warmup_node")),
    )
    op.create_index(op.f("ix_warmup_node_edge_id"), "warmup_node", ["edge_id", "next_at"])
    op.create_table(
        "warm_rule",
        sa.Column("name", Name(64), nullable=False),
        sa.Column("repositories", Json(), nullable=False),
        sa.Column("tags", Json(), nullable=False),
        sa.Column("regions", Json(), nullable=False),
        sa.Column("platforms", Json(), nullable=False),
        sa.Column("copies", sa.Integer(), nullable=True),
        sa.Column("creator_id", sa.String(32), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_warm_rule")),
    )
