"""Opening: from a URL to the database it names."""

from pathlib import Path

from sqlalchemy import make_url

from entrepot.db.database import Database
from entrepot.db.sqlite import SqliteDatabase
from entrepot.plumbing.clock import SYSTEM_CLOCK, Clock


def open_database(url: str, connections_max: int = 10, clock: Clock = SYSTEM_CLOCK) -> Database:
    """The database at `url`: `sqlite:///FILE` or `postgresql://USER@HOST/NAME`. Connects at the first use."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        if not parsed.database:
            raise ValueError(f"the database URL {url!r} names no file")
        return SqliteDatabase(Path(parsed.database), clock=clock)
    if parsed.get_backend_name() == "postgresql":
        from entrepot.db.postgres import PostgresDatabase  # here, because it brings the driver along

        return PostgresDatabase(parsed.set(drivername="postgresql+psycopg"), connections_max, clock=clock)
    raise ValueError(f"the database URL {url!r} names {parsed.get_backend_name()}; known are sqlite and postgresql")


def load_driver(url: str) -> None:
    """Import what the database at `url` is reached by: a parent does, so that its server processes share the memory."""
    if make_url(url).get_backend_name() == "postgresql":
        import entrepot.db.postgres_holding  # noqa: F401
