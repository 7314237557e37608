"""Tokens for edges, the edges, what they measured and are to warm up; at an edge, when it last sent what it keeps."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    text,
)

from entrepot.db.schema import Json, Name, RowId, UtcTime, metadata

# Any number of edges may join with a token until it ends. `patterns`: what they may hold; NULL: everything.
edge_token = Table(
    "edge_token",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("region", ForeignKey("sync_region.name", ondelete="CASCADE"), nullable=False, index=True),
    Column("hash", String(64), nullable=False, unique=True),
    Column("patterns", Json),
    Column("creator_id", String(32), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
)

# A node of a region. `hash`: of its secret. `lost_at`: when the connection broke over which it last reported, until it
# reports again. `presence`: which blobs it has, as a filter (`presence.py`). `changed_at`: by an operator.
edge = Table(
    "edge",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("name", Name(64), nullable=False, unique=True),
    Column("region", ForeignKey("sync_region.name", ondelete="CASCADE"), nullable=False, index=True),
    Column("url", String(255), nullable=False),
    Column("hash", String(64), nullable=False, unique=True),
    Column("patterns", Json),
    Column("is_draining", Boolean, nullable=False, server_default=text("false")),
    Column("version", String(64), nullable=False),
    Column("capacity_bytes", BigInteger, nullable=False),
    Column("held_bytes", BigInteger, nullable=False, server_default=text("0")),
    Column("free_bytes", BigInteger, nullable=False, server_default=text("0")),
    Column("streams", Integer, nullable=False, server_default=text("0")),
    Column("round_trip_ms", Float),
    Column("joined_at", UtcTime, nullable=False),
    Column("seen_at", UtcTime, nullable=False),
    Column("lost_at", UtcTime),
    Column("presence", LargeBinary),
    Column("presence_at", UtcTime),
    Column("changed_at", UtcTime),
)

# Round trips from regions to networks of clients, smoothed, in milliseconds. A region's name is no key here: the center
# has none, and what is left of a region that was deleted is forgotten by its age.
edge_measure = Table(
    "edge_measure",
    metadata,
    Column("network", Name(64), primary_key=True),
    Column("region", Name(64), primary_key=True),
    Column("ms", Float, nullable=False),
    Column("at", UtcTime, nullable=False, index=True),
)

# At an edge: when a blob that it keeps was last sent to somebody.
kept_blob = Table(
    "kept_blob",
    metadata,
    Column("digest", String(135), primary_key=True),
    Column("used_at", UtcTime, nullable=False, index=True),
)

# An image that nodes of regions are to have before anybody pulls it. `reference`: as it was asked for; `digest`: what
# that named then. `platforms`: which of its images; none: all. `copies`: nodes of each region; NULL: all. `rule`: the
# name of the rule that wants it; empty: somebody asked. `ended_at`: none of its nodes waits, runs or is tried again.
warmup = Table(
    "warmup",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("repository_id", ForeignKey("repository.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("reference", Name(135), nullable=False),
    Column("digest", String(135), nullable=False),
    Column("platforms", Json, nullable=False),
    Column("copies", Integer),
    Column("rule", Name(64), nullable=False, server_default=text("''")),
    Column("creator_id", String(64), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("cancelled_at", UtcTime),
    Column("ended_at", UtcTime, index=True),
)

# One node's part of a warm-up. `next_at`: when the node is told to begin (again); NULL: it is not any more.
warmup_node = Table(
    "warmup_node",
    metadata,
    Column("warmup_id", ForeignKey("warmup.id", ondelete="CASCADE"), primary_key=True),
    Column("edge_id", ForeignKey("edge.id", ondelete="CASCADE"), primary_key=True),
    Column("state", String(16), nullable=False),
    Column("bytes_done", BigInteger, nullable=False, server_default=text("0")),
    Column("bytes_total", BigInteger, nullable=False, server_default=text("0")),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("error", Text, nullable=False, server_default=text("''")),
    Column("next_at", UtcTime),
    Column("changed_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime),
    Index("ix_warmup_node_edge_id", "edge_id", "next_at"),
)

# Each push of a tag like one of `tags` (all without one), in a repository like one of `repositories`, is warmed up.
warm_rule = Table(
    "warm_rule",
    metadata,
    Column("name", Name(64), primary_key=True),
    Column("repositories", Json, nullable=False),
    Column("tags", Json, nullable=False),
    Column("regions", Json, nullable=False),
    Column("platforms", Json, nullable=False),
    Column("copies", Integer),
    Column("creator_id", String(32), nullable=False),
    Column("created_at", UtcTime, nullable=False),
)
