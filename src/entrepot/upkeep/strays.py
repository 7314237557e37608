"""Strays: bytes in the store that the database does not know, as a crash between the two leaves them."""

from typing import Final

from entrepot.upkeep.queries import reviews
from entrepot.upkeep.round import Round

BATCH: Final = 1_000


async def find_strays(round_: Round) -> None:
    """Walk the store; what is neither a blob nor known to be left over is left over from now on.

    A push that has stored bytes and not yet recorded them finds them so, and takes them over.
    """
    batch: dict[str, int] = {}
    async for digest, size in round_.upkeep.blobs.list():
        batch[str(digest)] = size
        if len(batch) >= BATCH:
            await _sort_out(round_, batch)
            batch = {}
    if batch:
        await _sort_out(round_, batch)


async def _sort_out(round_: Round, sizes: dict[str, int]) -> None:
    async with round_.upkeep.db.reading() as tx:
        unknown = await reviews.unknown_digests(tx, sizes)
    if not unknown:
        return
    async with round_.pacer.batch() as tx:
        found = await reviews.drop_blobs(tx, unknown, round_.upkeep.clock.now(), sizes)
        await round_.count(tx, strays_found=len(found))
