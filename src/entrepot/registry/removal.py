"""What deleting a repository would take away, before it is done."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from entrepot.access.actor import Actor
from entrepot.access.levels import Action
from entrepot.registry import reach
from entrepot.registry.queries import accounting, removal, shares, tags
from entrepot.registry.room import Registry
from entrepot.values.names import RepositoryName

_LINKS_MAX: Final = 20_000


@dataclass(frozen=True, slots=True)
class Removal:
    """`freed_bytes`: of blobs that no other repository holds; None when there are too many to look at at once.

    `last_pulled`: the last day of which a pull is known; None when there was none for as long as days are kept.
    """

    tags: int
    shares: int
    freed_bytes: int | None
    pulls: int
    last_pulled: date | None


async def plan_removal(registry: Registry, actor: Actor, path: RepositoryName) -> Removal:
    """Raises Unauthenticated, AccessDenied or RepositoryUnknown."""
    async with registry.db.reading() as tx:
        repository = await reach.existing(tx, actor, Action.REPOSITORY_DELETE, path)
        is_few = await removal.links_at_most(tx, repository.id, _LINKS_MAX)
        return Removal(
            tags=await tags.open_tags_count(tx, repository.id),
            shares=await shares.shares_count(tx, repository.id),
            freed_bytes=await removal.own_bytes(tx, repository.id) if is_few else None,
            pulls=(await accounting.pulls_of(tx, [repository.id])).get(repository.id, 0),
            last_pulled=await removal.last_pulled(tx, repository.id),
        )
