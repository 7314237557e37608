"""A permission decision reads what patterns say from their index alone."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_grant_pattern", "grant")
    op.create_index(
        "ix_grant_pattern",
        "grant",
        ["subject", "pattern", "level", "expires_at"],
        unique=False,
        sqlite_where=sa.text("pattern IS NOT NULL"),
        postgresql_where=sa.text("pattern IS NOT NULL"),
    )
