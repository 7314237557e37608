"""SQLite: reads run in the event loop, a writer waits for its turn and its disk in a thread.

A statement takes microseconds, less than handing it to a thread; what can take long is waiting for
another process's write lock (BEGIN IMMEDIATE) and for the disk (COMMIT), so these two go to a
thread. Within a process writers queue in order; between processes SQLite's lock decides, and whoever wants it looks
again and again: SQLite itself would do so less and less often, and lose to a process that writes in a row.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from pathlib import Path
from time import perf_counter, sleep
from typing import Any

from sqlalchemy import Connection, Executable, Row, Select, Table, create_engine, event, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from entrepot.db.database import Dialect
from entrepot.db.sqlite_hot import HotConnection, SqliteHotRead
from entrepot.db.transaction import Parameters
from entrepot.plumbing import metrics
from entrepot.plumbing.clock import SYSTEM_CLOCK, Clock
from entrepot.plumbing.threads import settled
from entrepot.values.errors import DatabaseBusy, EntrepotError, StorageFailed, StorageFull, worded

_LOCK_WAIT_SECONDS = 30
_LOCK_LOOK_SECONDS = 0.001
_CACHE_KIB = 8_192
_IDLE_READERS_MAX = 4  # each keeps a cache of its own


def _prepare(raw: sqlite3.Connection) -> None:
    raw.isolation_level = None
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",  # an acknowledged commit survives power loss
        "foreign_keys=ON",
        f"cache_size=-{_CACHE_KIB}",
        "temp_store=MEMORY",
    ):
        raw.execute(f"PRAGMA {pragma}")


class SqliteDatabase:
    dialect: Dialect = "sqlite"

    def __init__(self, file: Path, lock_wait_seconds: float = _LOCK_WAIT_SECONDS, clock: Clock = SYSTEM_CLOCK) -> None:
        self._file = file
        self._clock = clock
        self._lock_wait_seconds = lock_wait_seconds
        self._engine = create_engine(
            f"sqlite:///{file}",
            poolclass=NullPool,
            isolation_level="AUTOCOMMIT",
            connect_args={"check_same_thread": False, "timeout": lock_wait_seconds},
        )
        event.listen(self._engine, "connect", lambda raw, _record: _prepare(raw))
        self._turn = asyncio.Lock()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="sqlite-writer")
        self._writer: Connection | None = None
        self._idle_readers: list[Connection] = []
        self._hot = HotConnection(self._connect_raw, lambda error: _meaning(error) or error)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator["SqliteReader"]:
        async with self.looking() as tx:
            tx.begin()
            yield tx

    @asynccontextmanager
    async def looking(self) -> AsyncIterator["SqliteReader"]:
        started = perf_counter()
        with _translated():
            connection = self._idle_readers.pop() if self._idle_readers else self._engine.connect()
            try:
                yield SqliteReader(connection, self._clock.now())
            finally:
                self._end_reading(connection)
                metrics.database_seconds.labels("read").observe(perf_counter() - started)

    def _end_reading(self, connection: Connection) -> None:
        if _raw(connection).in_transaction:
            connection.exec_driver_sql("ROLLBACK")
        if len(self._idle_readers) < _IDLE_READERS_MAX:
            self._idle_readers.append(connection)
        else:
            connection.close()

    def _open_writer(self) -> Connection:
        connection = self._engine.connect()
        _raw(connection).execute("PRAGMA busy_timeout=0")  # waiting is done here
        return connection

    @asynccontextmanager
    async def writing(self) -> AsyncIterator["SqliteWriter"]:
        async with self._turn:
            started = perf_counter()
            with _translated():
                connection = self._writer = self._writer or self._open_writer()
                try:
                    await self._in_thread(lambda: self._begin(_raw(connection)))
                    yield SqliteWriter(connection, self._clock.now())
                    await self._in_thread(lambda: connection.exec_driver_sql("COMMIT"))
                finally:
                    # Also when the caller was cancelled during BEGIN, and when COMMIT itself failed: SQLite
                    # may then have kept the transaction open.
                    if _raw(connection).in_transaction:
                        await self._in_thread(lambda: connection.exec_driver_sql("ROLLBACK"))
                    metrics.database_seconds.labels("write").observe(perf_counter() - started)

    def _begin(self, raw: sqlite3.Connection) -> None:
        """Wait for the turn of this process. Raises sqlite3.OperationalError (SQLITE_BUSY) when it does not come."""
        deadline = perf_counter() + self._lock_wait_seconds
        while True:
            try:
                raw.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                if not _is_busy(error) or perf_counter() > deadline:
                    raise
                sleep(_LOCK_LOOK_SECONDS)  # in the writer's thread; no process tells another that it is done
            else:
                return

    async def _in_thread(self, work: Callable[[], object]) -> None:
        """Run `work`; a cancelled caller still waits for it, so that the connection is free afterwards."""
        future = asyncio.get_running_loop().run_in_executor(self._thread, work)
        await settled((future,))
        future.result()

    def hot(self, statement: Select[Any]) -> SqliteHotRead:
        return SqliteHotRead(self._hot, statement)

    def _connect_raw(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._file, timeout=self._lock_wait_seconds, check_same_thread=False, cached_statements=64
        )
        _prepare(connection)
        return connection

    async def check(self) -> None:
        async with self.reading() as tx:
            await tx.value(select(1))

    async def close(self) -> None:
        for connection in (*self._idle_readers, *filter(None, [self._writer])):
            connection.close()
        self._idle_readers.clear()
        self._writer = None
        self._hot.close()
        self._thread.shutdown()
        self._engine.dispose()


class SqliteReader:
    def __init__(self, connection: Connection, now: datetime) -> None:
        self._connection = connection
        self.now = now

    def begin(self) -> None:
        """From here on all statements have one view."""
        self._connection.exec_driver_sql("BEGIN")

    async def row(self, statement: Executable, parameters: Parameters | None = None) -> Row[Any] | None:
        return self._connection.execute(statement, parameters).first()

    async def rows(self, statement: Executable, parameters: Parameters | None = None) -> Sequence[Row[Any]]:
        return self._connection.execute(statement, parameters).all()

    async def value(self, statement: Executable, parameters: Parameters | None = None) -> Any:
        return self._connection.execute(statement, parameters).scalar()


class SqliteWriter(SqliteReader):
    def insert(self, table: Table) -> Any:
        return insert(table)

    async def run(self, statement: Executable, rows: Sequence[Parameters] | Parameters | None = None) -> int:
        if rows is None:
            return int(self._connection.execute(statement).rowcount)
        if not rows:
            return 0
        return int(self._connection.execute(statement, rows).rowcount)

    @asynccontextmanager
    async def attempt(self) -> AsyncIterator[None]:
        self._connection.exec_driver_sql("SAVEPOINT attempt")
        try:
            yield
        except BaseException:
            if _raw(self._connection).in_transaction:  # a full disk ends the whole of it
                self._connection.exec_driver_sql("ROLLBACK TO attempt")
                self._connection.exec_driver_sql("RELEASE attempt")
            raise
        self._connection.exec_driver_sql("RELEASE attempt")

    async def lock(self, *names: str, shared: bool = False) -> None:
        """Nothing to wait for: BEGIN IMMEDIATE made this the only writer."""


def _is_busy(error: sqlite3.Error) -> bool:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY


def _raw(connection: Connection) -> sqlite3.Connection:
    raw = connection.connection.dbapi_connection
    assert isinstance(raw, sqlite3.Connection)
    return raw


@contextmanager
def _translated() -> Iterator[None]:
    """Turns the driver's errors into ours."""
    try:
        yield
    except (DBAPIError, sqlite3.DatabaseError) as error:
        if meant := _meaning(error.orig if isinstance(error, DBAPIError) else error):
            raise meant from error
        raise


def _meaning(error: BaseException | None) -> EntrepotError | None:
    match getattr(error, "sqlite_errorcode", 0) & 0xFF:  # the low byte; the rest only refines it
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return DatabaseBusy()
        case sqlite3.SQLITE_FULL:
            return StorageFull("The disk of the database is full.")
        case (
            sqlite3.SQLITE_IOERR
            | sqlite3.SQLITE_READONLY
            | sqlite3.SQLITE_CANTOPEN
            | sqlite3.SQLITE_CORRUPT
            | sqlite3.SQLITE_NOTADB
        ):
            return StorageFailed(worded("The database's disk failed: {error}.", error=error))
    return None
