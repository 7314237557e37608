"""Names that at most one process holds."""

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator

import psycopg
import pytest

from entrepot.db.holding import Holder, open_holder
from entrepot.values.errors import DatabaseUnreachable
from tests.live.postgres import Postgres, running_postgres
from tests.make.waiting import until


@pytest.fixture
async def two(database_url: str) -> AsyncIterator[tuple[Holder, Holder]]:
    one, other = open_holder(database_url), open_holder(database_url)
    yield one, other
    await one.close()
    await other.close()


async def test_a_name_has_one_holder_at_a_time(two: tuple[Holder, Holder]) -> None:
    one, other = two

    assert await one.try_hold("seat")
    assert not await other.try_hold("seat")
    assert await one.try_hold("seat"), "it is ours already"
    assert await other.try_hold("another seat")


async def test_a_name_let_go_is_free(two: tuple[Holder, Holder]) -> None:
    one, other = two
    await one.try_hold("seat")
    await one.try_hold("second")

    await one.release("seat")
    await one.release("never held")
    assert await other.try_hold("seat")

    await one.close()
    assert await other.try_hold("second")


async def test_nothing_is_lost_while_the_database_stays(two: tuple[Holder, Holder]) -> None:
    await two[0].try_hold("seat")

    assert await two[0].lost() == frozenset()


HOLD = """
import asyncio, sys
from entrepot.db.holding import open_holder

async def main():
    holder = open_holder(sys.argv[1])
    assert await holder.try_hold("seat")
    print("held", flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


async def test_the_names_of_a_killed_process_are_free(two: tuple[Holder, Holder], database_url: str) -> None:
    other = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HOLD, database_url, stdout=asyncio.subprocess.PIPE
    )
    assert other.stdout is not None
    assert await other.stdout.readline() == b"held\n"
    while_alive = await two[0].try_hold("seat")

    other.kill()
    await other.wait()

    assert not while_alive
    await until(lambda: two[0].try_hold("seat"))


@pytest.fixture(scope="module")
def own_postgres() -> Iterator[Postgres]:
    with running_postgres() as postgres:
        yield postgres


async def test_a_name_is_taken_again_when_the_database_comes_back(own_postgres: Postgres) -> None:
    one, other = open_holder(own_postgres.url()), open_holder(own_postgres.url())
    await one.try_hold("seat")
    own_postgres.stop()
    with pytest.raises(DatabaseUnreachable):
        await one.lost()
    own_postgres.start()

    assert await one.lost() == frozenset()
    assert not await other.try_hold("seat")
    await one.close()
    await other.close()


async def test_a_name_another_took_meanwhile_is_lost(own_postgres: Postgres) -> None:
    one, other = open_holder(own_postgres.url()), open_holder(own_postgres.url())
    await one.try_hold("seat")
    await one.try_hold("kept")
    with psycopg.connect(own_postgres.url(), autocommit=True) as connection:
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'")
    await until(lambda: other.try_hold("seat"))

    assert await one.lost() == {"seat"}
    assert await one.lost() == frozenset(), "it is told once"
    assert not await other.try_hold("kept")
    await one.close()
    await other.close()
