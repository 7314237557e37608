"""PostgreSQL by psycopg: verbs through SQLAlchemy's asynchronous engine, hot reads on the raw driver."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, nullcontext
from datetime import datetime
from time import perf_counter
from typing import Any, Final, LiteralString

import psycopg
from psycopg.rows import tuple_row
from sqlalchemy import URL, Executable, Row, Select, Table, func, select
from sqlalchemy.dialects.postgresql import dialect as postgres_dialect
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from entrepot.db.database import Dialect
from entrepot.db.named import naming
from entrepot.db.postgres_connection import Connection, Cursor, begin_with, watch_pool
from entrepot.db.transaction import Parameters
from entrepot.plumbing import metrics
from entrepot.plumbing.clock import SYSTEM_CLOCK, Clock
from entrepot.values.errors import DatabaseBusy, DatabaseUnreachable, EntrepotError, StorageFull

_CONNECTION_WAIT_SECONDS = 10
_LOCK_WAIT_SECONDS = 30
_IDLE_SECONDS_MAX = 60
# One view for all statements of a read, as SQLite has it.
_READING: Final = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_WRITING: Final = "BEGIN ISOLATION LEVEL READ COMMITTED"


class PostgresDatabase:
    dialect: Dialect = "postgresql"

    def __init__(
        self,
        url: URL,
        connections_max: int = 10,
        lock_wait_seconds: float = _LOCK_WAIT_SECONDS,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self._clock = clock
        arguments = connect_arguments(lock_wait_seconds)
        self._engine = create_async_engine(
            url,
            pool_size=connections_max,
            max_overflow=0,
            pool_timeout=_CONNECTION_WAIT_SECONDS,
            pool_use_lifo=True,  # the one used last has statements prepared
            isolation_level="AUTOCOMMIT",  # transactions begin as they say themselves
            execution_options={"preserve_rowcount": True},  # else it is -1 for some INSERTs
            connect_args={**arguments, "async_creator_fn": Connection.connect, "cursor_factory": Cursor},
        )
        watch_pool(self._engine.sync_engine)
        self._hot = HotConnection(url.set(drivername="postgresql").render_as_string(hide_password=False), arguments)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator["PostgresReader"]:
        async with self._connected("read", _READING) as connection:
            yield PostgresReader(connection, self._clock.now())

    @asynccontextmanager
    async def looking(self) -> AsyncIterator["PostgresReader"]:
        async with self._connected("read", None) as connection:
            yield PostgresReader(connection, self._clock.now())

    @asynccontextmanager
    async def writing(self) -> AsyncIterator["PostgresWriter"]:
        async with self._connected("write", _WRITING) as connection:
            yield PostgresWriter(connection, self._clock.now())

    @asynccontextmanager
    async def _connected(self, kind: str, beginning: LiteralString | None) -> AsyncIterator[AsyncConnection]:
        started = perf_counter()
        try:
            async with self._engine.begin() as connection:
                begin_with(connection, beginning)
                yield connection
        except (DBAPIError, psycopg.Error, PoolTimeout) as error:
            if meant := _meaning(error):
                raise meant from error
            raise
        finally:
            metrics.database_seconds.labels(kind).observe(perf_counter() - started)

    def hot(self, statement: Select[Any]) -> "PostgresHotRead":
        return PostgresHotRead(self._hot, statement)

    async def check(self) -> None:
        async with self.reading() as tx:
            await tx.value(select(1))

    async def close(self) -> None:
        await self._hot.close()
        await self._engine.dispose()


def connect_arguments(lock_wait_seconds: float = _LOCK_WAIT_SECONDS) -> dict[str, Any]:
    """How every connection of ours is made: in UTC, and with an end to every wait.

    A lock is waited for as long as on SQLite; a client that hangs inside a transaction loses it, so that
    nobody waits for it for ever; a server that vanished without a word is noticed in half a minute.
    """
    options = {
        "timezone": "UTC",
        # Compiling a plan takes a second where the server's estimate calls for it; no statement of ours runs as long.
        "jit": "off",
        "lock_timeout": f"{round(lock_wait_seconds * 1000)}ms",
        "idle_in_transaction_session_timeout": f"{_IDLE_SECONDS_MAX}s",
    }
    return {
        "connect_timeout": _CONNECTION_WAIT_SECONDS,
        "options": " ".join(f"-c {name}={value}" for name, value in options.items()),
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 4,
        "tcp_user_timeout": 30_000,
    }


def lock_key(name: str) -> int:
    """The number of the advisory lock called `name`."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), signed=True)


class PostgresReader:
    def __init__(self, connection: AsyncConnection, now: datetime) -> None:
        self._connection = connection
        self.now = now

    async def row(self, statement: Executable, parameters: Parameters | None = None) -> Row[Any] | None:
        return (await self._connection.execute(statement, parameters)).first()

    async def rows(self, statement: Executable, parameters: Parameters | None = None) -> Sequence[Row[Any]]:
        return (await self._connection.execute(statement, parameters)).all()

    async def value(self, statement: Executable, parameters: Parameters | None = None) -> Any:
        return (await self._connection.execute(statement, parameters)).scalar()


