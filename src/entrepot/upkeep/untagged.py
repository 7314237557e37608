"""Untagged: images that never had a tag are handed to garbage collection when a policy says so.

What had a tag once is none of them: history still names it, and garbage collection takes it when that is over.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Row

from entrepot.registry import reach
from entrepot.registry.queries import dropped
from entrepot.upkeep.queries import facts, retained
from entrepot.upkeep.room import Upkeep
from entrepot.values.names import RepositoryName

BATCH: Final = 500


async def count_untagged(upkeep: Upkeep, repository: Row[Any], days: int) -> int:
    """How many images would be handed over now."""
    count, after = 0, ""
    while True:
        found, last = await _page(upkeep, repository, days, after)
        count += len(found)
        if not last:
            return count
        after = last


async def hand_over_untagged(upkeep: Upkeep, repository: Row[Any], days: int, run_id: int) -> None:
    """Queue them for garbage collection, which looks at each once more, after the grace time."""
    after = ""
    while True:
        found, last = await _page(upkeep, repository, days, after)
        if found:
            async with upkeep.db.writing() as tx:
                await reach.lock_content(tx, RepositoryName(repository.path), shared=True)
                now = upkeep.clock.now()
                await dropped.mark_manifests(tx, facts.manifests_among(repository.id, found), now)
                await retained.count(tx, run_id, untagged=len(found))
        if not last:
            return
        after = last


async def _page(upkeep: Upkeep, repository: Row[Any], days: int, after: str) -> tuple[Sequence[str], str]:
    """Digests that nothing names nor runs; where to go on, empty at the end."""
    before = upkeep.clock.now() - timedelta(days=days)
    async with upkeep.db.reading() as tx:
        found = await facts.unnamed_manifests(tx, repository.id, before, after, BATCH)
        running = await upkeep.pins.running(tx, RepositoryName(repository.path), found) if found else ()
    return [one for one in found if one not in running], found[-1] if len(found) == BATCH else ""
