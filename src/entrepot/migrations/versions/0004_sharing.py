"""Repositories shared with other domains."""

import sqlalchemy as sa
from alembic import op

from entrepot.db.schema import RowId, UtcTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "share",
        sa.Column("repository_id", RowId, nullable=False),
        sa.Column("domain_id", sa.String(length=32), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("creator_id", sa.String(length=32), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("updated_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["repository_id"], ["repository.id"], name=op.f("fk_share_repository_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["domain_id"], ["domain.id"], name=op.f("fk_share_domain_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("repository_id", "domain_id", name=op.f("pk_share")),
    )
    op.create_index("ix_share_domain_id", "share", ["domain_id", "repository_id"], unique=False)
