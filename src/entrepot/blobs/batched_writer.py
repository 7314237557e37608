"""What all writers of parts do alike: hash and store side by side, seal once, leave nothing when it goes wrong."""

from __future__ import annotations

import asyncio
import hashlib
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractContextManager, asynccontextmanager

from entrepot.blobs.batch import Batch, Batches
from entrepot.blobs.shares import Share
from entrepot.blobs.store import Part
from entrepot.plumbing.threads import Threads
from entrepot.values.digest import Digest


class BatchedWriter(ABC):
    """A PartWriter that takes its bytes in batches. Where they go, its heirs say in the methods without a body.

    Inside `trouble`, what the storage raises becomes an error of ours.
    """

    def __init__(
        self,
        threads: Threads,
        key: str,
        algorithm: str,
        share: Share,
        trouble: Callable[[], AbstractContextManager[None]],
    ) -> None:
        self._threads = threads
        self._key = key
        self._algorithm = algorithm
        self._hash = hashlib.new(algorithm)
        self._share = share
        self._trouble = trouble
        self._batches = Batches(self._begin, share, self._get_ready)
        self._is_over = False
        self._part: Part | None = None

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
                await self._get_ready_to_seal()
                self._is_over = True  # cancelled from here on, only `discard` knows what to do
                await self._batches.hand_over(self._begin_last)
                await self._batches.finish()
            self._release()
            self._part = Part(self._key, self.size, Digest(self._algorithm, self._hash.hexdigest()))
        return self._part

    async def discard(self) -> None:
        self._is_over = True
        try:
            await self._batches.abandon()
        finally:
            try:
                await self._remove()
            finally:
                self._release()

    async def _get_ready(self) -> None:  # noqa: B027  # a disk is always ready
        """Called before each batch but the last."""

    async def _get_ready_to_seal(self) -> None:  # noqa: B027  # a bucket is always ready
        """Called before the last batch, when all before it are done."""

    @abstractmethod
    def _begin(self, batch: Batch) -> Sequence[asyncio.Future[None]]:
        """Begin to hash and store `batch`."""

    @abstractmethod
    def _begin_last(self, batch: Batch) -> Sequence[asyncio.Future[None]]:
        """The same for the last one, perhaps empty, after which the part is durable."""

    @abstractmethod
    async def _remove(self) -> None:
        """Leave nothing behind, as far as it can be done now; no job is at work any more."""

    def _release(self) -> None:
        """Give back what was held for the bytes on their way. Doing it again is harmless."""
        self._share.close()

    def _check_open(self) -> None:
        if self._is_over:
            raise RuntimeError("this part was sealed or discarded")

    @asynccontextmanager
    async def _removed_on_trouble(self) -> AsyncIterator[None]:
        """A part that cannot be written goes at once: on a full disk its space is what others wait for."""
        with self._trouble():
            try:
                yield
            except Exception:
                await self.discard()
                raise

    # --- in a thread ---

    def _hash_chunks(self, batch: Batch) -> None:
        for chunk in batch.chunks:
            self._hash.update(chunk)
