"""Batches: chunks of any size, collected until handing them to a thread is worth the way.

    loop      receive batch 3 ─────────►
    thread    hash batch 2 ──────►
    thread    write batch 2 ──►

A batch is about 1 MiB, or less while there are many writers (`shares.py`). It is handed over when
the one before is done, so two batches are in memory, and whoever is slowest slows the sender.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from entrepot.blobs.shares import Share
from entrepot.plumbing.threads import settled

# `writev` takes no more buffers at once (IOV_MAX). Chunks of one byte cost far more memory than their bytes.
_CHUNKS_MAX = 1024


class Batch:
    def __init__(self) -> None:
        self.chunks: list[bytes] = []
        self.size = 0

    def add(self, chunk: bytes) -> None:
        self.chunks.append(chunk)
        self.size += len(chunk)

    def is_full(self, size: int) -> bool:
        return self.size >= size or len(self.chunks) >= _CHUNKS_MAX


Begin = Callable[[Batch], Sequence["asyncio.Future[None]"]]
"""Starts the jobs of one batch and returns at once."""


class Batches:
    """One batch being collected, one being worked on. Cancelled or not, each is handed over once and in order."""

    def __init__(self, begin: Begin, share: Share, get_ready: Callable[[], Awaitable[None]]) -> None:
        """`get_ready` is awaited before each batch but the last; a batch whose wait is cancelled is collected on."""
        self.size = 0
        self._share = share
        self._begin = begin
        self._get_ready = get_ready
        self._collected = Batch()
        self._busy: Sequence[asyncio.Future[None]] = ()

    async def take(self, chunk: bytes) -> None:
        """Raises what an earlier batch's jobs raised."""
        self._collected.add(chunk)
        self.size += len(chunk)
        if self._collected.is_full(self._share.next()):
            await self._get_ready()
            await self.hand_over(self._begin)

    async def hand_over(self, begin: Begin) -> None:
        """Begin with what is collected, full or not, once the batch before is done."""
        await self.finish()
        batch, self._collected = self._collected, Batch()
        self._busy = begin(batch)

    async def finish(self) -> None:
        """Wait for the batch that was handed over. Raises what its jobs raised."""
        if self._busy:
            await asyncio.wait(self._busy)
            busy, self._busy = self._busy, ()
            for future in busy:
                future.result()

    async def abandon(self) -> None:
        """Drop what is collected; returns, even to a cancelled caller, when no job is at work any more."""
        self._collected = Batch()
        try:
            await settled(self._busy)
        finally:
            busy, self._busy = self._busy, ()
            for future in busy:
                if not future.cancelled():
                    future.exception()  # of no interest any more
