"""Retention policies, what carrying them out did, and what collections of garbage and verifications did."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, String, Table, Text, text

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

# Policies of organizations: rules richer than the contract's, for many repositories. `document`: as
# `wide_rules.WidePolicy` writes it.
retention_wide_policy = Table(
    "retention_wide_policy",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("organization_id", ForeignKey("organization.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("document", Json, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("changed_by", String(32), nullable=False),
    Column("updated_at", UtcTime, nullable=False),
)

# Outlives the policy that deleted, and says by which rule, as it was then. `outcome`: of undoing it.
retention_deletion = Table(
    "retention_deletion",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("repository_id", ForeignKey("repository.id", ondelete="CASCADE"), nullable=False),
    Column("policy_id", BigInteger, nullable=False),
    Column("rule", Json, nullable=False),
    Column("tag", Name(128), nullable=False),
    Column("deleted_at", UtcTime, nullable=False),
    Column("run_id", BigInteger),
    Column("digest", String(135)),
    Column("pushed_at", UtcTime),
    Column("outcome", String(16)),
    Index("ix_retention_deletion_repository_id", "repository_id", "id"),
    Index("ix_retention_deletion_run_id", "run_id", "id"),
)

# What is to be done: for one repository, or for all of an organization, `after` the one with that number.
retention_wish = Table(
    "retention_wish",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("organization_id", ForeignKey("organization.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("repository_id", ForeignKey("repository.id", ondelete="CASCADE"), index=True),
    Column("cause", String(16), nullable=False),
    Column("asked_by", String(64), nullable=False),
    Column("asked_at", UtcTime, nullable=False),
    # Whether it is done though something speaks against it (`safety.py`).
    Column("is_forced", Boolean, nullable=False),
    # The run that is to be undone.
    Column("run_id", BigInteger),
    Column("after", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
)

# What one execution did in one repository. `detail`: the numbers of the sentence that `stopped_by` stands for.
retention_run = Table(
    "retention_run",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("organization_id", ForeignKey("organization.id", ondelete="CASCADE"), nullable=False),
    Column("repository_id", ForeignKey("repository.id", ondelete="CASCADE"), nullable=False),
    Column("cause", String(16), nullable=False),
    Column("asked_by", String(64), nullable=False),
    Column("rules", Json, nullable=False),
    Column("started_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime),
    Column("state", String(16), nullable=False),
    Column("stopped_by", String(16), nullable=False),
    Column("detail", Json, nullable=False),
    Column("looked_at", BigInteger, nullable=False),
    Column("deleted", BigInteger, nullable=False),
    Column("kept", BigInteger, nullable=False),
    Column("immutable", BigInteger, nullable=False),
    Column("running", BigInteger, nullable=False),
    Column("untagged", BigInteger, nullable=False),
    Column("undone_at", UtcTime),
    Column("undone_by", String(64), nullable=False),
    Column("restored", BigInteger, nullable=False),
    Column("refused", BigInteger, nullable=False),
    Index("ix_retention_run_organization_id", "organization_id", "id"),
    Index("ix_retention_run_repository_id", "repository_id", "id"),
    Index("ix_retention_run_ended_at", "ended_at"),
)

# Repositories in which nothing is carried out until somebody says so: what a run deleted there was undone.
retention_hold = Table(
    "retention_hold",
    metadata,
    Column("repository_id", ForeignKey("repository.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("held_by", String(64), nullable=False),
    Column("held_at", UtcTime, nullable=False),
)

# One row: when this was last looked at, when policies were last due, and until when a clock that jumped is not trusted.
retention_clock = Table(
    "retention_clock",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("seen_at", UtcTime, nullable=False),
    Column("due_at", UtcTime, nullable=False),
    Column("jumped_from", UtcTime),
    Column("paused_until", UtcTime),
)

# What a collection did; one that an operator asked for waits here until a collector takes it.
gc_run = Table(
    "gc_run",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("requested_by", String(64), nullable=False),
    Column("requested_at", UtcTime, nullable=False, index=True),
    Column("started_at", UtcTime),
    Column("ended_at", UtcTime),
    Column("phase", String(16), nullable=False),
    Column("tags_forgotten", BigInteger, nullable=False),
    Column("manifests_reviewed", BigInteger, nullable=False),
    Column("manifests_deleted", BigInteger, nullable=False),
    Column("blobs_reviewed", BigInteger, nullable=False),
    Column("links_dropped", BigInteger, nullable=False),
    Column("strays_found", BigInteger, nullable=False),
    Column("blobs_deleted", BigInteger, nullable=False),
    Column("bytes_freed", BigInteger, nullable=False),
)

# What a verification has looked at so far, and what was wrong when it ended. A deep one takes days: `cursor` is the
# last digest whose bytes were read.
_OPEN = text("ended_at IS NULL")
verify_run = Table(
    "verify_run",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("is_deep", Boolean, nullable=False),
    Column("requested_by", String(64), nullable=False),
    Column("requested_at", UtcTime, nullable=False),
    Column("started_at", UtcTime),
    Column("ended_at", UtcTime),
    Column("phase", String(16), nullable=False),
    Column("cursor", String(135), nullable=False),
    Column("error", Text, nullable=False),
    Column("manifests_checked", BigInteger, nullable=False),
    Column("blobs_checked", BigInteger, nullable=False),
    Column("blobs_read", BigInteger, nullable=False),
    Column("bytes_read", BigInteger, nullable=False),
    Column("missing_blobs", BigInteger, nullable=False),
    Column("corrupt_blobs", BigInteger, nullable=False),
    Column("wrong_size_blobs", BigInteger, nullable=False),
    Column("unlinked_blobs", BigInteger, nullable=False),
    Index("ix_verify_run_requested_at", "requested_at", "id"),
    Index("ix_verify_run_deep", "is_deep", "requested_at"),
    Index("ix_verify_run_open", "requested_at", sqlite_where=_OPEN, postgresql_where=_OPEN),
)
