"""Lists of the permissions on patterns walk an index of their own."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_grant_pattern_scope",
        "grant",
        ["scope", "subject"],
        unique=False,
        sqlite_where=sa.text("pattern IS NOT NULL"),
        postgresql_where=sa.text("pattern IS NOT NULL"),
    )
