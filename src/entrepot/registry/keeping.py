"""Keeping: what upkeep has set aside is wanted again, and stays.

A review takes away facts first; the bytes stay for a while. So a client that saw a blob a moment before
the review finds it linked when its manifest comes, and bytes that come again are never removed behind
the one who brought them (docs/decisions/0021).
"""

import asyncio
from collections.abc import Collection
from datetime import datetime

from entrepot.db.transaction import Writer
from entrepot.registry.queries import content, dropped
from entrepot.registry.room import Registry
from entrepot.values.digest import Digest
from entrepot.values.errors import BlobLeaving

_LEAVING_SECONDS_MAX = 30.0
_LOOK_SECONDS = 0.05


async def keep_left_over(registry: Registry, digest: Digest) -> datetime | None:
    """Before bytes are kept as `digest`: wait until none are being removed, and keep those that are left over.

    The last removal, if one is remembered: `take_over` tells it from a later one, which the kept bytes fell into.
    Raises BlobLeaving when a collector does not get done.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + _LEAVING_SECONDS_MAX
    while True:
        async with registry.db.reading() as tx:
            found = await dropped.left_over(tx, str(digest))
        if found is None or found.removed_at is not None:
            return None if found is None else found.claimed_at
        async with registry.db.writing() as tx:
            if await dropped.restore_blob(tx, str(digest), registry.clock.now()):
                return None
        if loop.time() > deadline:
            raise BlobLeaving
        await asyncio.sleep(_LOOK_SECONDS)  # the collector is another process, and tells nobody


async def take_back(tx: Writer, repository_id: int, digests: Collection[str], at: datetime) -> list[str]:
    """Link again what a review unlinked in the repository a moment ago; those of `digests` that are linked now."""
    lost = await dropped.dropped_links(tx, repository_id, digests)
    for digest in lost:
        await dropped.restore_blob(tx, digest, at)
    back = sorted(await content.hold_blobs(tx, lost)) if lost else []
    if back:
        await content.link_blobs(tx, repository_id, back, at)
        await dropped.forget_links(tx, repository_id, back)
    return back
