"""What SQLAlchemy's connections to PostgreSQL do with fewer round trips than by themselves."""

import select
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, LiteralString, Self

import psycopg
from sqlalchemy import Engine, event
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncConnection

_LOOKS_MAX = 3


class Connection(psycopg.AsyncConnection[Any]):
    """One in autocommit, as far as psycopg knows; what a transaction begins with goes out with its first statement."""

    beginning: LiteralString | None = None

    @asynccontextmanager
    async def begun(self, beginning: LiteralString) -> AsyncIterator[None]:
        """Send it together with the statement of the block, in psycopg's pipeline."""
        self.beginning = None
        async with self.pipeline():
            await self.execute(beginning)
            yield


class Cursor(psycopg.AsyncCursor[Any]):
    _conn: Connection

    async def execute(self, *args: Any, **kwargs: Any) -> Self:
        if self._conn.beginning is None:
            return await super().execute(*args, **kwargs)
        async with self._conn.begun(self._conn.beginning):
            return await super().execute(*args, **kwargs)

    async def executemany(self, *args: Any, **kwargs: Any) -> None:
        if self._conn.beginning is None:
            await super().executemany(*args, **kwargs)
            return
        async with self._conn.begun(self._conn.beginning):
            await super().executemany(*args, **kwargs)


def begin_with(connection: AsyncConnection, beginning: LiteralString | None) -> None:
    """Let a transaction begin with the next statement; None: let every statement be one of its own."""
    assert connection.sync_connection is not None
    driver = connection.sync_connection.connection.driver_connection
    assert isinstance(driver, Connection)
    driver.beginning = beginning


def watch_pool(engine: Engine) -> None:
    """Connections that the server has ended are found when they are taken from the pool, without asking it."""

    def look(adapted: Any, *_more: object) -> None:
        if is_gone(adapted.driver_connection):
            raise InvalidatePoolError  # the others were most likely ended with it; it is made anew

    event.listen(engine, "checkout", look)


def is_gone(connection: psycopg.AsyncConnection[Any]) -> bool:
    """Whether the server has ended an idle connection, as far as this machine was told.

    Of a server that vanished without a word `keepalives` tell (see `connect_arguments`).
    """
    if connection.closed:
        return True
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    for _ in range(_LOOKS_MAX):
        if not poll.poll(0):
            return False
        try:
            connection.pgconn.consume_input()  # a notice, or the end
        except psycopg.OperationalError:
            return True
    return True
