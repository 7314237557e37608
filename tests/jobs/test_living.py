"""Living processes say so, are forgotten when they end in order, and count as dead when they are not heard."""

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta

import pytest

from entrepot import __version__
from entrepot.db.database import Database
from entrepot.db.opening import open_database
from entrepot.jobs.living import Heartbeat, Process, ProcessKind, count_living, processes
from entrepot.plumbing.clock import FakeClock
from tests.make.fresh import database  # noqa: F401  # a fixture
from tests.make.waiting import until


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def db(database: str, clock: FakeClock) -> AsyncIterator[Database]:  # noqa: F811  # the fixture
    opened = open_database(database, clock=clock)
    yield opened
    await opened.close()


async def known(db: Database) -> Sequence[Process]:
    async with db.reading() as tx:
        return await processes(tx)


async def test_a_process_lives_from_its_start_to_its_end(db: Database, clock: FakeClock) -> None:
    heartbeat = Heartbeat(db, clock, ProcessKind.SERVER, 30)
    heartbeat.start()
    await until(lambda: _lives(db))

    [one] = await known(db)
    assert (one.kind, one.pid, one.version) == (ProcessKind.SERVER, os.getpid(), __version__)
    assert (one.started_at, one.seen_at) == (clock.now(), clock.now())
    assert await count_living(db) == {ProcessKind.SERVER: 1, ProcessKind.WORKER: 0}
    await heartbeat.end()

    assert await known(db) == []


async def test_a_process_that_is_not_heard_three_times_is_dead_and_later_forgotten(
    db: Database, clock: FakeClock
) -> None:
    silent, talking = [Heartbeat(db, clock, ProcessKind.WORKER, 30) for _ in range(2)]
    await silent.beat()
    clock.advance(seconds=89)
    await talking.beat()
    assert [one.is_alive for one in await known(db)] == [True, True]

    clock.advance(seconds=1)
    await talking.beat()
    assert sorted(one.is_alive for one in await known(db)) == [False, True]
    assert await count_living(db) == {ProcessKind.SERVER: 0, ProcessKind.WORKER: 1}
    clock.advance(days=1)
    await talking.beat()

    [one] = await known(db)
    assert (one.is_alive, one.seen_at - one.started_at) == (True, timedelta(days=1, seconds=90))


async def test_a_heartbeat_goes_on_by_itself(db: Database, clock: FakeClock) -> None:
    heartbeat = Heartbeat(db, clock, ProcessKind.SERVER, 0.02)
    heartbeat.start()
    await until(lambda: _lives(db))
    clock.advance(seconds=5)

    async def is_seen_again() -> bool:
        return (await known(db))[0].seen_at == clock.now()

    await until(is_seen_again)
    async with asyncio.timeout(5):
        await heartbeat.end()


async def _lives(db: Database) -> bool:
    return bool(await known(db))
