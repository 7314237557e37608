"""Places: where backups are kept, a folder or a bucket.

<place>
├── blobs                       bytes by digest (`blobs/layout.py`): of images, and pieces of dumps
├── parts                       bytes on their way
├── snapshots
│   └── 20270131T120000Z
│       ├── secret-key          if that was asked for
│       └── backup.json         written last: with it the snapshot is there
└── entrepot-backup             says that the place is one
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Protocol

from entrepot.backups.errors import PlaceBusy, PlaceForeign, SnapshotDamaged, SnapshotUnknown
from entrepot.backups.snapshot import DOCUMENT, Snapshot, place_of, read
from entrepot.blobs import disk
from entrepot.blobs.opening import folder_of, open_store
from entrepot.blobs.settings import BlobSettings
from entrepot.blobs.store import BlobStore

MARK: Final = "entrepot-backup"
SNAPSHOTS: Final = "snapshots"
_MARK_SAYS: Final = b"Backups of entrepot; `entrepot backup PLACE --list` says which.\n"
_LOCK: Final = "lock"


class Place(Protocol):
    """Named documents beside a store of bytes. Raises what the store raises."""

    blobs: BlobStore
    label: str
    """What people know it by, without credentials."""
    parts_stale_seconds: float
    """Parts that were not written for so long are nobody's."""

    async def names(self, prefix: str) -> list[str]:
        """Names that begin with `prefix/`, in order."""
        ...

    async def read(self, name: str) -> bytes | None:
        """A document; None if there is none of that name."""
        ...

    async def write(self, name: str, content: bytes) -> None:
        """Keep a document: all of it or nothing, durable when this returns."""
        ...

    async def remove(self, name: str) -> None:
        """One that is not there is fine."""
        ...

    async def hold(self) -> None:
        """Be the only one who works here until it is closed, as far as the place can tell. Raises PlaceBusy."""
        ...

    async def close(self) -> None: ...


def open_place(url: str, free_bytes_min: int = 0) -> Place:
    """The place at `url`, spelled like the setting `storage_url`. Raises ParameterInvalid or Unsupported."""
    store = open_store(url, BlobSettings(free_bytes_min))
    _, folder = folder_of(url)
    if folder is not None:
        return FolderPlace(folder.absolute(), store)
    from entrepot.backups.bucket import BucketPlace  # here, because it brings its library along

    return BucketPlace(url, store)


async def prepare(place: Place) -> None:
    """Let the place be one for backups. Raises PlaceForeign if it holds blobs of something else."""
    if await place.read(MARK) is not None:
        return
    async for _ in place.blobs.list():
        raise PlaceForeign("There are blobs in this place, but no backups: is it the storage of a server?")
    await place.write(MARK, _MARK_SAYS)


async def snapshots(place: Place) -> Sequence[str]:
    """Names of the snapshots, the oldest first."""
    found = [name.split("/") for name in await place.names(SNAPSHOTS)]
    return sorted((parts[1] for parts in found if len(parts) == 3 and parts[2] == DOCUMENT), key=place_of)


async def load(place: Place, name: str | None = None) -> Snapshot:
    """A snapshot; the newest when none is named. Raises SnapshotUnknown, SnapshotDamaged or SnapshotNewer."""
    known = await snapshots(place)
    if not known:
        raise SnapshotUnknown("There is no whole snapshot in this place.")
    if name is not None and name not in known:
        raise SnapshotUnknown(f"There is no snapshot {name!r} here; there are {', '.join(known)}.")
    name = name or known[-1]
    document = await place.read(path_of(name))
    if document is None:
        raise SnapshotUnknown(f"The snapshot {name} was removed a moment ago.")
    return read(name, document)


async def check_own(place: Place, installation: str) -> None:
    """Pass if nobody else keeps snapshots here: old ones of either would go with the other's. Raises PlaceForeign."""
    for name in reversed(await snapshots(place)):
        try:
            found = await load(place, name)
        except SnapshotDamaged:
            continue
        if found.installation not in ("", installation):
            raise PlaceForeign(
                f"The snapshot {name} in this place is of another installation. Take another place: each needs its own."
            )
        return


def path_of(snapshot: str, document: str = DOCUMENT) -> str:
    return f"{SNAPSHOTS}/{snapshot}/{document}"


class FolderPlace:
    """A folder. Its calls block for as long as a small file takes: nobody waits in a process that makes backups."""

    parts_stale_seconds = 0.0  # whoever wrote them would hold the place

    def __init__(self, folder: Path, blobs: BlobStore) -> None:
        self.blobs = blobs
        self.label = str(folder)
        self._folder = folder
        self._held: int | None = None
        self._made: set[Path] = set()

    async def names(self, prefix: str) -> list[str]:
        with disk.trouble():
            found = (self._folder / prefix).rglob("*")
            return sorted(file.relative_to(self._folder).as_posix() for file in found if file.is_file())

    async def read(self, name: str) -> bytes | None:
        with disk.trouble():
            try:
                return (self._folder / name).read_bytes()
            except FileNotFoundError:
                return None

    async def write(self, name: str, content: bytes) -> None:
        with disk.trouble():
            target = self._folder / name
            draft = target.with_name(f".{target.name}")
            self._make(target.parent)
            disk.remove(draft)
            try:
                handle = disk.create(draft)
                try:
                    disk.write(handle, [content])
                    disk.sync(handle)
                finally:
                    disk.close(handle)
                disk.move(draft, target)
            except OSError:
                disk.remove(draft)
                raise
            disk.sync_folder(target.parent)

    async def remove(self, name: str) -> None:
        with disk.trouble():
            file = self._folder / name
            disk.remove(file)
            if file.parent.is_dir():
                disk.sync_folder(file.parent)
                if not any(file.parent.iterdir()):
                    file.parent.rmdir()
                    self._made.discard(file.parent)

    async def hold(self) -> None:
        if self._held is not None:
            return
        with disk.trouble():
            self._make(self._folder)
            handle = os.open(self._folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            raise PlaceBusy(f"Another command works on the backups in {self._folder}. Wait for it to end.") from None
        self._held = handle

    async def close(self) -> None:
        if self._held is not None:
            os.close(self._held)
        await self.blobs.close()

    def _make(self, folder: Path) -> None:
        """Also of one that is there the name is made durable: whoever made it may have been killed before that."""
        if folder not in self._made:
            if folder == self._folder:
                disk.make_root(folder)
            else:
                self._make(folder.parent)
            disk.make_folder(folder)
            self._made.add(folder)
