"""Copying blobs from one store to another, several at a time, each verified by its digest on the way."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

from entrepot.backups.known import Known, known_in
from entrepot.backups.progress import Phase, Progress
from entrepot.blobs.store import BlobStore
from entrepot.values.digest import Digest
from entrepot.values.errors import BlobCorrupt, BlobUnknown, DigestMismatch, StorageFailed

Wanted = tuple[Digest, int]
_SHOWN = 3


@dataclass(slots=True)
class Copied:
    """`damaged`: digests whose bytes the source does not have, or not as they should be."""

    blobs: int = 0
    bytes: int = 0
    damaged: list[str] = field(default_factory=list)


async def copy_blobs(
    source: BlobStore,
    target: BlobStore,
    wanted: AsyncIterator[Wanted],
    at_once: int,
    tell: Callable[[int], None],
) -> Copied:
    """Copy `wanted`, at most `at_once` at the same time; `tell` is called with bytes as they are copied.

    A damaged blob does not end it. Raises what the target raises, StorageFull above all, and StorageUnreachable or
    StorageFailed of either; what was copied by then stays.
    """
    copied = Copied()
    turn = asyncio.Lock()

    async def work() -> None:
        while True:
            async with turn:
                one = await anext(wanted, None)
            if one is None:
                return
            await _copy(source, target, one, copied, tell)

    try:
        async with asyncio.TaskGroup() as tasks:
            for _ in range(at_once):
                tasks.create_task(work())
    except BaseExceptionGroup as group:
        raise group.exceptions[0] from None
    return copied


async def _copy(
    source: BlobStore, target: BlobStore, wanted: Wanted, copied: Copied, tell: Callable[[int], None]
) -> None:
    digest, size = wanted

    async def told() -> AsyncGenerator[bytes, None]:
        async with aclosing(_read(source, digest)) as chunks:
            async for chunk in chunks:
                yield chunk
                tell(len(chunk))

    try:
        async with aclosing(told()) as chunks:
            done = await target.put(chunks, digest)
    except (BlobUnknown, BlobCorrupt, DigestMismatch):
        copied.damaged.append(str(digest))
        return
    if done != size:  # the bytes are the right ones, so it is the fact that is wrong
        copied.damaged.append(str(digest))
        return
    copied.blobs += 1
    copied.bytes += done


async def _read(store: BlobStore, digest: Digest) -> AsyncGenerator[bytes, None]:
    """The bytes of a blob. One that the disk does not give back, where it still tells of it, is corrupt: a storage that
    lost a sector is to be copied above all others.
    """
    try:
        async with aclosing(store.open(digest)) as chunks:
            async for chunk in chunks:
                yield chunk
    except StorageFailed as error:
        await store.stat(digest)  # when all of the storage fails, that says nothing of this blob
        raise BlobCorrupt(digest=str(digest)) from error


@dataclass(frozen=True, slots=True)
class Brought:
    """What was copied, beside what was there; `blobs` and `bytes`: how many there should be altogether."""

    copied: Copied
    blobs: int
    bytes: int


async def bring(
    source: BlobStore, target: BlobStore, wanted: Callable[[], AsyncIterator[Wanted]], at_once: int, progress: Progress
) -> Brought:
    """Copy what of `wanted` the target does not have with the right size. `wanted` is walked twice; the same is given
    each time. Raises as `copy_blobs` does.
    """
    known = await known_in(target)
    try:
        lack = await compare(wanted(), known)
        progress.begin(Phase.BLOBS, lack.missing_bytes)
        copied = await copy_blobs(source, target, _missing(wanted(), known), at_once, progress.add)
    finally:
        known.close()
    return Brought(copied, lack.blobs, lack.bytes)


@dataclass(slots=True)
class Lack:
    """How many blobs and bytes there should be, and how many of them are missing."""

    blobs: int = 0
    bytes: int = 0
    missing_blobs: int = 0
    missing_bytes: int = 0


async def compare(wanted: AsyncIterator[Wanted], known: Known) -> Lack:
    """What is wanted beside what is known: of another size is missing."""
    lack = Lack()
    async for digest, size in wanted:
        lack.blobs, lack.bytes = lack.blobs + 1, lack.bytes + size
        if known.size(str(digest)) != size:
            lack.missing_blobs, lack.missing_bytes = lack.missing_blobs + 1, lack.missing_bytes + size
    return lack


async def _missing(wanted: AsyncIterator[Wanted], known: Known) -> AsyncIterator[Wanted]:
    async for digest, size in wanted:
        if known.size(str(digest)) != size:
            yield digest, size


def some(digests: Sequence[str]) -> str:
    """So many blobs, and the first of them."""
    shown = ", ".join(digests[:_SHOWN]) + (", …" if len(digests) > _SHOWN else "")
    return f"{len(digests)} blobs ({shown})"


async def is_whole(store: BlobStore, digest: Digest, tell: Callable[[int], None]) -> bool:
    """Whether a blob is there and has its digest."""

    actual = hashlib.new(digest.algorithm)
    try:
        async with aclosing(_read(store, digest)) as chunks:
            async for chunk in chunks:
                await asyncio.to_thread(actual.update, chunk)
                tell(len(chunk))
    except (BlobUnknown, BlobCorrupt):
        return False
    return actual.hexdigest() == digest.hex
