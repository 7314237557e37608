"""The event feed and how far each consumer has read."""

from sqlalchemy import BigInteger, Column, Index, String, Table
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import FunctionElement

from entrepot.db.schema import Json, RowId, UtcTime, metadata


class current_xid(FunctionElement[int]):
    """The number of the running transaction; 0 where transactions have none (SQLite)."""

    inherit_cache = True
    name = "current_xid"


@compiles(current_xid)
def _zero(_element: current_xid, _compiler: SQLCompiler, **_options: object) -> str:
    return "0"


@compiles(current_xid, "postgresql")
def _postgres(_element: current_xid, _compiler: SQLCompiler, **_options: object) -> str:
    return "((pg_current_xact_id()::text)::bigint)"


event = Table(
    "event",
    metadata,
    Column("seq", RowId, primary_key=True, autoincrement=True),
    Column("id", String(32), nullable=False, unique=True),
    Column("type", String(64), nullable=False),
    Column("subject", String(512), nullable=False),
    Column("actor", String(64), nullable=False),
    Column("time", UtcTime, nullable=False),
    Column("data", Json, nullable=False),
    # PostgreSQL numbers rows before they commit, so a later number can become visible first. The
    # transaction's own number tells the feed how far everything has settled.
    Column("xid", BigInteger, nullable=False, server_default=current_xid()),
    Index("ix_event_subject", "subject", "seq"),
    sqlite_autoincrement=True,  # a number is never given twice, also when the newest events are gone
)

feed_position = Table(
    "feed_position",
    metadata,
    Column("consumer", String(64), primary_key=True),
    Column("seq", BigInteger, nullable=False),
)
