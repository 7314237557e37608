"""Reading a file without blocking the event loop, and without a thread where none is needed.

Most reads of a registry hit the page cache. There, copying a mebibyte takes about as long (0.1 ms)
as a trip to a thread and back, so such bytes are read right in the loop (RWF_NOWAIT: the kernel
refuses rather than waits) and only the others go through a thread.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

from entrepot.blobs import disk
from entrepot.blobs.store import CHUNK_BYTES
from entrepot.plumbing.threads import Threads
from entrepot.values.errors import BlobCorrupt, EntrepotError


class FileReader:
    """Reads files, one chunk after the other, for any number of readers in one event loop."""

    def __init__(self, threads: Threads) -> None:
        self._threads = threads
        # Filled and copied out between two awaits, so all readers can share it.
        self._scratch = memoryview(bytearray(CHUNK_BYTES))

    async def read(
        self, path: Path, start: int, stop: int | None, absent: EntrepotError
    ) -> AsyncGenerator[bytes, None]:
        """The bytes of `path` from `start` to `stop` (None: the end).

        Raises `absent` if there is no such file, BlobCorrupt if it is too short, StorageFailed.
        """
        file = _OpenFile(path, start, stop)
        with disk.trouble():
            try:
                chunk = await self._threads.run(file.begin)
                if chunk is None:
                    raise absent
                while chunk:
                    yield chunk
                    chunk = file.read_cached(self._scratch) or await self._threads.run(file.read)
            finally:
                file.close()


class _OpenFile:
    def __init__(self, path: Path, start: int, stop: int | None) -> None:
        self._path = path
        self._offset = start
        self._stop = stop
        self._fd: int | None = None
        self._end = start

    def begin(self) -> bytes | None:
        """Open the file and read the first chunk, in one go; None if there is no such file."""
        found = disk.open_to_read(self._path)
        if found is None:
            return None
        self._fd, size = found
        self._end = size if self._stop is None else self._stop
        if max(self._offset, self._end) > size:
            raise BlobCorrupt(file=self._path.name, size=size, wanted=max(self._offset, self._end))
        return self.read()

    def read(self) -> bytes:
        """The next chunk, empty at the end of the range; may wait for the disk."""
        count = min(CHUNK_BYTES, self._end - self._offset)
        if self._fd is None or count <= 0:
            return b""
        chunk = disk.read(self._fd, count, self._offset)
        if not chunk:
            raise BlobCorrupt(file=self._path.name, size=self._offset, wanted=self._end)
        self._offset += len(chunk)
        return chunk

    def read_cached(self, scratch: memoryview) -> bytes:
        """The next bytes, as far as they can be had without waiting; perhaps none."""
        count = min(len(scratch), self._end - self._offset)
        if self._fd is None or count <= 0:
            return b""
        found = disk.read_cached(self._fd, scratch[:count], self._offset)
        self._offset += found
        return bytes(scratch[:found])

    def close(self) -> None:
        if self._fd is not None:
            disk.close(self._fd)
            self._fd = None
