"""Names held in PostgreSQL: advisory locks of one connection."""

import asyncio
from contextlib import suppress
from typing import LiteralString

import psycopg
from psycopg.rows import tuple_row

from entrepot.db.postgres import connect_arguments, lock_key
from entrepot.values.errors import DatabaseUnreachable


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
