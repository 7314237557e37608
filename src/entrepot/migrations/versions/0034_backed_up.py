"""When the installation was backed up last."""

import sqlalchemy as sa
from alembic import op

from entrepot.db.schema import UtcTime

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "backup",
        sa.Column("place", sa.String(1_024), nullable=False),
        sa.Column("snapshot", sa.String(32), nullable=False),
        sa.Column("made_at", UtcTime(), nullable=False),
        sa.Column("ended_at", UtcTime(), nullable=False),
        sa.Column("blobs", sa.BigInteger(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("place", name=op.f("pk_backup")),
    )
    op.create_index("ix_backup_made_at", "backup", ["made_at"])
