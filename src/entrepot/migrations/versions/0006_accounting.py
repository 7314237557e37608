"""Quotas, and what was pulled."""

import sqlalchemy as sa
from alembic import op

from entrepot.db.schema import Name

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "quota",
        sa.Column("scope", sa.String(length=32), nullable=False),
        sa.Column("resource", sa.String(length=16), nullable=False),
        sa.Column("limit", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("scope", "resource", name=op.f("pk_quota")),
    )
    op.create_table(
        "quota_slice",
        sa.Column("scope", sa.String(length=32), nullable=False),
        sa.Column("resource", sa.String(length=16), nullable=False),
        sa.Column("number", sa.SmallInteger(), nullable=False),
        sa.Column("used", sa.BigInteger(), nullable=False),
        sa.Column("allowed", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("scope", "resource", "number", name=op.f("pk_quota_slice")),
    )
    op.create_table(
        "quota_blob",
        sa.Column("scope", sa.String(length=32), nullable=False),
        sa.Column("digest", sa.String(length=135), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("scope", "digest", name=op.f("pk_quota_blob")),
    )
    op.create_table(
        "pull_day",
        sa.Column("repository_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("tag", Name(128), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("pulls", sa.BigInteger(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["repository_id"], ["repository.id"], name=op.f("fk_pull_day_repository_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("repository_id", "tag", "day", name=op.f("pk_pull_day")),
    )
    op.create_index("ix_pull_day_day", "pull_day", ["day"])
    op.create_table(
        "pull_total",
        sa.Column("repository_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("pulls", sa.BigInteger(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["repository_id"],
            ["repository.id"],
            name=op.f("fk_pull_total_repository_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("repository_id", name=op.f("pk_pull_total")),
    )
    op.create_table(
        "domain_day",
        sa.Column("domain_id", sa.String(length=32), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("pulls", sa.BigInteger(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("stored_bytes", sa.BigInteger()),
        sa.ForeignKeyConstraint(["domain_id"], ["domain.id"], name=op.f("fk_domain_day_domain_id")),
        sa.PrimaryKeyConstraint("domain_id", "day", name=op.f("pk_domain_day")),
    )
