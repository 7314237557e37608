"""SQL behind the versions of an image: what is known of each besides its manifest."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Final

from sqlalchemy import func, select

from entrepot.db.transaction import Reader
from entrepot.registry.counted_tables import pull_day
from entrepot.registry.tables import manifest, manifest_child, tag

_REFERRERS_MAX: Final = 5_000  # of all versions of a page; what is told of them is only which kinds there are


async def index_sizes(tx: Reader, repository_id: int, digests: Collection[str]) -> dict[str, int]:
    """Bytes of the images of indexes, as far as they are in the repository, by the index's digest."""
    child = manifest.alias("child")
    found = (
        select(manifest.c.digest, func.sum(child.c.content_size).label("bytes"))
        .join(manifest_child, manifest_child.c.manifest_id == manifest.c.id)
        .join(child, (child.c.repository_id == manifest.c.repository_id) & (child.c.digest == manifest_child.c.digest))
        .where(manifest.c.repository_id == repository_id, manifest.c.digest.in_(digests))
        .group_by(manifest.c.digest)
    )
    return {row.digest: int(row.bytes) for row in await tx.rows(found)}


async def referring_types(tx: Reader, repository_id: int, digests: Collection[str]) -> dict[str, set[str]]:
    """The artifact types of what refers to manifests, by the manifest's digest."""
    found = (
        select(manifest.c.subject, manifest.c.artifact_type)
        .where(
            manifest.c.repository_id == repository_id,
            manifest.c.subject.in_(digests),
            manifest.c.artifact_type.is_not(None),
        )
        .limit(_REFERRERS_MAX)
    )
    types: dict[str, set[str]] = {}
    for row in await tx.rows(found):
        types.setdefault(row.subject, set()).add(row.artifact_type)
    return types


async def tags_there(tx: Reader, repository_id: int, names: Collection[str]) -> set[str]:
    """Those of the names that are tags."""
    found = select(tag.c.name).where(
        tag.c.repository_id == repository_id, tag.c.name.in_(names), tag.c.valid_until.is_(None)
    )
    return {row.name for row in await tx.rows(found)}


async def artifact_types(tx: Reader, repository_id: int, digests: Collection[str]) -> dict[str, str | None]:
    """The artifact type of manifests, by digest."""
    found = select(manifest.c.digest, manifest.c.artifact_type).where(
        manifest.c.repository_id == repository_id, manifest.c.digest.in_(digests)
    )
    return {row.digest: row.artifact_type for row in await tx.rows(found)}


async def last_pulled(tx: Reader, repository_id: int, tags: Sequence[str]) -> dict[str, date]:
    """The last day on which each of the tags was pulled; those never pulled are absent."""
    found = (
        select(pull_day.c.tag, func.max(pull_day.c.day).label("day"))
        .where(pull_day.c.repository_id == repository_id, pull_day.c.tag.in_(tags))
        .group_by(pull_day.c.tag)
    )
    return {row.tag: row.day for row in await tx.rows(found)}
