"""What domains and organizations hold where that is much, as last measured."""

import sqlalchemy as sa
from alembic import op

from entrepot.db.schema import UtcTime

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "measured",
        sa.Column("scope", sa.String(length=32), nullable=False),
        sa.Column("measured_at", UtcTime(), nullable=False),
        sa.Column("organizations", sa.BigInteger(), nullable=False),
        sa.Column("repositories", sa.BigInteger(), nullable=False),
        sa.Column("tags", sa.BigInteger(), nullable=False),
        sa.Column("links", sa.BigInteger(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("exclusive_bytes", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("scope", name=op.f("pk_measured")),
    )
