"""Setting aside: bytes that are wrong leave their place, and are kept for people to look at.

They are claimed first, as a collector claims what it removes: a push that brings the blob meanwhile waits until they
are gone, or is told to push again, and its bytes are never taken for the wrong ones (docs/decisions/0021). So whoever
does this is the one process that removes, too.
"""

from typing import Final

from entrepot.jobs.closing import closed_for
from entrepot.jobs.events import publish
from entrepot.jobs.notes import SYSTEM
from entrepot.registry.events import BlobMended
from entrepot.registry.queries import lost
from entrepot.upkeep.collect import collect, is_wanted
from entrepot.upkeep.queries import findings, reviews
from entrepot.upkeep.reading import Pace, Stopped, look
from entrepot.upkeep.removal import HELD
from entrepot.upkeep.room import Upkeep
from entrepot.values.digest import Digest
from entrepot.values.errors import CollectorReplaced

_BATCH: Final = 100


async def set_aside_wrong(upkeep: Upkeep, pace: Pace) -> None:
    """Move aside what was found wrong; at once while nobody collects, else some other time. Raises Stopped."""
    async with upkeep.db.reading() as tx:
        if await closed_for(tx) or not await findings.not_aside(tx, "", 1):
            return  # closed, it may have moved: then its storage is another's (`removal.py`)
    if upkeep.collecting.locked():
        return
    async with upkeep.collecting:
        if not await upkeep.holder.try_hold(HELD):
            return
        try:
            await _set_all_aside(upkeep, pace)
        finally:
            await upkeep.holder.release(HELD)
    if await is_wanted(upkeep):  # whoever asked meanwhile found somebody at work
        await collect(upkeep)


async def _set_all_aside(upkeep: Upkeep, pace: Pace) -> None:
    after = ""
    while True:
        async with upkeep.db.reading() as tx:
            digests = await findings.not_aside(tx, after, _BATCH)
        for digest in digests:
            await _set_aside(upkeep, digest, pace)
        if len(digests) < _BATCH:
            return
        after = digests[-1]


async def _set_aside(upkeep: Upkeep, digest: str, pace: Pace) -> None:
    pace.check()
    async with upkeep.db.writing() as tx:
        row = None if await closed_for(tx) else await findings.claim(tx, digest, upkeep.clock.now())
    if row is None:
        return
    try:
        seen = await look(upkeep.blobs, digest, pace.hurried())  # a push may wait for this
    except Stopped:
        async with upkeep.db.writing() as tx:
            await findings.unclaim(tx, digest)
        raise
    if seen is not None and seen.digest == digest:
        await _leave(upkeep, digest, seen.size)
        return
    if HELD in await upkeep.holder.lost():
        raise CollectorReplaced
    await upkeep.blobs.set_aside(Digest.parse(digest))
    async with upkeep.db.writing() as tx:
        now = upkeep.clock.now()
        await reviews.set_removed(tx, [digest], now)
        await findings.set_aside(tx, [digest], now)


async def _leave(upkeep: Upkeep, digest: str, size: int) -> None:
    """They are right by now: brought between the look and the claim. Or their size was written down wrong."""
    async with upkeep.db.writing() as tx:
        await findings.unclaim(tx, digest)
        await findings.set_size(tx, digest, size)
        mended = await lost.mend(tx, digest)
        if mended is not None:
            told, now = BlobMended(digest, mended, "found"), upkeep.clock.now()
            await publish(tx, told, actor=SYSTEM, at=now, domain_id="", though_closed=True)
