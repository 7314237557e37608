"""The installation, or an organization, may be closed."""

import sqlalchemy as sa
from alembic import op

from entrepot.db.schema import Name, UtcTime

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "closed",
        sa.Column("scope", Name(64), nullable=False),
        sa.Column("mode", sa.String(length=16), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("closed_by", sa.String(length=64), nullable=False),
        sa.Column("since", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("scope", name=op.f("pk_closed")),
    )
