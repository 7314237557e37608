"""Lists that pull clients ask for: tags, catalog, referrers. All page by key."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row

from entrepot.access.actor import Actor
from entrepot.access.levels import Action
from entrepot.db.transaction import Reader
from entrepot.registry import reach, rules
from entrepot.registry.queries import content, names, tags
from entrepot.registry.room import Registry
from entrepot.values.digest import Digest
from entrepot.values.manifest import Manifest
from entrepot.values.media_types import OCI_INDEX
from entrepot.values.names import RepositoryName
from entrepot.values.reference import fallback_tag

# A list of referrers is a manifest to its clients, and they refuse larger ones (specification, 4 MiB).
REFERRERS_BYTES_MAX = 3 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Page:
    """Names in order; `is_last` when nothing comes after them."""

    items: list[str]
    is_last: bool


async def list_tags(registry: Registry, actor: Actor, path: RepositoryName, after: str, limit: int) -> Page:
    """Tag names in byte order, those after `after`. Raises Unauthenticated or RepositoryUnknown."""
    async with registry.db.reading() as tx:
        repository = await reach.existing(tx, actor, Action.REPOSITORY_PULL, path)
        found = await tags.tag_names(tx, repository.id, after, limit + 1)
    items, has_more = rules.page(found, limit)
    return Page(items, not has_more)


async def list_catalog(registry: Registry, actor: Actor, after: str, limit: int) -> Page:
    """Repositories the actor may read, in byte order of their names, those after `after`."""
    async with registry.db.reading() as tx:
        found = await names.visible_paths(tx, actor, after, limit + 1)
    items, has_more = rules.page(found, limit)
    return Page(items, not has_more)


@dataclass(frozen=True, slots=True)
class Referrers:
    """Descriptors of manifests that name a subject; `after` continues the list, None at its end."""

    descriptors: list[dict[str, Any]]
    after: str | None


async def list_referrers(
    registry: Registry,
    actor: Actor,
    path: RepositoryName,
    subject: Digest,
    artifact_type: str | None,
    after: str,
) -> Referrers:
    """What refers to `subject`, of one artifact type or of all (distribution specification, listing referrers).

    Nothing refers to what is not there, nor in a repository that is not there: an empty list. The
    fallback tag that older clients keep (`sha256-<hex>`) is merged into the first page.
    Raises Unauthenticated, or RepositoryUnknown for a repository the actor may not read.
    """
    limit = registry.settings.referrers_page_max
    async with registry.db.reading() as tx:
        await reach.permitted(tx, actor, Action.REPOSITORY_PULL, path)
        repository = await names.repository_by_path(tx, path)
        if repository is None:
            return Referrers([], None)
        rows = await content.referrers(tx, repository.id, str(subject), artifact_type, after, limit + 1)
        found = rules.fitting([_descriptor(row) for row in rows[:limit]], REFERRERS_BYTES_MAX)
        following = found[-1]["digest"] if len(rows) > len(found) else None
        if not after:
            known = {descriptor["digest"] for descriptor in found}
            kept = await kept_by_fallback(tx, registry, repository.id, subject, artifact_type)
            stored = await _stored_referrers(tx, repository.id, subject, kept)
            found += [one for one in kept if one["digest"] not in known and one["digest"] not in stored]
    return Referrers(found, following)


async def kept_by_fallback(
    tx: Reader, registry: Registry, repository_id: int, subject: Digest, artifact_type: str | None
) -> Sequence[dict[str, Any]]:
    """Descriptors in the list that clients without the referrers API keep under `fallback_tag`."""
    row = await tags.manifest_by_tag(tx, repository_id, fallback_tag(subject))
    if row is None or row.media_type != OCI_INDEX:
        return []
    listed = Manifest.parse(row.body, row.media_type, registry.settings.manifest).children
    return [child.to_json() for child in listed if artifact_type is None or child.artifact_type == artifact_type]


async def _stored_referrers(
    tx: Reader, repository_id: int, subject: Digest, kept: Sequence[dict[str, Any]]
) -> set[str]:
    """Those of the kept descriptors that the list has, or will have on a later page, anyway."""
    return await content.referrers_among(tx, repository_id, str(subject), [one["digest"] for one in kept])


def _descriptor(row: Row[Any]) -> dict[str, Any]:
    return {
        "mediaType": row.media_type,
        "digest": row.digest,
        "size": row.size,
        **({"artifactType": row.artifact_type} if row.artifact_type else {}),
        **({"annotations": row.annotations} if row.annotations else {}),
    }
