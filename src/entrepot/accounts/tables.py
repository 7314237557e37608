"""Domains (tenants), their people, groups and robots, and what signs and renews tokens."""

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
    text,
)

from entrepot.db.schema import Json, Name, UtcTime, metadata

domain = Table(
    "domain",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("name", String(64), nullable=False, unique=True),
    Column("created_at", UtcTime, nullable=False),
    Index("ix_domain_created_at", "created_at", "name"),
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
    # Counts what must end short-lived tokens and remembered sign-ins at once: a changed password or
    # state, a deleted token or key. They carry the number they were issued under.
    Column("credential_version", Integer, nullable=False, server_default=text("1")),
    Column("created_at", UtcTime, nullable=False),
    # `person` or `robot`. A robot's name begins with `robot$`, which no person's can.
    Column("kind", String(16), nullable=False, server_default=text("'person'")),
    Column("expires_at", UtcTime),
    # Counts changes of password and state only. Refresh tokens and sessions are bound to it.
    Column("login_version", Integer, nullable=False, server_default=text("1")),
    UniqueConstraint("domain_id", "name"),
    # What lists walk.
    Index("ix_user_created_at", "domain_id", "kind", "created_at", "name"),
    Index("ix_user_expires_at", "domain_id", "kind", "expires_at", "name"),
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
    Column("login_version", Integer, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False, index=True),
)

# Who belongs to it is in `access`: every decision asks for that.
group = Table(
    "group",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("domain_id", ForeignKey("domain.id"), nullable=False),
    Column("name", Name(64), nullable=False),
    Column("description", String(256), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    UniqueConstraint("domain_id", "name"),
    Index("ix_group_created_at", "domain_id", "created_at", "name"),
)

robot = Table(
    "robot",
    metadata,
    Column("id", ForeignKey("user.id", ondelete="CASCADE"), primary_key=True),
    # Whose rights it was made with: it works while they may sign in. NULL: they are gone, and it is disabled.
    Column("owner_id", ForeignKey("user.id", ondelete="SET NULL"), index=True),
    Column("description", String(256), nullable=False),
    Column("secret_hash", String(64), nullable=False),
    # The secret before the last rotation, and until when it works beside the new one.
    Column("old_secret_hash", String(64)),
    Column("old_secret_until", UtcTime),
    Column("rotated_at", UtcTime, nullable=False),
    Column("last_used_at", UtcTime),
)

personal_token = Table(
    "personal_token",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("user_id", ForeignKey("user.id", ondelete="CASCADE"), nullable=False),
    Column("name", Name(64), nullable=False),
    Column("hash", String(64), nullable=False, unique=True),
    # [[pattern, level], …]: beyond these it reaches nothing. NULL: as far as its user.
    Column("bounds", Json),
    Column("created_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime),
    Column("last_used_at", UtcTime),
    UniqueConstraint("user_id", "name"),
)

identity_provider = Table(
    "identity_provider",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("domain_id", ForeignKey("domain.id"), nullable=False),
    Column("name", Name(64), nullable=False, unique=True),  # it stands in addresses
    Column("kind", String(16), nullable=False),  # `oidc` or `ldap`
    Column("settings", Json, nullable=False),
    Column("sealed_secret", LargeBinary),  # of the client, or of the account that searches
    Column("is_enabled", Boolean, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Index("ix_identity_provider_domain_id_name", "domain_id", "name"),
)

# Who somebody is at a provider. Nothing else joins an account to it: no name, no e-mail address.
identity = Table(
    "identity",
    metadata,
    Column("provider_id", ForeignKey("identity_provider.id", ondelete="CASCADE"), nullable=False),
    Column("subject", Name(255), nullable=False),
    Column("user_id", ForeignKey("user.id", ondelete="CASCADE"), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    PrimaryKeyConstraint("provider_id", "subject"),
    Index("ix_identity_user_id_provider_id", "user_id", "provider_id"),
)

# Tokens of an issuer that make their bearer a robot.
federation = Table(
    "federation",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("domain_id", ForeignKey("domain.id"), nullable=False),
    Column("name", Name(64), nullable=False),
    Column("robot_id", ForeignKey("user.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("issuer", String(512), nullable=False),
    Column("settings", Json, nullable=False),
    Column("is_enabled", Boolean, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    UniqueConstraint("domain_id", "name"),
    Index("ix_federation_domain_id_issuer", "domain_id", "issuer"),
)

# Wrong passwords in a row, by account or unknown name (`account:…`), the same at a place that knows it
# (`account:ID@ADDRESS`), and by address (`address:…`).
login_failure = Table(
    "login_failure",
    metadata,
    Column("key", String(128), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("last_at", UtcTime, nullable=False, index=True),
    Column("wait_until", UtcTime),
)

# Addresses from which somebody signed in lately: what strangers try elsewhere does not keep them out there.
login_place = Table(
    "login_place",
    metadata,
    Column("user_id", ForeignKey("user.id", ondelete="CASCADE"), primary_key=True),
    Column("place", String(64), primary_key=True),
    Column("last_at", UtcTime, nullable=False, index=True),
)

access_key = Table(
    "access_key",
    metadata,
    Column("id", String(32), primary_key=True),  # the AK; everybody may know it
    Column("user_id", ForeignKey("user.id", ondelete="CASCADE"), nullable=False, index=True),
    # Signatures are made with it, so it must be known here; sealed with a key that is not in the database.
    Column("sealed_secret", LargeBinary, nullable=False),
    Column("description", String(256), nullable=False),
    Column("is_enabled", Boolean, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("last_used_at", UtcTime),
)

# Signatures of writing calls that were acted on, until their date is too old anyway.
used_signature = Table(
    "used_signature",
    metadata,
    Column("signature", String(64), primary_key=True),
    Column("expires_at", UtcTime, nullable=False, index=True),
)

# Logins of docker for a time (contract §16).
docker_login = Table(
    "docker_login",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("user_id", ForeignKey("user.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("secret_hash", String(64), nullable=False),
    # The access key it was made with, which ends it too.
    Column("access_key", ForeignKey("access_key.id", ondelete="CASCADE"), index=True),
    Column("login_version", Integer, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False, index=True),
)

session = Table(
    "session",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("user_id", ForeignKey("user.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("secret_hash", String(64), nullable=False, unique=True),
    Column("login_version", Integer, nullable=False),
    Column("address", String(64), nullable=False),
    Column("agent", String(256), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("last_used_at", UtcTime, nullable=False, index=True),
    Column("expires_at", UtcTime, nullable=False, index=True),
)

# Domains that agreed to let triggers act on their clusters.
agency = Table(
    "agency",
    metadata,
    Column("domain_id", ForeignKey("domain.id", ondelete="CASCADE"), primary_key=True),
    Column("user_id", String(32), nullable=False),
    Column("created_at", UtcTime, nullable=False),
)
