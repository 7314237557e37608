"""Mirrors of other registries; regions that images can be copied to, rules that copy, and the copies themselves."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from entrepot.db.schema import Json, Name, RowId, UtcTime, metadata

# `url`: empty: nothing is copied to it. `sealed`: see `secrets.py`; NULL: nobody in particular speaks to it. `cidrs`:
# networks of its clients, as text. `latitude` and `longitude`: both or neither. `changed_at`: NULL: as it was made.
sync_region = Table(
    "sync_region",
    metadata,
    Column("name", Name(64), primary_key=True),
    Column("url", String(255), nullable=False),
    Column("creator_id", String(32), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("sealed", LargeBinary),
    Column("cidrs", Json, nullable=False, server_default=text("'[]'")),
    Column("latitude", Float),
    Column("longitude", Float),
    Column("changed_at", UtcTime),
)

sync_rule = Table(
    "sync_rule",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("repository_id", ForeignKey("repository.id", ondelete="CASCADE"), nullable=False),
    Column("region", ForeignKey("sync_region.name", ondelete="CASCADE"), nullable=False, index=True),
    Column("remote_organization", Name(64), nullable=False),
    Column("is_automatic", Boolean, nullable=False),
    Column("overrides", Boolean, nullable=False),
    Column("creator_id", String(32), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    UniqueConstraint("repository_id", "region", "remote_organization"),
)

# A rule of our own. `document`: what it says (`wide_rules.py`); `follows`: it copies what is pushed when it is pushed.
# `due_at`: when it is looked for what differs; NULL: when somebody asks. `ran_at` and what follows: of the last time.
wide_sync_rule = Table(
    "wide_sync_rule",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("name", Name(64), nullable=False, unique=True),
    Column("document", Json, nullable=False),
    Column("is_enabled", Boolean, nullable=False),
    Column("follows", Boolean, nullable=False),
    Column("creator_id", String(32), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("changed_at", UtcTime, nullable=False),
    Column("due_at", UtcTime, index=True),
    Column("ran_at", UtcTime),
    Column("looked_at", Integer, nullable=False, server_default=text("0")),
    Column("wanted", Integer, nullable=False, server_default=text("0")),
    Column("left_alone", Integer, nullable=False, server_default=text("0")),
    Column("error", Text, nullable=False, server_default=text("''")),
)

# Which regions such a rule names; one that is forgotten goes from its rules.
wide_sync_region = Table(
    "wide_sync_region",
    metadata,
    Column("rule_id", ForeignKey("wide_sync_rule.id", ondelete="CASCADE"), nullable=False),
    Column("region", ForeignKey("sync_region.name", ondelete="CASCADE"), nullable=False, index=True),
    PrimaryKeyConstraint("rule_id", "region"),
)

# What such a rule has copied, in either direction, and is to delete with what it was copied from. `place`: the name of
# the repository at the region.
wide_sync_copied = Table(
    "wide_sync_copied",
    metadata,
    Column("rule_id", ForeignKey("wide_sync_rule.id", ondelete="CASCADE"), nullable=False),
    Column("region", ForeignKey("sync_region.name", ondelete="CASCADE"), nullable=False, index=True),
    Column("place", Name(255), nullable=False),
    Column("tag", Name(128), nullable=False),
    Column("repository_id", ForeignKey("repository.id", ondelete="CASCADE"), nullable=False),
    Column("digest", String(135), nullable=False),
    PrimaryKeyConstraint("rule_id", "region", "place", "tag"),
    Index("ix_wide_sync_copied_repository_id", "repository_id", "tag"),
)

# A copy of one tag. It names its region without a key: what was copied stays known when the region is forgotten.
# `rule_id`: of the rule it comes from; NULL: somebody asked for it. `digest`: what the tag named when it was copied.
# `attempts`: how often it was begun; `failures`: how often in a row it broke off. `next_at`: when it is to be begun;
# NULL while it runs and when it has ended. `bytes_sent`: all that went there, however it ended; `bytes_done` of
# `bytes_total` is how far the last attempt is, with what was there already.
# `direction`: to the region or from it. `action`: a copy, or a deletion, whose `digest` is what was copied before.
# `wide_rule_id`: of the rule of our own that it comes from. `place`: the repository's name at the region, where that
# does not follow from its name here; empty: it does.
sync_job = Table(
    "sync_job",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("repository_id", ForeignKey("repository.id", ondelete="CASCADE"), nullable=False),
    Column("region", Name(64), nullable=False),
    Column("remote_organization", Name(64), nullable=False),
    Column("tag", Name(128), nullable=False),
    Column("overrides", Boolean, nullable=False),
    Column("status", String(16), nullable=False),
    Column("operator_id", String(32), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    Column("rule_id", RowId, index=True),
    Column("digest", String(135), nullable=False, server_default=text("''")),
    Column("error", Text, nullable=False, server_default=text("''")),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("failures", Integer, nullable=False, server_default=text("0")),
    Column("bytes_sent", BigInteger, nullable=False, server_default=text("0")),
    Column("started_at", UtcTime),
    Column("ended_at", UtcTime, index=True),
    Column("next_at", UtcTime),
    Column("direction", String(8), nullable=False, server_default=text("'push'")),
    Column("action", String(8), nullable=False, server_default=text("'copy'")),
    Column("wide_rule_id", RowId, index=True),
    Column("place", Name(255), nullable=False, server_default=text("''")),
    Column("bytes_done", BigInteger, nullable=False, server_default=text("0")),
    Column("bytes_total", BigInteger, nullable=False, server_default=text("0")),
    Index("ix_sync_job_repository_id", "repository_id", "id"),
    Index("ix_sync_job_status", "status", "region"),
    Index("ix_sync_job_next_at", "next_at", "id"),
)

# An organization that mirrors another registry. `host`: what clients call that registry (`docker.io`), which a
# transparent pull names; `endpoints`: where it is asked, in order; `sealed`: see `secrets.py`. For how long tags are
# fresh stands in `organization`, where pulls read it.
# `is_transparent`: such a pull may be led to it.
upstream = Table(
    "upstream",
    metadata,
    Column("organization_id", ForeignKey("organization.id", ondelete="CASCADE"), primary_key=True),
    Column("host", Name(255), nullable=False, index=True),
    Column("endpoints", Json, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("stale_seconds", Integer, nullable=False),
    Column("absent_seconds", Integer, nullable=False),
    Column("fetches_max", Integer, nullable=False),
    Column("limit_bytes", BigInteger, nullable=False, server_default=text("0")),
    Column("is_transparent", Boolean, nullable=False, server_default=text("true")),
    Column("requests_per_minute", Integer, nullable=False, server_default=text("0")),
    Column("prefetch", String(16), nullable=False, server_default=text("'asked'")),
    Column("creator_id", String(32), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("changed_at", UtcTime, nullable=False),
)

# What an upstream was asked on a day, by what about; how often it said no for now (`limited`); blobs that came of it.
upstream_day = Table(
    "upstream_day",
    metadata,
    Column("organization_id", ForeignKey("organization.id", ondelete="CASCADE"), nullable=False),
    Column("day", Date, nullable=False),
    Column("manifest_heads", BigInteger, nullable=False),
    Column("manifest_gets", BigInteger, nullable=False),
    Column("blobs", BigInteger, nullable=False),
    Column("tokens", BigInteger, nullable=False),
    Column("others", BigInteger, nullable=False),
    Column("limited", BigInteger, nullable=False),
    Column("fetched", BigInteger, nullable=False),
    Column("fetched_bytes", BigInteger, nullable=False),
    PrimaryKeyConstraint("organization_id", "day"),
    Index("ix_upstream_day_day", "day"),
)

# What an address of an upstream said last of how much it may still be asked. `again_at`: not before then; NULL: now.
upstream_allowance = Table(
    "upstream_allowance",
    metadata,
    Column("organization_id", ForeignKey("organization.id", ondelete="CASCADE"), nullable=False),
    Column("address", Name(255), nullable=False),
    Column("limit", BigInteger),
    Column("remaining", BigInteger),
    Column("window_seconds", BigInteger),
    Column("again_at", UtcTime),
    Column("heard_at", UtcTime, nullable=False),
    PrimaryKeyConstraint("organization_id", "address"),
)

# Images of a mirror that are never trimmed. Patterns; `tags` is empty for all of a repository, also what has no tag.
mirror_pin = Table(
    "mirror_pin",
    metadata,
    Column("organization_id", ForeignKey("organization.id", ondelete="CASCADE"), nullable=False),
    Column("repositories", Name(255), nullable=False),
    Column("tags", Name(255), nullable=False),
    Column("creator_id", String(32), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    PrimaryKeyConstraint("organization_id", "repositories", "tags"),
)

# Who trims what: the number of an organization, or `*` for the whole installation.
trim_lease = Table(
    "trim_lease",
    metadata,
    Column("scope", String(32), primary_key=True),
    Column("leader", String(32), nullable=False),
    Column("leased_until", UtcTime, nullable=False),
)

# An organization that merges others; which, stands in `virtual_member` of the registry. `allow`, `deny`: patterns over
# names in it. `quarantine_seconds`: images of mirrors are that old before they are served.
virtual_organization = Table(
    "virtual_organization",
    metadata,
    Column("organization_id", ForeignKey("organization.id", ondelete="CASCADE"), primary_key=True),
    Column("allow", Json, nullable=False),
    Column("deny", Json, nullable=False),
    Column("quarantine_seconds", Integer, nullable=False),
    Column("creator_id", String(32), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("changed_at", UtcTime, nullable=False),
)

# Which member a name belongs to, since it was pulled first: no other answers for it. Without a key to the member: of
# one that is gone the name is not free for others.
virtual_name = Table(
    "virtual_name",
    metadata,
    Column("organization_id", ForeignKey("organization.id", ondelete="CASCADE"), nullable=False),
    Column("name", Name(255), nullable=False),
    Column("member_id", RowId, nullable=False),
    Column("since", UtcTime, nullable=False),
    PrimaryKeyConstraint("organization_id", "name"),
)

# Since when a manifest of some upstream is known here, also while no mirror holds it.
digest_seen = Table(
    "digest_seen",
    metadata,
    Column("digest", String(135), primary_key=True),
    Column("seen_at", UtcTime, nullable=False, index=True),
)

# A blob that some process is fetching: its parts are those of the upload. Whoever holds the lease writes, all others
# read along; when the lease is over, the next one goes on.
blob_fetch = Table(
    "blob_fetch",
    metadata,
    Column("path", Name(255), nullable=False),
    Column("digest", String(135), nullable=False),
    Column("upload_id", String(32), nullable=False),
    Column("leader", String(32), nullable=False),
    Column("leased_until", UtcTime, nullable=False),
    PrimaryKeyConstraint("path", "digest"),
)
