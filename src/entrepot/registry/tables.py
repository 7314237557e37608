"""What the registry knows. Foreign keys point down a floor only.

A blob is readable through a repository only when `repository_blob` links it there: the link is the
permission. A tag is an interval: moving or deleting closes the open row (`valid_until` NULL) and,
for a move, opens the next, so that history and undo cost nothing.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from entrepot.db.schema import Json, Name, RowId, UtcTime, metadata

_DIGEST = String(135)  # "sha512:" and 128 digits

organization = Table(
    "organization",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("domain_id", ForeignKey("domain.id"), nullable=False, index=True),
    Column("name", Name(64), nullable=False, unique=True),
    Column("creator_id", String(32), nullable=False),
    # Manifests may name blobs and children that are not here (OCI sparse indexes and images).
    Column("allows_sparse", Boolean, nullable=False),
    # Repositories made by a push are public.
    Column("public_by_default", Boolean, nullable=False),
    Column("created_at", UtcTime, nullable=False),
)

repository = Table(
    "repository",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("organization_id", ForeignKey("organization.id"), nullable=False, index=True),
    Column("path", Name(255), nullable=False, unique=True),
    Column("name", Name(255), nullable=False),  # what follows the organization and its slash
    Column("category", String(16), nullable=False),
    Column("description", Text, nullable=False),
    Column("creator_id", String(32), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    # Lists walk these; who may read a row is found by its organization.
    Index("ix_repository_updated_at", "updated_at", "path", "organization_id"),
    Index("ix_repository_name", "name", "path", "organization_id"),
)
# The order of pages by number: the latest change first, then by path.
Index("ix_repository_latest", repository.c.updated_at.desc(), repository.c.path, repository.c.organization_id)

blob = Table(
    "blob",
    metadata,
    Column("digest", _DIGEST, primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("stored_at", UtcTime, nullable=False),
)

repository_blob = Table(
    "repository_blob",
    metadata,
    Column("repository_id", ForeignKey("repository.id", ondelete="CASCADE"), nullable=False),
    Column("digest", ForeignKey("blob.digest"), nullable=False),
    Column("linked_at", UtcTime, nullable=False),
    PrimaryKeyConstraint("repository_id", "digest"),
    Index("ix_repository_blob_digest", "digest"),
)

manifest = Table(
    "manifest",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("repository_id", ForeignKey("repository.id", ondelete="CASCADE"), nullable=False),
    Column("digest", _DIGEST, nullable=False),
    Column("media_type", String(255), nullable=False),
    Column("artifact_type", String(255)),
    Column("subject", _DIGEST),
    Column("config_digest", _DIGEST),
    Column("size", Integer, nullable=False),
    Column("content_size", BigInteger, nullable=False),
    Column("annotations", Json, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("pushed_at", UtcTime, nullable=False),
    Column("pushed_by", String(64), nullable=False),
    UniqueConstraint("repository_id", "digest"),
    Index("ix_manifest_subject", "repository_id", "subject", "digest"),
    Index("ix_manifest_digest", "digest", "repository_id"),  # what the search walks
)

# No foreign key from these two to blobs and manifests: a sparse organization may lack them.
manifest_blob = Table(
    "manifest_blob",
    metadata,
    Column("manifest_id", ForeignKey("manifest.id", ondelete="CASCADE"), nullable=False),
    Column("digest", _DIGEST, nullable=False),
    PrimaryKeyConstraint("manifest_id", "digest"),
    Index("ix_manifest_blob_digest", "digest"),
)

manifest_child = Table(
    "manifest_child",
    metadata,
    Column("manifest_id", ForeignKey("manifest.id", ondelete="CASCADE"), nullable=False),
    Column("digest", _DIGEST, nullable=False),
    PrimaryKeyConstraint("manifest_id", "digest"),
    Index("ix_manifest_child_digest", "digest"),
)

tag = Table(
    "tag",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("repository_id", ForeignKey("repository.id", ondelete="CASCADE"), nullable=False),
    Column("name", Name(128), nullable=False),
    Column("digest", _DIGEST, nullable=False),
    Column("valid_from", UtcTime, nullable=False),
    Column("valid_until", UtcTime),
    Column("pushed_by", String(64), nullable=False),
    Index(
        "uq_tag_open",
        "repository_id",
        "name",
        unique=True,
        sqlite_where=text("valid_until IS NULL"),
        postgresql_where=text("valid_until IS NULL"),
    ),
    Index("ix_tag_history", "repository_id", "name", "valid_from"),
    Index("ix_tag_digest", "repository_id", "digest"),
    # What the search walks.
    Index(
        "ix_tag_name",
        "name",
        "repository_id",
        sqlite_where=text("valid_until IS NULL"),
        postgresql_where=text("valid_until IS NULL"),
    ),
)

upload = Table(
    "upload",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("path", Name(255), nullable=False, index=True),
    Column("owner", String(64), nullable=False, index=True),
    Column("algorithm", String(16), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False, index=True),
)

upload_part = Table(
    "upload_part",
    metadata,
    Column("upload_id", ForeignKey("upload.id", ondelete="CASCADE"), nullable=False),
    Column("start", BigInteger, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("key", String(128), nullable=False, unique=True),
    Column("digest", _DIGEST, nullable=False),
    PrimaryKeyConstraint("upload_id", "start"),
)

# Who shared a private repository with another domain, when and why. The right itself, and its end, is a grant to
# `domain:ID` on the repository (docs/decisions/0004).
share = Table(
    "share",
    metadata,
    Column("repository_id", ForeignKey("repository.id", ondelete="CASCADE"), nullable=False),
    Column("domain_id", ForeignKey("domain.id", ondelete="CASCADE"), nullable=False),
    Column("description", Text, nullable=False),
    Column("creator_id", String(32), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    PrimaryKeyConstraint("repository_id", "domain_id"),
    Index("ix_share_domain_id", "domain_id", "repository_id"),
)

# Digests that lost a reference: upkeep looks at each again after the grace time.
gc_candidate = Table(
    "gc_candidate",
    metadata,
    Column("digest", _DIGEST, primary_key=True),
    Column("dropped_at", UtcTime, nullable=False, index=True),
)

# --- limits: decision 11 ---
# A `scope` is a domain's id, or an organization's number as text. There are rows only where somebody set a limit.

# What was set for a scope itself; what it inherits stands nowhere. -1: no limit.
quota = Table(
    "quota",
    metadata,
    Column("scope", String(32), nullable=False),
    Column("resource", String(16), nullable=False),
    Column("limit", BigInteger, nullable=False),
    PrimaryKeyConstraint("scope", "resource"),
)

# A limit in force, spread over rows that transactions take from at the same time. Only the sums mean something.
quota_slice = Table(
    "quota_slice",
    metadata,
    Column("scope", String(32), nullable=False),
    Column("resource", String(16), nullable=False),
    Column("number", SmallInteger, nullable=False),
    Column("used", BigInteger, nullable=False),
    Column("allowed", BigInteger, nullable=False),
    PrimaryKeyConstraint("scope", "resource", "number"),
)

# Blobs whose bytes are counted in a scope that has a limit of bytes: each once, however many repositories hold it.
quota_blob = Table(
    "quota_blob",
    metadata,
    Column("scope", String(32), nullable=False),
    Column("digest", _DIGEST, nullable=False),
    Column("size", BigInteger, nullable=False),
    PrimaryKeyConstraint("scope", "digest"),
)

# --- what was pulled: decision 12 ---

# `tag` is empty for what was pulled by no tag. `bytes` are those of blobs.
pull_day = Table(
    "pull_day",
    metadata,
    Column("repository_id", ForeignKey("repository.id", ondelete="CASCADE"), nullable=False),
    Column("tag", Name(128), nullable=False),
    Column("day", Date, nullable=False),
    Column("pulls", BigInteger, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    PrimaryKeyConstraint("repository_id", "tag", "day"),
    Index("ix_pull_day_day", "day"),
)

pull_total = Table(
    "pull_total",
    metadata,
    Column("repository_id", ForeignKey("repository.id", ondelete="CASCADE"), nullable=False),
    Column("pulls", BigInteger, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    PrimaryKeyConstraint("repository_id"),
)

# Outlives the repositories it tells of. `stored_bytes`: as last measured on that day, NULL when it was not.
domain_day = Table(
    "domain_day",
    metadata,
    Column("domain_id", ForeignKey("domain.id"), nullable=False),
    Column("day", Date, nullable=False),
    Column("pulls", BigInteger, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("stored_bytes", BigInteger),
    PrimaryKeyConstraint("domain_id", "day"),
)
