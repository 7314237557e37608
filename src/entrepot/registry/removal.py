"""What deleting a repository or an organization would take away, before it is done."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from entrepot.access.actor import Actor
from entrepot.access.grants import grants_under
from entrepot.access.levels import Action
from entrepot.registry import immutable, organizations, reach
from entrepot.registry.immutability_rules import Standing
from entrepot.registry.last_pulls import LastPull, last_pull_of
from entrepot.registry.queries import accounting, removal, shares, tags
from entrepot.registry.room import Registry
from entrepot.values.names import OrganizationName, RepositoryName

_LINKS_MAX: Final = 20_000


@dataclass(frozen=True, slots=True)
class Removal:
    """`freed_bytes`: of blobs that no other repository holds; None when there are too many to look at at once.

    `last_pulled`: the last day of which a pull is known; None when there was none for as long as days are kept.
    `kept`: immutable tags, a thousand at most; while there are any, the repository is not deleted.
    """

    tags: int
    shares: int
    freed_bytes: int | None
    pulls: int
    last_pulled: date | None
    last_pull: LastPull | None
    kept: Mapping[str, Standing] = field(default_factory=dict)


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
            last_pull=await last_pull_of(tx, actor, repository),
            kept=(await immutable.immutable_tags(tx, repository, await immutable.immutability_of(tx, repository)))[0],
        )


@dataclass(frozen=True, slots=True)
class OrganizationRemoval:
    """`repositories` are in the way, and `permissions` would end: on the organization and on what is in it."""

    repositories: int
    permissions: int


async def plan_organization_removal(registry: Registry, actor: Actor, name: OrganizationName) -> OrganizationRemoval:
    """Raises Unauthenticated, AccessDenied or OrganizationUnknown."""
    async with registry.db.reading() as tx:
        row = await organizations.reachable(tx, actor, Action.ORGANIZATION_MANAGE, name)
        return OrganizationRemoval(
            repositories=await removal.repositories_in(tx, row.id), permissions=await grants_under(tx, name)
        )
