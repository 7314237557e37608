"""Tags with what they point at, for people and management clients. Pull clients have `lists.list_tags`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from entrepot.access.actor import Actor
from entrepot.access.levels import Action
from entrepot.db.transaction import Reader
from entrepot.registry import reach, rules
from entrepot.registry.markers import parse_tag, tag_marker
from entrepot.registry.queries import tag_rows
from entrepot.registry.room import Registry
from entrepot.registry.wanted import TagOrder, WantedTags
from entrepot.values.errors import ManifestUnknown, worded
from entrepot.values.names import RepositoryName, TagName

_BODIES_BYTES_MAX = 8 * 1024 * 1024  # of all manifests in one page


@dataclass(frozen=True, slots=True)
class Tagged:
    """A tag and what it points at now."""

    id: int
    repository_id: int
    organization_id: int
    domain_id: str
    name: str
    manifest_id: int
    digest: str
    media_type: str
    artifact_type: str | None
    config_digest: str | None
    size: int
    """Bytes of the image: config and layers; of the document itself for an index."""
    created_at: datetime
    """When a tag of this name was first pushed."""
    updated_at: datetime
    """When it was last pushed, also with what it named already, or moved."""
    pushed_by: str
    """The subject that moved it there: `user:ID`."""
    body: bytes
    """The manifest; empty when it was not asked for or the page would become too large."""


@dataclass(frozen=True, slots=True)
class TagPage:
    items: Sequence[Tagged]
    total: int


async def show_tag(registry: Registry, actor: Actor, path: RepositoryName, tag: TagName) -> Tagged:
    """One tag. Raises Unauthenticated, RepositoryUnknown or ManifestUnknown."""
    async with registry.db.looking() as tx:
        repository = await reach.existing(tx, actor, Action.REPOSITORY_PULL, path)
        return await one_tagged(tx, repository, tag)


async def list_tagged(
    registry: Registry,
    actor: Actor,
    path: RepositoryName,
    part: str,
    order: TagOrder,
    descending: bool,
    offset: int,
    limit: int,
    with_bodies: bool = True,
) -> TagPage:
    """A page of the tags whose name contains `part`, and how many there are on all pages.

    Raises Unauthenticated or RepositoryUnknown.
    """
    async with registry.db.looking() as tx:
        repository = await reach.existing(tx, actor, Action.REPOSITORY_PULL, path)
        rows = await tag_rows.tags_page(tx, repository.id, part, order, descending, offset, limit)
        total = rows[0].total if rows else await tag_rows.tags_count(tx, repository.id, part)
        return TagPage(await _tagged(tx, repository, rows, with_bodies), total)


async def list_tagged_after(
    registry: Registry, actor: Actor, path: RepositoryName, wanted: WantedTags, with_bodies: bool
) -> tuple[Sequence[Tagged], str | None]:
    """The tags that are wanted; the marker of the next page, None at the end.

    Raises Unauthenticated, RepositoryUnknown, or ParameterInvalid for a marker of another list.
    """
    async with registry.db.looking() as tx:
        repository = await reach.existing(tx, actor, Action.REPOSITORY_PULL, path)
        return await tagged_after(tx, repository, wanted, with_bodies)


async def tagged_after(
    tx: Reader, repository: Row[Any], wanted: WantedTags, with_bodies: bool
) -> tuple[Sequence[Tagged], str | None]:
    """The same of a repository's row. Raises ParameterInvalid for a marker of another list."""
    after = parse_tag(wanted.order, wanted.marker) if wanted.marker else ()
    rows = await tag_rows.tags_after(
        tx, repository.id, wanted.part, wanted.order, wanted.descending, after, wanted.limit + 1
    )
    items, has_more = rules.page(rows, wanted.limit)
    found = await _tagged(tx, repository, items, with_bodies)
    if not has_more:
        return found, None
    return found, tag_marker(wanted.order, items[-1])


async def one_tagged(tx: Reader, repository: Row[Any], tag: TagName) -> Tagged:
    """One tag of a repository's row. Raises ManifestUnknown."""
    row = await tag_rows.tag_row(tx, repository.id, tag)
    if row is None:
        raise ManifestUnknown(worded("{path} has no tag {tag}.", path=repository.path, tag=tag), reference=str(tag))
    return _one(repository, row, row.body)


async def _tagged(tx: Reader, repository: Row[Any], rows: Sequence[Row[Any]], with_bodies: bool) -> Sequence[Tagged]:
    bodies = await tag_rows.bodies(tx, repository.id, _within_bounds(rows)) if with_bodies else {}
    return [_one(repository, row, bodies.get(row.digest, b"")) for row in rows]


def _one(repository: Row[Any], row: Row[Any], body: bytes) -> Tagged:
    return Tagged(
        row.id,
        repository.id,
        repository.organization_id,
        repository.domain_id,
        row.name,
        row.manifest_id,
        row.digest,
        row.media_type,
        row.artifact_type,
        row.config_digest,
        row.content_size or row.size,
        row.created_at,
        row.pushed_at,
        row.pushed_by,
        body,
    )


def _within_bounds(rows: Sequence[Row[Any]]) -> list[str]:
    """The digests of as many manifests, from the first on, as fit into one page."""
    left = _BODIES_BYTES_MAX
    chosen: dict[str, None] = {}
    for row in rows:
        if row.digest in chosen:
            continue
        left -= row.size
        if left < 0:
            break
        chosen[row.digest] = None
    return list(chosen)
