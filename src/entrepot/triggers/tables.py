"""Triggers as they were defined, and what became of each firing."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, String, Table, Text, UniqueConstraint

from entrepot.db.schema import Name, RowId, UtcTime, metadata

trigger = Table(
    "trigger",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("repository_id", ForeignKey("repository.id", ondelete="CASCADE"), nullable=False),
    Column("name", Name(64), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("condition", Text, nullable=False),
    Column("mode", String(8), nullable=False),
    Column("cluster_id", String(64), nullable=False),
    Column("cluster_name", String(128), nullable=False),
    Column("cluster_namespace", String(63), nullable=False),
    Column("workload_kind", String(16), nullable=False),
    Column("workload", String(253), nullable=False),
    Column("container", String(63), nullable=False),
    Column("is_enabled", Boolean, nullable=False),
    Column("creator_id", String(32), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    UniqueConstraint("repository_id", "name"),
)

# Nothing but `is_enabled` of a trigger can change, so what a firing was about stands in the trigger.
trigger_firing = Table(
    "trigger_firing",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("trigger_id", ForeignKey("trigger.id", ondelete="CASCADE"), nullable=False),
    Column("tag", Name(128), nullable=False),
    Column("has_succeeded", Boolean, nullable=False),
    Column("detail", Text, nullable=False),
    Column("fired_at", UtcTime, nullable=False),
    Index("ix_trigger_firing_trigger_id", "trigger_id", "id"),
)
