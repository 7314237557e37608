"""What only PostgreSQL does: it is elsewhere, so it can go away, and come back."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import psycopg
import pytest
from sqlalchemy import Column, Float, Integer, MetaData, String, Table, bindparam, func, make_url, select

from entrepot.db.postgres import PostgresDatabase
from entrepot.values.errors import DatabaseBusy, DatabaseUnreachable
from tests.live.postgres import Postgres, running_postgres
from tests.make.databases import create_tables
from tests.make.waiting import until

TABLES = MetaData()
number = Table("number", TABLES, Column("value", Integer, primary_key=True))
BY_VALUE = select(number.c.value).where(number.c.value == bindparam("value"))


@pytest.fixture(scope="module")
def own_postgres() -> Iterator[Postgres]:
    """A server that these tests may stop."""
    with running_postgres() as postgres:
        yield postgres


@pytest.fixture
async def db(own_postgres: Postgres) -> AsyncIterator[PostgresDatabase]:
    url = own_postgres.new_database()
    create_tables(url, TABLES)
    opened = PostgresDatabase(make_url(url).set(drivername="postgresql+psycopg"), 3, lock_wait_seconds=0.2)
    yield opened
    await opened.close()


async def put(db: PostgresDatabase, value: int) -> None:
    async with db.writing() as tx:
        await tx.run(tx.insert(number).values(value=value))


async def values(db: PostgresDatabase) -> list[int]:
    async with db.reading() as tx:
        return [row.value for row in await tx.rows(select(number).order_by(number.c.value))]


def stop(server: Postgres, url: str) -> None:
    """Stop the server at once. It runs without fsync, so what was committed is first put on disk."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CHECKPOINT")
    server.stop()


async def test_plans_are_not_compiled_which_takes_longer_than_any_answer(db: PostgresDatabase) -> None:
    async with db.reading() as tx:
        assert await tx.value(select(func.current_setting("jit"))) == "off"


async def test_a_lock_that_is_not_let_go_is_busy(db: PostgresDatabase) -> None:
    async with db.writing() as tx:
        await tx.lock("name")
        with pytest.raises(DatabaseBusy):
            async with db.writing() as other:
                await other.lock("name")


async def test_a_row_that_is_not_let_go_is_busy(db: PostgresDatabase) -> None:
    async with db.writing() as tx:
        await tx.run(tx.insert(number).values(value=1))
        with pytest.raises(DatabaseBusy):
            await put(db, 1)


async def test_a_database_that_goes_away_is_unreachable_and_found_again(
    db: PostgresDatabase, own_postgres: Postgres
) -> None:
    hot = db.hot(BY_VALUE)
    await put(db, 1)
    assert await hot.row({"value": 1}) == (1,)

    stop(own_postgres, own_postgres.url())
    try:
        with pytest.raises(DatabaseUnreachable):
            await put(db, 2)
        with pytest.raises(DatabaseUnreachable):
            await values(db)
        with pytest.raises(DatabaseUnreachable):
            await hot.row({"value": 1})
        with pytest.raises(DatabaseUnreachable):
            await db.check()
    finally:
        own_postgres.start()

    assert await hot.row({"value": 1}) == (1,)
    await put(db, 2)
    assert await values(db) == [1, 2]


async def test_a_database_that_restarted_between_two_reads_is_not_noticed(
    db: PostgresDatabase, own_postgres: Postgres
) -> None:
    hot = db.hot(BY_VALUE)
    await put(db, 1)
    assert await hot.row({"value": 1}) == (1,)

    stop(own_postgres, own_postgres.url())
    own_postgres.start()

    assert await asyncio.gather(*(hot.row({"value": 1}) for _ in range(5))) == [(1,)] * 5
    assert await values(db) == [1]


async def test_a_database_that_goes_away_inside_a_transaction_is_unreachable(
    db: PostgresDatabase, own_postgres: Postgres
) -> None:
    with pytest.raises(DatabaseUnreachable):  # noqa: PT012  # the whole block is undone
        async with db.writing() as tx:
            await tx.run(tx.insert(number).values(value=1))
            stop(own_postgres, own_postgres.url())
            own_postgres.start()
            await tx.run(tx.insert(number).values(value=2))

    assert await values(db) == []


async def test_a_hot_read_that_cannot_be_right_raises_and_the_next_one_works(db: PostgresDatabase) -> None:
    await put(db, 1)
    hot = db.hot(BY_VALUE)

    with pytest.raises(Exception, match="integer"):
        await hot.row({"value": "not a number"})

    assert await hot.row({"value": 1}) == (1,)


async def test_a_database_that_is_closed_while_it_answers_refuses_those_who_wait_and_ends_the_question(
    db: PostgresDatabase, own_postgres: Postgres
) -> None:
    hot = db.hot(select(func.pg_sleep(bindparam("seconds", type_=Float)).cast(String)))
    waiting = [asyncio.create_task(hot.row({"seconds": 30.0})) for _ in range(2)]
    with psycopg.connect(own_postgres.url(), autocommit=True) as looking:
        await until(lambda: is_asleep(looking))
        waiting.append(asyncio.create_task(hot.row({"seconds": 30.0})))

        await db.close()

        for one in waiting:
            with pytest.raises(DatabaseUnreachable):
                await one
        assert not is_asleep(looking)


def is_asleep(looking: psycopg.Connection) -> bool:
    found = looking.execute("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'").fetchone()
    assert found is not None
    return bool(found[0])
