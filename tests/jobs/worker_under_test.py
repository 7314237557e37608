"""A real worker with reactions that leave marks: `python -m tests.jobs.worker_under_test FOLDER`.

Every mark is a line of FOLDER/marks. A step that "waits" does so until FOLDER/go exists.
"""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from entrepot import worker
from entrepot.app import SCHEDULE, SUBSCRIPTIONS
from entrepot.jobs.events import Event, Recorded
from entrepot.jobs.reactions import Run, job, reaction
from entrepot.jobs.schedule import every
from entrepot.registry.room import Registry
from entrepot.settings import load
from entrepot.values.errors import RepositoryUnknown
from tests.make.waiting import until


@dataclass(frozen=True, slots=True)
class Pushed(Event):
    type: ClassVar[str] = "test.pushed"


@dataclass(frozen=True, slots=True)
class Failing(Event):
    type: ClassVar[str] = "test.failing"


def folder() -> Path:
    return Path(sys.argv[1])


def mark(text: str) -> int:
    """Leave a mark; how often it was left, this time included."""
    with (folder() / "marks").open("a") as marks:
        marks.write(f"{text}\n")
    return marks_left().count(text)


def marks_left() -> list[str]:
    return (folder() / "marks").read_text().splitlines()


async def first(event: Recorded) -> str:
    mark(f"{event.subject} first {event.data} {event.time.isoformat()}")
    return "remembered"


async def second(event: Recorded, given: str) -> None:
    mark(f"{event.subject} second begins, {given}")
    await until((folder() / "go").exists, 60)
    mark(f"{event.subject} second ends")


async def third(event: Recorded) -> None:
    mark(f"{event.subject} third")


@reaction("test.three_steps", Registry)
async def three_steps(_registry: Registry, event: Recorded, run: Run) -> None:
    given = await run.step("first", first, event)
    await run.step("second", second, event, given)
    await run.step("third", third, event)


@reaction("test.fail", Registry)
async def fail(_registry: Registry, event: Recorded, run: Run) -> None:
    await run.step("flaky", flaky, event)
    await run.step("refused", refused, event)
    mark(f"{event.subject} never")


async def flaky(event: Recorded) -> None:
    if mark(f"{event.subject} flaky") < 3:
        raise OSError("not yet")


async def refused(event: Recorded) -> None:
    mark(f"{event.subject} refused")
    raise RepositoryUnknown


@job("test.tick", Registry)
async def tick(registry: Registry, run: Run) -> None:
    async def work() -> None:
        async with registry.db.reading():
            mark("tick")

    await run.step("tick", work)


@job("test.at_start", Registry)
async def at_start(_registry: Registry, run: Run) -> None:
    async def work() -> None:
        mark("start")

    await run.step("start", work)


if __name__ == "__main__":
    SUBSCRIPTIONS[Pushed] = (three_steps,)
    SUBSCRIPTIONS[Failing] = (fail,)
    SCHEDULE.clear()
    SCHEDULE[tick] = every(seconds=1)
    SCHEDULE[at_start] = every(days=1, at_start=True)
    worker._SEAT_CHECK_SECONDS = 0.2
    worker._ADOPT_EVERY = 1
    worker._END_SECONDS_MAX = 3.0
    worker.run(load().settings)
