"""Retention policies, and what they deleted."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, String, Table

from entrepot.db.schema import Json, Name, RowId, UtcTime, metadata

retention_policy = Table(
    "retention_policy",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("repository_id", ForeignKey("repository.id", ondelete="CASCADE"), nullable=False, unique=True),
    Column("rules", Json, nullable=False),
    Column("creator_id", String(32), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
)

# Outlives the policy that deleted, and says by which rule, as it was then.
retention_deletion = Table(
    "retention_deletion",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("repository_id", ForeignKey("repository.id", ondelete="CASCADE"), nullable=False),
    Column("policy_id", BigInteger, nullable=False),
    Column("rule", Json, nullable=False),
    Column("tag", Name(128), nullable=False),
    Column("deleted_at", UtcTime, nullable=False),
    Index("ix_retention_deletion_repository_id", "repository_id", "id"),
)
