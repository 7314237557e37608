"""Archives that were handed in, or are about to be. Their bytes are an upload with the same id, while there is one."""

from sqlalchemy import BigInteger, Column, ForeignKey, String, Table, Text

from entrepot.db.schema import Json, Name, UtcTime, metadata

archive = Table(
    "archive",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("organization_id", ForeignKey("organization.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("owner", String(64), nullable=False, index=True),
    Column("place", Name(255), nullable=False),  # what its upload stands under
    # Where the images go; empty: as the archive calls them.
    Column("repository", Name(255), nullable=False),
    Column("tag", Name(128), nullable=False),
    Column("file_name", Text, nullable=False),
    # By which whoever sends it knows the file again.
    Column("fingerprint", String(128), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("state", String(16), nullable=False),
    Column("done_bytes", BigInteger, nullable=False),
    Column("total_bytes", BigInteger, nullable=False),
    # What was wrong: the kind of error, and its sentence.
    Column("problem", String(64), nullable=False),
    Column("message", Text, nullable=False),
    Column("images", Json, nullable=False),
    Column("asked_by", Json, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("updated_at", UtcTime, nullable=False, index=True),
)
