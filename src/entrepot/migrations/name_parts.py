"""An index that finds repositories by a part of their name, on a PostgreSQL that has its extension `pg_trgm`.

It is no part of the schema: without it the same questions read every name, 8 ms of 100,000. It is looked for at every
start, so that an extension that is installed later is used from the next start on.
"""

from typing import Final

from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import ProgrammingError

from entrepot.plumbing.logging import get_logger

INDEX: Final = "ix_repository_path_parts"

_AVAILABLE: Final = text("SELECT 1 FROM pg_available_extensions WHERE name = 'pg_trgm'")
_EXTENSION: Final = text("CREATE EXTENSION IF NOT EXISTS pg_trgm")
_INDEX: Final = text(f"CREATE INDEX IF NOT EXISTS {INDEX} ON repository USING gin (path gin_trgm_ops)")
_NOT_ALLOWED: Final = "42501"
_log = get_logger()


def index_name_parts(connection: Connection) -> None:
    """Make the index where it is missing and can be had; else leave everything as it is."""
    if any(one["name"] == INDEX for one in inspect(connection).get_indexes("repository")):
        return
    if connection.scalar(_AVAILABLE) is None:
        _log.info("PostgreSQL's extension pg_trgm is not installed: lists filtered by a part of a name read all names")
        return
    try:
        with connection.begin_nested():
            connection.execute(_EXTENSION)
            connection.execute(_INDEX)
    except ProgrammingError as error:
        if getattr(error.orig, "sqlstate", None) != _NOT_ALLOWED:
            raise
        _log.info("this database user may not create the extension pg_trgm: an administrator may, once")
