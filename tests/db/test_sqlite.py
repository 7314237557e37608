"""What only SQLite does: one file, one writer, a disk that may fail."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, bindparam, select

from entrepot.db.sqlite import SqliteDatabase
from entrepot.values.errors import DatabaseBusy, StorageFailed, StorageFull
from tests.make.databases import create_tables

TABLES = MetaData()
number = Table("number", TABLES, Column("value", Integer, primary_key=True))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    create_tables(f"sqlite:///{tmp_path / 'test.db'}", TABLES)
    return tmp_path / "test.db"


@pytest.fixture
async def db(file: Path) -> AsyncIterator[SqliteDatabase]:
    opened = SqliteDatabase(file, lock_wait_seconds=0.1)
    yield opened
    await opened.close()


async def put(db: SqliteDatabase, value: int) -> None:
    async with db.writing() as tx:
        await tx.run(tx.insert(number).values(value=value))


async def test_a_database_another_process_keeps_locked_is_busy(db: SqliteDatabase, file: Path) -> None:
    await put(db, 1)
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    with pytest.raises(DatabaseBusy):
        await put(db, 2)
    async with db.reading() as tx:
        assert await tx.value(select(number.c.value)) == 1, "readers wait for nobody"

    other.execute("ROLLBACK")
    other.close()
    await put(db, 2)


async def test_a_writer_cancelled_while_another_process_has_the_lock_leaves_the_connection_usable(file: Path) -> None:
    db = SqliteDatabase(file, lock_wait_seconds=10)
    await put(db, 0)
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    task = asyncio.create_task(put(db, 1))
    await asyncio.sleep(0.05)
    task.cancel()
    await asyncio.sleep(0.05)
    task.cancel()  # twice, as a server does that loses patience

    other.execute("COMMIT")
    other.close()
    with pytest.raises(asyncio.CancelledError):
        await task
    await put(db, 2)
    async with db.reading() as tx:
        assert [row.value for row in await tx.rows(select(number).order_by(number.c.value))] == [0, 2]
    await db.close()


async def test_a_full_disk_is_said_to_be_full(db: SqliteDatabase) -> None:
    await put(db, 1)
    async with db.writing() as tx:
        tx._connection.exec_driver_sql("PRAGMA max_page_count = 3")

    with pytest.raises(StorageFull):
        async with db.writing() as tx:
            await tx.run(tx.insert(number), [{"value": value} for value in range(2, 20_000)])

    async with db.writing() as tx:
        tx._connection.exec_driver_sql("PRAGMA max_page_count = 100000")
    await put(db, 2)


async def test_a_file_that_is_no_database_is_a_failed_storage(tmp_path: Path) -> None:
    (tmp_path / "test.db").write_bytes(b"this is not a database at all, but long enough to be read as one" * 100)
    db = SqliteDatabase(tmp_path / "test.db")

    with pytest.raises(StorageFailed):
        await put(db, 1)
    with pytest.raises(StorageFailed):
        async with db.reading() as tx:
            await tx.rows(select(number))
    with pytest.raises(StorageFailed):
        await db.hot(select(number).where(number.c.value == bindparam("value"))).row({"value": 1})
    with pytest.raises(StorageFailed):
        await db.check()
    await db.close()


async def test_a_folder_that_is_gone_is_a_failed_storage(tmp_path: Path) -> None:
    db = SqliteDatabase(tmp_path / "nowhere" / "test.db")

    with pytest.raises(StorageFailed):
        await put(db, 1)
    await db.close()


async def test_many_readers_at_once_leave_few_connections(db: SqliteDatabase) -> None:
    everyone = asyncio.Barrier(20)

    async def read() -> None:
        async with db.reading() as tx:
            await tx.rows(select(number))
            await everyone.wait()

    await asyncio.gather(*(read() for _ in range(20)))

    assert len(db._idle_readers) <= 4


async def test_acknowledged_writes_are_synced(db: SqliteDatabase) -> None:
    async with db.writing() as tx:
        level = tx._connection.exec_driver_sql("PRAGMA synchronous").scalar()

    assert level == 2


async def test_a_hot_read_on_a_connection_opened_again_gives_no_old_answer(db: SqliteDatabase, file: Path) -> None:
    hot = db.hot(select(number).where(number.c.value == bindparam("value")))
    assert await hot.row({"value": 1}) is None
    db._hot.close()
    other = SqliteDatabase(file)
    await put(other, 1)
    await other.close()

    assert await hot.row({"value": 1}) == (1,)
