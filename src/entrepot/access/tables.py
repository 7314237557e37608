"""Grants: who (subject) may do how much (level) where (scope, a name or a pattern); and who belongs to which group."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    Index,
    PrimaryKeyConstraint,
    SmallInteger,
    String,
    Table,
    UniqueConstraint,
    text,
)

from entrepot.db.schema import Name, RowId, UtcTime, metadata

grant = Table(
    "grant",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("scope", Name(320), nullable=False),
    # A scope with `*` in it, as LIKE wants it; NULL for a scope that is a name.
    Column("pattern", String(640)),
    Column("subject", String(64), nullable=False),
    Column("level", SmallInteger, CheckConstraint("level IN (1, 3, 7)", name="ck_grant_level"), nullable=False),
    # From this moment on it does not count; always the beginning of a day (UTC). NULL: for ever.
    Column("expires_at", UtcTime),
    Column("created_at", UtcTime, nullable=False),
    Column("created_by", String(64), nullable=False),
    UniqueConstraint("scope", "subject"),
    Index("ix_grant_subject", "subject", "scope"),
    Index("ix_grant_level", "scope", "subject", "level"),  # the pull path reads nothing but this
    Index(
        "ix_grant_pattern_scope",
        "scope",
        "subject",
        sqlite_where=text("pattern IS NOT NULL"),
        postgresql_where=text("pattern IS NOT NULL"),
    ),
    # Holds all that a permission decision asks of patterns.
    Index(
        "ix_grant_pattern",
        "subject",
        "pattern",
        "level",
        "expires_at",
        sqlite_where=text("pattern IS NOT NULL"),
        postgresql_where=text("pattern IS NOT NULL"),
    ),
)

membership = Table(
    "membership",
    metadata,
    Column("member", String(64), nullable=False),  # `user:ID`
    Column("group", String(64), nullable=False),  # `group:ID`
    # `provider:ID` of the identity provider that said so; NULL: an administrator did.
    Column("given_by", String(64)),
    PrimaryKeyConstraint("member", "group"),
    Index("ix_membership_group", "group", "member"),
)
