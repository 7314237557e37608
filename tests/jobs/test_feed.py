"""The feed: every event once, in an order that never goes back."""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar

import pytest
from sqlalchemy import select, text, update

from entrepot.db.database import Database
from entrepot.db.opening import open_database
from entrepot.jobs.events import Event, Recorded, publish
from entrepot.jobs.feed import START, Position, position_after, read_feed, resume, save_position
from entrepot.jobs.tables import event as event_table
from entrepot.jobs.tables import feed_position
from tests.make.databases import create_tables

NOW = datetime(2026, 1, 1, 12, 0, 0, 123456, UTC)


@dataclass(frozen=True, slots=True)
class Happened(Event):
    type: ClassVar[str] = "test.happened"
    count: int = 0
    tags: tuple[str, ...] = ()


async def happen(db: Database, *subjects: str) -> None:
    async with db.writing() as tx:
        await publish(tx, *(Happened(subject) for subject in subjects), actor="user:1", at=NOW)


async def subjects(db: Database, after: Position = START, limit: int = 100) -> list[str]:
    return [event.subject for event in await read_feed(db, after, limit)]


async def test_an_event_comes_back_as_it_was_published(db: Database) -> None:
    async with db.writing() as tx:
        await publish(tx, Happened("acme/app", 3, ("a", "b")), actor="user:1", at=NOW)

    (event,) = await read_feed(db, START, 10)

    assert (event.type, event.subject, event.actor, event.time) == ("test.happened", "acme/app", "user:1", NOW)
    assert event.data == {"count": 3, "tags": ["a", "b"]}
    assert len(event.id) == 32


async def test_events_come_in_the_order_they_were_published_a_page_at_a_time(db: Database) -> None:
    await happen(db, "a", "b")
    await happen(db, "c")
    await happen(db, "d", "e")

    found: list[str] = []
    position = START
    while page := await read_feed(db, position, 2):
        assert len(page) <= 2
        found += [event.subject for event in page]
        position = position_after(page[-1])

    assert found == ["a", "b", "c", "d", "e"]


async def test_what_was_rolled_back_never_happened(db: Database) -> None:
    with pytest.raises(KeyError):  # noqa: PT012  # the whole block is undone
        async with db.writing() as tx:
            await publish(tx, Happened("a"), actor="user:1", at=NOW)
            raise KeyError
    await happen(db, "b")

    assert await subjects(db) == ["b"]


async def test_a_lower_number_that_commits_later_is_not_passed_by(postgres_url: str) -> None:
    create_tables(postgres_url)
    db = open_database(postgres_url)
    first_is_in, second_is_done = asyncio.Event(), asyncio.Event()

    async def first() -> None:
        async with db.writing() as tx:
            await publish(tx, Happened("first"), actor="user:1", at=NOW)
            first_is_in.set()
            await second_is_done.wait()

    task = asyncio.create_task(first())
    await first_is_in.wait()
    await happen(db, "second")  # its number is higher, and it commits before
    while_open = await subjects(db)
    second_is_done.set()
    await task
    events = await read_feed(db, START, 10)

    assert while_open == [], "the feed waits for what may still come before"
    assert [event.subject for event in events] == ["first", "second"]
    await db.close()


async def test_a_lower_number_of_a_later_transaction_is_not_passed_by(postgres_url: str) -> None:
    """The case in which a position of numbers alone fails: the later transaction holds the lower number."""
    create_tables(postgres_url)
    db = open_database(postgres_url)
    async with db.writing() as early:
        await early.value(select(text("pg_current_xact_id()::text")))
        late_is_in, early_is_done = asyncio.Event(), asyncio.Event()

        async def late() -> None:
            async with db.writing() as tx:
                await publish(tx, Happened("low number, late transaction"), actor="user:1", at=NOW)
                late_is_in.set()
                await early_is_done.wait()

        task = asyncio.create_task(late())
        await late_is_in.wait()
        await publish(early, Happened("high number, early transaction"), actor="user:1", at=NOW)

    first = await read_feed(db, START, 10)
    early_is_done.set()
    await task
    second = await read_feed(db, position_after(first[-1]), 10)

    assert [event.subject for event in first] == ["high number, early transaction"]
    assert [event.subject for event in second] == ["low number, late transaction"]
    assert first[0].seq > second[0].seq
    await db.close()


async def test_a_reader_beside_many_writers_misses_nothing_and_sees_nothing_twice(db: Database) -> None:
    chance = random.Random(7)
    done = asyncio.Event()

    async def write(number: int) -> None:
        async with db.writing() as tx:
            for part in range(chance.randint(1, 3)):
                await publish(tx, Happened(f"{number}-{part}"), actor="user:1", at=NOW)
                if db.dialect == "postgresql":
                    await asyncio.sleep(chance.random() / 100)
            if number % 7 == 0:
                raise KeyError

    async def read() -> list[Recorded]:
        found: list[Recorded] = []
        position = START
        while True:
            was_done = done.is_set()
            page = await read_feed(db, position, 5)
            found += page
            if page:
                position = position_after(page[-1])
            elif was_done:
                return found
            await asyncio.sleep(0.001)

    reader = asyncio.create_task(read())
    limit = asyncio.Semaphore(8)

    async def limited(number: int) -> None:
        async with limit:
            await write(number)

    await asyncio.gather(*(limited(number) for number in range(150)), return_exceptions=True)
    done.set()
    found = await asyncio.wait_for(reader, 30)

    async with db.reading() as tx:
        rows: Sequence[Any] = await tx.rows(select(event_table.c.id))
    assert len(found) == len(rows)
    assert {event.id for event in found} == {row.id for row in rows}


# --- positions ---


async def test_a_new_consumer_starts_before_the_first_event(db: Database) -> None:
    await happen(db, "a")

    assert await resume(db, "one") == START


async def test_a_saved_position_is_where_reading_goes_on(db: Database) -> None:
    await happen(db, "a", "b", "c")
    before = await resume(db, "one")
    events = await read_feed(db, before, 2)

    assert await save_position(db, "one", before, position_after(events[-1]))

    assert await subjects(db, await resume(db, "one")) == ["c"]
    assert await resume(db, "two") == START, "each consumer has its own"


async def test_a_position_another_reader_has_moved_is_not_moved_back(db: Database) -> None:
    await happen(db, "a", "b")
    before = await resume(db, "one")
    first, second = await read_feed(db, before, 2)
    assert await save_position(db, "one", before, position_after(second))

    assert not await save_position(db, "one", before, position_after(first))

    assert await resume(db, "one") == position_after(second)


async def test_in_another_cluster_reading_goes_on_where_it_stopped(postgres_url: str) -> None:
    """A dump restored elsewhere: the rows bring transaction numbers that the new cluster has not reached."""
    create_tables(postgres_url)
    db = open_database(postgres_url)
    await resume(db, "one")
    await resume(db, "two")
    for name in "abcd":
        await happen(db, name)
    events = await read_feed(db, START, 10)
    await save_position(db, "one", START, position_after(events[1]))
    await save_position(db, "two", START, position_after(events[3]))
    far = 1_000_000_000
    async with db.writing() as tx:
        await tx.run(update(event_table).values(xid=event_table.c.xid + far))
        await tx.run(update(feed_position).values(xid=feed_position.c.xid + far, cluster="elsewhere"))
    await happen(db, "new")

    assert await subjects(db, await resume(db, "one")) == ["c", "d", "new"]
    assert await subjects(db, await resume(db, "two")) == ["new"]
    await happen(db, "newer")
    assert await subjects(db, await resume(db, "two")) == ["new", "newer"]
    await db.close()
