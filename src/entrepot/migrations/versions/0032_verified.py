"""What verifications found, and what each looked at."""

import sqlalchemy as sa
from alembic import op

from entrepot.db.schema import UtcTime

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

_COUNTERS = (
    "manifests_checked",
    "blobs_checked",
    "blobs_read",
    "bytes_read",
    "missing_blobs",
    "corrupt_blobs",
    "wrong_size_blobs",
    "unlinked_blobs",
)


def upgrade() -> None:
    op.create_table(
        "blob_finding",
        sa.Column("digest", sa.String(135), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("seen", sa.String(160), nullable=False),
        sa.Column("found_at", UtcTime(), nullable=False),
        sa.Column("aside_at", UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_blob_finding")),
    )
    op.create_table(
        "verify_run",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("is_deep", sa.Boolean(), nullable=False),
        sa.Column("requested_by", sa.String(64), nullable=False),
        sa.Column("requested_at", UtcTime(), nullable=False),
        sa.Column("started_at", UtcTime(), nullable=True),
        sa.Column("ended_at", UtcTime(), nullable=True),
        sa.Column("phase", sa.String(16), nullable=False),
        sa.Column("cursor", sa.String(135), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        *[sa.Column(name, sa.BigInteger(), nullable=False) for name in _COUNTERS],
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verify_run")),
    )
    op.create_index("ix_verify_run_requested_at", "verify_run", ["requested_at", "id"])
    op.create_index("ix_verify_run_deep", "verify_run", ["is_deep", "requested_at"])
    is_open = sa.text("ended_at IS NULL")
    op.create_index(
        "ix_verify_run_open", "verify_run", ["requested_at"], sqlite_where=is_open, postgresql_where=is_open
    )
