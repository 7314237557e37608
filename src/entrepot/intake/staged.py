"""Staged: the bytes of an archive that wait in parts, as one file that can be read anywhere, from a thread."""

import asyncio
from bisect import bisect_right
from collections.abc import Sequence
from contextlib import aclosing
from itertools import accumulate
from os import SEEK_CUR, SEEK_END, SEEK_SET
from typing import Final

from entrepot.blobs.store import BlobStore, Part

_WINDOW_BYTES: Final = 1 << 20


class StagedFile:
    """The parts behind each other. Made in the event loop that owns the store; `read` is for other threads.

    A small read brings a whole window, so that a tar's headers, and many small files, do not cost a request each.
    """

    def __init__(self, blobs: BlobStore, parts: Sequence[Part]) -> None:
        self._blobs = blobs
        self._parts = parts
        self._starts = [0, *accumulate(part.size for part in parts)]
        self.size = self._starts[-1]
        self._loop = asyncio.get_running_loop()
        self._at = 0
        self._window_start = 0
        self._window = b""

    def seek(self, position: int, whence: int = SEEK_SET) -> int:
        self._at = {SEEK_SET: 0, SEEK_CUR: self._at, SEEK_END: self.size}[whence] + position
        return self._at

    def tell(self) -> int:
        return self._at

    def read(self, count: int = -1) -> bytes:
        """At most `count` bytes; fewer at the end of the file alone. Raises what the store raises."""
        stop = self.size if count < 0 else min(self._at + count, self.size)
        if stop <= self._at:
            return b""
        start, self._at = self._at, stop
        offset = start - self._window_start
        if offset >= 0 and stop <= self._window_start + len(self._window):
            return self._window[offset : offset + stop - start]
        wanted = max(stop, min(start + _WINDOW_BYTES, self.size))
        read = asyncio.run_coroutine_threadsafe(self._fetch(start, wanted), self._loop).result()
        self._window_start, self._window = start, read
        return read[: stop - start]

    async def _fetch(self, start: int, stop: int) -> bytes:
        pieces = []
        index = bisect_right(self._starts, start) - 1
        while start < stop:
            part, begins = self._parts[index], self._starts[index]
            end = min(stop, begins + part.size)
            if start < end:
                async with aclosing(self._blobs.open_part(part, start - begins, end - begins)) as chunks:
                    pieces += [chunk async for chunk in chunks]
            start, index = end, index + 1
        return b"".join(pieces)
