"""Tokens for edges, the edges, and what they measured; at an edge, when it last sent what it keeps."""

from sqlalchemy import BigInteger, Boolean, Column, Float, ForeignKey, Integer, LargeBinary, String, Table, text

from entrepot.db.schema import Json, Name, UtcTime, metadata

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
