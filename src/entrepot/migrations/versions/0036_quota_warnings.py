"""Of limits that are nearly used up it is remembered that it was told."""

import sqlalchemy as sa
from alembic import op

from entrepot.db.schema import UtcTime

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "quota_warning",
        sa.Column("scope", sa.String(32), nullable=False),
        sa.Column("resource", sa.String(16), nullable=False),
        sa.Column("warned_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("scope", "resource", name=op.f("pk_quota_warning")),
    )
