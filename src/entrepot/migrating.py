"""Migrating: the installation of this machine's settings moves to another database, another storage, or both.

Joins the room `backups` with what only the roof knows: all tables, migrations, the secret key and the data folder.
"""

import asyncio
import shutil
import signal
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from sqlalchemy.exc import DBAPIError

from entrepot.backups.arriving import closing_event, open_there, with_event
from entrepot.backups.errors import NotEmpty, PlaceForeign
from entrepot.backups.loading import Without
from entrepot.backups.make import Installation
from entrepot.backups.moving import Moved, Plan, Target, hold_move, move, plan
from entrepot.backups.places import Place, open_place
from entrepot.backups.progress import Phase, Progress
from entrepot.backups.snapshot import Snapshot
from entrepot.blobs.opening import open_store
from entrepot.blobs.settings import BlobSettings
from entrepot.blobs.store import BlobStore
from entrepot.filling import fill_database, trouble_of
from entrepot.jobs.tables import event
from entrepot.migrations import finds
from entrepot.plumbing.sealing import Sealer
from entrepot.safekeeping import check_installation, check_no_log, is_free, is_own, keys_of, opened
from entrepot.settings import Settings

T = TypeVar("T")
_PIECES: Final = "migrating"


@dataclass(frozen=True, slots=True)
class To:
    """Where to: as settings are spelled, and checked like them. None: that part stays where it is."""

    database_url: str | None
    storage_url: str | None
    free_bytes_min: int = 0


def migrate(settings: Settings, to: To, at_once: int, allow_damaged: bool, progress: Progress) -> Moved:
    """Move the installation; the old one is closed afterwards. Raises what `backups.moving.move` raises, and
    ParameterInvalid where there is no installation, NotEmpty or PlaceForeign where there is one already. Asked to end
    (SIGTERM), it opens the old one again, too.
    """
    return _run(settings, to, lambda from_, target: move(from_, target, at_once, allow_damaged, progress), progress)


def plan_migration(settings: Settings, to: To, progress: Progress) -> Plan:
    """What `migrate` would do. Raises the same."""
    return _run(settings, to, lambda from_, target: plan(from_, target, progress), progress)


def _run(
    settings: Settings,
    to: To,
    work: Callable[[Installation, Target], Coroutine[Any, Any, T]],
    progress: Progress,
) -> T:
    check_installation(settings)
    if to.database_url == settings.database_url:
        raise NotEmpty("The new database is the one that the installation has.")
    if to.storage_url is not None and is_own(settings, to.storage_url):
        raise PlaceForeign("The new storage is where the installation itself keeps its bytes.")

    async def run() -> T:
        task = asyncio.current_task()
        assert task is not None, "asyncio.run made it"
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        async with opened(settings, Sealer(*keys_of(settings))) as installation:
            await hold_move(installation.holder)
            await _check_empty(installation, to)
            async with _target(settings, installation, to, progress) as target:
                return await work(installation, target)

    try:
        return asyncio.run(run())
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None


async def _check_empty(installation: Installation, to: To) -> None:
    if to.database_url is None:
        return
    check_no_log(to.database_url)
    if is_free(to.database_url):
        return
    if not _has(to.database_url, await closing_event(installation.db)):
        raise NotEmpty(
            "There is an installation in the new database already. An installation moves into an empty database only; "
            "name another, or remove what is in that one."
        )


def _has(url: str, event_id: str) -> bool:
    try:
        return not is_free(url) and finds(url, event, with_event(event_id))
    except DBAPIError as error:
        raise trouble_of(error) from error


@asynccontextmanager
async def _target(settings: Settings, installation: Installation, to: To, progress: Progress) -> AsyncIterator[Target]:
    folder = settings.data / _PIECES
    shutil.rmtree(folder, ignore_errors=True)
    pieces = open_store(str(folder), BlobSettings())
    storage: Place | None = None
    try:
        storage = None if to.storage_url is None else open_place(to.storage_url, to.free_bytes_min)
        yield joined(installation, to.database_url, storage, pieces, progress)
    finally:
        if storage is not None:
            await storage.close()
        await pieces.close()
        shutil.rmtree(folder, ignore_errors=True)


def joined(
    installation: Installation, url: str | None, storage: Place | None, pieces: BlobStore, progress: Progress
) -> Target:
    if url is None:
        return Target(storage, None, lambda _event: False, pieces)

    async def fill(snapshot: Snapshot) -> None:
        progress.begin(Phase.FACTS, snapshot.rows)
        opening = lambda connection: open_there(connection, installation.clock.now())  # noqa: E731
        await fill_database(url, pieces, snapshot, Without(), progress, opening)

    return Target(storage, fill, lambda event_id: _has(url, event_id), pieces)
