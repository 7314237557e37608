"""Restore: the bytes of a snapshot into an empty store. Facts follow (`loading.py`).

Bytes first, as in a push: with the facts the installation is there, whole. Whatever breaks off before leaves a store
with blobs that nothing names, and the same command again goes on from there. What it finds in the store is read and
verified like what it copies.
"""

from collections.abc import AsyncIterator, Callable
from typing import Final

from entrepot.backups.check import blobs_of
from entrepot.backups.copying import Copied, Wanted, copy_blobs, is_whole, some
from entrepot.backups.errors import NotEmpty, SnapshotDamaged
from entrepot.backups.known import Known, known_in
from entrepot.backups.places import Place
from entrepot.backups.progress import Phase, Progress
from entrepot.backups.snapshot import Snapshot
from entrepot.blobs.store import BlobStore

MARK: Final = "entrepot-restore"
"""Stands in a storage from before the first blob is restored there until the facts are there, too."""


async def begin_in(storage: Place, *, is_kept: bool) -> None:
    """Let a storage be the one to restore into. Raises NotEmpty where there are blobs already.

    Those of another server would be left over bytes to the installation that is restored, and be collected. `is_kept`:
    they are its own, for only its database was lost.
    """
    if await storage.read(MARK) is not None:
        return
    if not is_kept:
        async for _ in storage.blobs.list():
            raise NotEmpty(
                f"There are blobs in the storage {storage.label} already: is it that of a server? It would lose them. "
                "Take an empty one; or --keep-storage, if it is this installation's own and nobody serves from it."
            )
    await storage.write(MARK, b"A restore has begun here, and is not over.\n")


async def restore_blobs(place: Place, snapshot: Snapshot, store: BlobStore, at_once: int, progress: Progress) -> Copied:
    """Bring the blobs of a snapshot into `store`. Raises SnapshotDamaged, and what both stores raise."""
    progress.begin(Phase.BLOBS, snapshot.bytes)
    known = await known_in(store)
    try:
        wanted = _missing(place, snapshot, store, known, progress.add)
        copied = await copy_blobs(place.blobs, store, wanted, at_once, progress.add)
    finally:
        known.close()
    if copied.damaged:
        raise SnapshotDamaged(
            f"In the snapshot {snapshot.name} {some(copied.damaged)} are missing or damaged. Take another snapshot.",
            damaged=copied.damaged,
        )
    return copied


async def _missing(
    place: Place, snapshot: Snapshot, store: BlobStore, known: Known, tell: Callable[[int], None]
) -> AsyncIterator[Wanted]:
    async for digest, size in blobs_of(place, snapshot):
        if known.size(str(digest)) != size or not await is_whole(store, digest, tell):
            yield digest, size
