"""Blobs as files in a folder: durable when acknowledged, read with as few detours as possible.

A blob appears by a rename within one file system, so it is there whole or not at all. What must
survive power loss is synced before it is acknowledged: the file's bytes, its name, and the name of
every folder on the way (see `_Folders`).

The classes beside this file do the moving of bytes: `file_writer.py`, `file_reader.py`; the
system calls stand in `disk.py`.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, AsyncIterable, Sequence
from pathlib import Path

from entrepot.blobs import disk, joining, layout
from entrepot.blobs.file_reader import FileReader
from entrepot.blobs.file_writer import FilePartWriter
from entrepot.blobs.shares import Shares
from entrepot.blobs.store import Part
from entrepot.plumbing.threads import Threads
from entrepot.values.digest import Digest
from entrepot.values.errors import BlobCorrupt, BlobUnknown, StorageFailed, UploadUnknown

_PROBE = b"entrepot"
_WRITING_BYTES_MAX = 8 << 20
_BATCHES_HELD = 2  # see `batch.py`
_BATCH_BYTES_MIN = 32 << 10


class FilesStore:
    """A BlobStore in the folder `root`, which is made when first needed.

    New bytes are refused (StorageFull) while the file system has less than `free_bytes_min` left.
    """

    def __init__(self, root: Path, free_bytes_min: int = 0) -> None:
        self._root = root.absolute()
        self._free_bytes_min = free_bytes_min
        self._threads = Threads(name="blobs")
        self._folders = _Folders(self._root)
        self._reader = FileReader(self._threads)
        self._shares = Shares(_WRITING_BYTES_MAX, _BATCHES_HELD, _BATCH_BYTES_MIN)

    async def new_part(self, algorithm: str = "sha256") -> FilePartWriter:
        joining.check_algorithm(algorithm)
        writer = FilePartWriter(
            self._threads,
            self._root,
            layout.new_part_key(),
            algorithm,
            free_bytes_min=self._free_bytes_min,
            share=self._shares.open(),
        )
        with disk.trouble():
            async with joining.discarded_on_failure(writer):
                await self._threads.run(self._create, writer)
        return writer

    async def keep(self, parts: Sequence[Part], digest: Digest) -> int:
        size = sum(part.size for part in parts)
        if joining.is_ready(parts, digest):
            joining.check_digest(parts[0].digest, digest)
            with disk.trouble():
                await self._threads.run(self._adopt, parts[0], digest)
            return size
        with disk.trouble():
            writer, joined = await joining.join(self, self.open_part, parts, digest)
            async with joining.discarded_on_failure(writer):
                await self._threads.run(self._adopt, joined, digest)
        return size

    async def put(self, chunks: AsyncIterable[bytes], expect: Digest) -> int:
        return await joining.put(self, chunks, expect)

    async def stat(self, digest: Digest) -> int | None:
        with disk.trouble():
            return await self._threads.run(disk.size_of, self._root / layout.blob_key(digest))

    def open(self, digest: Digest, start: int = 0, stop: int | None = None) -> AsyncGenerator[bytes, None]:
        return self._reader.read(
            self._root / layout.blob_key(digest), start, stop, absent=BlobUnknown(digest=str(digest))
        )

    def open_part(self, part: Part, start: int = 0, stop: int | None = None) -> AsyncGenerator[bytes, None]:
        path = self._root / layout.check_part_key(part.key)
        return self._reader.read(path, start, part.size if stop is None else stop, absent=UploadUnknown(part=part.key))

    async def locate(self, digest: Digest, *, seconds: int) -> str | None:
        return None

    async def delete(self, digests: Sequence[Digest]) -> None:
        """Not synced: after a power loss a blob may be back, as litter that `list` names."""
        with disk.trouble():
            await self._threads.run(self._remove, [layout.blob_key(digest) for digest in digests])

    async def list(self) -> AsyncGenerator[tuple[Digest, int], None]:
        for folders in layout.blob_folders():
            with disk.trouble():
                prefixes = await self._threads.run(disk.folders_in, self._root, folders)
            for prefix in sorted(prefixes):
                with disk.trouble():
                    entries = await self._threads.run(self._files_in_order, prefix)
                for key, size, _ in entries:
                    digest = layout.blob_of(key)
                    if digest is not None:
                        yield digest, size

    async def set_aside(self, digest: Digest) -> bool:
        with disk.trouble():
            return await self._threads.run(self._set_aside, digest)

    async def discard_parts(self, keys: Sequence[str]) -> None:
        with disk.trouble():
            await self._threads.run(self._remove, [layout.check_part_key(key) for key in keys])

    async def list_parts(self, older_than_seconds: float) -> AsyncGenerator[str, None]:
        with disk.trouble():
            entries = await self._threads.run(disk.files_in, self._root, layout.PARTS)
        written_before = time.time() - older_than_seconds
        for key, _, written in entries:
            if layout.is_part_key(key) and written <= written_before:
                yield key

    async def check(self) -> None:
        with disk.trouble():
            await self._threads.run(self._check)

    async def close(self) -> None:
        self._threads.close()

    # --- in a thread ---

    def _create(self, writer: FilePartWriter) -> None:
        self._folders.make(self._root / layout.PARTS)
        writer.create()

    def _adopt(self, part: Part, digest: Digest) -> None:
        """Rename the sealed `part` to the blob `digest`, over one that is there: these bytes were checked just now."""
        source = self._root / layout.check_part_key(part.key)
        target = self._root / layout.blob_key(digest)
        found = disk.size_of(source)
        # A part that is gone while its blob is there was kept before, by a caller who did not hear of it.
        if found is None and disk.size_of(target) != part.size:
            raise UploadUnknown(part=part.key)
        if found is not None and found != part.size:
            raise BlobCorrupt("A part is not what was sealed.", part=part.key, size=found, sealed=part.size)
        self._folders.make(target.parent)
        if found is not None:
            disk.move(source, target)
        disk.sync_folder(target.parent)

    def _files_in_order(self, folder: str) -> Sequence[tuple[str, int, float]]:
        return sorted(disk.files_in(self._root, folder))

    def _set_aside(self, digest: Digest) -> bool:
        source, target = self._root / layout.blob_key(digest), self._root / layout.aside_key(digest)
        if disk.size_of(source) is None:
            return False
        self._folders.make(target.parent)
        disk.move(source, target)
        for folder in (target.parent, source.parent):
            disk.sync_folder(folder)
        return True

    def _remove(self, keys: Sequence[str]) -> None:
        for key in keys:
            disk.remove(self._root / key)

    def _check(self) -> None:
        self._folders.make(self._root / layout.PARTS)
        path = self._root / layout.new_part_key()
        disk.check_free(path.parent, self._free_bytes_min)
        try:
            disk.write_file(path, _PROBE)
            if disk.read_file(path) != _PROBE:
                raise StorageFailed("The blob storage does not give back what was written.")
        finally:
            disk.remove(path)


class _Folders:
    """Folders below `root`, made when first needed.

    A folder may be there because another process made it a moment ago, its name not yet durable. So
    this process syncs the folder above once for every folder it uses, and remembers that it did.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._ready: set[Path] = set()

    def make(self, folder: Path) -> None:
        """`folder` and all others on the way from `root` are there, and stay through a power loss. Blocks."""
        missing = []
        while folder not in self._ready:
            missing.append(folder)
            if folder == self._root:
                break
            folder = folder.parent
        for folder in reversed(missing):
            if folder == self._root:
                disk.make_root(folder)
            disk.make_folder(folder)
            self._ready.add(folder)
