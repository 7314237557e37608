"""Writing a part to a file: hashing and writing run side by side while the next bytes arrive (`batch.py`).

Small parts take one thread once, in `seal`. From larger ones the disk is told to begin every
32 MiB: the wait at the end is for the last bytes only, and a fast sender cannot fill the machine's
memory with bytes the disk has yet to see.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from entrepot.blobs import disk
from entrepot.blobs.batch import Batch, Batches
from entrepot.blobs.shares import Share
from entrepot.blobs.store import Part
from entrepot.plumbing.threads import Threads, settled
from entrepot.values.digest import Digest

_SMALL_BYTES = 64 << 10
_SYNC_BYTES = 32 << 20
_FREE_CHECK_BYTES = 64 << 20


class FilePartWriter:
    """A PartWriter over one file, which it makes, fills, and removes unless it is sealed."""

    def __init__(
        self, threads: Threads, root: Path, key: str, algorithm: str, free_bytes_min: int, share: Share
    ) -> None:
        self._threads = threads
        self._path = root / key
        self._key = key
        self._algorithm = algorithm
        self._free_bytes_min = free_bytes_min
        self._hash = hashlib.new(algorithm)
        self._fd: int | None = None
        self._share = share
        self._batches = Batches(self._begin, share)
        self._syncing: asyncio.Future[None] | None = None
        self._unsynced = 0
        self._unchecked = 0
        self._is_over = False
        self._part: Part | None = None

    def create(self) -> None:
        """Make the file; blocks. The rest of this class is for the event loop."""
        disk.check_free(self._path.parent, self._free_bytes_min)
        self._fd = disk.create(self._path)

    @property
    def size(self) -> int:
        return self._batches.size

    async def write(self, chunk: bytes) -> None:
        self._check_open()
        async with self._removed_on_trouble():
            await self._batches.take(chunk)

    async def seal(self) -> Part:
        if self._part is None:
            self._check_open()
            async with self._removed_on_trouble():
                await self._batches.finish()
                await self._finish_sync()
                self._is_over = True  # cancelled from here on, only `discard` knows what to do
                await self._batches.hand_over(self._begin_last)
                await self._batches.finish()
            self._share.close()
            self._part = Part(self._key, self.size, Digest(self._algorithm, self._hash.hexdigest()))
        return self._part

    async def discard(self) -> None:
        self._is_over = True
        self._share.close()
        try:
            await self._batches.abandon()
        finally:
            try:
                await self._abandon_sync()
            finally:
                await self._threads.run(self._remove)

    def _check_open(self) -> None:
        if self._is_over:
            raise RuntimeError("this part was sealed or discarded")

    @asynccontextmanager
    async def _removed_on_trouble(self) -> AsyncIterator[None]:
        """A part that cannot be written goes at once: on a full disk its space is what others wait for."""
        with disk.trouble():
            try:
                yield
            except Exception:
                await self.discard()
                raise

    def _begin(self, batch: Batch) -> Sequence[asyncio.Future[None]]:
        self._sync_early(batch.size)
        return self._threads.start(self._hash_chunks, batch), self._threads.start(self._write_chunks, batch)

    def _begin_last(self, batch: Batch) -> Sequence[asyncio.Future[None]]:
        if batch.size <= _SMALL_BYTES:
            return (self._threads.start(self._finish_small, batch),)
        return self._threads.start(self._hash_chunks, batch), self._threads.start(self._finish_file, batch)

    def _sync_early(self, size: int) -> None:
        self._unsynced += size
        if self._unsynced < _SYNC_BYTES or self._fd is None:
            return
        if self._syncing is not None:
            if not self._syncing.done():
                return
            self._syncing.result()  # the kernel reports a failed write once, to whoever asks first
        self._unsynced = 0
        self._syncing = self._threads.start(disk.sync, self._fd)

    async def _finish_sync(self) -> None:
        if self._syncing is not None:
            await asyncio.wait((self._syncing,))
            syncing, self._syncing = self._syncing, None
            syncing.result()

    async def _abandon_sync(self) -> None:
        if self._syncing is not None:
            syncing, self._syncing = self._syncing, None
            try:
                await settled((syncing,))
            finally:
                syncing.exception()  # of no interest any more

    # --- in a thread ---

    def _hash_chunks(self, batch: Batch) -> None:
        for chunk in batch.chunks:
            self._hash.update(chunk)

    def _write_chunks(self, batch: Batch) -> None:
        assert self._fd is not None
        disk.write(self._fd, batch.chunks)
        self._unchecked += batch.size
        if self._unchecked >= _FREE_CHECK_BYTES:
            self._unchecked = 0
            disk.check_free(self._path.parent, self._free_bytes_min)

    def _finish_small(self, batch: Batch) -> None:
        self._hash_chunks(batch)
        self._finish_file(batch)

    def _finish_file(self, batch: Batch) -> None:
        assert self._fd is not None
        if batch.size:
            disk.write(self._fd, batch.chunks)
        disk.sync(self._fd)
        self._close()
        disk.sync_folder(self._path.parent)

    def _remove(self) -> None:
        try:
            self._close()
            disk.remove(self._path)
        except OSError:
            pass  # the disk is in trouble, which was or will be said; the sweeper comes by later

    def _close(self) -> None:
        fd, self._fd = self._fd, None
        if fd is not None:
            disk.close(fd)
