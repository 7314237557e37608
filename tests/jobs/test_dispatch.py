"""The dispatcher: what follows from an event is started, at least once, and known to be the same."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar

import pytest

from entrepot.db.database import Database
from entrepot.db.holding import Holder, open_holder
from entrepot.jobs.dispatch import CONSUMER, Dispatcher
from entrepot.jobs.events import Event, Recorded, publish
from entrepot.jobs.reactions import AnyReaction, Run, reaction
from entrepot.jobs.settings import JobSettings
from entrepot.values.errors import DatabaseUnreachable
from tests.make.waiting import until

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SETTINGS = JobSettings("unused", idle_poll_seconds=0.02, busy_poll_seconds=0.005, batch=3)


@dataclass(frozen=True, slots=True)
class Pushed(Event):
    type: ClassVar[str] = "test.pushed"


@dataclass(frozen=True, slots=True)
class Deleted(Event):
    type: ClassVar[str] = "test.deleted"


@dataclass(frozen=True, slots=True)
class Ignored(Event):
    type: ClassVar[str] = "test.ignored"


@reaction("test.scan", str)
async def scan(_room: str, _event: Recorded, _run: Run) -> None: ...


@reaction("test.tell", str)
async def tell(_room: str, _event: Recorded, _run: Run) -> None: ...


SUBSCRIPTIONS = {Pushed: (scan, tell), Deleted: (tell,)}


class FakeEngine:
    """Remembers what was started; fails as often as it is told to."""

    def __init__(self) -> None:
        self.started: list[tuple[str, str]] = []
        self.failures = 0

    async def start(self, reaction: AnyReaction, event: Recorded) -> None:
        if self.failures:
            self.failures -= 1
            raise DatabaseUnreachable
        self.started.append((reaction.name, event.subject))


class Crash(BaseException):
    """The process ends here."""


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine()


@pytest.fixture
async def holder(database_url: str) -> AsyncIterator[Holder]:
    opened = open_holder(database_url)
    yield opened
    await opened.close()


@pytest.fixture
def dispatcher(db: Database, holder: Holder, engine: FakeEngine) -> Dispatcher:
    return Dispatcher(db, holder, SUBSCRIPTIONS, engine.start, SETTINGS)


async def happen(db: Database, *events: Event) -> None:
    async with db.writing() as tx:
        await publish(tx, *events, actor="user:1", at=NOW)


async def test_what_follows_from_each_event_is_started_in_order(
    db: Database, dispatcher: Dispatcher, engine: FakeEngine
) -> None:
    await happen(db, Pushed("a"), Ignored("b"), Deleted("c"), Pushed("d"))

    assert [await dispatcher.advance() for _ in range(3)] == [3, 1, 0]

    assert engine.started == [
        ("test.scan", "a"),
        ("test.tell", "a"),
        ("test.tell", "c"),
        ("test.scan", "d"),
        ("test.tell", "d"),
    ]


async def test_the_next_dispatcher_goes_on_where_the_last_one_stopped(
    db: Database, dispatcher: Dispatcher, holder: Holder, engine: FakeEngine
) -> None:
    await happen(db, Deleted("a"), Deleted("b"))
    await dispatcher.advance()
    await happen(db, Deleted("c"))

    await Dispatcher(db, holder, SUBSCRIPTIONS, engine.start, SETTINGS).advance()

    assert [subject for _, subject in engine.started] == ["a", "b", "c"]


async def test_a_crash_between_starting_and_remembering_starts_the_same_again(
    db: Database, holder: Holder, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    await happen(db, Deleted("a"), Deleted("b"))

    async def crash(*_arguments: object) -> bool:
        raise Crash

    with monkeypatch.context() as crashing:
        crashing.setattr("entrepot.jobs.dispatch.save_position", crash)
        with pytest.raises(Crash):
            await Dispatcher(db, holder, SUBSCRIPTIONS, engine.start, SETTINGS).advance()
    await Dispatcher(db, holder, SUBSCRIPTIONS, engine.start, SETTINGS).advance()

    assert engine.started == [("test.tell", "a"), ("test.tell", "b")] * 2


async def test_a_batch_that_could_not_be_started_whole_is_started_again(
    db: Database, dispatcher: Dispatcher, engine: FakeEngine
) -> None:
    await happen(db, Deleted("a"), Deleted("b"))
    engine.failures = 1
    stop = asyncio.Event()

    running = asyncio.create_task(dispatcher.run(stop))
    await until(lambda: len(engine.started) == 2)
    stop.set()
    await asyncio.wait_for(running, 5)

    assert [subject for _, subject in engine.started] == ["a", "b"]


async def test_two_dispatchers_at_once_miss_nothing(db: Database, holder: Holder, engine: FakeEngine) -> None:
    await happen(db, *(Deleted(f"{number}") for number in range(20)))
    two = [Dispatcher(db, holder, SUBSCRIPTIONS, engine.start, SETTINGS) for _ in range(2)]

    while any(await asyncio.gather(*(one.advance() for one in two))):
        pass

    assert {subject for _, subject in engine.started} == {f"{number}" for number in range(20)}


async def test_it_runs_until_told_to_stop_and_finds_events_as_they_come(
    db: Database, dispatcher: Dispatcher, engine: FakeEngine
) -> None:
    stop = asyncio.Event()
    running = asyncio.create_task(dispatcher.run(stop))

    for number in range(10):
        await happen(db, Deleted(f"{number}"))
        await until(lambda count=number + 1: len(engine.started) == count)  # type: ignore[misc]  # a default
    stop.set()

    await asyncio.wait_for(running, 1)


async def test_only_one_worker_dispatches(db: Database, database_url: str, engine: FakeEngine) -> None:
    first, second = open_holder(database_url), open_holder(database_url)
    assert await first.try_hold(CONSUMER)
    stop = asyncio.Event()
    running = asyncio.create_task(Dispatcher(db, second, SUBSCRIPTIONS, engine.start, SETTINGS).run(stop))
    await happen(db, Deleted("a"))
    await asyncio.sleep(0.1)
    waiting = list(engine.started)

    await first.close()
    await until(lambda: len(engine.started) == 1)
    stop.set()
    await running

    assert waiting == []
    await second.close()
