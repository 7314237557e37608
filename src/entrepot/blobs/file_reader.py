"""Reading a file without blocking the event loop, and without a thread where none is needed.

Most reads of a registry hit the page cache. There, copying a mebibyte takes about as long (0.1 ms)
as a trip to a thread and back, so such bytes are read right in the loop (RWF_NOWAIT: the kernel
refuses rather than waits) and only the others go through a thread. How large a chunk may be depends
on how many readers there are (`shares.py`).
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

from entrepot.blobs import disk
from entrepot.blobs.shares import Shares
from entrepot.blobs.store import CHUNK_BYTES
from entrepot.plumbing.threads import Threads
from entrepot.values.errors import BlobCorrupt, EntrepotError

# What a stalled reader holds of our chunks: one that waits to be sent, four in the HTTP server's channel. On top
# come up to 16 more in the server's write buffer, but `read_ahead_bytes` at most: hence a smallest chunk as small as
# this. With half of it, 200 stalled readers cost 37 MiB instead of 65, and whoever reads beside them has half the pace.
_CHUNKS_HELD = 5
_CHUNK_BYTES_MIN = 8 << 10
_READING_BYTES_MAX = 8 << 20


class FileReader:
    """Reads files, one chunk after the other, for any number of readers in one event loop."""

    def __init__(self, threads: Threads) -> None:
        self._threads = threads
        self._shares = Shares(_READING_BYTES_MAX, _CHUNKS_HELD, _CHUNK_BYTES_MIN)
        # Filled and copied out between two awaits, so all readers can share it.
        self._scratch = memoryview(bytearray(CHUNK_BYTES))

    async def read(
        self, path: Path, start: int, stop: int | None, absent: EntrepotError
    ) -> AsyncGenerator[bytes, None]:
        """The bytes of `path` from `start` to `stop` (None: the end).

        Raises `absent` if there is no such file, BlobCorrupt if it is too short, StorageFailed.
        """
        file = _OpenFile(path, start, stop)
        share = self._shares.open()
        with disk.trouble():
            try:
                chunk = await self._threads.run(file.begin, share.next())
                if chunk is None:
                    raise absent
                while chunk:
                    yield chunk
                    size = share.next()
                    chunk = file.read_cached(self._scratch[:size]) or await self._threads.run(file.read, size)
            finally:
                file.close()
                share.close()


class _OpenFile:
    def __init__(self, path: Path, start: int, stop: int | None) -> None:
        self._path = path
        self._offset = start
        self._stop = stop
        self._fd: int | None = None
        self._end = start

    def begin(self, bytes_max: int) -> bytes | None:
        """Open the file and read the first chunk, in one go; None if there is no such file."""
        found = disk.open_to_read(self._path)
        if found is None:
            return None
        self._fd, size = found
        self._end = size if self._stop is None else self._stop
        if max(self._offset, self._end) > size:
            raise BlobCorrupt(file=self._path.name, size=size, wanted=max(self._offset, self._end))
        return self.read(bytes_max)

    def read(self, bytes_max: int) -> bytes:
        """The next chunk of up to `bytes_max`, empty at the end of the range; may wait for the disk."""
        count = min(bytes_max, self._end - self._offset)
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
