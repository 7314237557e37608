"""SQL about what retention judges: tags as they are, and what keeps them besides rules."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, func, literal, null, or_, select

from entrepot.db.among import among
from entrepot.db.transaction import Reader
from entrepot.registry.counted_tables import pull_last
from entrepot.registry.queries.names import REPOSITORY
from entrepot.registry.queries.quotas import IS_METERED
from entrepot.registry.tables import gc_manifest, manifest, manifest_child, organization, repository, tag
from entrepot.upkeep.tables import retention_policy, retention_wide_policy
from entrepot.values.kinds import Kind, kind_of


async def tags_after(tx: Reader, repository_id: int, after: str, limit: int, with_pulls: bool) -> Sequence[Row[Any]]:
    """Tags by name, those after `after`: name, pushed_at, id, digest, pulled_at where it is asked for."""
    found = _facts(repository_id, with_pulls).where(tag.c.name > after)
    return await tx.rows(found.order_by(tag.c.name).limit(limit))


async def tags_among(tx: Reader, repository_id: int, names: Collection[str], with_pulls: bool) -> Sequence[Row[Any]]:
    """Those of the tags that are there, the same way."""
    return await tx.rows(_facts(repository_id, with_pulls).where(among(tag.c.name, names)).order_by(tag.c.name))


def _facts(repository_id: int, with_pulls: bool) -> Select[Any]:
    columns = (tag.c.name, tag.c.pushed_at, tag.c.id, tag.c.digest)
    found = select(*columns).where(tag.c.repository_id == repository_id, tag.c.valid_until.is_(None))
    if not with_pulls:
        found = found.add_columns(null().label("pulled_at"))
    else:
        of_tag = (pull_last.c.repository_id == tag.c.repository_id) & (pull_last.c.tag == tag.c.name)
        found = found.add_columns(pull_last.c.pulled_at).join(pull_last, of_tag, isouter=True)
    return found


async def open_count(tx: Reader, repository_id: int, names: Collection[str]) -> int:
    """How many of the tags are there."""
    of_names = (tag.c.repository_id == repository_id, tag.c.valid_until.is_(None), among(tag.c.name, names))
    return int(await tx.value(select(func.count()).select_from(tag).where(*of_names)))


async def signed_by_referrer(tx: Reader, repository_id: int, digests: Collection[str]) -> set[str]:
    """Those of the digests to which a signature of the repository refers."""
    found = select(manifest.c.subject, manifest.c.media_type, manifest.c.artifact_type).where(
        manifest.c.repository_id == repository_id, among(manifest.c.subject, digests)
    )
    rows = await tx.rows(found.distinct())
    return {row.subject for row in rows if kind_of(row.media_type, row.artifact_type) is Kind.SIGNATURE}


async def repository_by_id(tx: Reader, repository_id: int) -> Row[Any] | None:
    """With the columns that `names.repository_by_path` gives."""
    found = select(*REPOSITORY, IS_METERED).join(organization).where(repository.c.id == repository_id)
    return await tx.row(found)


async def repositories_of(
    tx: Reader, organization_id: int, after: int, limit: int, *, is_tried: bool = False
) -> Sequence[int]:
    """The numbers of an organization's repositories that a policy may reach, those after `after`.

    `is_tried`: a policy that is not kept may reach any of them.
    """
    own = select(literal(1)).where(retention_policy.c.repository_id == repository.c.id).exists()
    wide = select(literal(1)).where(retention_wide_policy.c.organization_id == organization_id).exists()
    found = select(repository.c.id).where(
        repository.c.organization_id == organization_id, repository.c.id > after, or_(own, wide, literal(is_tried))
    )
    return [row.id for row in await tx.rows(found.order_by(repository.c.id).limit(limit))]


# --- images that never had a tag ---


async def unnamed_manifests(
    tx: Reader, repository_id: int, pushed_before: datetime, after: str, limit: int
) -> Sequence[str]:
    """Digests after `after`: of what no tag ever named, no index names, refers to nothing, and waits for no review."""
    parent = manifest.alias("parent")
    in_index = (
        select(literal(1))
        .select_from(manifest_child.join(parent, parent.c.id == manifest_child.c.manifest_id))
        .where(manifest_child.c.digest == manifest.c.digest, parent.c.repository_id == repository_id)
        .exists()
    )
    named = select(literal(1)).where(tag.c.repository_id == repository_id, tag.c.digest == manifest.c.digest).exists()
    waits = (
        select(literal(1))
        .where(gc_manifest.c.repository_id == repository_id, gc_manifest.c.digest == manifest.c.digest)
        .exists()
    )
    found = select(manifest.c.digest).where(
        manifest.c.repository_id == repository_id,
        manifest.c.digest > after,
        manifest.c.subject.is_(None),
        manifest.c.pushed_at < pushed_before,
        ~named,
        ~in_index,
        ~waits,
    )
    return [row.digest for row in await tx.rows(found.order_by(manifest.c.digest).limit(limit))]


def manifests_among(repository_id: int, digests: Collection[str]) -> Select[Any]:
    """As rows of (repository_id, digest)."""
    of_repository = manifest.c.repository_id == repository_id
    return select(manifest.c.repository_id, manifest.c.digest).where(of_repository, among(manifest.c.digest, digests))
