"""Blobs in memory: the smallest store that keeps the contract. For tests, and for a look at the contract in code."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, AsyncIterable, Sequence

from entrepot.blobs import joining, layout
from entrepot.blobs.store import CHUNK_BYTES, Part
from entrepot.values.digest import Digest
from entrepot.values.errors import BlobCorrupt, BlobUnknown, UploadUnknown


class MemoryPartWriter:
    def __init__(self, parts: dict[str, bytes], touched: dict[str, float], algorithm: str) -> None:
        self._key = layout.new_part_key()
        self._parts = parts
        self._touched = touched
        self._algorithm = algorithm
        self._collected = bytearray()
        self._part: Part | None = None
        self._is_over = False
        self._keep_up()

    @property
    def size(self) -> int:
        return len(self._collected)

    async def write(self, chunk: bytes) -> None:
        self._check_open()
        self._collected += chunk
        self._keep_up()

    async def seal(self) -> Part:
        if self._part is None:
            self._check_open()
            self._is_over = True
            held = bytes(self._collected)
            self._parts[self._key] = held
            self._part = Part(self._key, len(held), Digest.of(held, self._algorithm))
        return self._part

    async def discard(self) -> None:
        self._is_over = True
        self._parts.pop(self._key, None)
        self._touched.pop(self._key, None)

    def _check_open(self) -> None:
        if self._is_over:
            raise RuntimeError("this part was sealed or discarded")

    def _keep_up(self) -> None:
        self._touched[self._key] = time.monotonic()


class MemoryStore:
    """A BlobStore whose bytes end with the process."""

    def __init__(self) -> None:
        self._blobs: dict[Digest, bytes] = {}
        self._parts: dict[str, bytes] = {}
        self._aside: dict[Digest, bytes] = {}
        # Open and sealed parts, with the time they were last written.
        self._touched: dict[str, float] = {}

    async def new_part(self, algorithm: str = "sha256") -> MemoryPartWriter:
        joining.check_algorithm(algorithm)
        return MemoryPartWriter(self._parts, self._touched, algorithm)

    async def keep(self, parts: Sequence[Part], digest: Digest) -> int:
        size = sum(part.size for part in parts)
        gone = [part.key for part in parts if part.key not in self._parts]
        if gone:
            # Gone into its blob before, for a caller who did not hear of it.
            if joining.is_ready(parts, digest) and parts[0].digest == digest and digest in self._blobs:
                return size
            raise UploadUnknown(parts=gone)
        joined = b"".join(self._parts[part.key] for part in parts)
        if len(joined) != size:
            raise BlobCorrupt("A part is not what was sealed.")
        joining.check_digest(Digest.of(joined, digest.algorithm), digest)
        self._blobs[digest] = joined
        if joining.is_ready(parts, digest):
            await self.discard_parts([parts[0].key])
        return size

    async def put(self, chunks: AsyncIterable[bytes], expect: Digest) -> int:
        return await joining.put(self, chunks, expect)

    async def stat(self, digest: Digest) -> int | None:
        held = self._blobs.get(digest)
        return None if held is None else len(held)

    async def open(self, digest: Digest, start: int = 0, stop: int | None = None) -> AsyncGenerator[bytes, None]:
        held = self._blobs.get(digest)
        if held is None:
            raise BlobUnknown(digest=str(digest))
        stop = len(held) if stop is None else stop
        if max(start, stop) > len(held):
            raise BlobCorrupt(digest=str(digest), size=len(held))
        for offset in range(start, stop, CHUNK_BYTES):
            yield held[offset : min(offset + CHUNK_BYTES, stop)]

    async def open_part(self, part: Part, start: int = 0, stop: int | None = None) -> AsyncGenerator[bytes, None]:
        held = self._parts.get(part.key)
        if held is None:
            raise UploadUnknown(part=part.key)
        stop = part.size if stop is None else stop
        if max(start, stop) > len(held):
            raise BlobCorrupt(part=part.key, size=len(held))
        for offset in range(start, stop, CHUNK_BYTES):
            yield held[offset : min(offset + CHUNK_BYTES, stop)]

    async def locate(self, digest: Digest, *, seconds: int) -> str | None:
        return None

    async def delete(self, digests: Sequence[Digest]) -> None:
        for digest in digests:
            self._blobs.pop(digest, None)

    async def list(self) -> AsyncGenerator[tuple[Digest, int], None]:
        for digest, held in sorted(self._blobs.items(), key=lambda one: str(one[0])):
            yield digest, len(held)

    async def set_aside(self, digest: Digest) -> bool:
        held = self._blobs.pop(digest, None)
        if held is not None:
            self._aside[digest] = held
        return held is not None

    async def discard_parts(self, keys: Sequence[str]) -> None:
        for key in keys:
            layout.check_part_key(key)
            self._parts.pop(key, None)
            self._touched.pop(key, None)

    async def list_parts(self, older_than_seconds: float) -> AsyncGenerator[str, None]:
        now = time.monotonic()
        for key, touched in tuple(self._touched.items()):
            if now - touched >= older_than_seconds:
                yield key

    async def check(self) -> None:
        pass

    async def close(self) -> None:
        pass
