"""Safekeeping: an installation of this machine's settings is backed up, made anew from a backup, and sealed anew.

Joins the room `backups` with what only the roof knows: all tables, migrations, the secret key and the data folder.
"""

import asyncio
import base64
import fcntl
import os
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from entrepot import __version__
from entrepot.app import LOCK_FILE, SEALED, SECRET_KEY_FILE
from entrepot.backups import check, loading, places
from entrepot.backups.errors import KeyUnfit, NotEmpty, PlaceForeign, SnapshotNewer
from entrepot.backups.make import PROBE, Installation, Made, Wish, make
from entrepot.backups.places import Place, open_place
from entrepot.backups.progress import Phase, Progress
from entrepot.backups.restore import MARK, begin_in, restore_blobs
from entrepot.backups.snapshot import KEY, Snapshot
from entrepot.blobs.opening import folder_of, open_store
from entrepot.blobs.settings import BlobSettings
from entrepot.db.holding import open_holder
from entrepot.db.opening import open_database
from entrepot.db.resealing import seal_anew
from entrepot.db.sqlite_files import file_of, left_log
from entrepot.filling import fill_database
from entrepot.migrations import all_tables, is_empty, newest_revision
from entrepot.plumbing.clock import SystemClock
from entrepot.plumbing.sealing import SealBroken, Sealer, new_key, parse_keys, read_keys, write_keys
from entrepot.room_settings import JOBS_FILE
from entrepot.settings import Settings
from entrepot.values.errors import ParameterInvalid


def back_up(settings: Settings, url: str, wish: Wish, with_key: bool, progress: Progress) -> Made:
    """A snapshot of the installation in the place at `url`. Raises what `backups.make.make` raises, and
    ParameterInvalid where there is no installation, or when it is the place of its own storage.
    """
    check_installation(settings)
    _check_apart(settings, url)
    keys = keys_of(settings)
    content = b"".join(base64.b64encode(key) + b"\n" for key in keys) if with_key else None
    wish = Wish(wish.keep, content, wish.allow_damaged, wish.at_once)
    return asyncio.run(_back_up(settings, url, wish, Sealer(*keys), progress))


async def _back_up(settings: Settings, url: str, wish: Wish, sealer: Sealer, progress: Progress) -> Made:
    async with opened(settings, sealer) as installation:
        place = open_place(url, settings.free_bytes_min)
        try:
            return await make(installation, place, wish, progress)
        finally:
            await place.close()


@asynccontextmanager
async def opened(settings: Settings, sealer: Sealer) -> AsyncIterator[Installation]:
    """What the settings describe, beside its servers, for as long as the block runs."""
    clock = SystemClock()
    db = open_database(settings.database_url, settings.db_pool_max, clock)
    blobs = open_store(settings.storage_url, BlobSettings())
    holder = open_holder(settings.database_url)
    try:
        yield Installation(db, blobs, holder, clock, sealer, all_tables(), newest_revision(), __version__)
    finally:
        await holder.close()
        await blobs.close()
        await db.close()


def verify(url: str, snapshot: str | None, is_deep: bool, progress: Progress) -> check.Checked:
    """What is wrong with a snapshot. Raises what `backups.check.check` raises."""

    async def run() -> check.Checked:
        place = open_place(url)
        try:
            return await check.check(place, snapshot, is_deep, progress)
        finally:
            await place.close()

    return asyncio.run(run())


