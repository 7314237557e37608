"""What was dropped at one moment is reviewed in an order that an index knows, and in which SQLite keeps it."""

from alembic import op

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for name in ("blob", "repository_blob", "gc_candidate"):
            with op.batch_alter_table(name, recreate="always", table_kwargs={"sqlite_with_rowid": False}):
                pass  # made anew, without numbers of rows
    op.create_index("ix_gc_candidate_due", "gc_candidate", ["dropped_at", "digest"])
    op.drop_index("ix_gc_candidate_dropped_at", "gc_candidate")
    op.create_index("ix_gc_manifest_due", "gc_manifest", ["dropped_at", "repository_id", "digest"])
    op.drop_index("ix_gc_manifest_dropped_at", "gc_manifest")
