"""Who pulled last, by tag."""

import sqlalchemy as sa
from alembic import op

from entrepot.db.schema import Name, UtcTime

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pull_last",
        sa.Column("repository_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("tag", Name(128), nullable=False),
        sa.Column("pulled_at", UtcTime(), nullable=False),
        sa.Column("pulled_by", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["repository_id"], ["repository.id"], name=op.f("fk_pull_last_repository_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("repository_id", "tag", name=op.f("pk_pull_last")),
    )
    op.create_index("ix_pull_last_repository_id", "pull_last", ["repository_id", "pulled_at"])
    op.create_index("ix_pull_last_pulled_at", "pull_last", ["pulled_at"])
