"""Grants: who (subject) may do how much (level) where (scope, a name)."""

from sqlalchemy import CheckConstraint, Column, Index, SmallInteger, String, Table, UniqueConstraint

from entrepot.db.schema import Name, RowId, UtcTime, metadata

grant = Table(
    "grant",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("scope", Name(320), nullable=False),
    Column("subject", String(64), nullable=False),
    Column("level", SmallInteger, CheckConstraint("level IN (1, 3, 7)", name="ck_grant_level"), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("created_by", String(64), nullable=False),
    UniqueConstraint("scope", "subject"),
    Index("ix_grant_subject", "subject", "scope"),
    Index("ix_grant_level", "scope", "subject", "level"),  # the pull path reads nothing but this
)
