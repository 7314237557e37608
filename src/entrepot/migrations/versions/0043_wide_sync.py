"""Rules of synchronisation of our own: several regions, both directions, filters, times, deletions."""

import sqlalchemy as sa
from alembic import op

from entrepot.db.schema import Json, Name, RowId, UtcTime

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "wide_sync_rule",
        sa.Column("id", RowId, autoincrement=True, nullable=False),
        sa.Column("name", Name(64), nullable=False),
        sa.Column("document", Json(), nullable=False),
        sa.Column("is_enabled", sa.Boolean(), nullable=False),
        sa.Column("follows", sa.Boolean(), nullable=False),
        sa.Column("creator_id", sa.String(32), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("changed_at", UtcTime(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=True),
        sa.Column("ran_at", UtcTime(), nullable=True),
        sa.Column("looked_at", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("wanted", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("left_alone", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("error", sa.Text(), nullable=False, server_default=sa.text("''")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wide_sync_rule")),
        sa.UniqueConstraint("name", name=op.f("uq_wide_sync_rule_name")),
    )
    op.create_index(op.f("ix_wide_sync_rule_due_at"), "wide_sync_rule", ["due_at"])
    op.create_table(
        "wide_sync_region",
        sa.Column("rule_id", RowId, nullable=False),
        sa.Column("region", Name(64), nullable=False),
        sa.ForeignKeyConstraint(
            ["rule_id"], ["wide_sync_rule.id"], name=op.f("fk_wide_sync_region_rule_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["region"], ["sync_region.name"], name=op.f("fk_wide_sync_region_region"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("rule_id", "region", name=op.f("pk_wide_sync_region")),
    )
    op.create_index(op.f("ix_wide_sync_region_region"), "wide_sync_region", ["region"])
    op.create_table(
        "wide_sync_copied",
        sa.Column("rule_id", RowId, nullable=False),
        sa.Column("region", Name(64), nullable=False),
        sa.Column("place", Name(255), nullable=False),
        sa.Column("tag", Name(128), nullable=False),
        sa.Column("repository_id", RowId, nullable=False),
        sa.Column("digest", sa.String(135), nullable=False),
        sa.ForeignKeyConstraint(
            ["rule_id"], ["wide_sync_rule.id"], name=op.f("fk_wide_sync_copied_rule_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["region"], ["sync_region.name"], name=op.f("fk_wide_sync_copied_region"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["repository_id"], ["repository.id"], name=op.f("fk_wide_sync_copied_repository_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("rule_id", "region", "place", "tag", name=op.f("pk_wide_sync_copied")),
    )
    op.create_index(op.f("ix_wide_sync_copied_region"), "wide_sync_copied", ["region"])
    op.create_index(op.f("ix_wide_sync_copied_repository_id"), "wide_sync_copied", ["repository_id", "tag"])
    op.add_column("sync_job", sa.Column("direction", sa.String(8), nullable=False, server_default=sa.text("'push'")))
    op.add_column("sync_job", sa.Column("action", sa.String(8), nullable=False, server_default=sa.text("'copy'")))
    op.add_column("sync_job", sa.Column("wide_rule_id", RowId, nullable=True))
    op.add_column("sync_job", sa.Column("place", Name(255), nullable=False, server_default=sa.text("''")))
    op.add_column("sync_job", sa.Column("bytes_done", sa.BigInteger(), nullable=False, server_default=sa.text("0")))
    op.add_column("sync_job", sa.Column("bytes_total", sa.BigInteger(), nullable=False, server_default=sa.text("0")))
    op.create_index(op.f("ix_sync_job_wide_rule_id"), "sync_job", ["wide_rule_id"])
