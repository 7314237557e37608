"""Writing a part to a file: hashing and writing run side by side while the next bytes arrive (`batch.py`).

Small parts take one thread once, in `seal`. From larger ones the disk is told to begin every
32 MiB: the wait at the end is for the last bytes only, and a fast sender cannot fill the machine's
memory with bytes the disk has yet to see.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from entrepot.blobs import disk
from entrepot.blobs.batch import Batch
from entrepot.blobs.batched_writer import BatchedWriter
from entrepot.blobs.shares import Share
from entrepot.plumbing.threads import Threads, settled

_SMALL_BYTES = 64 << 10
_SYNC_BYTES = 32 << 20
_FREE_CHECK_BYTES = 64 << 20


class FilePartWriter(BatchedWriter):
    """A PartWriter over one file, which it makes, fills, and removes unless it is sealed."""

    def __init__(
        self, threads: Threads, root: Path, key: str, algorithm: str, free_bytes_min: int, share: Share
    ) -> None:
        super().__init__(threads, key, algorithm, share, disk.trouble)
        self._path = root / key
        self._free_bytes_min = free_bytes_min
        self._fd: int | None = None
        self._syncing: asyncio.Future[None] | None = None
        self._unsynced = 0
        self._unchecked = 0

    def create(self) -> None:
        """Make the file; blocks. The rest of this class is for the event loop."""
        disk.check_free(self._path.parent, self._free_bytes_min)
        self._fd = disk.create(self._path)

    async def _get_ready_to_seal(self) -> None:
        """The disk must be done with what it was told before."""
        if self._syncing is not None:
            await asyncio.wait((self._syncing,))
            syncing, self._syncing = self._syncing, None
            syncing.result()

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

    async def _remove(self) -> None:
        try:
            await self._abandon_sync()
        finally:
            await self._threads.run(self._remove_file)

    async def _abandon_sync(self) -> None:
        if self._syncing is not None:
            syncing, self._syncing = self._syncing, None
            try:
                await settled((syncing,))
            finally:
                syncing.exception()  # of no interest any more

    # --- in a thread ---

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

    def _remove_file(self) -> None:
        try:
            self._close()
            disk.remove(self._path)
        except OSError:
            pass  # the disk is in trouble, which was or will be said; the sweeper comes by later

    def _close(self) -> None:
        fd, self._fd = self._fd, None
        if fd is not None:
            disk.close(fd)
