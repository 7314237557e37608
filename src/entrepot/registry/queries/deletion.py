"""SQL about what hangs on tags that are to be deleted."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Row, Select, exists, func, or_, select

from entrepot.db.transaction import Reader
from entrepot.registry.counted_tables import pull_day
from entrepot.registry.tables import blob, manifest, manifest_blob, manifest_child, repository_blob, tag


async def tags_with_manifests(tx: Reader, repository_id: int, names: Collection[str]) -> Sequence[Row[Any]]:
    """Those of the tags that are there, by name: tag_id, name, digest, manifest_id, size, content_size."""
    return await tx.rows(
        select(
            tag.c.id.label("tag_id"),
            tag.c.name,
            tag.c.digest,
            manifest.c.id.label("manifest_id"),
            manifest.c.size,
            manifest.c.content_size,
        )
        .join(manifest, (manifest.c.repository_id == tag.c.repository_id) & (manifest.c.digest == tag.c.digest))
        .where(tag.c.repository_id == repository_id, tag.c.name.in_(names), tag.c.valid_until.is_(None))
        .order_by(tag.c.name)
    )


async def other_tags(
    tx: Reader, repository_id: int, digests: Collection[str], going: Collection[str]
) -> dict[str, list[str]]:
    """Tags besides those `going` that name the manifests, by digest."""
    found = (
        select(tag.c.digest, tag.c.name)
        .where(
            tag.c.repository_id == repository_id,
            tag.c.digest.in_(digests),
            tag.c.valid_until.is_(None),
            tag.c.name.not_in(going),
        )
        .order_by(tag.c.name)
    )
    names: dict[str, list[str]] = {}
    for row in await tx.rows(found):
        names.setdefault(row.digest, []).append(row.name)
    return names


async def indexes_of(tx: Reader, repository_id: int, digests: Collection[str]) -> dict[str, set[str]]:
    """The indexes of the repository that name each manifest, by its digest."""
    found = (
        select(manifest_child.c.digest, manifest.c.digest.label("parent"))
        .join(manifest)
        .where(manifest.c.repository_id == repository_id, manifest_child.c.digest.in_(digests))
    )
    indexes: dict[str, set[str]] = {}
    for row in await tx.rows(found):
        if row.parent != row.digest:
            indexes.setdefault(row.digest, set()).add(row.parent)
    return indexes


async def dependants(tx: Reader, repository_id: int, digests: Collection[str]) -> set[str]:
    """Manifests of the repository that these indexes name, or that refer to them."""
    children = (
        select(manifest_child.c.digest)
        .join(manifest)
        .where(manifest.c.repository_id == repository_id, manifest.c.digest.in_(digests))
    )
    found = select(manifest.c.digest).where(
        manifest.c.repository_id == repository_id,
        or_(manifest.c.subject.in_(digests), manifest.c.digest.in_(children)),
    )
    return {row.digest for row in await tx.rows(found)}


async def manifest_ids(tx: Reader, repository_id: int, digests: Collection[str]) -> dict[str, int]:
    """The numbers of manifests, by digest."""
    found = select(manifest.c.id, manifest.c.digest).where(
        manifest.c.repository_id == repository_id, manifest.c.digest.in_(digests)
    )
    return {row.digest: int(row.id) for row in await tx.rows(found)}


async def referrer_counts(tx: Reader, repository_id: int, digests: Collection[str]) -> dict[str, int]:
    """How many manifests refer to each."""
    found = (
        select(manifest.c.subject, func.count().label("number"))
        .where(manifest.c.repository_id == repository_id, manifest.c.subject.in_(digests))
        .group_by(manifest.c.subject)
    )
    return {row.subject: int(row.number) for row in await tx.rows(found)}


async def pulls_of_tags(
    tx: Reader, repository_id: int, names: Collection[str], since: date
) -> dict[str, tuple[int, date | None]]:
    """Pulls since a day, and the last day there were any, by tag."""
    found = (
        select(pull_day.c.tag, func.sum(pull_day.c.pulls).label("pulls"), func.max(pull_day.c.day).label("last"))
        .where(pull_day.c.repository_id == repository_id, pull_day.c.tag.in_(names), pull_day.c.day >= since)
        .group_by(pull_day.c.tag)
    )
    return {row.tag: (int(row.pulls), row.last) for row in await tx.rows(found)}


async def named_bytes(tx: Reader, repository_id: int, digests: Collection[str]) -> int:
    """Bytes of the blobs that these manifests of the repository name, as far as they are here, each once."""
    named = _named(repository_id, digests).subquery()
    found = select(func.coalesce(func.sum(blob.c.size), 0)).join(named, named.c.digest == blob.c.digest)
    return int(await tx.value(found))


async def exclusive_bytes(tx: Reader, repository_id: int, digests: Collection[str]) -> int:
    """Bytes of blobs that only these manifests of the repository name, and that no other repository holds."""
    if not digests:
        return 0
    named, elsewhere = _named(repository_id, digests).subquery(), repository_blob.alias()
    held_elsewhere = exists(
        select(elsewhere.c.digest).where(
            elsewhere.c.digest == named.c.digest, elsewhere.c.repository_id != repository_id
        )
    )
    # First: that takes two rows of an index for each, but many manifests may name what other repositories hold.
    here = select(named.c.digest).where(~held_elsewhere).cte("here").prefix_with("MATERIALIZED")
    other, other_blob = manifest.alias("other"), manifest_blob.alias("other_blob")
    needed = exists(
        select(other.c.id)
        .join(other_blob, other_blob.c.manifest_id == other.c.id)
        .where(
            other_blob.c.digest == here.c.digest,
            other.c.repository_id == repository_id,
            other.c.digest.not_in(digests),
        )
    )
    found = select(func.coalesce(func.sum(blob.c.size), 0)).join(here, here.c.digest == blob.c.digest)
    return int(await tx.value(found.where(~needed)))


def _named(repository_id: int, digests: Collection[str]) -> Select[Any]:
    """The digests of the blobs that manifests of the repository name, each once."""
    found = select(manifest_blob.c.digest).join(manifest)
    return found.where(manifest.c.repository_id == repository_id, manifest.c.digest.in_(digests)).distinct()
