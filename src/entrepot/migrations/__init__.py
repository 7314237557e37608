"""The schema's history, run forward at start; several replicas may start together.

`tables.py` of each room says what the schema is; the files in `versions/` say how a live
installation gets there. A test holds the two against each other.
"""

from pathlib import Path

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, create_engine, make_url, text

from entrepot.values.errors import Broken

_LOCK = 0x656E7472  # any number that nobody else locks


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
    """Bring the database at `url` to this version's schema. Raises SchemaNewer."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    engine = create_engine(parsed)
    try:
        with engine.connect() as connection:
            is_postgres = connection.dialect.name == "postgresql"
            if is_postgres:
                connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": _LOCK})
                connection.commit()
            else:
                connection.exec_driver_sql("PRAGMA journal_mode=WAL")
                connection.commit()
            _run(connection)
            connection.commit()
            if is_postgres:
                connection.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": _LOCK})
    finally:
        engine.dispose()


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
        environment.configure(connection=connection, target_metadata=all_tables(), render_as_batch=True)
        with environment.begin_transaction():
            environment.run_migrations()


def _scripts() -> ScriptDirectory:
    return ScriptDirectory(str(Path(__file__).parent))
