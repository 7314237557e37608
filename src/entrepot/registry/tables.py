"""What the registry knows; what it counts is in `counted_tables.py`. Foreign keys point down a floor only.

A blob is readable through a repository only when `repository_blob` links it there: the link is the
permission. A tag is an interval: moving or deleting closes the open row (`valid_until` NULL) and,
for a move, opens the next, so that history and undo cost nothing.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
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
# With `sqlite_with_rowid=False` SQLite keeps rows in the order of their keys, in which upkeep goes through them: else
# each that it looks at is on a page of its own.

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
    # What is in it comes from another registry (room `mirror`), and nobody pushes to it.
    Column("is_mirror", Boolean, nullable=False, server_default=text("false")),
    # Of a mirror: seconds for which a tag is served after its upstream was asked about it.
    Column("fresh_seconds", Integer),
    # It merges others (`virtual_member`), holds nothing itself, and nobody pushes to it.
    Column("is_virtual", Boolean, nullable=False, server_default=text("false")),
    # Days for which it is kept what tags named before; NULL: as the settings say.
    Column("history_days", Integer),
    Column("created_at", UtcTime, nullable=False),
    Index("ix_organization_created_at", "created_at", "name"),  # what the list walks
)

# What a virtual organization merges, in the order in which it is asked. `allow`, `deny`: patterns over names in the
# member; room `mirror` knows what they mean.
virtual_member = Table(
    "virtual_member",
    metadata,
    Column("organization_id", ForeignKey("organization.id", ondelete="CASCADE"), nullable=False),
    Column("member_id", ForeignKey("organization.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("position", SmallInteger, nullable=False),
    Column("allow", Json, nullable=False),
    Column("deny", Json, nullable=False),
    PrimaryKeyConstraint("organization_id", "member_id"),
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
    sqlite_with_rowid=False,
)

repository_blob = Table(
    "repository_blob",
    metadata,
    Column("repository_id", ForeignKey("repository.id", ondelete="CASCADE"), nullable=False),
    Column("digest", ForeignKey("blob.digest"), nullable=False),
    Column("linked_at", UtcTime, nullable=False),
    PrimaryKeyConstraint("repository_id", "digest"),
    Index("ix_repository_blob_digest", "digest"),
    sqlite_with_rowid=False,
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
    # When it was last pushed or moved, which lists show, and retention counts by. Later than `valid_from` when
    # the same image came again, earlier when an undone retention brought the tag back.
    Column("pushed_at", UtcTime, nullable=False),
    # In a mirror: when its upstream was last asked about it (seconds since the epoch, as hot reads of both databases
    # compare it). NULL: nobody is to be asked.
    Column("asked_at", BigInteger),
    # In a mirror whose upstream just failed: not before then it is asked again; until then the tag is served stale.
    Column("ask_after", BigInteger),
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
    # History, from its oldest end.
    Index(
        "ix_tag_closed",
        "valid_until",
        "id",
        sqlite_where=text("valid_until IS NOT NULL"),
        postgresql_where=text("valid_until IS NOT NULL"),
    ),
    # Lists, the latest push first.
    Index(
        "ix_tag_pushed",
        "repository_id",
        "pushed_at",
        "id",
        sqlite_where=text("valid_until IS NULL"),
        postgresql_where=text("valid_until IS NULL"),
    ),
    # What the search walks.
    Index(
        "ix_tag_name",
        "name",
        "repository_id",
        sqlite_where=text("valid_until IS NULL"),
        postgresql_where=text("valid_until IS NULL"),
    ),
)

# What images say about themselves, as far as it can be searched for. No foreign key to the repository: rows go with
# their manifest, and whoever writes them must not wait for who deletes the repository.
version_label = Table(
    "version_label",
    metadata,
    Column("manifest_id", ForeignKey("manifest.id", ondelete="CASCADE"), nullable=False),
    Column("number", SmallInteger, nullable=False),
    Column("repository_id", RowId, nullable=False),
    Column("key", Name(128), nullable=False),
    Column("value", Name(2_000), nullable=False),
    PrimaryKeyConstraint("manifest_id", "number"),
    # Who has it, anywhere; whether one repository has it.
    Index("ix_version_label_value", "key", "value", "repository_id", "manifest_id"),
    Index("ix_version_label_repository_id", "repository_id", "key", "value", "manifest_id"),
)

# Manifests whose labels were not looked at yet: workers do that, as it takes reading their configurations.
label_wait = Table(
    "label_wait",
    metadata,
    Column("manifest_id", ForeignKey("manifest.id", ondelete="CASCADE"), primary_key=True),
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

# By which tags stay where they are. `rule`: as `immutability_rules.Rule.document` writes it.
immutability_rule = Table(
    "immutability_rule",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("organization_id", ForeignKey("organization.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("rule", Json, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("changed_by", String(32), nullable=False),
    Column("updated_at", UtcTime, nullable=False),
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

# --- what upkeep reviews and takes away: decision 21 ---

# Digests of blobs that lost a reference, or have none yet: each is reviewed after the grace time.
gc_candidate = Table(
    "gc_candidate",
    metadata,
    Column("digest", _DIGEST, primary_key=True),
    Column("dropped_at", UtcTime, nullable=False),
    Index("ix_gc_candidate_due", "dropped_at", "digest"),  # much may be dropped at one moment
    sqlite_with_rowid=False,
)

# Manifests that lost a tag or an index that named them, or their subject. What was never named is not here.
gc_manifest = Table(
    "gc_manifest",
    metadata,
    Column("repository_id", ForeignKey("repository.id", ondelete="CASCADE"), nullable=False),
    Column("digest", _DIGEST, nullable=False),
    Column("dropped_at", UtcTime, nullable=False),
    PrimaryKeyConstraint("repository_id", "digest"),
    Index("ix_gc_manifest_due", "dropped_at", "repository_id", "digest"),
)

# Links that a review took away a moment ago. A push that relied on one gets it back.
gc_link = Table(
    "gc_link",
    metadata,
    Column("repository_id", ForeignKey("repository.id", ondelete="CASCADE"), nullable=False),
    Column("digest", _DIGEST, nullable=False),
    Column("dropped_at", UtcTime, nullable=False),
    PrimaryKeyConstraint("repository_id", "digest"),
    Index("ix_gc_link_dropped_at", "dropped_at"),
)

# Bytes in the store that are no blob any more, or never were one. Whoever brings them again makes them one, until a
# collector has claimed them: then they are removed, and nobody may rely on them. That they were removed is remembered
# for a day: a push that kept its bytes before it, and records them after it, has to know.
_LEFT, _REMOVED = text("claimed_at IS NULL"), text("removed_at IS NOT NULL")
_CLAIMED = text("claimed_at IS NOT NULL AND removed_at IS NULL")
gc_blob = Table(
    "gc_blob",
    metadata,
    Column("digest", _DIGEST, primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("dropped_at", UtcTime, nullable=False),
    Column("claimed_at", UtcTime),
    Column("removed_at", UtcTime),
    # Each step of a removal finds its rows, however many have taken it already.
    Index("ix_gc_blob_left", "dropped_at", sqlite_where=_LEFT, postgresql_where=_LEFT),
    Index("ix_gc_blob_claimed", "claimed_at", sqlite_where=_CLAIMED, postgresql_where=_CLAIMED),
    Index("ix_gc_blob_removed", "removed_at", sqlite_where=_REMOVED, postgresql_where=_REMOVED),
)

# Blobs whose bytes were found missing or wrong, until they come again: nobody is served them, nobody may rely on them,
# and a push brings them anew. `unlinked` alone says nothing of the bytes: a manifest's repository lacks the link.
blob_finding = Table(
    "blob_finding",
    metadata,
    Column("digest", _DIGEST, primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("seen", String(160), nullable=False),  # what was there instead, for people
    Column("found_at", UtcTime, nullable=False),
    Column("aside_at", UtcTime),  # when wrong bytes were moved aside
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

# Limits of which it was told that they are nearly used up. Once there is room again, they are told of anew.
quota_warning = Table(
    "quota_warning",
    metadata,
    Column("scope", String(32), nullable=False),
    Column("resource", String(16), nullable=False),
    Column("warned_at", UtcTime, nullable=False),
    PrimaryKeyConstraint("scope", "resource"),
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
