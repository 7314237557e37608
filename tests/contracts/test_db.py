"""One contract, two databases: what rooms may expect of `db`, on SQLite and on PostgreSQL alike."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import Column, ForeignKey, Integer, MetaData, String, Table, bindparam, delete, func, select, update
from sqlalchemy.exc import IntegrityError, StatementError

from entrepot.db.database import Database
from entrepot.db.opening import open_database
from entrepot.db.schema import Json, Name, RowId, UtcTime
from tests.make.databases import create_tables

TABLES = MetaData()
counter = Table(
    "counter", TABLES, Column("name", String(64), primary_key=True), Column("value", Integer, nullable=False)
)
thing = Table(
    "thing",
    TABLES,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("name", Name(255), nullable=False, index=True),
    Column("at", UtcTime),
    Column("document", Json),
)
piece = Table("piece", TABLES, Column("thing_id", ForeignKey("thing.id"), primary_key=True))

WRITERS = 50


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    create_tables(database_url, TABLES)
    opened = open_database(database_url)
    yield opened
    await opened.close()


async def put(db: Database, name: str, value: int = 0) -> None:
    async with db.writing() as tx:
        await tx.run(tx.insert(counter).values(name=name, value=value))


async def names(db: Database) -> list[str]:
    async with db.reading() as tx:
        return [row.name for row in await tx.rows(select(counter.c.name).order_by(counter.c.name))]


async def value_of(db: Database, name: str) -> Any:
    async with db.reading() as tx:
        return await tx.value(select(counter.c.value).where(counter.c.name == name))


async def count_up(db: Database, name: str, lock: bool = True) -> None:
    async with db.writing() as tx:
        if lock:
            await tx.lock(name)
        value = await tx.value(select(counter.c.value).where(counter.c.name == name))
        await asyncio.sleep(0)
        await tx.run(update(counter).where(counter.c.name == name).values(value=value + 1))


# --- transactions ---


async def test_what_was_committed_the_next_reader_sees(db: Database) -> None:
    await put(db, "one")

    assert await names(db) == ["one"]


async def test_an_error_in_the_block_undoes_all_of_it_and_flies_on(db: Database) -> None:
    with pytest.raises(KeyError):  # noqa: PT012  # the whole block is undone
        async with db.writing() as tx:
            await tx.run(tx.insert(counter).values(name="one", value=1))
            raise KeyError

    assert await names(db) == []
    await put(db, "two")


async def test_a_violated_constraint_undoes_all_of_it(db: Database) -> None:
    await put(db, "one")

    with pytest.raises(IntegrityError):  # noqa: PT012  # the whole block is undone
        async with db.writing() as tx:
            await tx.run(tx.insert(counter).values(name="two", value=1))
            await tx.run(tx.insert(counter).values(name="one", value=1))

    assert await names(db) == ["one"]


async def test_foreign_keys_hold(db: Database) -> None:
    with pytest.raises(IntegrityError):
        async with db.writing() as tx:
            await tx.run(tx.insert(piece).values(thing_id=7))


async def test_a_writer_sees_what_it_wrote_and_others_do_not(db: Database) -> None:
    async with db.writing() as tx:
        await tx.run(tx.insert(counter).values(name="one", value=1))

        assert await tx.value(select(counter.c.value)) == 1
        assert await names(db) == []


async def test_a_reader_sees_one_moment_however_long_it_reads(db: Database) -> None:
    await put(db, "one")

    async with db.reading() as tx:
        before = len(await tx.rows(select(counter)))
        await put(db, "two")
        after = len(await tx.rows(select(counter)))

    assert before == after == 1


async def test_who_looks_sees_with_each_statement_what_is_committed_by_then(db: Database) -> None:
    count = select(func.count()).select_from(counter)
    async with db.looking() as tx:
        assert await tx.value(count) == 0
        await put(db, "one")
        assert await tx.value(count) == 1


async def test_rows_written_first_of_all_are_undone_with_the_rest(db: Database) -> None:
    with pytest.raises(KeyError):  # noqa: PT012  # the whole block is undone
        async with db.writing() as tx:
            await tx.run(tx.insert(counter), [{"name": name, "value": 0} for name in ("one", "two")])
            raise KeyError

    assert await names(db) == []


async def test_readers_nest_and_run_side_by_side(db: Database) -> None:
    await put(db, "one")

    async def read() -> int:
        async with db.reading() as outer:
            await asyncio.sleep(0)
            async with db.reading() as inner:
                await asyncio.sleep(0)
                count = len(await inner.rows(select(counter)))
            return count + len(await outer.rows(select(counter)))

    assert await asyncio.gather(*(read() for _ in range(5))) == [2] * 5


async def test_a_statement_says_how_many_rows_it_touched(db: Database) -> None:
    async with db.writing() as tx:
        assert await tx.run(tx.insert(counter), [{"name": name, "value": 0} for name in "abc"]) == 3
        assert await tx.run(tx.insert(counter), []) == 0
        assert await tx.run(update(counter).where(counter.c.name >= "b").values(value=1)) == 2
        assert await tx.run(delete(counter).where(counter.c.value == 7)) == 0


# --- cancellation ---


async def test_a_cancelled_writer_leaves_nothing_and_blocks_nobody(db: Database) -> None:
    inside = asyncio.Event()

    async def write() -> None:
        async with db.writing() as tx:
            await tx.run(tx.insert(counter).values(name="one", value=1))
            inside.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(write())
    await inside.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert await names(db) == []
    await put(db, "two")


async def test_a_writer_cancelled_at_any_moment_wrote_all_or_nothing(db: Database) -> None:
    async def write(number: int) -> None:
        async with db.writing() as tx:
            await tx.run(tx.insert(counter).values(name=f"{number:03}-a", value=0))
            await tx.run(tx.insert(counter).values(name=f"{number:03}-b", value=0))

    for number in range(40):
        task = asyncio.create_task(write(number))
        for _ in range(number):
            await asyncio.sleep(0.0002)
        task.cancel()
        await asyncio.wait([task])
        found = [name for name in await names(db) if name.startswith(f"{number:03}")]
        assert len(found) in (0, 2)
        assert task.cancelled() or len(found) == 2
        await put(db, f"after-{number}")


async def test_a_writer_cancelled_while_it_waits_for_its_turn_lets_the_next_one_in(db: Database) -> None:
    async with db.writing() as tx:
        await tx.lock("turn")
        waiting = asyncio.create_task(count_up(db, "turn"))
        await asyncio.sleep(0.05)
        waiting.cancel()
        await asyncio.wait([waiting])

    await put(db, "turn", 1)
    await count_up(db, "turn")
    assert await value_of(db, "turn") == 2


async def test_an_attempt_that_fails_is_undone_and_what_was_before_it_stays(db: Database) -> None:
    async with db.writing() as tx:
        await tx.run(tx.insert(counter).values(name="before", value=0))
        with suppress(LookupError):
            async with tx.attempt():
                await tx.run(tx.insert(counter).values(name="tried", value=0))
                raise LookupError
        async with tx.attempt():
            await tx.run(tx.insert(counter).values(name="done", value=0))

    assert sorted(await names(db)) == ["before", "done"]


async def test_an_attempt_that_fails_holds_nothing(postgres_url: str) -> None:
    create_tables(postgres_url, TABLES)
    db = open_database(postgres_url)
    await put(db, "row")
    async with db.writing() as tx:
        with suppress(LookupError):
            async with tx.attempt():
                await tx.run(update(counter).values(value=5))
                raise LookupError
        async with asyncio.timeout(10), db.writing() as other:
            await other.run(update(counter).values(value=7))

    assert await value_of(db, "row") == 7
    await db.close()


# --- together ---


async def test_many_writers_at_once_all_write(db: Database) -> None:
    await asyncio.gather(*(put(db, f"{number:03}") for number in range(WRITERS)))

    assert len(await names(db)) == WRITERS


async def test_under_a_lock_reading_and_then_writing_loses_no_update(db: Database) -> None:
    await put(db, "sum")

    await asyncio.gather(*(count_up(db, "sum") for _ in range(WRITERS)))

    assert await value_of(db, "sum") == WRITERS


async def test_an_exclusive_lock_waits_for_shared_holders_and_they_for_it(db: Database) -> None:
    order: list[str] = []

    async def hold(name: str, shared: bool) -> None:
        async with db.writing() as tx:
            await tx.lock("gate", shared=shared)
            order.append(f"{name} in")
            await asyncio.sleep(0.05)
            order.append(f"{name} out")

    await asyncio.gather(hold("a", shared=True), hold("b", shared=False), hold("c", shared=True))

    inside = order.index("b in")
    assert order[inside : inside + 2] == ["b in", "b out"]


async def test_holders_of_a_shared_lock_are_in_together_where_there_are_several_writers(postgres_url: str) -> None:
    db = open_database(postgres_url)
    together = asyncio.Barrier(3)

    async def hold() -> None:
        async with db.writing() as tx:
            await tx.lock("gate", shared=True)
            await together.wait()

    await asyncio.wait_for(asyncio.gather(*(hold() for _ in range(3))), 10)
    await db.close()


OTHER_PROCESS = """
import asyncio, sys
from sqlalchemy import text
from entrepot.db.opening import open_database

