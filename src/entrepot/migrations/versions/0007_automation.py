"""Triggers, retention policies and synchronisation, as the contract stores them."""

import sqlalchemy as sa
from alembic import op

from entrepot.db.schema import Json, Name

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column(
        "organization", sa.Column("public_by_default", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    with op.batch_alter_table("organization") as batch:
        batch.alter_column("public_by_default", server_default=None)
    op.create_table(
        "trigger",
        sa.Column("id", _ROW_ID, autoincrement=True, nullable=False),
        sa.Column("repository_id", _ROW_ID, nullable=False),
        sa.Column("name", Name(64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("condition", sa.Text(), nullable=False),
        sa.Column("mode", sa.String(length=8), nullable=False),
        sa.Column("cluster_id", sa.String(length=64), nullable=False),
        sa.Column("cluster_name", sa.String(length=128), nullable=False),
        sa.Column("cluster_namespace", sa.String(length=63), nullable=False),
        sa.Column("workload_kind", sa.String(length=16), nullable=False),
        sa.Column("workload", sa.String(length=253), nullable=False),
        sa.Column("container", sa.String(length=63), nullable=False),
        sa.Column("is_enabled", sa.Boolean(), nullable=False),
        sa.Column("creator_id", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["repository_id"], ["repository.id"], name=op.f("fk_trigger_repository_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trigger")),
        sa.UniqueConstraint("repository_id", "name", name=op.f("uq_trigger_repository_id_name")),
    )
    op.create_table(
        "trigger_firing",
        sa.Column("id", _ROW_ID, autoincrement=True, nullable=False),
        sa.Column("trigger_id", _ROW_ID, nullable=False),
        sa.Column("tag", Name(128), nullable=False),
        sa.Column("has_succeeded", sa.Boolean(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("fired_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["trigger_id"], ["trigger.id"], name=op.f("fk_trigger_firing_trigger_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trigger_firing")),
    )
    op.create_index("ix_trigger_firing_trigger_id", "trigger_firing", ["trigger_id", "id"])
    op.create_table(
        "retention_policy",
        sa.Column("id", _ROW_ID, autoincrement=True, nullable=False),
        sa.Column("repository_id", _ROW_ID, nullable=False),
        sa.Column("rules", Json(), nullable=False),
        sa.Column("creator_id", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["repository_id"], ["repository.id"], name=op.f("fk_retention_policy_repository_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retention_policy")),
        sa.UniqueConstraint("repository_id", name=op.f("uq_retention_policy_repository_id")),
    )
    op.create_table(
        "retention_deletion",
        sa.Column("id", _ROW_ID, autoincrement=True, nullable=False),
        sa.Column("repository_id", _ROW_ID, nullable=False),
        sa.Column("policy_id", sa.BigInteger(), nullable=False),
        sa.Column("rule", Json(), nullable=False),
        sa.Column("tag", Name(128), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["repository_id"], ["repository.id"], name=op.f("fk_retention_deletion_repository_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retention_deletion")),
    )
    op.create_index("ix_retention_deletion_repository_id", "retention_deletion", ["repository_id", "id"])
    op.create_table(
        "sync_region",
        sa.Column("name", Name(64), nullable=False),
        sa.Column("url", sa.String(length=255), nullable=False),
        sa.Column("creator_id", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_sync_region")),
    )
    op.create_table(
        "sync_rule",
        sa.Column("id", _ROW_ID, autoincrement=True, nullable=False),
        sa.Column("repository_id", _ROW_ID, nullable=False),
        sa.Column("region", Name(64), nullable=False),
        sa.Column("remote_organization", Name(64), nullable=False),
        sa.Column("is_automatic", sa.Boolean(), nullable=False),
        sa.Column("overrides", sa.Boolean(), nullable=False),
        sa.Column("creator_id", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["region"], ["sync_region.name"], name=op.f("fk_sync_rule_region"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["repository_id"], ["repository.id"], name=op.f("fk_sync_rule_repository_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sync_rule")),
        sa.UniqueConstraint(
            "repository_id",
            "region",
            "remote_organization",
            name=op.f("uq_sync_rule_repository_id_region_remote_organization"),
        ),
    )
    op.create_index("ix_sync_rule_region", "sync_rule", ["region"])
    op.create_table(
        "sync_job",
        sa.Column("id", _ROW_ID, autoincrement=True, nullable=False),
        sa.Column("repository_id", _ROW_ID, nullable=False),
        sa.Column("region", Name(64), nullable=False),
        sa.Column("remote_organization", Name(64), nullable=False),
        sa.Column("tag", Name(128), nullable=False),
        sa.Column("overrides", sa.Boolean(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("operator_id", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["repository_id"], ["repository.id"], name=op.f("fk_sync_job_repository_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sync_job")),
    )
    op.create_index("ix_sync_job_repository_id", "sync_job", ["repository_id", "id"])
    op.create_index("ix_sync_job_status", "sync_job", ["status", "region"])
