"""Hot reads remember answers; a commit anywhere must end them."""

import asyncio
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import bindparam, insert, select, text

from entrepot.access.tables import grant
from entrepot.db.schema import metadata
from entrepot.db.sqlite import SqliteDatabase

LEVEL = select(grant.c.level).where(grant.c.scope == bindparam("scope"))
SET_LEVEL = "UPDATE \"grant\" SET level = {level} WHERE scope = 'acme'"


@pytest.fixture
async def database(tmp_path: Path):
    database = SqliteDatabase(tmp_path / "facts.db")
    async with database.writing() as tx:
        metadata.create_all(tx._connection)
        moment = datetime(2026, 1, 1, tzinfo=UTC)
        row = {"scope": "acme", "subject": "*", "level": 7, "created_at": moment, "created_by": "*"}
        await tx.run(insert(grant), [row])
    yield database
    await database.close()


async def test_an_answer_is_read_once_while_nothing_changes(database):
    read = database.hot(LEVEL)
    assert await read.row({"scope": "acme"}) == (7,)
    connection = database._hot._connection
    asked: list[str] = []
    connection.set_trace_callback(asked.append)

    assert await read.row({"scope": "acme"}) == (7,)

    assert [statement for statement in asked if "grant" in statement] == []


async def test_a_commit_of_this_process_ends_every_answer(database):
    read = database.hot(LEVEL)
    assert await read.row({"scope": "acme"}) == (7,)
    assert await read.row({"scope": "nowhere"}) is None

    async with database.writing() as tx:
        await tx.run(text(SET_LEVEL.format(level=1)))

    assert await read.row({"scope": "acme"}) == (1,)


async def test_a_commit_of_another_process_ends_every_answer(database, tmp_path):
    read = database.hot(LEVEL)
    assert await read.row({"scope": "acme"}) == (7,)
    script = f"import sqlite3; c = sqlite3.connect({str(tmp_path / 'facts.db')!r}); "
    script += f"c.execute({SET_LEVEL.format(level=3)!r}); c.commit()"

    await asyncio.to_thread(subprocess.run, [sys.executable, "-c", script], check=True)

    assert await read.row({"scope": "acme"}) == (3,)


async def test_a_change_that_was_not_committed_is_not_seen(database):
    read = database.hot(LEVEL)
    assert await read.row({"scope": "acme"}) == (7,)

    async def fail_half_way():
        async with database.writing() as tx:
            await tx.run(text(SET_LEVEL.format(level=1)))
            assert await read.row({"scope": "acme"}) == (7,)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail_half_way()
    assert await read.row({"scope": "acme"}) == (7,)


async def test_an_answer_that_grew_stale_hundreds_of_times_is_right_each_time(database):
    read = database.hot(LEVEL)
    for number in range(300):
        level = (1, 3, 7)[number % 3]
        async with database.writing() as tx:
            await tx.run(text(SET_LEVEL.format(level=level)))
        assert await read.row({"scope": "acme"}) == (level,)
        assert await read.row({"scope": "acme"}) == (level,)


async def test_questions_that_wait_together_are_answered_after_one_look(database):
    read = database.hot(LEVEL)
    await read.row({"scope": "acme"})
    await asyncio.sleep(0)
    looks: list[str] = []
    database._hot._connection.set_trace_callback(looks.append)

    assert await asyncio.gather(*[read.row({"scope": "acme"}) for _ in range(20)]) == [(7,)] * 20

    assert len(looks) == 1
    assert await read.row({"scope": "acme"}) == (7,)
    assert len(looks) == 2


async def test_whoever_asks_after_a_commit_sees_it_however_busy_the_readers_are(database, tmp_path):
    """Another process, for the event loop: a thread that commits with a connection of its own, then asks."""
    read = database.hot(LEVEL)
    loop = asyncio.get_running_loop()
    is_over = False

    async def keep_asking():
        while not is_over:
            await read.row({"scope": "acme"})
            await asyncio.sleep(0)

    def commit_and_ask() -> list[tuple[int, int]]:
        connection = sqlite3.connect(tmp_path / "facts.db", timeout=10)
        seen = []
        for number in range(200):
            level = (1, 3, 7)[number % 3]
            connection.execute(SET_LEVEL.format(level=level))
            connection.commit()
            (found,) = asyncio.run_coroutine_threadsafe(read.row({"scope": "acme"}), loop).result(10)
            seen.append((level, found))
        connection.close()
        return seen

    readers = [asyncio.create_task(keep_asking()) for _ in range(5)]
    seen = await asyncio.to_thread(commit_and_ask)
    is_over = True
    await asyncio.gather(*readers)

    assert [found for _, found in seen] == [level for level, _ in seen]
