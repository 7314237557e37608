"""Reviews of blobs: links that no manifest needs go, and with the last link the blob itself.

A link younger than the grace time stays: its manifest may still be on its way. Bytes are not touched here.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row

from entrepot.db.transaction import Writer
from entrepot.plumbing import metrics
from entrepot.registry import charging, reach
from entrepot.upkeep.queries import reviews
from entrepot.upkeep.round import Round


async def review_blobs(round_: Round) -> None:
    """Review every digest that was dropped before the round's grace time."""
    before, last = round_.dropped_before, None
    while True:
        size = round_.pacer.size
        async with round_.upkeep.db.reading() as tx:
            due = await reviews.due_blobs(tx, before, last, size)
            digests = [row.digest for row in due]
            paths = await reviews.idle_paths(tx, digests, before) if due else []
        if due:
            async with round_.pacer.batch() as tx:
                await _review(tx, round_, digests, paths)
            metrics.gc_reviews.labels("blob").inc(len(due))
            last = due[-1]
        if len(due) < size:
            return


async def _review(tx: Writer, round_: Round, digests: Sequence[str], paths: Sequence[str]) -> None:
    before, now, dropped_links = round_.dropped_before, round_.upkeep.clock.now(), 0
    if paths:
        # A push to one of these waits for this transaction, and this one for pushes that have begun.
        await reach.lock_contents(tx, paths)
        links = await reviews.idle_links(tx, digests, before, paths)
        await _give_back(tx, links)
        by_repository: dict[int, list[str]] = {}
        for link in links:
            by_repository.setdefault(link.repository_id, []).append(link.digest)
        for repository_id, dropped in by_repository.items():
            await reviews.drop_links(tx, repository_id, dropped, now)
        dropped_links = len(links)
    linked = await reviews.links_of(tx, digests)
    gone = await reviews.drop_blobs(tx, [digest for digest in digests if digest not in linked], now)
    waiting = {digest: since for digest, since in linked.items() if since is not None}
    await reviews.postpone_blobs(tx, [(digest, since) for digest, since in waiting.items() if since > before])
    needed = linked.keys() - waiting.keys()
    await reviews.settle_blobs(tx, gone | needed, before)
    await round_.count(tx, links_dropped=dropped_links, blobs_reviewed=len(digests))


async def _give_back(tx: Writer, links: Sequence[Row[Any]]) -> None:
    """What counts in limits is given back, link by link, as each may be the last of its organization."""
    for link in links:
        if link.is_metered:
            await charging.give_back_blobs(tx, link, link.digest)
