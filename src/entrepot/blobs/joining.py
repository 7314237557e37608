"""Joining: what every store does the same way on top of its own parts."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager

from entrepot.blobs.store import BlobStore, Part, PartWriter
from entrepot.values.digest import ALGORITHMS, Digest
from entrepot.values.errors import DigestInvalid, DigestMismatch, quoted


def check_algorithm(algorithm: str) -> None:
    """Raises DigestInvalid for an algorithm this registry does not know."""
    if algorithm not in ALGORITHMS:
        raise DigestInvalid(f"digest algorithm {quoted(algorithm)} is not supported; use {' or '.join(ALGORITHMS)}")


def check_digest(actual: Digest, expected: Digest) -> None:
    """Raises DigestMismatch, naming both."""
    if actual != expected:
        raise DigestMismatch(expected=str(expected), actual=str(actual))


def is_ready(parts: Sequence[Part], digest: Digest) -> bool:
    """Whether `parts` can become `digest` as they are, without being read again."""
    return len(parts) == 1 and parts[0].digest.algorithm == digest.algorithm


async def put(store: BlobStore, chunks: AsyncIterable[bytes], expect: Digest) -> int:
    """`BlobStore.put`, made of one part and `keep`."""
    writer = await store.new_part(expect.algorithm)
    async with discarded_on_failure(writer):
        async for chunk in chunks:
            await writer.write(chunk)
        return await store.keep([await writer.seal()], expect)


async def join(
    store: BlobStore, read: Callable[[Part], AsyncGenerator[bytes, None]], parts: Sequence[Part], digest: Digest
) -> tuple[PartWriter, Part]:
    """One new part with the bytes of `parts`, which has `digest`. The caller keeps it or discards its writer.

    Raises DigestMismatch, and what `read` raises; then nothing is left.
    """
    writer = await store.new_part(digest.algorithm)
    async with discarded_on_failure(writer):
        for part in parts:
            async with aclosing(read(part)) as chunks:
                async for chunk in chunks:
                    await writer.write(chunk)
        joined = await writer.seal()
        check_digest(joined.digest, digest)
    return writer, joined


@asynccontextmanager
async def discarded_on_failure(writer: PartWriter) -> AsyncIterator[None]:
    """Discards `writer` when the block fails or is cancelled, so that no bytes lie about."""
    try:
        yield
    except BaseException:  # cancelled too: whatever the reason, the bytes are nobody's now
        await writer.discard()
        raise
