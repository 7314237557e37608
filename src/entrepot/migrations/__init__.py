"""The schema's history, run forward at start; several replicas may start together.

`tables.py` of each room says what the schema is; the files in `versions/` say how a live
installation gets there. A test holds the two against each other.
"""

from pathlib import Path

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, Engine, MetaData, create_engine, event, make_url, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import OperationalError

from entrepot.values.errors import Broken, DatabaseUnreachable

_LOCK = 0x656E7472  # any number that nobody else locks
_LOCK_WAIT_SECONDS = 60


class SchemaNewer(Broken):
    """The database has a newer schema than this version of entrepot understands."""


def all_tables() -> MetaData:
    """The schema as the rooms declare it."""
    import entrepot.access.tables
    import entrepot.accounts.tables
    import entrepot.jobs.tables
    import entrepot.registry.tables  # noqa: F401  # each declares its tables
    from entrepot.db.schema import metadata

    return metadata


def upgrade(url: str) -> None:
    """Bring the database at `url` to this version's schema: all of it, or nothing.

    Raises SchemaNewer, or DatabaseUnreachable.
    """
    parsed = make_url(url)
    is_postgres = parsed.get_backend_name() == "postgresql"
    engine = create_engine(parsed.set(drivername="postgresql+psycopg")) if is_postgres else _sqlite_engine(parsed)
    try:
        with _connected(engine) as connection:
            if is_postgres:
                connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": _LOCK})
                connection.commit()
            _run(connection)
            connection.commit()
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
    """Python's driver begins no transaction before CREATE TABLE: half a schema could be left. This one does."""
    engine = create_engine(url, connect_args={"timeout": _LOCK_WAIT_SECONDS})

    def prepare(raw: DBAPIConnection, _record: object) -> None:
        raw.isolation_level = None
        cursor = raw.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.close()

    event.listen(engine, "connect", prepare)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    return engine


def _run(connection: Connection) -> None:
    script = _scripts()
    current = MigrationContext.configure(connection).get_current_revision()
    if current == script.get_current_head():
        return
    if current is not None and current not in {revision.revision for revision in script.walk_revisions()}:
        raise SchemaNewer(
            f"The database has schema {current}, which this version of entrepot does not know. "
            "It was written by a newer version; start that one.",
        )
    with EnvironmentContext(
        Config(),
        script,
        fn=lambda revision, _context: script._upgrade_revs("head", revision),  # noqa: SLF001  # Alembic's own recipe for embedding
    ) as environment:
        environment.configure(
            connection=connection, target_metadata=all_tables(), render_as_batch=True, transactional_ddl=True
        )
        with environment.begin_transaction():
            environment.run_migrations()


def _scripts() -> ScriptDirectory:
    return ScriptDirectory(str(Path(__file__).parent))
