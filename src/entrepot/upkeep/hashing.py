"""Hashing: every blob is read again, in the background over days, and goes on where it was after a stop or a crash."""

from collections.abc import Sequence
from time import monotonic
from typing import Any, Final

from sqlalchemy import Row

from entrepot.plumbing import metrics
from entrepot.upkeep.aside import set_aside_wrong
from entrepot.upkeep.findings import BATCH, Kind, describe, write_down
from entrepot.upkeep.queries import findings, verification
from entrepot.upkeep.reading import Pace, look
from entrepot.upkeep.room import Upkeep

_SAVE_SECONDS: Final = 1.0
"""What a crash may have read twice."""


async def hash_blobs(upkeep: Upkeep, run_id: str, pace: Pace) -> None:
    """Read every blob from the run's cursor on. Raises Stopped; then the cursor stands where it is to go on."""
    while True:
        async with upkeep.db.reading() as tx:
            run = await verification.run_by_id(tx, run_id)
            if run is None or run.ended_at is not None:
                return  # somebody called it off
            page = await verification.blobs_after(tx, run.cursor, BATCH)
            rows = await findings.linked_blobs(tx, [row.digest for row in page])
        if not page:
            return
        await _hash_page(upkeep, run_id, page, rows, pace)
        await set_aside_wrong(upkeep, pace)  # what could not be while somebody collected


async def _hash_page(
    upkeep: Upkeep, run_id: str, page: Sequence[Row[Any]], rows: Sequence[Row[Any]], pace: Pace
) -> None:
    done = _Done(upkeep, run_id)
    try:
        for row in rows:
            seen = await look(upkeep.blobs, row.digest, pace)
            if seen is None:
                await write_down(upkeep, [(row, Kind.MISSING, "")])
            elif seen.digest != row.digest:
                await write_down(upkeep, [(row, Kind.CORRUPT, describe(seen))])
                await set_aside_wrong(upkeep, pace)
            await done.add(row.digest, 0 if seen is None else seen.size)
        await done.save(page[-1].digest)
    finally:
        await done.save()


class _Done:
    """What was read and is not written down yet."""

    def __init__(self, upkeep: Upkeep, run_id: str) -> None:
        self._upkeep = upkeep
        self._run_id = run_id
        self._cursor = ""
        self._blobs = self._bytes = 0
        self._saved_at = monotonic()

    async def add(self, digest: str, size: int) -> None:
        self._cursor = digest
        self._blobs += 1
        self._bytes += size
        if monotonic() - self._saved_at > _SAVE_SECONDS:
            await self.save()

    async def save(self, cursor: str = "") -> None:
        """The cursor moves to `cursor`, or to what was added last."""
        cursor = cursor or self._cursor
        if not cursor:
            return
        async with self._upkeep.db.writing() as tx:
            await verification.count(tx, self._run_id, blobs_read=self._blobs, bytes_read=self._bytes)
            await verification.set_run(tx, self._run_id, cursor=cursor)
        metrics.verified_bytes.inc(self._bytes)
        self._cursor, self._blobs, self._bytes, self._saved_at = "", 0, 0, monotonic()
