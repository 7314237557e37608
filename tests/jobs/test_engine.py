"""The engine in one process: what it starts once, remembers, schedules and forgets."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from dbos import DBOS

from entrepot.jobs.engine import Engine
from entrepot.jobs.events import Recorded
from entrepot.jobs.reactions import AnyJob, Run, job, reaction
from entrepot.jobs.schedule import Schedule, every
from entrepot.jobs.settings import JobSettings
from tests.make.waiting import until

EVENT = Recorded(7, "e" * 32, "test.happened", "acme/app", "user:1", datetime(2026, 1, 1, tzinfo=UTC), {"tags": ["a"]})


class Room:
    """Remembers what was done in it."""

    def __init__(self) -> None:
        self.done: list[object] = []

    async def do(self, what: object) -> str:
        self.done.append(what)
        return f"did {what}"

    async def answer_bytes(self) -> bytes:
        return b"no JSON"


async def always_open() -> bool:
    return True


@reaction("test.note", Room)
async def note(room: Room, event: Recorded, run: Run) -> None:
    said = await run.step("first", room.do, event)
    await run.step("second", room.do, f"{run.id}: {said[:3]}")


@reaction("test.unwritable", Room)
async def unwritable(room: Room, _event: Recorded, run: Run) -> None:
    await run.step("bytes", room.answer_bytes)
    room.done.append("never")


@job("test.nightly", Room)
async def nightly(room: Room, run: Run) -> None:
    await run.step("do", room.do, "nightly")


@job("test.gone", Room)
async def gone(_room: Room, _run: Run) -> None: ...


OpenEngine = Callable[[dict[AnyJob, Schedule]], Awaitable[Engine]]


@pytest.fixture
def room() -> Room:
    return Room()


@pytest.fixture
async def open_engine(tmp_path: Path, room: Room) -> AsyncIterator[OpenEngine]:
    opened: list[Engine] = []

    async def open_one(schedule: dict[AnyJob, Schedule]) -> Engine:
        for engine in opened:
            await engine.close(5)
        opened.clear()
        settings = JobSettings(f"sqlite:///{tmp_path / 'jobs.sqlite3'}", history_seconds=0)
        engine = Engine(settings, 0, {Room: room}, [note, unwritable], schedule, always_open)
        opened.append(engine)
        await engine.launch()
        return engine

    yield open_one
    for engine in opened:
        await engine.close(5)


async def test_a_reaction_gets_its_room_and_the_event_and_happens_once(open_engine: OpenEngine, room: Room) -> None:
    engine = await open_engine({})

    for _ in range(3):
        await engine.start(note, EVENT)
    await until(lambda: len(room.done) == 2)

    assert room.done == [EVENT, f"test.note:{EVENT.id}: did"]


async def test_what_ended_long_ago_is_forgotten(open_engine: OpenEngine, room: Room) -> None:
    engine = await open_engine({})
    await engine.start(note, EVENT)
    await until(lambda: len(room.done) == 2)

    await until(lambda: is_forgotten(engine))

    assert await engine.forget_ended() == 0


async def is_forgotten(engine: Engine) -> bool:
    return await engine.forget_ended() == 1


async def test_a_result_that_cannot_be_written_down_ends_the_run(open_engine: OpenEngine, room: Room) -> None:
    engine = await open_engine({})
    await engine.start(unwritable, EVENT)

    async def has_failed() -> bool:
        return (await DBOS.list_workflows_async())[0].status == "ERROR"

    await until(has_failed)
    assert room.done == []


async def test_the_schedule_is_the_one_given_last(open_engine: OpenEngine, room: Room) -> None:
    await open_engine({gone: every(days=1), nightly: every(days=1)})
    await open_engine({nightly: every(hours=6, at_start=True)})

    known = {one["schedule_name"]: one["schedule"] for one in await DBOS.list_schedules_async()}
    assert known == {"test.nightly": "0 7 */6 * * *"}
    await until(lambda: room.done == ["nightly"])


async def test_nothing_in_its_tables_is_a_pickle(open_engine: OpenEngine, room: Room, tmp_path: Path) -> None:
    engine = await open_engine({nightly: every(days=1, at_start=True)})
    await engine.start(note, EVENT)
    await until(lambda: len(room.done) == 3)
    await engine.close(5)

    content = b"".join(file.read_bytes() for file in tmp_path.glob("jobs.sqlite3*"))
    assert b"portable_json" in content
    assert b"py_pickle" not in content
