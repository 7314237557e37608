"""Running migrations, with Alembic; the only file that loads it."""

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from entrepot.migrations import FOLDER, SchemaNewer, all_tables


def run(connection: Connection, to: str = "head") -> None:
    """Run what is missing, up to a revision, in the caller's transaction. Raises SchemaNewer."""
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
        fn=lambda revision, _context: script._upgrade_revs(to, revision),  # noqa: SLF001  # Alembic's own recipe for embedding
    ) as environment:
        environment.configure(
            connection=connection, target_metadata=all_tables(), render_as_batch=True, transactional_ddl=True
        )
        with environment.begin_transaction():
            environment.run_migrations()


def _scripts() -> ScriptDirectory:
    return ScriptDirectory(str(FOLDER))
