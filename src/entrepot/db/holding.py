"""Names that at most one process holds at a time, let go by the system when that process ends.

On PostgreSQL they are advisory locks of one connection; on SQLite, locks on files beside the
database, since all its processes are on one machine.
"""

import asyncio
import fcntl
import os
from contextlib import suppress
from pathlib import Path
from typing import LiteralString, Protocol

import psycopg
from psycopg.rows import tuple_row
from sqlalchemy import make_url

from entrepot.db.postgres import connect_arguments, lock_key
from entrepot.values.errors import DatabaseUnreachable


class Holder(Protocol):
    async def try_hold(self, name: str) -> bool:
        """True when `name` is ours now, or was already; False while another process holds it.

        Raises DatabaseUnreachable.
        """
        ...

    async def release(self, name: str) -> None:
        """Let others hold `name`; harmless when it is not ours."""
        ...

    async def lost(self) -> frozenset[str]:
        """Names that another process holds since the database, and with it our hold, was away for a moment.

        Raises DatabaseUnreachable while it is away.
        """
        ...

    async def close(self) -> None:
        """Let go of everything."""
        ...


def open_holder(url: str) -> Holder:
    """A holder at the database `url`; connects at the first use."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        assert parsed.database, "checked when the database was opened"
        return FileHolder(Path(parsed.database))
    return PostgresHolder(parsed.set(drivername="postgresql").render_as_string(hide_password=False))


class FileHolder:
    def __init__(self, database: Path) -> None:
        self._database = database
        self._held: dict[str, int] = {}

    async def try_hold(self, name: str) -> bool:
        if name in self._held:
            return True
        handle = os.open(f"{self._database}.{name}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            return False
        self._held[name] = handle
        return True

    async def release(self, name: str) -> None:
        handle = self._held.pop(name, None)
        if handle is not None:
            os.close(handle)

    async def lost(self) -> frozenset[str]:
        return frozenset()

    async def close(self) -> None:
        for name in list(self._held):
            await self.release(name)


class PostgresHolder:
    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: psycopg.AsyncConnection[tuple[bool]] | None = None
        self._held: set[str] = set()
        self._asking = asyncio.Lock()

    async def try_hold(self, name: str) -> bool:
        async with self._asking:
            if name not in self._held and await self._ask("SELECT pg_try_advisory_lock(%s)", name):
                self._held.add(name)
            return name in self._held

    async def release(self, name: str) -> None:
        async with self._asking:
            if name in self._held:
                self._held.discard(name)
                await self._ask("SELECT pg_advisory_unlock(%s)", name)

    async def lost(self) -> frozenset[str]:
        async with self._asking:
            if await self._is_connected():
                return frozenset()
            taken = set[str]()
            for name in sorted(self._held):
                if not await self._ask("SELECT pg_try_advisory_lock(%s)", name):
                    taken.add(name)
            self._held -= taken
            return frozenset(taken)

    async def _is_connected(self) -> bool:
        if self._connection is None or self._connection.closed:
            return not self._held
        try:
            await self._ask("SELECT true OR %s = 0", "")
        except DatabaseUnreachable:
            return False  # this connection broke; whether the database is back, the next question shows
        return True

    async def _ask(self, question: LiteralString, name: str) -> bool:
        try:
            if self._connection is None or self._connection.closed:
                self._connection = await psycopg.AsyncConnection[tuple[bool]].connect(
                    self._url, autocommit=True, row_factory=tuple_row, **connect_arguments()
                )
            answer = await (await self._connection.execute(question, [lock_key(f"hold:{name}")])).fetchone()
        except psycopg.Error as error:
            await self._disconnect()
            raise DatabaseUnreachable from error
        assert answer is not None, "each question has one answer"
        return answer[0]

    async def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

    async def close(self) -> None:
        if self._held and self._connection is not None:
            # Closing lets go as well, but only when the server gets round to it.
            with suppress(psycopg.Error):
                await self._connection.execute("SELECT pg_advisory_unlock_all()")
        self._held.clear()
        await self._disconnect()
