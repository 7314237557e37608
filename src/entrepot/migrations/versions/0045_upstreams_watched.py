"""Upstreams are watched: what they are asked, what that saves, how much they may still be asked."""

import sqlalchemy as sa
from alembic import op

from entrepot.db.schema import Name, RowId, UtcTime

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None

_COUNTED = ("manifest_heads", "manifest_gets", "blobs", "tokens", "others", "limited", "fetched", "fetched_bytes")


def upgrade() -> None:
    op.add_column(
        "upstream", sa.Column("requests_per_minute", sa.Integer(), nullable=False, server_default=sa.text("0"))
    )
    op.add_column("upstream", sa.Column("prefetch", sa.String(16), nullable=False, server_default=sa.text("'asked'")))
    op.create_table(
        "upstream_day",
        _organization(),
        sa.Column("day", sa.Date(), nullable=False),
        *[sa.Column(name, sa.BigInteger(), nullable=False) for name in _COUNTED],
        sa.PrimaryKeyConstraint("organization_id", "day", name=op.f("pk_upstream_day")),
    )
    op.create_index("ix_upstream_day_day", "upstream_day", ["day"])
    op.create_table(
        "served_day",
        _organization(),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("blobs", sa.BigInteger(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "day", name=op.f("pk_served_day")),
    )
    op.create_index("ix_served_day_day", "served_day", ["day"])
    op.create_table(
        "upstream_allowance",
        _organization(),
        sa.Column("address", Name(255), nullable=False),
        sa.Column("limit", sa.BigInteger(), nullable=True),
        sa.Column("remaining", sa.BigInteger(), nullable=True),
        sa.Column("window_seconds", sa.BigInteger(), nullable=True),
        sa.Column("again_at", UtcTime(), nullable=True),
        sa.Column("heard_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "address", name=op.f("pk_upstream_allowance")),
    )


def _organization() -> sa.Column[int]:
    key = sa.ForeignKey("organization.id", ondelete="CASCADE")
    return sa.Column("organization_id", RowId, key, nullable=False)
