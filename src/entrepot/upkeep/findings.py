"""Findings: blobs that are not as they were acknowledged, from when that is found until it is mended.

A finding says that the bytes are missing or wrong; from its commit on nobody is served them, and clients are told that
the blob is not here, so that the next push brings it anew and mends it (`registry/uploads.py`). What only looks wrong,
because it was pushed or collected while it was looked at, is none: it is asked again before it is written.
"""

import asyncio
from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Row

from entrepot.jobs.events import publish
from entrepot.jobs.notes import SYSTEM
from entrepot.registry.events import BlobMended
from entrepot.registry.queries.lost import UNLINKED
from entrepot.upkeep.events import BlobLost
from entrepot.upkeep.queries import findings
from entrepot.upkeep.reading import Pace, Seen, look
from entrepot.upkeep.room import Upkeep
from entrepot.values.digest import Digest


class Kind(StrEnum):
    """`missing`: there are no bytes; `corrupt`: they have another digest, or cannot be read; `size`: another size.

    `unlinked`: a manifest names the blob, and its repository lacks it.
    """

    MISSING = "missing"
    CORRUPT = "corrupt"
    SIZE = "size"
    UNLINKED = UNLINKED


BATCH: Final = 200
_AT_ONCE: Final = 16


async def judge(upkeep: Upkeep, suspects: Sequence[str]) -> None:
    """Look again at blobs that seemed to lack their bytes, or to have another size; write down those that do."""
    for some in _batches(suspects):
        async with upkeep.db.reading() as tx:
            rows = await findings.linked_blobs(tx, some)
        places = asyncio.Semaphore(_AT_ONCE)
        sizes = await asyncio.gather(*[_size(upkeep, row.digest, places) for row in rows])
        found = [
            (row, Kind.MISSING, "") if size is None else (row, Kind.SIZE, str(size))
            for row, size in zip(rows, sizes, strict=True)
            if size != row.size
        ]
        await write_down(upkeep, found)


async def write_down(upkeep: Upkeep, found: Sequence[tuple[Row[Any], Kind, str]]) -> None:
    """Write down what is wrong with blobs, as (row, kind, seen), where they are still those that were looked at."""
    if not found:
        return
    async with upkeep.db.writing() as tx:
        held = await findings.hold_linked(tx, [row.digest for row, _, _ in found])
        lost = [(row.digest, str(kind), seen) for row, kind, seen in found if (row.digest, row.stored_at) in held]
        if lost:
            now = upkeep.clock.now()
            await findings.save(tx, lost, now)
            told = [BlobLost(*one) for one in lost]
            await publish(tx, *told, actor=SYSTEM, at=now, domain_id="", though_closed=True)


async def write_down_unlinked(upkeep: Upkeep, digests: Sequence[str]) -> None:
    """Write down blobs that manifests name and their repositories lack, where that is still so."""
    for some in _batches(digests):
        async with upkeep.db.writing() as tx:
            lacking = sorted(await findings.lacking(tx, some))
            if lacking:
                now = upkeep.clock.now()
                await findings.save(tx, [(digest, Kind.UNLINKED, "") for digest in lacking], now)
                told = [BlobLost(digest, Kind.UNLINKED, "") for digest in lacking]
                await publish(tx, *told, actor=SYSTEM, at=now, domain_id="", though_closed=True)


async def look_again(upkeep: Upkeep, pace: Pace) -> None:
    """Look again at what was found before: bytes may be back in their place, links made, blobs collected."""
    after = ""
    while True:
        async with upkeep.db.reading() as tx:
            rows = await findings.after(tx, after, BATCH)
        for row in rows:
            if (how := await _how_mended(upkeep, row, pace)) is not None:
                await _forget(upkeep, row, how)
        if len(rows) < BATCH:
            return
        after = rows[-1].digest


def describe(seen: Seen) -> str:
    """What was there instead, for people."""
    return seen.digest if seen.is_readable else "unreadable"


def _batches(digests: Sequence[str]) -> Iterator[Sequence[str]]:
    return (digests[start : start + BATCH] for start in range(0, len(digests), BATCH))


async def _size(upkeep: Upkeep, digest: str, places: asyncio.Semaphore) -> int | None:
    async with places:
        return await upkeep.blobs.stat(Digest.parse(digest))


async def _how_mended(upkeep: Upkeep, row: Row[Any], pace: Pace) -> str | None:
    if row.kind == UNLINKED:
        async with upkeep.db.reading() as tx:
            lacking = await findings.repositories_with(tx, row.digest, UNLINKED, 1)
        return None if lacking else "found"
    async with upkeep.db.reading() as tx:
        if not await findings.is_known(tx, row.digest):
            return "collected"
    if row.size is None:
        return None
    seen = await look(upkeep.blobs, row.digest, pace)
    return "found" if seen is not None and seen.digest == row.digest and seen.size == row.size else None


async def _forget(upkeep: Upkeep, row: Row[Any], how: str) -> None:
    async with upkeep.db.writing() as tx:
        if await findings.forget(tx, row):
            mended = BlobMended(row.digest, row.kind, how)
            now = upkeep.clock.now()
            await publish(tx, mended, actor=SYSTEM, at=now, domain_id="", though_closed=True)