class PostgresWriter(PostgresReader):
    def insert(self, table: Table) -> Any:
        return insert(table)

    async def run(self, statement: Executable, rows: Sequence[Parameters] | Parameters | None = None) -> int:
        if rows is None:
            return int((await self._connection.execute(statement)).rowcount)
        if not rows:
            return 0
        return int((await self._connection.execute(statement, rows)).rowcount)

    @asynccontextmanager
    async def attempt(self) -> AsyncIterator[None]:
        async with self._connection.begin_nested():
            yield

    async def lock(self, *names: str, shared: bool = False) -> None:
        take = func.pg_advisory_xact_lock_shared if shared else func.pg_advisory_xact_lock
        await self._connection.execute(select(*[take(lock_key(name)) for name in names]))  # in this order


Batch = list[tuple[bytes, dict[str, Any], asyncio.Future[tuple[Any, ...] | None]]]


class HotConnection:
    """One connection that answers the hot reads of this process.

    Statements that come together travel together, in one network packet and one flush (psycopg's
    pipeline), because a round trip costs more than the answer. A broken connection is made anew.
    """

    def __init__(self, url: str, arguments: Mapping[str, Any]) -> None:
        self._url = url
        self._arguments = arguments
        self._connection: psycopg.AsyncConnection[tuple[Any, ...]] | None = None
        self._connecting = asyncio.Lock()
        self._waiting: Batch = []
        self._running: asyncio.Task[None] | None = None

    async def row(self, sql: bytes, parameters: dict[str, Any]) -> tuple[Any, ...] | None:
        answer: asyncio.Future[tuple[Any, ...] | None] = asyncio.get_running_loop().create_future()
        self._waiting.append((sql, parameters, answer))
        if self._running is None:
            self._running = asyncio.create_task(self._answer_waiting())
        return await answer

    async def _answer_waiting(self) -> None:
        batch: Batch = []
        try:
            while self._waiting:
                batch, self._waiting = self._waiting, []
                try:
                    await self._answer(batch)
                except Exception as error:  # noqa: BLE001  # whatever it is, those who wait must hear of it
                    _refuse(batch, error)
        finally:
            self._running = None
            _refuse([*batch, *self._waiting], DatabaseUnreachable())  # some are left only when this task is cancelled

    async def _answer(self, batch: "Batch") -> None:
        was_open = self._connection is not None
        try:
            await self._ask(batch)
        except psycopg.Error as error:
            await self._drop()
            if was_open and isinstance(_meaning(error), DatabaseUnreachable):
                # The server ended this connection while it was idle. Reading again harms nobody.
                await self._ask_anew(batch)
            else:
                raise _meaning(error) or error from error

    async def _ask_anew(self, batch: "Batch") -> None:
        try:
            await self._ask(batch)
        except psycopg.Error as error:
            await self._drop()
            raise _meaning(error) or error from error

    async def _ask(self, batch: "Batch") -> None:
        connection = await self._connected()
        # Alone, a statement is quicker without.
        async with connection.pipeline() if len(batch) > 1 else nullcontext():
            cursors = [await connection.execute(sql, parameters, prepare=True) for sql, parameters, _ in batch]
            for cursor, (_, _, answer) in zip(cursors, batch, strict=True):
                row = await cursor.fetchone()
                if not answer.done():
                    answer.set_result(row)

    async def _connected(self) -> psycopg.AsyncConnection[tuple[Any, ...]]:
        if self._connection is None or self._connection.closed:
            self._connection = await psycopg.AsyncConnection.connect(
                self._url, autocommit=True, row_factory=tuple_row, **self._arguments
            )
        return self._connection

    async def close(self) -> None:
        """Whoever still waits is refused. What is being asked ends first: psycopg crashes the process when it
        finds its connection closed in the middle of a pipeline.
        """
        if self._running is not None:
            self._running.cancel()
            await asyncio.wait([self._running])
        await self._drop()

    async def _drop(self) -> None:
        if self._connection is not None:
            await self._connection.close()
            self._connection = None


def _refuse(batch: Batch, error: Exception) -> None:
    for _, _, answer in batch:
        if not answer.done():
            answer.set_exception(error)


class PostgresHotRead:
    def __init__(self, connection: HotConnection, statement: Select[Any]) -> None:
        self._connection = connection
        dialect = postgres_dialect(paramstyle="pyformat")  # type: ignore[no-untyped-call]  # the library's own gap
        self._sql = str(statement.compile(dialect=dialect)).encode()
        self._name = naming(statement, dialect)

    async def row(self, parameters: dict[str, Any]) -> tuple[Any, ...] | None:
        return await self._connection.row(self._sql, parameters)

    async def named(self, parameters: dict[str, Any]) -> Any:
        found = await self._connection.row(self._sql, parameters)
        return None if found is None else self._name(found)


_BUSY = ("40001", "40P01", "55P03", "57014")
_UNREACHABLE = ("25006", "25P03")  # a primary that became a standby; a transaction ended for idling
_UNREACHABLE_CLASSES = ("08", "53", "57")


def _meaning(error: BaseException) -> EntrepotError | None:
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, PoolTimeout):
        return DatabaseUnreachable()
    if not isinstance(cause, psycopg.Error):
        return None
    state = cause.sqlstate
    if state in _BUSY:
        return DatabaseBusy()
    if state == "53100":
        return StorageFull("The disk of the database is full.")
    if state is None and isinstance(cause, psycopg.OperationalError):
        return DatabaseUnreachable()
    is_unreachable = state in _UNREACHABLE or (state or "")[:2] in _UNREACHABLE_CLASSES
    return DatabaseUnreachable() if is_unreachable else None
