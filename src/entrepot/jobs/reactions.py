"""What a worker runs: reactions to events, and jobs that are due by the clock.

Rooms write them in their `jobs.py`, thin, calling a verb; `app.py` lists them. They speak to the
engine through `Run` alone, so that no room imports it:

    @reaction("scanning.scan", Scanning)
    async def scan(scanning: Scanning, event: Recorded, run: Run) -> None:
        report = await run.step("scan", verbs.scan, scanning, event.data["digest"])
        await run.step("keep", verbs.keep, scanning, report)

Between steps nothing may be done that must not be done twice: after a crash the function starts
again from its top, steps that had ended give what they gave before, and the one that was running
runs again. So every step is harmless the second time.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, ParamSpec, Protocol, TypeVar

from entrepot.jobs.events import Recorded

Room = TypeVar("Room")
P = ParamSpec("P")
T = TypeVar("T")


class Run(Protocol):
    """One durable execution of a reaction or a job."""

    id: str

    async def step(self, name: str, work: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        """What `work(*args, **kwargs)` returns: JSON values only, remembered, so that it is never asked twice.

        When it raises it is tried again, after longer and longer pauses; not when it raises Refused, which
        trying again cannot mend. The last error ends the run.
        """
        ...


@dataclass(frozen=True, slots=True)
class Reaction(Generic[Room]):
    """What follows from an event. `name` is kept in the database: it outlives renamed functions."""

    name: str
    room: type[Room]
    work: Callable[[Room, Recorded, Run], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Job(Generic[Room]):
    """What is due by the clock. `name` is kept in the database: it outlives renamed functions."""

    name: str
    room: type[Room]
    work: Callable[[Room, Run], Awaitable[None]]


def reaction(
    name: str, room: type[Room]
) -> Callable[[Callable[[Room, Recorded, Run], Awaitable[None]]], Reaction[Room]]:
    """Make a function `(room, event, run)` a reaction."""
    return lambda work: Reaction(name, room, work)


def job(name: str, room: type[Room]) -> Callable[[Callable[[Room, Run], Awaitable[None]]], Job[Room]]:
    """Make a function `(room, run)` a job."""
    return lambda work: Job(name, room, work)


# What `app.py` fills: an event's type to what follows, a job to when it is due.
AnyReaction = Reaction[Any]
AnyJob = Job[Any]
