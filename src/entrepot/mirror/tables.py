"""Mirrors of other registries; regions that images can be copied to, rules that copy, and the copies themselves."""

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
    UniqueConstraint,
)

from entrepot.db.schema import Json, Name, RowId, UtcTime, metadata

sync_region = Table(
    "sync_region",
    metadata,
    Column("name", Name(64), primary_key=True),
    Column("url", String(255), nullable=False),
    Column("creator_id", String(32), nullable=False),
    Column("created_at", UtcTime, nullable=False),
)

sync_rule = Table(
    "sync_rule",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("repository_id", ForeignKey("repository.id", ondelete="CASCADE"), nullable=False),
    Column("region", ForeignKey("sync_region.name", ondelete="CASCADE"), nullable=False, index=True),
    Column("remote_organization", Name(64), nullable=False),
    Column("is_automatic", Boolean, nullable=False),
    Column("overrides", Boolean, nullable=False),
    Column("creator_id", String(32), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    UniqueConstraint("repository_id", "region", "remote_organization"),
)

# A copy of one tag. It names its region without a key: what was copied stays known when the region is forgotten.
sync_job = Table(
    "sync_job",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("repository_id", ForeignKey("repository.id", ondelete="CASCADE"), nullable=False),
    Column("region", Name(64), nullable=False),
    Column("remote_organization", Name(64), nullable=False),
    Column("tag", Name(128), nullable=False),
    Column("overrides", Boolean, nullable=False),
    Column("status", String(16), nullable=False),
    Column("operator_id", String(32), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    Index("ix_sync_job_repository_id", "repository_id", "id"),
    Index("ix_sync_job_status", "status", "region"),
)

# An organization that mirrors another registry. `host`: what clients call that registry (`docker.io`), which a
# transparent pull names; `endpoints`: where it is asked, in order; `sealed`: see `secrets.py`.
upstream = Table(
    "upstream",
    metadata,
    Column("organization_id", ForeignKey("organization.id", ondelete="CASCADE"), primary_key=True),
    Column("host", Name(255), nullable=False, index=True),
    Column("endpoints", Json, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("fresh_seconds", Integer, nullable=False),
    Column("stale_seconds", Integer, nullable=False),
    Column("absent_seconds", Integer, nullable=False),
    Column("fetches_max", Integer, nullable=False),
    Column("creator_id", String(32), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("changed_at", UtcTime, nullable=False),
)

# A blob that some process is fetching: its parts are those of the upload. Whoever holds the lease writes, all others
# read along; when the lease is over, the next one goes on.
blob_fetch = Table(
    "blob_fetch",
    metadata,
    Column("path", Name(255), nullable=False),
    Column("digest", String(135), nullable=False),
    Column("upload_id", String(32), nullable=False),
    Column("leader", String(32), nullable=False),
    Column("leased_until", UtcTime, nullable=False),
    PrimaryKeyConstraint("path", "digest"),
)
