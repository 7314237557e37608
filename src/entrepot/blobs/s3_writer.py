"""Writing a part to a bucket: one object, there when it is sealed and not before; a large one goes in pieces."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress

import obstore
from obstore.store import S3Store as Bucket

from entrepot.blobs import layout
from entrepot.blobs.batch import Batch
from entrepot.blobs.batched_writer import BatchedWriter
from entrepot.blobs.s3_errors import trouble
from entrepot.blobs.s3_pieces import PIECE_BYTES, Pieces
from entrepot.blobs.shares import Share
from entrepot.plumbing.threads import Threads
from entrepot.values.errors import EntrepotError


class LargeObject:
    """An object sent in pieces, which comes to be when it is closed; dropped before, it never does."""

    def __init__(self, bucket: Bucket, key: str, pieces: Pieces) -> None:
        self._bucket = bucket
        self._key = key
        self._pieces = pieces
        self._taken = 0
        self._file: obstore.AsyncWritableFile | None = None
        self.sent = 0

    async def open(self) -> None:
        """Waits until there are pieces for it."""
        self._taken = await self._pieces.take()
        # The library takes bytes only while fewer than this are on their way: that many in all, with the one it fills.
        self._file = obstore.open_writer_async(
            self._bucket, self._key, buffer_size=PIECE_BYTES, max_concurrency=self._taken
        )

    @property
    def is_open(self) -> bool:
        return self._file is not None

    async def write(self, chunk: bytes) -> None:
        assert self._file is not None
        self.sent += len(chunk)
        await self._file.write(chunk)

    async def close(self) -> None:
        """Whatever comes of it, nothing of the object is in memory afterwards."""
        file, self._file = self._file, None
        assert file is not None
        try:
            await file.close()
        finally:
            self.drop()

    def drop(self) -> None:
        """Forget what was not sent. Harmless at any time."""
        self._file = None
        taken, self._taken = self._taken, 0
        if taken:
            self._pieces.give_back(taken)


class S3PartWriter(BatchedWriter):
    """A PartWriter over one object under `parts/`."""

    def __init__(self, threads: Threads, bucket: Bucket, algorithm: str, share: Share, pieces: Pieces) -> None:
        super().__init__(threads, layout.new_part_key(), algorithm, share, trouble)
        self._bucket = bucket
        self._object = LargeObject(bucket, self._key, pieces)
        self._is_there = False

    async def _get_ready(self) -> None:
        if not self._object.is_open:
            await self._object.open()

    def _begin(self, batch: Batch) -> Sequence[asyncio.Future[None]]:
        return self._threads.start(self._hash_chunks, batch), asyncio.create_task(self._send(batch))

    def _begin_last(self, batch: Batch) -> Sequence[asyncio.Future[None]]:
        return self._threads.start(self._hash_chunks, batch), asyncio.create_task(self._send_last(batch))

    async def _send(self, batch: Batch) -> None:
        await self._object.write(b"".join(batch.chunks))

    async def _send_last(self, batch: Batch) -> None:
        self._is_there = True  # or not quite: who asked for it cannot know when the answer is lost
        if not self._object.is_open:
            await obstore.put_async(self._bucket, self._key, b"".join(batch.chunks), use_multipart=False)
            return
        if batch.size:
            await self._send(batch)
        await self._object.close()

    async def _remove(self) -> None:
        """Pieces that were sent can only be taken back by making the object whole and removing it."""
        try:
            with suppress(EntrepotError), trouble():  # the sweeper comes by later
                if self._object.is_open and self._object.sent >= PIECE_BYTES:
                    self._is_there = True
                    await self._object.close()
                if self._is_there:
                    await obstore.delete_async(self._bucket, [self._key])
        finally:
            self._object.drop()
