"""Removal: bytes that were left over long enough go from the store.

They are claimed first, in a commit: whoever brings them again waits until they are gone, and then stores them anew.
Who stored them a moment before is told so when it records them, for a removal is remembered.
Only the one collector of the installation claims and removes, so that no one who was stopped for a while, and
then goes on, removes what came again meanwhile.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Row

from entrepot.jobs.closing import closed_for
from entrepot.jobs.events import publish
from entrepot.jobs.notes import SYSTEM
from entrepot.plumbing import metrics
from entrepot.registry.events import BlobMended
from entrepot.registry.queries import lost
from entrepot.upkeep.queries import findings, reviews
from entrepot.upkeep.round import Round
from entrepot.values.digest import Digest
from entrepot.values.errors import CollectorReplaced

HELD: Final = "collector"
CLAIMING: Final = "claiming"
"""Held for each commit that claims. A backup holds it until it has copied what its snapshot of the facts names."""
BATCH: Final = 500
_REMEMBERED: Final = timedelta(days=1)
"""For how long a removal is remembered: no push takes as long from keeping its bytes to recording them."""


async def remove_bytes(round_: Round) -> None:
    """First what a collector before this one had claimed, then all that is due. Raises CollectorReplaced."""
    db = round_.upkeep.db
    while True:
        async with db.reading() as tx:
            claimed = await reviews.claimed_bytes(tx, BATCH)
        await _remove(round_, claimed)
        if len(claimed) < BATCH:
            break
    while True:
        claimed = await _claim(round_)
        await _remove(round_, claimed)
        if len(claimed) < BATCH:
            break
    while True:
        async with round_.pacer.batch() as tx:
            if await reviews.forget_links(tx, round_.left_before, BATCH) < BATCH:
                break
    while True:
        async with round_.pacer.batch() as tx:
            if await reviews.forget_removed(tx, round_.began - _REMEMBERED, BATCH) < BATCH:
                return


async def _claim(round_: Round) -> Sequence[Row[Any]]:
    """The next bytes to remove; none while a backup is made: the next collection finds them.

    None either while the installation is closed: it may have moved, and its storage serve the new one by now, which
    knows nothing of what is reviewed here.
    """
    holder = round_.upkeep.holder
    if not await holder.try_hold(CLAIMING):
        return ()
    try:
        async with round_.upkeep.db.writing() as tx:
            return () if await closed_for(tx) else await reviews.claim_bytes(tx, round_.left_before, BATCH)
    finally:
        await holder.release(CLAIMING)


async def _remove(round_: Round, rows: Sequence[Row[Any]]) -> None:
    if not rows:
        return
    if HELD in await round_.upkeep.holder.lost():
        raise CollectorReplaced
    blobs = round_.upkeep.blobs
    digests = [Digest.parse(row.digest) for row in rows]
    looked_at = [row.size or await blobs.stat(digest) for row, digest in zip(rows, digests, strict=True)]
    sizes = [size for size in looked_at if size is not None]  # a sparse image may have named what never was here
    names, now = [row.digest for row in rows], round_.upkeep.clock.now()
    async with round_.upkeep.db.reading() as tx:
        apart = await lost.set_apart(tx, names)
    for name in sorted(apart):  # what was found wrong, and whoever wanted to move it aside is gone
        await blobs.set_aside(Digest.parse(name))
    await blobs.delete([digest for digest in digests if str(digest) not in apart])
    async with round_.pacer.batch() as tx:
        await reviews.set_removed(tx, names, now)
        await findings.set_aside(tx, apart, now)
        gone = [BlobMended(row.digest, row.kind, "collected") for row in await lost.forget_gone(tx, names)]
        await publish(tx, *gone, actor=SYSTEM, at=now, domain_id="", though_closed=True)
        await round_.count(tx, blobs_deleted=len(sizes), bytes_freed=sum(sizes))
    metrics.gc_deleted_blobs.inc(len(sizes))
    metrics.gc_freed_bytes.inc(sum(sizes))
