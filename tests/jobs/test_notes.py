"""Notes: written together, counted when they repeat, bounded whatever comes, and never lost by a database away."""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest

from entrepot.db.database import Database
from entrepot.db.transaction import Reader, Writer
from entrepot.jobs.notes import Noted, Notes
from entrepot.plumbing.caller import Caller, caller
from entrepot.plumbing.clock import FakeClock
from entrepot.values.errors import DatabaseUnreachable
from tests.make.looking import events_after


@dataclass(frozen=True, slots=True)
class Seen(Noted):
    type: ClassVar[str] = "test.seen"

    @property
    def organization(self) -> str:
        return self.subject.partition("/")[0] if "/" in self.subject else ""


@dataclass(frozen=True, slots=True)
class SeenOften(Seen):
    quiet_seconds: ClassVar[float] = 3_600


@dataclass(frozen=True, slots=True)
class SeenOnce(SeenOften):
    is_counted: ClassVar[bool] = False


async def told(db: Database) -> list[tuple[str, str, int]]:
    return [(row.subject, row.actor, row.data["count"]) for row in await events_after(db)]


@pytest.fixture
def notes(db: Database) -> Notes:
    return Notes(db, FakeClock())


async def test_what_repeats_is_counted(db: Database, notes: Notes) -> None:
    for _ in range(3):
        notes.note(Seen("one"), "user:a")
    notes.note(Seen("one"), "user:b")
    assert await told(db) == []

    await notes.flush()
    assert await told(db) == [("one", "user:a", 3), ("one", "user:b", 1)]
    await notes.flush()
    assert len(await told(db)) == 2


async def test_a_note_says_when_it_was_and_from_where(db: Database) -> None:
    clock = FakeClock()
    notes, seen = Notes(db, clock), clock.now()
    token = caller.set(Caller("192.0.2.1", "key:AK", "ignored"))
    notes.note(Seen("one"), "user:a", "d1")
    caller.reset(token)

    clock.advance(seconds=5)
    await notes.flush()

    (row,) = await events_after(db)
    assert (row.time, row.address, row.credential, row.domain_id) == (seen, "192.0.2.1", "key:AK", "d1")


async def test_a_fact_that_keeps_its_quiet_is_told_when_all_ends(db: Database, notes: Notes) -> None:
    for _ in range(3):
        notes.note(SeenOften("one"), "user:a")
        notes.note(SeenOnce("two"), "user:a")
        await notes.flush()
    assert await told(db) == [("one", "user:a", 1), ("two", "user:a", 1)]

    await notes.close()
    assert (await told(db))[2:] == [("one", "user:a", 2)]


async def test_a_flood_is_summed_up_in_one_row(db: Database) -> None:
    notes = Notes(db, FakeClock(), rows_per_minute=10)
    for number in range(1_000):
        notes.note(Seen(str(number)), "*")
    await notes.flush()

    rows = await events_after(db)
    assert len(rows) == 10
    assert (rows[-1].type, rows[-1].actor, rows[-1].data) == (
        "audit.dropped",
        "system",
        {"of": "test.seen", "count": 991},
    )


async def test_what_is_held_in_memory_is_bounded(db: Database) -> None:
    notes = Notes(db, FakeClock(), rows_per_minute=10)
    for number in range(20_000):
        notes.note(Seen(str(number)), "*")
    await notes.flush()

    assert (await events_after(db))[-1].data["count"] == 20_000 - 9


async def test_organizations_say_whose_administrators_see_it(db: Database) -> None:
    async def owners(_tx: Reader, names: Collection[str]) -> Mapping[str, str]:
        assert set(names) == {"acme", "gone"}
        return {"acme": "d-acme"}

    notes = Notes(db, FakeClock(), owners=owners)
    for subject in ("acme/app", "gone/app", "elsewhere"):
        notes.note(Seen(subject), "user:a", "d-actor")
    await notes.flush()

    assert [(row.subject, row.domain_id) for row in await events_after(db)] == [
        ("acme/app", "d-acme"),
        ("gone/app", "d-actor"),
        ("elsewhere", "d-actor"),
    ]


async def test_texts_of_strangers_cannot_break_the_others(db: Database, notes: Notes) -> None:
    for subject in ("nul\0", "half \ud800", "x" * 10_000, "good"):
        notes.note(Seen(subject), "*")
    await notes.flush()

    assert [row.subject for row in await events_after(db)] == ["nul�", "half �", "x" * 512, "good"]


class Away:
    """A database that can be away."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self.is_away = True
        self.tried = asyncio.Event()

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[Writer]:
        self.tried.set()
        if self.is_away:
            raise DatabaseUnreachable
        async with self._db.writing() as tx:
            yield tx

    def __getattr__(self, name: str) -> Any:
        return getattr(self._db, name)


async def test_a_database_that_is_away_is_waited_for(db: Database) -> None:
    away = Away(db)
    notes = Notes(away, FakeClock(), flush_seconds=0.01)
    notes.note(Seen("one"), "*")
    await asyncio.wait_for(away.tried.wait(), 10)
    notes.note(Seen("one"), "*")

    away.is_away = False
    await notes.close()

    assert await told(db) == [("one", "*", 2)]


async def test_notes_are_written_by_themselves(db: Database) -> None:
    away = Away(db)
    away.is_away = False
    notes = Notes(away, FakeClock(), flush_seconds=0.01)
    notes.note(Seen("one"), "*")
    await asyncio.wait_for(away.tried.wait(), 10)
    await notes.close()
    assert await told(db) == [("one", "*", 1)]
