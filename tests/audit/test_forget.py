"""Forgetting: what is old goes in small batches, never before every consumer has read it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, ClassVar

import pytest
from sqlalchemy import Executable, update

from entrepot.audit.forget import forget_old
from entrepot.audit.room import Audit
from entrepot.audit.settings import AuditSettings
from entrepot.db.database import Database
from entrepot.db.transaction import Writer
from entrepot.jobs.events import Event, publish
from entrepot.jobs.feed import Position, position_after, read_feed, resume, save_position
from entrepot.jobs.tables import event, feed_position
from tests.make.looking import events_after, rows_in
from tests.make.rooms import Rooms


@dataclass(frozen=True, slots=True)
class Seen(Event):
    type: ClassVar[str] = "test.seen"


@pytest.fixture
def audit(rooms: Rooms) -> Audit:
    """Keeps events for ten days."""
    return replace(rooms.audit, settings=AuditSettings(days=10))


async def tell(rooms: Rooms, *subjects: str, days_ago: float = 0) -> None:
    at = rooms.clock.now() - timedelta(days=days_ago)
    async with rooms.db.writing() as tx:
        await publish(tx, *[Seen(subject) for subject in subjects], actor="system", at=at)


async def read_by(rooms: Rooms, consumer: str, count: int | None = None) -> None:
    """Let a consumer read so many events more, or all."""
    before = await resume(rooms.db, consumer)
    read = await read_feed(rooms.db, before, 1_000_000 if count is None else count)
    assert await save_position(rooms.db, consumer, before, position_after(read[-1]))


async def left(rooms: Rooms) -> list[str]:
    return [row.subject for row in await events_after(rooms.db) if row.type == "test.seen"]


async def test_what_is_old_and_read_goes_and_the_rest_stays(rooms: Rooms, audit: Audit) -> None:
    await tell(rooms, "old", days_ago=10.1)
    await tell(rooms, "late but new", days_ago=9.9)
    await tell(rooms, "older", days_ago=400)
    await read_by(rooms, "dispatcher")
    await tell(rooms, "old, not read", days_ago=20)

    assert await forget_old(audit) == 2
    assert await left(rooms) == ["late but new", "old, not read"]
    assert await forget_old(audit) == 0


async def test_the_slowest_consumer_counts(rooms: Rooms, audit: Audit) -> None:
    await tell(rooms, *"abcdef", days_ago=20)
    own = await rows_in(rooms.db, event) - 6  # of the house itself, they come first
    await read_by(rooms, "dispatcher")
    await read_by(rooms, "slow", own + 3)

    await forget_old(audit)

    assert await left(rooms) == ["d", "e", "f"]


async def test_without_a_consumer_nothing_is_forgotten(rooms: Rooms, audit: Audit) -> None:
    await tell(rooms, "old", days_ago=20)

    assert await forget_old(audit) == 0


async def test_positions_of_another_cluster_say_nothing(rooms: Rooms, audit: Audit) -> None:
    await tell(rooms, "old", days_ago=20)
    await read_by(rooms, "dispatcher")
    async with rooms.db.writing() as tx:
        await tx.run(update(feed_position).values(cluster="before the restore"))

    assert await forget_old(audit) == 0


async def test_zero_days_are_for_ever(rooms: Rooms, audit: Audit) -> None:
    await tell(rooms, "old", days_ago=4_000)
    await read_by(rooms, "dispatcher")

    assert await forget_old(replace(audit, settings=AuditSettings(days=0))) == 0


class Counting:
    """A database that counts how many rows each transaction touched."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self.touched: list[int] = []

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[Writer]:
        async with self._db.writing() as tx:
            yield _CountingWriter(tx, self.touched)  # type: ignore[misc]  # a writer, watched

    def __getattr__(self, name: str) -> Any:
        return getattr(self._db, name)


class _CountingWriter:
    def __init__(self, tx: Writer, touched: list[int]) -> None:
        self._tx = tx
        self._touched = touched

    async def run(self, statement: Executable) -> int:
        self._touched.append(await self._tx.run(statement))
        return self._touched[-1]


async def test_no_transaction_deletes_more_than_a_batch(rooms: Rooms, audit: Audit) -> None:
    await tell(rooms, *map(str, range(95)), days_ago=20)
    await tell(rooms, "new")
    await read_by(rooms, "dispatcher")
    counting = Counting(rooms.db)

    assert await forget_old(replace(audit, db=counting), batch=10) == 95

    assert max(counting.touched) <= 10
    assert await left(rooms) == ["new"]


async def test_the_numbers_of_events_go_on_after_all_are_gone(rooms: Rooms, audit: Audit) -> None:
    await tell(rooms, "old", days_ago=20)
    await read_by(rooms, "dispatcher")
    before = await resume(rooms.db, "dispatcher")
    await forget_old(audit)
    await tell(rooms, "new")

    (row,) = [row for row in await events_after(rooms.db) if row.subject == "new"]
    assert Position(row.xid, row.seq) > before
