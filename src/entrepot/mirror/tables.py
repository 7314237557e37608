"""Regions that images can be copied to, rules that copy, and the copies themselves."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, String, Table, UniqueConstraint

from entrepot.db.schema import Name, RowId, UtcTime, metadata

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
