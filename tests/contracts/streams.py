"""Bytes in and out of blob stores, for the suites of this folder."""

import random
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from functools import lru_cache

from entrepot.blobs.store import BlobStore, Part
from entrepot.values.digest import Digest

MIB = 1 << 20


@lru_cache(maxsize=64)
def some_bytes(size: int, seed: int = 1) -> bytes:
    return random.Random(seed).randbytes(size)


async def chunked(body: bytes, chunk_bytes: int = 64 << 10) -> AsyncIterator[bytes]:
    for offset in range(0, len(body), chunk_bytes):
        yield body[offset : offset + chunk_bytes]


async def collect(chunks: AsyncGenerator[bytes, None]) -> bytes:
    async with aclosing(chunks):
        return b"".join([chunk async for chunk in chunks])


async def write_part(store: BlobStore, body: bytes, algorithm: str = "sha256") -> Part:
    writer = await store.new_part(algorithm)
    async for chunk in chunked(body):
        await writer.write(chunk)
    return await writer.seal()


async def put(store: BlobStore, body: bytes, algorithm: str = "sha256") -> Digest:
    digest = Digest.of(body, algorithm)
    assert await store.put(chunked(body), digest) == len(body)
    return digest


async def listed(store: BlobStore) -> dict[Digest, int]:
    return {digest: size async for digest, size in store.list()}


async def parts_left(store: BlobStore) -> list[str]:
    return [key async for key in store.list_parts(0)]
