"""A store that is timed: the same bytes, and `entrepot_storage_seconds` for each operation."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, Sequence
from contextlib import aclosing
from time import perf_counter

from entrepot.blobs.store import BlobStore, Part, PartWriter
from entrepot.plumbing.metrics import storage_seconds
from entrepot.values.digest import Digest


class MeasuredStore:
    """Does what `store` does. `open` is timed to its first chunk: the rest is the reader's pace."""

    def __init__(self, store: BlobStore) -> None:
        self._store = store

    async def new_part(self, algorithm: str = "sha256") -> PartWriter:
        return await self._store.new_part(algorithm)

    async def keep(self, parts: Sequence[Part], digest: Digest) -> int:
        with storage_seconds.labels("keep").time():
            return await self._store.keep(parts, digest)

    async def put(self, chunks: AsyncIterable[bytes], expect: Digest) -> int:
        with storage_seconds.labels("put").time():
            return await self._store.put(chunks, expect)

    async def stat(self, digest: Digest) -> int | None:
        with storage_seconds.labels("stat").time():
            return await self._store.stat(digest)

    async def open(self, digest: Digest, start: int = 0, stop: int | None = None) -> AsyncGenerator[bytes, None]:
        started = perf_counter()
        async with aclosing(self._store.open(digest, start, stop)) as chunks:
            async for chunk in chunks:
                if started:
                    storage_seconds.labels("open").observe(perf_counter() - started)
                    started = 0.0
                yield chunk

    def open_part(self, part: Part, start: int = 0, stop: int | None = None) -> AsyncGenerator[bytes, None]:
        return self._store.open_part(part, start, stop)

    async def locate(self, digest: Digest, *, seconds: int) -> str | None:
        return await self._store.locate(digest, seconds=seconds)

    async def delete(self, digests: Sequence[Digest]) -> None:
        with storage_seconds.labels("delete").time():
            await self._store.delete(digests)

    def list(self) -> AsyncGenerator[tuple[Digest, int], None]:
        return self._store.list()

    async def set_aside(self, digest: Digest) -> bool:
        with storage_seconds.labels("set_aside").time():
            return await self._store.set_aside(digest)

    async def discard_parts(self, keys: Sequence[str]) -> None:
        with storage_seconds.labels("discard").time():
            await self._store.discard_parts(keys)

    def list_parts(self, older_than_seconds: float) -> AsyncGenerator[str, None]:
        return self._store.list_parts(older_than_seconds)

    async def check(self) -> None:
        with storage_seconds.labels("check").time():
            await self._store.check()

    async def close(self) -> None:
        await self._store.close()
