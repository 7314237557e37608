"""What the registry counts: pulls, pushes and bytes by day (docs/decisions/0012), and what is held if that is much."""

from sqlalchemy import BigInteger, Column, Date, ForeignKey, Index, PrimaryKeyConstraint, String, Table

from entrepot.db.schema import Name, UtcTime, metadata

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

# Who pulled last: the account's id, empty for nobody in particular. `tag` is a digest for what was pulled by no tag.
pull_last = Table(
    "pull_last",
    metadata,
    Column("repository_id", ForeignKey("repository.id", ondelete="CASCADE"), nullable=False),
    Column("tag", Name(128), nullable=False),
    Column("pulled_at", UtcTime, nullable=False),
    Column("pulled_by", String(32), nullable=False),
    PrimaryKeyConstraint("repository_id", "tag"),
    Index("ix_pull_last_repository_id", "repository_id", "pulled_at"),
    Index("ix_pull_last_pulled_at", "pulled_at"),
)

# What was pushed: manifests by a tag, and bytes of blobs that were received, not mounted.
push_day = Table(
    "push_day",
    metadata,
    Column("repository_id", ForeignKey("repository.id", ondelete="CASCADE"), nullable=False),
    Column("day", Date, nullable=False),
    Column("pushes", BigInteger, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    PrimaryKeyConstraint("repository_id", "day"),
    Index("ix_push_day_day", "day"),
)

# Blobs that were sent to clients of a mirror, from here or on their way here, and their bytes.
served_day = Table(
    "served_day",
    metadata,
    Column("organization_id", ForeignKey("organization.id", ondelete="CASCADE"), nullable=False),
    Column("day", Date, nullable=False),
    Column("blobs", BigInteger, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    PrimaryKeyConstraint("organization_id", "day"),
    Index("ix_served_day_day", "day"),
)

# Outlives the repositories it tells of. `bytes`: pulled. `stored_bytes`: as last measured on that day, NULL when it
# was not.
domain_day = Table(
    "domain_day",
    metadata,
    Column("domain_id", ForeignKey("domain.id"), nullable=False),
    Column("day", Date, nullable=False),
    Column("pulls", BigInteger, nullable=False, default=0),
    Column("bytes", BigInteger, nullable=False, default=0),
    Column("pushes", BigInteger, nullable=False, default=0),
    Column("pushed_bytes", BigInteger, nullable=False, default=0),
    Column("stored_bytes", BigInteger),
    PrimaryKeyConstraint("domain_id", "day"),
)

# What domains, organizations (a scope, as in limits) and repositories hold where that is much: as last measured.
# `links`: to blobs. `exclusive_bytes`: of blobs that no repository outside holds.
measured = Table(
    "measured",
    metadata,
    Column("scope", String(32), primary_key=True),
    Column("measured_at", UtcTime, nullable=False),
    Column("organizations", BigInteger, nullable=False),
    Column("repositories", BigInteger, nullable=False),
    Column("tags", BigInteger, nullable=False),
    Column("links", BigInteger, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("exclusive_bytes", BigInteger, nullable=False),
)
