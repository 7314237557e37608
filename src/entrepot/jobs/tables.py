"""The event feed and how far each consumer has read; which processes live."""

from sqlalchemy import BigInteger, Column, Index, String, Table, Text, text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import FunctionElement

from entrepot.db.schema import Json, Name, RowId, UtcTime, metadata


class current_xid(FunctionElement[int]):  # noqa: N801  # reads as a function in SQL
    """The number of the running transaction; 0 where transactions have none (SQLite)."""

    type = BigInteger()
    inherit_cache = True
    name = "current_xid"


class oldest_running_xid(FunctionElement[int]):  # noqa: N801  # reads as a function in SQL
    """Every transaction with a lower number has ended; on SQLite, where what is seen has ended, 1."""

    type = BigInteger()
    inherit_cache = True
    name = "oldest_running_xid"


class cluster_id(FunctionElement[str]):  # noqa: N801  # reads as a function in SQL
    """What tells one PostgreSQL cluster, with its numbering of transactions, from another; empty on SQLite."""

    type = String()
    inherit_cache = True
    name = "cluster_id"


@compiles(current_xid, "sqlite")
def _no_xid(_element: current_xid, _compiler: SQLCompiler, **_options: object) -> str:
    return "0"


@compiles(current_xid, "postgresql")
def _current_xid(_element: current_xid, _compiler: SQLCompiler, **_options: object) -> str:
    return "((pg_current_xact_id()::text)::bigint)"


@compiles(oldest_running_xid, "sqlite")
def _no_running_xid(_element: oldest_running_xid, _compiler: SQLCompiler, **_options: object) -> str:
    return "1"


@compiles(oldest_running_xid, "postgresql")
def _oldest_running_xid(_element: oldest_running_xid, _compiler: SQLCompiler, **_options: object) -> str:
    return "((pg_snapshot_xmin(pg_current_snapshot())::text)::bigint)"


@compiles(cluster_id, "sqlite")
def _no_cluster(_element: cluster_id, _compiler: SQLCompiler, **_options: object) -> str:
    return "''"


@compiles(cluster_id, "postgresql")
def _cluster(_element: cluster_id, _compiler: SQLCompiler, **_options: object) -> str:
    return "(SELECT system_identifier::text FROM pg_control_system())"


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
    # Who may see it: administrators of the domain, managers of the organization. Empty: nobody, not about one.
    Column("domain_id", String(32), nullable=False, server_default=text("''")),
    Column("organization", Name(64), nullable=False, server_default=text("''")),
    # Where it came from, and what was shown there.
    Column("address", String(64), nullable=False, server_default=text("''")),
    Column("credential", String(96), nullable=False, server_default=text("''")),
    Index("ix_event_feed", "xid", "seq"),
    # One for each way to ask for events, all in the order of the feed.
    Index("ix_event_domain", "domain_id", "xid", "seq"),
    Index("ix_event_organization", "organization", "xid", "seq"),
    Index("ix_event_subject", "subject", "xid", "seq"),
    Index("ix_event_actor", "actor", "xid", "seq"),
    Index("ix_event_time", "time"),
    sqlite_autoincrement=True,  # a number is never given twice, also when the newest events are gone
)

feed_position = Table(
    "feed_position",
    metadata,
    Column("consumer", String(64), primary_key=True),
    Column("xid", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
    # The numbers of transactions mean nothing in another cluster, where a dump may have been restored.
    Column("cluster", String(32), nullable=False),
)

# What is closed: the installation (no `scope`), or organizations by name (`closing.py`).
closed = Table(
    "closed",
    metadata,
    Column("scope", Name(64), primary_key=True),
    Column("mode", String(16), nullable=False),
    Column("message", Text, nullable=False),
    Column("closed_by", String(64), nullable=False),
    Column("since", UtcTime, nullable=False),
)

# Processes of the installation, each for as long as it says that it lives (`living.py`).
process = Table(
    "process",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("host", String(255), nullable=False),
    Column("pid", BigInteger, nullable=False),
    Column("version", String(32), nullable=False),
    Column("started_at", UtcTime, nullable=False),
    Column("seen_at", UtcTime, nullable=False),
    # When it counts as dead, unless it is seen again before.
    Column("lives_until", UtcTime, nullable=False),
)