async def main():
    db = open_database(sys.argv[1])
    for _ in range(20):
        async with db.writing() as tx:
            await tx.lock("sum")
            value = await tx.value(text("SELECT value FROM counter WHERE name = 'sum'"))
            await tx.run(text(f"UPDATE counter SET value = {value + 1} WHERE name = 'sum'"))
    await db.close()

asyncio.run(main())
"""


async def test_two_processes_write_one_database(db: Database, database_url: str) -> None:
    await put(db, "sum")

    others = [await asyncio.create_subprocess_exec(sys.executable, "-c", OTHER_PROCESS, database_url) for _ in range(2)]
    ended = asyncio.gather(*(other.wait() for other in others))
    mine = 0
    while not ended.done():
        await count_up(db, "sum")
        mine += 1
        await asyncio.wait([ended], timeout=0.02)

    assert await ended == [0, 0]
    assert await value_of(db, "sum") == mine + 40


# --- statements and types ---


async def test_an_insert_can_do_nothing_or_update_where_the_row_exists(db: Database) -> None:
    await put(db, "one", 1)

    async with db.writing() as tx:
        row = {"name": "one", "value": 2}
        assert await tx.run(tx.insert(counter).values(row).on_conflict_do_nothing()) == 0
        kept = await tx.value(select(counter.c.value))
        insert = tx.insert(counter).values(row)
        wanted = {"value": counter.c.value + insert.excluded.value}
        await tx.run(insert.on_conflict_do_update(index_elements=["name"], set_=wanted))

    assert kept == 1
    assert await value_of(db, "one") == 3


async def test_a_moment_comes_back_as_it_was_in_utc(db: Database) -> None:
    beijing = timezone(timedelta(hours=8))
    moments = [
        datetime(2026, 1, 1, 8, 30, 0, 123456, beijing),
        datetime(1999, 12, 31, 23, 59, 59, 999999, UTC),
        datetime(2026, 7, 1, tzinfo=UTC),
    ]
    async with db.writing() as tx:
        await tx.run(tx.insert(thing), [{"name": f"{n}", "at": at} for n, at in enumerate(moments)])

    async with db.reading() as tx:
        rows = await tx.rows(select(thing.c.at).order_by(thing.c.name))
        later = await tx.rows(select(thing.c.name).where(thing.c.at > moments[0]))
        newest = await tx.value(select(func.max(thing.c.at)))
    assert [row.at for row in rows] == moments
    assert all(row.at.tzinfo is UTC or row.at.utcoffset() == timedelta(0) for row in rows)
    assert [row.name for row in later] == ["2"]
    assert newest == moments[2]


async def test_a_moment_without_a_zone_is_refused(db: Database) -> None:
    with pytest.raises(StatementError, match="without a zone"):
        async with db.writing() as tx:
            await tx.run(tx.insert(thing).values(name="naive", at=datetime(2026, 1, 1)))  # noqa: DTZ001


async def test_names_are_sorted_and_paged_by_their_bytes(db: Database) -> None:
    wanted = ["a", "a-b", "a.b", "a/b", "a_b", "aa", "B", "Z", "_", "ab", "b", "é", "0", "10", "9", "z"]
    async with db.writing() as tx:
        await tx.run(tx.insert(thing), [{"name": name} for name in wanted])

    async with db.reading() as tx:
        rows = await tx.rows(select(thing.c.name).order_by(thing.c.name))
        page = await tx.rows(select(thing.c.name).where(thing.c.name > "a/b").order_by(thing.c.name).limit(3))
    by_bytes = sorted(wanted, key=str.encode)
    assert [row.name for row in rows] == by_bytes
    start = by_bytes.index("a/b") + 1
    assert [row.name for row in page] == by_bytes[start : start + 3]


async def test_a_document_comes_back_as_it_was(db: Database) -> None:
    document = {"text": "größe \u4f60", "list": [1, 2.5, None, True], "nested": {"deep": {}}}
    async with db.writing() as tx:
        await tx.run(tx.insert(thing).values(name="one", document=document))

    async with db.reading() as tx:
        assert await tx.value(select(thing.c.document)) == document


# --- hot reads ---

BY_NAME = select(counter.c.name, counter.c.value).where(counter.c.name == bindparam("name"))


async def test_a_hot_read_gives_the_row_or_nothing(db: Database) -> None:
    hot = db.hot(BY_NAME)
    await put(db, "one", 1)

    assert await hot.row({"name": "one"}) == ("one", 1)
    assert await hot.row({"name": "two"}) is None


async def test_a_hot_read_sees_every_commit_at_once_and_nothing_uncommitted(db: Database) -> None:
    hot = db.hot(BY_NAME)
    for number in range(20):
        async with db.writing() as tx:
            await tx.run(tx.insert(counter).values(name=f"{number}", value=number))
            assert await hot.row({"name": f"{number}"}) is None
        assert await hot.row({"name": f"{number}"}) == (f"{number}", number)


async def test_many_hot_reads_at_once_each_get_their_own_answer(db: Database) -> None:
    hot, other = db.hot(BY_NAME), db.hot(select(func.count()).select_from(counter))
    for number in range(20):
        await put(db, f"{number}", number)

    rows = await asyncio.gather(*(hot.row({"name": f"{number % 25}"}) for number in range(200)), other.row({}))

    expected: list[Any] = [(f"{n % 25}", n % 25) if n % 25 < 20 else None for n in range(200)]
    assert rows == [*expected, (20,)]


async def test_a_cancelled_hot_read_disturbs_no_other(db: Database) -> None:
    hot = db.hot(BY_NAME)
    await put(db, "one", 1)

    tasks = [asyncio.create_task(hot.row({"name": "one"})) for _ in range(10)]
    await asyncio.sleep(0)
    tasks[3].cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)

    others = results[:3] + results[4:]
    assert others == [("one", 1)] * 9
    assert await hot.row({"name": "one"}) == ("one", 1)


async def test_a_database_that_is_there_passes_its_check(db: Database) -> None:
    await db.check()
