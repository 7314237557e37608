"""Beside clients: a blob that nobody waits for is fetched when there is a turn for it, and steps back for them."""

import asyncio

from entrepot.mirror.fetching import Fetch, key_of, under_way
from entrepot.mirror.room import Mirror
from entrepot.mirror.sources import Source
from entrepot.values.digest import Digest
from entrepot.values.names import RepositoryName


async def fetch_beside(
    mirror: Mirror, source: Source, path: RepositoryName, digest: Digest, size: int, *, must: bool = False
) -> bool:
    """Fetch a blob that nobody waits for, when there is a turn for it; False when it stepped back for a client.

    With `must`, raises what ended the fetch without the blob.
    """
    await source.turns.free()
    if under_way(mirror, path, digest) is not None:
        return True
    fetch = mirror.running.shared[key_of(path, digest)] = Fetch(mirror, source, path, digest, size, is_beside=True)
    task = mirror.running.start(fetch.run())
    try:
        await asyncio.wait({task})
    except asyncio.CancelledError:
        if fetch.is_beside:  # nobody wants it any more
            task.cancel()
        raise
    if must and not task.cancelled():
        await fetch.ended()
    return not task.cancelled()
