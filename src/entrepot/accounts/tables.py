"""Domains (tenants), their users, and what signs and renews tokens."""

from sqlalchemy import Boolean, Column, ForeignKey, Integer, LargeBinary, String, Table, UniqueConstraint, text

from entrepot.db.schema import Name, UtcTime, metadata

domain = Table(
    "domain",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("name", String(64), nullable=False, unique=True),
    Column("created_at", UtcTime, nullable=False),
)

user = Table(
    "user",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("domain_id", ForeignKey("domain.id"), nullable=False),
    Column("name", Name(64), nullable=False),
    Column("password_hash", String(256), nullable=False),
    Column("is_admin", Boolean, nullable=False),
    Column("is_enabled", Boolean, nullable=False),
    # Counts changes of password and state. Tokens carry the number they were issued under, so a
    # change ends all of them at once.
    Column("credential_version", Integer, nullable=False, server_default=text("1")),
    Column("created_at", UtcTime, nullable=False),
    UniqueConstraint("domain_id", "name"),
)

signing_key = Table(
    "signing_key",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("sealed_private", LargeBinary, nullable=False),
    Column("public", LargeBinary, nullable=False),
    Column("created_at", UtcTime, nullable=False),
)

refresh_token = Table(
    "refresh_token",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("user_id", ForeignKey("user.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("credential_version", Integer, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False, index=True),
)