def list_snapshots(url: str) -> Sequence[Snapshot]:
    """The snapshots of a place, the oldest first. Raises SnapshotDamaged, SnapshotNewer, and what the place raises."""

    async def run() -> Sequence[Snapshot]:
        place = open_place(url)
        try:
            return [await places.load(place, name) for name in await places.snapshots(place)]
        finally:
            await place.close()

    return asyncio.run(run())


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to restore: a snapshot by its name, or the newest; so many blobs at a time. `has_lost_key`: leave out what
    is sealed with the key that nobody has any more, and make a new key. `keeps_storage`: the blobs that are in the
    storage are the installation's own.
    """

    snapshot: str | None = None
    at_once: int = 8
    has_lost_key: bool = False
    keeps_storage: bool = False


def restore(settings: Settings, url: str, wanted: Wanted, progress: Progress) -> Snapshot:
    """Make the installation that `settings` describe from a snapshot.

    Raises NotEmpty where there is one already, or blobs are, KeyUnfit, SnapshotUnknown, SnapshotDamaged, SnapshotNewer,
    and what the database and the stores raise. After an error the same command goes on, or begins anew.
    """
    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _data_held(settings):
        _check_empty(settings)
        return asyncio.run(_restore(settings, url, wanted, progress))


async def _restore(settings: Settings, url: str, wanted: Wanted, progress: Progress) -> Snapshot:
    place = open_place(url)
    storage = open_place(settings.storage_url, settings.free_bytes_min)
    try:
        snapshot = await places.load(place, wanted.snapshot)
        if snapshot.migration > newest_revision():
            raise SnapshotNewer(
                f"The snapshot {snapshot.name} was made by a newer entrepot, {snapshot.version}. Use that version."
            )
        keys = _new_key(settings) if wanted.has_lost_key else await _key_for(settings, place, snapshot)
        await begin_in(storage, is_kept=wanted.keeps_storage)
        await restore_blobs(place, snapshot, storage.blobs, wanted.at_once, progress)
        if keys is not None:
            write_keys(settings.data / SECRET_KEY_FILE, keys)
        progress.begin(Phase.FACTS, snapshot.rows)
        tables = all_tables().sorted_tables
        sealed = [one.column for one in SEALED] if wanted.has_lost_key else []
        without = loading.without_sealed(sealed, tables)
        await fill_database(settings.database_url, place.blobs, snapshot, without, progress)
        await storage.remove(MARK)
        return snapshot
    finally:
        await storage.close()
        await place.close()


async def _key_for(settings: Settings, place: Place, snapshot: Snapshot) -> Sequence[bytes] | None:
    """The keys that are to be written into the data folder; None if the right ones are there, or in the settings."""
    file, found = settings.data / SECRET_KEY_FILE, None
    if settings.secret_key is not None or file.exists():
        keys, origin = keys_of(settings), "ENTREPOT_SECRET_KEY" if settings.secret_key is not None else str(file)
    elif snapshot.has_key:
        content = await place.read(places.path_of(snapshot.name, KEY))
        if content is None:
            raise KeyUnfit(f"The secret key of the snapshot {snapshot.name} is missing. Put it into {file}.")
        keys, origin = parse_keys(content.decode("ascii")), "the backup"
        found = keys
    else:
        raise KeyUnfit(
            f"The secret key is not part of this backup. Put a copy of the installation's file at {file}, or give the "
            "keys in ENTREPOT_SECRET_KEY. If it is lost: --lost-secret-key leaves out what only it can open."
        )
    try:
        Sealer(*keys).open(base64.b64decode(snapshot.probe), PROBE)
    except SealBroken:
        raise KeyUnfit(f"The secret key in {origin} is not the one of this backup.") from None
    return found


def _new_key(settings: Settings) -> Sequence[bytes] | None:
    is_there = settings.secret_key is not None or (settings.data / SECRET_KEY_FILE).exists()
    return None if is_there else [new_key()]


def keys_of(settings: Settings) -> list[bytes]:
    """The secret keys of the installation, the first seals. Raises what reading their file does."""
    if settings.secret_key is not None:
        return parse_keys(settings.secret_key.get_secret_value())
    return read_keys(settings.data / SECRET_KEY_FILE)


def check_installation(settings: Settings) -> None:
    """Raises ParameterInvalid where there is none."""
    key = settings.data / SECRET_KEY_FILE
    if is_free(settings.database_url) or (settings.secret_key is None and not key.exists()):
        raise ParameterInvalid(
            f"There is no installation in {settings.data}. Give this command the settings of the server (--data, "
            "--config, or ENTREPOT_…)."
        )


def _check_apart(settings: Settings, url: str) -> None:
    """A backup among the blobs that it copies would be pruned, and they with it."""
    if is_own(settings, url):
        raise PlaceForeign("This is where the installation itself keeps its bytes. Take another place for its backups.")


def is_own(settings: Settings, url: str) -> bool:
    """Whether a place is among what the installation keeps itself."""
    (kind, folder), (storage_kind, storage) = folder_of(url), folder_of(settings.storage_url)
    if folder is None:
        return kind == storage_kind == "s3" and _bucket_of(url) == _bucket_of(settings.storage_url)
    folder = folder.resolve()
    own = {settings.data.resolve(), *([storage.resolve()] if storage is not None else [])}
    return folder in own or (storage is not None and storage.resolve() in folder.parents)


def _bucket_of(url: str) -> str:
    """Without what says who asks, and how."""
    parts = urlsplit(url)
    return f"{parts.netloc.rpartition('@')[2]}{parts.path}".rstrip("/")


def _check_empty(settings: Settings) -> None:
    file = file_of(settings.database_url)
    check_no_log(settings.database_url)
    if not is_free(settings.database_url) or (settings.data / JOBS_FILE).exists():
        raise NotEmpty(
            f"There is an installation already: {file or 'the database has its tables'}, data in {settings.data}. "
            "A backup is restored into an empty place only; choose another, or move that one away."
        )


def check_no_log(url: str) -> None:
    """Raises NotEmpty where the log of a database is left that is gone itself: it would be written over the new one."""
    file = file_of(url)
    log = None if file is None else left_log(file)
    if log is not None:
        raise NotEmpty(f"The database is gone, and its log is left: {log}. It may hold what was written last; move it.")


def is_free(url: str) -> bool:
    """Whether no installation has this database. A file is only looked at: servers write it."""
    file = file_of(url)
    return is_empty(url) if file is None else not file.exists() or not file.stat().st_size


@contextmanager
def _data_held(settings: Settings) -> Iterator[None]:
    """As a server holds it: no server starts meanwhile, and there is none."""
    handle = os.open(settings.data / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise NotEmpty(f"The data folder {settings.data} is in use by an entrepot that runs.") from None
    finally:
        os.close(handle)


async def seal_all_anew(settings: Settings, sealer: Sealer) -> int:
    """Seal everything with the sealer's first key, twice over, so that nothing is missed; the number of values."""
    db = open_database(settings.database_url, settings.db_pool_max)
    try:
        return sum([await seal_anew(db, sealer, sealed) for sealed in (*SEALED, *SEALED)])
    finally:
        await db.close()
