"""When the installation was backed up last, place by place."""

from sqlalchemy import BigInteger, Column, String, Table

from entrepot.db.schema import UtcTime, metadata

# The newest snapshot of each place; older ones are told by the place itself.
backup = Table(
    "backup",
    metadata,
    Column("place", String(1_024), primary_key=True),
    Column("snapshot", String(32), nullable=False),
    Column("made_at", UtcTime, nullable=False, index=True),
    Column("ended_at", UtcTime, nullable=False),
    Column("blobs", BigInteger, nullable=False),
    Column("bytes", BigInteger, nullable=False),
)
