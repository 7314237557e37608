"""Living: which processes of an installation are at work. Each says so now and then, in a row of its own.

The engine of jobs knows workers by the runs they left; an idle one, and a server, it does not know.
"""

import asyncio
import os
import socket
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from entrepot import __version__
from entrepot.db.database import Database
from entrepot.db.transaction import Reader
from entrepot.jobs import queries
from entrepot.plumbing.clock import Clock
from entrepot.plumbing.ids import new_id
from entrepot.plumbing.logging import get_logger
from entrepot.values.errors import Broken, Elsewhere

_MISSED: Final = 3
"""So many times a living process is not heard before it counts as dead."""
_REMEMBERED: Final = timedelta(days=1)
_END_SECONDS_MAX: Final = 5.0
_HOST_CHARS_MAX: Final = 255

_log = get_logger()


class ProcessKind(StrEnum):
    SERVER = "server"
    WORKER = "worker"


@dataclass(frozen=True, slots=True)
class Process:
    """A process, or one that was. `seen_at`: when it last said that it lives."""

    kind: ProcessKind
    host: str
    pid: int
    version: str
    started_at: datetime
    seen_at: datetime
    is_alive: bool


class Heartbeat:
    """Says that this process lives, from `start` to `end`."""

    def __init__(self, db: Database, clock: Clock, kind: ProcessKind, seconds: float) -> None:
        self._db = db
        self._clock = clock
        self._kind = kind
        self._seconds = seconds
        self._id = new_id()
        self._started_at = clock.now()
        self._stop = asyncio.Event()
        self._running: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._running = asyncio.create_task(self._run())

    async def end(self) -> None:
        """The process is not among the living any more; a database that is away may not hold up its end."""
        self._stop.set()
        if self._running is not None:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._running, _END_SECONDS_MAX)

    async def beat(self) -> None:
        """Say it once. Raises what the database raises."""
        now = self._clock.now()
        async with self._db.writing() as tx:
            await queries.save_process(
                tx,
                id=self._id,
                kind=self._kind,
                host=socket.gethostname()[:_HOST_CHARS_MAX],
                pid=os.getpid(),
                version=__version__,
                started_at=self._started_at,
                seen_at=now,
                lives_until=now + _MISSED * timedelta(seconds=self._seconds),
            )
            await queries.forget_processes(tx, now - _REMEMBERED)

    async def _run(self) -> None:
        while not self._stop.is_set():
            with suppress(Elsewhere, Broken):  # then it is said the next time; who looks sees how long ago it was
                await self.beat()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._seconds):
                    await self._stop.wait()
        try:
            async with self._db.writing() as tx:
                await queries.delete_process(tx, self._id)
        except (Elsewhere, Broken) as error:
            _log.warning("the end of this process could not be written down", message=error.message)


async def processes(tx: Reader) -> Sequence[Process]:
    """All that lived within the last day and did not end in order, servers first, the oldest first."""
    return [
        Process(
            ProcessKind(row.kind),
            row.host,
            row.pid,
            row.version,
            row.started_at,
            row.seen_at,
            row.lives_until > tx.now,
        )
        for row in await queries.processes(tx)
    ]


async def count_living(db: Database) -> Mapping[ProcessKind, int]:
    """How many of each kind live now."""
    async with db.reading() as tx:
        living = [one.kind for one in await processes(tx) if one.is_alive]
    return {kind: living.count(kind) for kind in ProcessKind}
