"""Of bytes that were removed it is remembered that they were."""

import sqlalchemy as sa
from alembic import op

from entrepot.db.schema import UtcTime

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("gc_blob", sa.Column("removed_at", UtcTime(), nullable=True))
    op.drop_index("ix_gc_blob_dropped_at", "gc_blob")
    for name, column, condition in (
        ("left", "dropped_at", "claimed_at IS NULL"),
        ("claimed", "claimed_at", "claimed_at IS NOT NULL AND removed_at IS NULL"),
        ("removed", "removed_at", "removed_at IS NOT NULL"),
    ):
        where = sa.text(condition)
        op.create_index(f"ix_gc_blob_{name}", "gc_blob", [column], sqlite_where=where, postgresql_where=where)
