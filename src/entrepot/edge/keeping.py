"""Keeping: an edge notes what it sends, and lets go of what nobody asked for longest when it keeps too much."""

import asyncio
from datetime import datetime, timedelta
from typing import Final

from entrepot.db.database import Database
from entrepot.edge.settings import EdgeSettings
from entrepot.plumbing import metrics
from entrepot.plumbing.clock import Clock
from entrepot.plumbing.logging import get_logger
from entrepot.regions import kept
from entrepot.regions.presence import Presence, presence_of
from entrepot.upkeep.queries import reviews
from entrepot.upkeep.removal import HELD, remove_bytes
from entrepot.upkeep.room import Upkeep
from entrepot.upkeep.round import Round
from entrepot.values.digest import Digest

_FULL: Final = 0.95
"""Of the capacity: so far it is emptied when it is over."""
_BATCH: Final = 200

_log = get_logger()


class Keeping:
    """What is kept here, and when it was last sent."""

    def __init__(self, db: Database, clock: Clock, upkeep: Upkeep, settings: EdgeSettings) -> None:
        self._db = db
        self._clock = clock
        self._upkeep = upkeep
        self._settings = settings
        self._uses: dict[str, datetime] = {}
        self.bytes = 0
        """That are kept, as of the last look."""
        self.free_bytes = 0
        """That the disk of blobs had when room was made the last time."""

    def used(self, digest: str) -> None:
        """A blob is sent to somebody."""
        self._uses[digest] = self._clock.now()

    async def begin(self) -> None:
        """What was here before counts as used now."""
        async with self._db.writing() as tx:
            await kept.begin_uses(tx, self._clock.now())
        await self.look()

    async def look(self) -> None:
        """Write uses down, and see how much is kept."""
        uses, self._uses = self._uses, {}
        async with self._db.writing() as tx:
            await kept.save_uses(tx, uses)
            await kept.begin_uses(tx, self._clock.now())
        async with self._db.reading() as tx:
            self.bytes = await kept.kept_bytes(tx)
        metrics.edge_kept_bytes.set(self.bytes)

    async def keep_within(self, free_bytes: int) -> int:
        """Remove what was not sent for longest until the capacity holds, and so much of the disk is not too little; the
        bytes that went.
        """
        self.free_bytes = free_bytes
        capacity = self._settings.capacity_bytes
        over = self.bytes - capacity if self.bytes > capacity else 0
        if over:
            over = self.bytes - int(capacity * _FULL)
        over = max(over, self._settings.free_bytes_min - free_bytes)
        gone = 0
        while gone < over:
            before = self._clock.now() - timedelta(seconds=self._settings.idle_seconds_min)
            async with self._db.reading() as tx:
                rows = await kept.longest_unused(tx, before, _BATCH)
            chosen: list[str] = []
            for row in rows:
                if gone >= over:
                    break
                chosen.append(row.digest)
                gone += row.size
            if not chosen:
                break
            async with self._db.writing() as tx:
                await kept.unlink(tx, chosen)
                await reviews.drop_blobs(tx, chosen, self._clock.now())
            await asyncio.sleep(0)
        if gone:
            await self._remove()
            self.bytes -= gone
            metrics.edge_evicted_bytes.inc(gone)
            _log.info("let go of what nobody asked for", bytes=gone)
        return gone

    async def presence(self) -> Presence:
        """Which blobs are here."""
        async with self._db.reading() as tx:
            digests = await kept.kept_digests(tx)
        return await asyncio.to_thread(presence_of, [Digest.parse(one).hex for one in digests], len(digests))

    async def _remove(self) -> None:
        if await self._upkeep.holder.try_hold(HELD):
            try:
                await remove_bytes(Round(self._upkeep))
            finally:
                await self._upkeep.holder.release(HELD)
