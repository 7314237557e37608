"""Comparing: what the database knows with itself, and with what the store lists. Nothing is read, nothing waits.

Both sides of the store's comparison come by digest, page by page, so neither is ever held whole, and no blob costs a
question of its own. What seems to be missing was perhaps pushed or collected meanwhile: it is asked again.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final

from entrepot.upkeep.findings import judge, write_down_unlinked
from entrepot.upkeep.queries import findings, verification
from entrepot.upkeep.reading import Pace
from entrepot.upkeep.room import Upkeep
from entrepot.values.digest import Digest
from entrepot.values.errors import StorageFailed, worded

PAGE: Final = 5_000
_MANIFESTS: Final = 1_000
_LACKING_MAX: Final = 10_000
"""Of one page of manifests; more are found by the next verification."""


async def compare_links(upkeep: Upkeep, run_id: str, pace: Pace) -> None:
    """Every manifest's repository has every blob that it names, unless the organization allows to lack some."""
    after = 0
    while True:
        async with upkeep.db.reading() as tx:
            numbers = await verification.manifests_after(tx, after, _MANIFESTS)
            lacking = await findings.unlinked_between(tx, numbers[0], numbers[-1], _LACKING_MAX) if numbers else []
        await write_down_unlinked(upkeep, lacking)
        if not numbers:
            return
        await _count(upkeep, run_id, pace, manifests_checked=len(numbers))
        after = numbers[-1]


async def compare_store(upkeep: Upkeep, run_id: str, pace: Pace) -> None:
    """Every blob's bytes are in the store, as many as there should be.

    Raises StorageFailed when the store lists nothing at all, though there are blobs: then it is not the one that was
    written to, and says nothing about them.
    """
    after = ""
    async with aclosing(upkeep.blobs.list()) as stored:
        listed = Listed(stored)
        while True:
            async with upkeep.db.reading() as tx:
                rows = await verification.blobs_after(tx, after, PAGE)
            if not rows:
                return
            suspects = [row.digest for row in rows if await listed.size(row.digest) != row.size]
            if not listed.has_any and await _are_held(upkeep, suspects):
                raise StorageFailed(worded("The storage holds no blob at all. Is it the right one?"))
            await judge(upkeep, suspects)
            await _count(upkeep, run_id, pace, blobs_checked=len(rows))
            after = rows[-1].digest


class Listed:
    """Sizes from a listing by digest, asked for by digest."""

    def __init__(self, stored: AsyncGenerator[tuple[Digest, int], None]) -> None:
        self._stored = stored
        self._digest = ""
        self._size = 0
        self._is_over = False
        self.has_any = False

    async def size(self, digest: str) -> int | None:
        """The size of a blob, None if it is not listed. Ask for each digest once, in their order."""
        while self._digest < digest and not self._is_over:
            await self._go_on()
        return self._size if self._digest == digest else None

    async def _go_on(self) -> None:
        found = await anext(self._stored, None)
        if found is None:
            self._is_over = True
            return
        self._digest, self._size = str(found[0]), found[1]
        self.has_any = True


async def _are_held(upkeep: Upkeep, digests: list[str]) -> bool:
    async with upkeep.db.reading() as tx:
        return bool(await findings.linked_blobs(tx, digests))


async def _count(upkeep: Upkeep, run_id: str, pace: Pace, **counts: int) -> None:
    async with upkeep.db.writing() as tx:
        await verification.count(tx, run_id, **counts)
    await asyncio.sleep(0)
    pace.check()
