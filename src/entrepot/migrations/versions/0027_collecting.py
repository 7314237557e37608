"""What upkeep reviews and takes away, and what its collections did."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from entrepot.db.schema import UtcTime

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

_COUNTERS = (
    "tags_forgotten",
    "manifests_reviewed",
    "manifests_deleted",
    "blobs_reviewed",
    "links_dropped",
    "strays_found",
    "blobs_deleted",
    "bytes_freed",
)


def upgrade() -> None:
    for name in ("gc_manifest", "gc_link"):
        op.create_table(
            name,
            sa.Column("repository_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
            sa.Column("digest", sa.String(135), nullable=False),
            sa.Column("dropped_at", UtcTime(), nullable=False),
            sa.ForeignKeyConstraint(
                ["repository_id"], ["repository.id"], name=op.f(f"fk_{name}_repository_id"), ondelete="CASCADE"
            ),
            sa.PrimaryKeyConstraint("repository_id", "digest", name=op.f(f"pk_{name}")),
        )
        op.create_index(f"ix_{name}_dropped_at", name, ["dropped_at"])
    op.create_table(
        "gc_blob",
        sa.Column("digest", sa.String(135), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("dropped_at", UtcTime(), nullable=False),
        sa.Column("claimed_at", UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_gc_blob")),
    )
    op.create_index("ix_gc_blob_dropped_at", "gc_blob", ["dropped_at"])
    op.create_table(
        "gc_run",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("requested_by", sa.String(64), nullable=False),
        sa.Column("requested_at", UtcTime(), nullable=False),
        sa.Column("started_at", UtcTime(), nullable=True),
        sa.Column("ended_at", UtcTime(), nullable=True),
        sa.Column("phase", sa.String(16), nullable=False),
        *[sa.Column(name, sa.BigInteger(), nullable=False) for name in _COUNTERS],
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gc_run")),
    )
    op.create_index(op.f("ix_gc_run_requested_at"), "gc_run", ["requested_at"])
    op.create_index(
        "ix_tag_closed",
        "tag",
        ["valid_until", "id"],
        sqlite_where=sa.text("valid_until IS NOT NULL"),
        postgresql_where=sa.text("valid_until IS NOT NULL"),
    )
    # What pushes that failed left behind was not queued before: every blob is reviewed once.
    blob = sa.table("blob", sa.column("digest"))
    candidate = sa.table("gc_candidate", sa.column("digest"), sa.column("dropped_at", UtcTime()))
    queued = sa.exists().where(candidate.c.digest == blob.c.digest)
    new = sa.select(blob.c.digest, sa.literal(datetime.now(UTC), UtcTime())).where(~queued)
    op.execute(sa.insert(candidate).from_select(["digest", "dropped_at"], new))
