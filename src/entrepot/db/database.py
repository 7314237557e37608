"""One database, of either kind, as the rooms see it."""

from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, Literal, Protocol

from sqlalchemy import Select, make_url

from entrepot.db.transaction import Reader, Writer

Dialect = Literal["sqlite", "postgresql"]


class HotRead(Protocol):
    """One statement of the pull path, compiled once, run on the raw driver."""

    async def row(self, parameters: dict[str, Any]) -> tuple[Any, ...] | None:
        """The first row as the driver gives it, or None; outside any transaction."""
        ...


class Database(Protocol):
    dialect: Dialect

    def reading(self) -> AbstractAsyncContextManager[Reader]:
        """A consistent view; ends with the block."""
        ...

    def writing(self) -> AbstractAsyncContextManager[Writer]:
        """A transaction: committed, durably, when the block ends; undone when it raises.

        Raises DatabaseUnreachable or DatabaseBusy (both worth a retry), StorageFull or StorageFailed.
        """
        ...

    def hot(self, statement: Select[Any]) -> HotRead:
        """`statement`, ready to be asked often. Its bound parameters become the keys of `row`."""
        ...

    async def check(self) -> None:
        """Answer a trivial question, or raise DatabaseUnreachable."""
        ...

    async def close(self) -> None: ...


def open_database(url: str, connections_max: int = 10) -> Database:
    """The database at `url`: `sqlite:///FILE` or `postgresql://USER@HOST/NAME`. Connects at the first use."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        from entrepot.db.sqlite import SqliteDatabase

        if not parsed.database:
            raise ValueError(f"the database URL {url!r} names no file")
        return SqliteDatabase(Path(parsed.database))
    if parsed.get_backend_name() == "postgresql":
        from entrepot.db.postgres import PostgresDatabase

        return PostgresDatabase(parsed.set(drivername="postgresql+psycopg"), connections_max)
    raise ValueError(f"the database URL {url!r} names {parsed.get_backend_name()}; known are sqlite and postgresql")
