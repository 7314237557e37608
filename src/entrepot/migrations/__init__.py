"""The schema's history, run forward at start; several replicas may start together.

`tables.py` of each room says what the schema is; the files in `versions/` say how a live
installation gets there. A new installation is created from the tables. Tests hold the two against
each other.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import (
    URL,
    Column,
    Connection,
    Engine,
    MetaData,
    Select,
    String,
    Table,
    create_engine,
    event,
    inspect,
    make_url,
    select,
    text,
)
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import OperationalError

from entrepot.values.errors import Broken, DatabaseUnreachable, Refused

FOLDER = Path(__file__).parent
# Where Alembic notes what was done, as it would make it.
versions = Table(
    "alembic_version",
    MetaData(naming_convention={"pk": "%(table_name)s_pkc"}),
    Column("version_num", String(32), primary_key=True),
)
_LOCK = 0x656E7472  # any number that nobody else locks
_LOCK_WAIT_SECONDS = 60


class SchemaNewer(Broken):
    """The database has a newer schema than this version of entrepot understands."""


class SchemaPresent(Refused):
    """There is an installation in this database already."""


def all_tables() -> MetaData:
    """The schema as the rooms declare it."""
    import entrepot.access.tables
    import entrepot.accounts.tables
    import entrepot.intake.tables
    import entrepot.jobs.tables
    import entrepot.mirror.tables
    import entrepot.operations.tables
    import entrepot.regions.tables
    import entrepot.registry.counted_tables
    import entrepot.registry.tables
    import entrepot.triggers.tables
    import entrepot.upkeep.tables
    import entrepot.webhooks.tables  # noqa: F401  # each declares its tables
    from entrepot.db.schema import metadata

    return metadata


def upgrade(url: str) -> None:
    """Bring the database at `url` to this version's schema: all of it, or nothing.

    Raises SchemaNewer, or DatabaseUnreachable.
    """
    with _alone(url) as connection:
        if _is_empty(connection):
            _create(connection)
        elif not _is_current(connection):
            from entrepot.migrations.running import run

            run(connection)
        if connection.dialect.name == "postgresql":
            from entrepot.migrations.name_parts import index_name_parts

            index_name_parts(connection)
        connection.commit()


@contextmanager
def created(url: str, revision: str) -> Iterator[Connection]:
    """A new schema as a revision has it, in a transaction for the caller to fill: all of it stays, or nothing.

    Raises SchemaPresent if there is one already, SchemaNewer for a revision of the future, or DatabaseUnreachable.
    """
    with _alone(url) as connection:
        if not _is_empty(connection):
            raise SchemaPresent
        if revision == newest_revision():
            _create(connection)
        else:
            from entrepot.migrations.running import run

            if revision > newest_revision():
                raise SchemaNewer(f"The schema {revision} is of a newer version of entrepot; use that one.")
            run(connection, revision)
        yield connection
        connection.commit()


@contextmanager
def _alone(url: str) -> Iterator[Connection]:
    """A connection; on PostgreSQL nobody else changes the schema meanwhile. SQLite sees to that by itself."""
    parsed = make_url(url)
    is_postgres = parsed.get_backend_name() == "postgresql"
    engine = create_engine(parsed.set(drivername="postgresql+psycopg")) if is_postgres else _sqlite_engine(parsed)
    try:
        with _connected(engine) as connection:
            if is_postgres:
                connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": _LOCK})
                connection.commit()
            yield connection
            if is_postgres:
                connection.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": _LOCK})
    finally:
        engine.dispose()


def _connected(engine: Engine) -> Connection:
    try:
        return engine.connect()
    except OperationalError as error:
        raise DatabaseUnreachable(f"The database cannot be reached: {error.orig}") from error


def _sqlite_engine(url: URL) -> Engine:
    """Python's driver begins no transaction before CREATE TABLE: half a schema could be left. This one does.

    A new file is for its owner only, whatever folder it is in; SQLite gives its log the same mode.
    """
    if url.database:
        with suppress(OSError):  # the engine says what is wrong with the place
            Path(url.database).touch(mode=0o600)
    engine = create_engine(url, connect_args={"timeout": _LOCK_WAIT_SECONDS})

    def prepare(raw: DBAPIConnection, _record: object) -> None:
        raw.isolation_level = None
        cursor = raw.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.close()

    event.listen(engine, "connect", prepare)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    return engine


def is_empty(url: str) -> bool:
    """Whether entrepot was never in this database. Raises DatabaseUnreachable."""
    with _alone(url) as connection:
        return _is_empty(connection)


def finds(url: str, table: Table, statement: Select[Any]) -> bool:
    """Whether a database has a table, and a statement finds a row there. Raises DatabaseUnreachable."""
    with _alone(url) as connection:
        return inspect(connection).has_table(table.name) and connection.execute(statement).first() is not None


def newest_revision() -> str:
    """The revision this version brings a database to: migrations are files named REVISION_what.py, in order."""
    return max(file.name for file in (FOLDER / "versions").glob("[0-9]*.py")).partition("_")[0]


def _is_empty(connection: Connection) -> bool:
    """Whether entrepot was never here. Other programs' tables do not count: a database can be shared."""
    return not any(inspect(connection).has_table(name) for name in ("alembic_version", *all_tables().tables))


def _create(connection: Connection) -> None:
    """What all migrations together would make, without loading Alembic: that alone takes a third of a start."""
    all_tables().create_all(connection)
    versions.create(connection)
    connection.execute(versions.insert().values(version_num=newest_revision()))


def _is_current(connection: Connection) -> bool:
    """Whether there is nothing to do; also found out without Alembic."""
    if not inspect(connection).has_table("alembic_version"):
        return False
    return connection.execute(select(versions.c.version_num)).scalar() == newest_revision()
