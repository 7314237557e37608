"""Regions have places; what edges measured to clients is kept."""

import sqlalchemy as sa
from alembic import op

from entrepot.db.schema import Json, Name, UtcTime

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("sync_region", sa.Column("cidrs", Json(), nullable=False, server_default=sa.text("'[]'")))
    op.add_column("sync_region", sa.Column("latitude", sa.Float(), nullable=True))
    op.add_column("sync_region", sa.Column("longitude", sa.Float(), nullable=True))
    op.add_column("sync_region", sa.Column("changed_at", UtcTime(), nullable=True))
    op.add_column("edge", sa.Column("changed_at", UtcTime(), nullable=True))
    op.create_table(
        "edge_measure",
        sa.Column("network", Name(64), nullable=False),
        sa.Column("region", Name(64), nullable=False),
        sa.Column("ms", sa.Float(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("network", "region", name=op.f("pk_edge_measure")),
    )
    op.create_index(op.f("ix_edge_measure_at"), "edge_measure", ["at"])
