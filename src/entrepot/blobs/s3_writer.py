"""Writing a part to a bucket: one object, uploaded in pieces, there when it is sealed and not before."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

import obstore
from obstore.store import S3Store as Bucket

from entrepot.blobs import layout
from entrepot.blobs.batch import Batch, Batches
from entrepot.blobs.s3_errors import trouble
from entrepot.blobs.store import Part
from entrepot.plumbing.threads import Threads
from entrepot.values.digest import Digest
from entrepot.values.errors import EntrepotError

# S3 allows 10,000 pieces: objects up to 78 GiB. In memory per writer: one piece collected, these on their way.
_PIECE_BYTES = 8 << 20
_PIECES_AT_ONCE = 4


def open_object(bucket: Bucket, key: str) -> obstore.AsyncWritableFile:
    """An object that comes to be when it is closed; dropped before, it never does."""
    return obstore.open_writer_async(bucket, key, buffer_size=_PIECE_BYTES, max_concurrency=_PIECES_AT_ONCE)


class S3PartWriter:
    """A PartWriter over one object under `parts/`."""

    def __init__(self, threads: Threads, bucket: Bucket, algorithm: str) -> None:
        self._threads = threads
        self._bucket = bucket
        self._key = layout.new_part_key()
        self._algorithm = algorithm
        self._hash = hashlib.new(algorithm)
        self._object = open_object(bucket, self._key)
        self._batches = Batches(self._begin)
        self._sent = 0
        self._is_closed = False
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
            self._is_over = True  # cancelled from here on, only `discard` knows what to do
            async with self._removed_on_trouble():
                await self._batches.hand_over(self._begin_last)
                await self._batches.finish()
            self._part = Part(self._key, self.size, Digest(self._algorithm, self._hash.hexdigest()))
        return self._part

    async def discard(self) -> None:
        self._is_over = True
        try:
            await self._batches.abandon()
        finally:
            with suppress(EntrepotError):  # the sweeper comes by later
                await self._remove()

    def _check_open(self) -> None:
        if self._is_over:
            raise RuntimeError("this part was sealed or discarded")

    @asynccontextmanager
    async def _removed_on_trouble(self) -> AsyncIterator[None]:
        with trouble():
            try:
                yield
            except Exception:
                await self.discard()
                raise

    def _begin(self, batch: Batch) -> Sequence[asyncio.Future[None]]:
        return self._threads.start(self._hash_chunks, batch), asyncio.create_task(self._send(batch))

    def _begin_last(self, batch: Batch) -> Sequence[asyncio.Future[None]]:
        return self._threads.start(self._hash_chunks, batch), asyncio.create_task(self._send_last(batch))

    async def _send(self, batch: Batch) -> None:
        self._sent += batch.size
        await self._object.write(b"".join(batch.chunks))

    async def _send_last(self, batch: Batch) -> None:
        if batch.size:
            await self._send(batch)
        self._is_closed = True
        await self._object.close()

    async def _remove(self) -> None:
        """Pieces that were sent can only be taken back by making the object whole and removing it."""
        with trouble():
            if not self._is_closed and self._sent >= _PIECE_BYTES:
                self._is_closed = True
                await self._object.close()
            if self._is_closed:
                await obstore.delete_async(self._bucket, [self._key])

    # --- in a thread ---

    def _hash_chunks(self, batch: Batch) -> None:
        for chunk in batch.chunks:
            self._hash.update(chunk)
