"""What the installation is and how it does, at this moment."""

import asyncio
import platform
import shutil
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from datetime import datetime
from time import perf_counter

from entrepot import __version__
from entrepot.access.actor import Actor
from entrepot.accounts.operators import require_operator
from entrepot.jobs.living import Process, processes
from entrepot.jobs.runs import RunState
from entrepot.operations import queries
from entrepot.operations.backed_up import Backup, last_backup
from entrepot.operations.room import Operations, SettingShown
from entrepot.values.errors import EntrepotError


@dataclass(frozen=True, slots=True)
class Health:
    """Whether a part answers now, how long that took, and what it said when it did not."""

    is_good: bool
    seconds: float
    says: str


@dataclass(frozen=True, slots=True)
class Storage:
    """`total` and `free` bytes of the disk that a folder is on; None for what has no such limit."""

    kind: str
    place: str
    total: int | None
    free: int | None
    health: Health


@dataclass(frozen=True, slots=True)
class DatabaseState:
    kind: str
    place: str
    version: str
    size: int
    health: Health


@dataclass(frozen=True, slots=True)
class Work:
    """Of the workers: runs that wait (at most so many are counted), and when the last one ended."""

    waiting: int
    last_ended_at: datetime | None
    says: str


@dataclass(frozen=True, slots=True)
class System:
    version: str
    python: str
    storage: Storage
    database: DatabaseState
    work: Work
    processes: Sequence[Process]
    signing_key_at: datetime | None
    last_backup: Backup | None
    settings: Sequence[SettingShown]


_COUNTED_MAX = 1_000


async def show_system(operations: Operations, actor: Actor) -> System:
    """The installation, looked at now. Only operators may. Raises Unauthenticated or AccessDenied."""
    async with operations.db.reading() as tx:
        await require_operator(tx, actor)
        dialect = operations.db.dialect
        version, size = await queries.version_of(tx, dialect), await queries.size_of(tx, dialect)
        key_at = await queries.newest_key(tx)
        living = await processes(tx)
        backup = await last_backup(tx)
    place = operations.place
    total, free = await asyncio.to_thread(disk_of, operations)
    return System(
        version=__version__,
        python=platform.python_version(),
        storage=Storage(place.storage_kind, place.storage, total, free, await _health(operations.blobs.check())),
        database=DatabaseState(dialect, place.database, version, size, await _health(operations.db.check())),
        work=await _work(operations),
        processes=living,
        signing_key_at=key_at,
        last_backup=backup,
        settings=place.settings,
    )


async def _health(question: Awaitable[None]) -> Health:
    begun = perf_counter()
    try:
        await question
    except EntrepotError as error:
        return Health(False, perf_counter() - begun, error.message)
    return Health(True, perf_counter() - begun, "")


async def _work(operations: Operations) -> Work:
    try:
        waiting = await operations.runs.list(RunState.WAITING, "", "", _COUNTED_MAX)
        ended = await operations.runs.list(RunState.DONE, "", "", 1)
    except EntrepotError as error:
        return Work(0, None, error.message)
    return Work(len(waiting.items), next((one.ended_at for one in ended.items), None), "")


def disk_of(operations: Operations) -> tuple[int | None, int | None]:
    """Total and free bytes of the disk that blobs are on; None for what has no such limit. Blocks: for a thread."""
    if operations.place.folder is None:
        return None, None
    try:
        usage = shutil.disk_usage(operations.place.folder)
    except OSError:
        return None, None  # the health of the storage says why
    return usage.total, usage.free
