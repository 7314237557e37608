"""Browse: pages of repositories with what they hold, for people and management clients."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row

from entrepot.access.actor import Actor
from entrepot.access.check import effective, level_of, require_account
from entrepot.access.levels import Action, Level
from entrepot.db.transaction import Reader
from entrepot.registry import markers, reach, rules
from entrepot.registry.queries import artifacts, browse
from entrepot.registry.repositories import Repository, repository_of
from entrepot.registry.room import Registry
from entrepot.registry.wanted import RepositoryOrder, WalkOrder, WantedRepositories
from entrepot.values.names import RepositoryName


@dataclass(frozen=True, slots=True)
class Listed:
    """A repository as lists show it. `size`: bytes of its blobs, each counted once.

    `tag_names`: the newest ones, where somebody asked; `manifests`: how many it holds; None where nobody asked.
    """

    repository: Repository
    tags: int
    size: int
    tag_names: Sequence[str]
    creator_name: str
    domain_id: str
    domain_name: str
    pulls: int
    manifests: int | None = None


@dataclass(frozen=True, slots=True)
class RepositoryPage:
    items: Sequence[Listed]
    total: int


async def list_repositories(
    registry: Registry,
    actor: Actor,
    wanted: WantedRepositories,
    order: RepositoryOrder,
    descending: bool,
    offset: int,
    limit: int,
    with_manifests: bool = False,
) -> RepositoryPage:
    """A page of the repositories the actor may read, and how many there are on all pages. Raises AccessDenied."""
    require_account(actor)
    async with registry.db.looking() as tx:
        rows, total = await browse.repositories_page(tx, actor, wanted, order, descending, offset, limit)
        return RepositoryPage(await listed(tx, rows, with_manifests), total)


async def list_repositories_after(
    registry: Registry, actor: Actor, wanted: WantedRepositories, after_id: int, limit: int
) -> tuple[Sequence[Listed], bool]:
    """Repositories the actor may read, by id, those after `after_id`; whether there are more. Raises AccessDenied."""
    require_account(actor)
    async with registry.db.looking() as tx:
        rows = await browse.repositories_after(tx, actor, wanted, after_id, limit + 1)
        items, has_more = rules.page(rows, limit)
        return await listed(tx, items), has_more


async def list_repositories_from(
    registry: Registry,
    actor: Actor,
    wanted: WantedRepositories,
    order: WalkOrder,
    descending: bool,
    marker: str,
    limit: int,
) -> tuple[Sequence[Listed], str | None]:
    """Repositories the actor may read, in order, those after `marker`; the marker of the next page, None at the end.

    However deep the page, it costs the same. Raises AccessDenied, or ParameterInvalid for a marker of another list.
    """
    require_account(actor)
    after = markers.parse_walk(order, marker) if marker else None
    async with registry.db.looking() as tx:
        rows = await browse.repositories_from(tx, actor, wanted, order, descending, after, limit + 1)
        items, has_more = rules.page(rows, limit)
        following = markers.walk_marker(order, items[-1]) if has_more else None
        return await listed(tx, items), following


async def show_image(
    registry: Registry, actor: Actor, path: RepositoryName, with_manifests: bool = False
) -> tuple[Listed, Level]:
    """One repository, and the actor's level on it. Raises Unauthenticated or RepositoryUnknown."""
    async with registry.db.looking() as tx:
        row = await browse.repository_row(tx, actor, path)
        found = await reach.decided(tx, actor, Action.REPOSITORY_PULL, path, row)
        return (await listed(tx, [found], with_manifests))[0], effective(actor, path, found.level)


async def show_repository(
    registry: Registry, actor: Actor, path: RepositoryName, with_manifests: bool = False
) -> Listed:
    """One repository. Raises Unauthenticated or RepositoryUnknown."""
    return (await show_image(registry, actor, path, with_manifests))[0]


async def readable(registry: Registry, actor: Actor, scopes: Collection[str]) -> set[str]:
    """Those of the organizations and repositories, by name, that the actor may read, whether or not they are there."""
    async with registry.db.looking() as tx:
        return {scope for scope in scopes if await level_of(tx, actor, scope) >= Level.READ}


async def listed(tx: Reader, rows: Sequence[Row[Any]], with_manifests: bool = False) -> Sequence[Listed]:
    """Rows of repositories with what they hold."""
    manifests = await artifacts.manifest_counts(tx, [row.id for row in rows]) if with_manifests else None
    return [
        Listed(
            repository_of(row),
            row.tags,
            int(row.size),
            getattr(row, "tag_names", ()),
            row.creator_name,
            row.domain_id,
            row.domain_name,
            row.pulls,
            None if manifests is None else manifests.get(row.id, 0),
        )
        for row in rows
    ]
