"""SQL about what is held, of a mirror or of all organizations together, and which of it was of no use for longest.

`organization_id` is None for all.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, case, delete, func, literal, or_, select, tuple_, update

from entrepot.db.among import among
from entrepot.db.transaction import Reader, Writer
from entrepot.mirror.tables import blob_fetch, trim_lease, upstream
from entrepot.registry.counted_tables import pull_last
from entrepot.registry.tables import (
    blob,
    manifest,
    manifest_blob,
    manifest_child,
    organization,
    repository,
    repository_blob,
    tag,
)


async def limited(tx: Reader) -> Sequence[Row[Any]]:
    """Mirrors with a limit, by name: organization, organization_id, limit_bytes."""
    columns = (organization.c.name.label("organization"), upstream.c.organization_id, upstream.c.limit_bytes)
    found = select(*columns).join(organization)
    return await tx.rows(found.where(upstream.c.limit_bytes > 0).order_by(organization.c.name))


async def needed_bytes(tx: Reader, organization_id: int | None) -> int:
    """Bytes of blobs that are here and that a manifest beside them names, each once.

    What lost its last manifest is held until garbage collection has looked at it, and not counted.
    """
    # From manifests on: SQLite would else look at all links of a repository for each of its manifests.
    is_here = select(literal(1)).where(
        repository_blob.c.repository_id == manifest.c.repository_id, repository_blob.c.digest == manifest_blob.c.digest
    )
    named = select(manifest_blob.c.digest).select_from(manifest.join(manifest_blob)).where(is_here.exists())
    if organization_id is not None:
        inside = select(repository.c.id).where(repository.c.organization_id == organization_id)
        named = named.where(manifest.c.repository_id.in_(inside))
    needed = named.distinct().subquery()
    sizes = select(func.coalesce(func.sum(blob.c.size), 0)).select_from(blob)
    return int(await tx.value(sizes.join(needed, needed.c.digest == blob.c.digest)))


async def least_used(
    tx: Reader, organization_id: int | None, before: datetime, after: tuple[datetime, int] | None, limit: int
) -> Sequence[Row[Any]]:
    """Images that nobody used since `before`, those of no use for longest first, from behind `after`.

    An image that an index names, or that refers to another, goes with that. (id, repository_id, path,
    organization_id, organization, domain_id, digest, used_at): brought, or pulled by a tag or by its digest.
    """
    images = _images(organization_id)
    key = (images.c.used_at, images.c.id)
    found = select(images).where(images.c.used_at <= before)
    if after is not None:
        found = found.where(
            tuple_(*key) > tuple_(*[literal(one, column.type) for one, column in zip(after, key, strict=True)])
        )
    return await tx.rows(found.order_by(*key).limit(limit))


def _images(organization_id: int | None) -> Any:
    parent, subject = manifest.alias("parent"), manifest.alias("subject")
    is_part = select(literal(1)).where(
        manifest_child.c.digest == manifest.c.digest,
        parent.c.id == manifest_child.c.manifest_id,
        parent.c.repository_id == manifest.c.repository_id,
        parent.c.id != manifest.c.id,
    )
    refers = select(literal(1)).where(
        subject.c.repository_id == manifest.c.repository_id,
        subject.c.digest == manifest.c.subject,
        subject.c.id != manifest.c.id,
    )
    by_tag = select(func.max(pull_last.c.pulled_at)).where(
        tag.c.repository_id == manifest.c.repository_id,
        tag.c.digest == manifest.c.digest,
        tag.c.valid_until.is_(None),
        pull_last.c.repository_id == tag.c.repository_id,
        pull_last.c.tag == tag.c.name,
    )
    by_digest = select(pull_last.c.pulled_at).where(
        pull_last.c.repository_id == manifest.c.repository_id, pull_last.c.tag == manifest.c.digest
    )
    pulled = (
        select(
            manifest.c.id,
            manifest.c.repository_id,
            manifest.c.digest,
            repository.c.path,
            repository.c.organization_id,
            organization.c.name.label("organization"),
            organization.c.domain_id,
            manifest.c.pushed_at,
            by_tag.scalar_subquery().label("by_tag"),
            by_digest.scalar_subquery().label("by_digest"),
        )
        .select_from(manifest.join(repository).join(organization))
        .where(~is_part.exists(), ~refers.exists(), *_in(organization_id))
        .subquery()
    )
    tagged = _later(pulled.c.by_tag, pulled.c.pushed_at)
    kept = [column for column in pulled.c if column.name not in ("pushed_at", "by_tag", "by_digest")]
    return select(*kept, _later(pulled.c.by_digest, tagged).label("used_at")).subquery()


def _later(one: ColumnElement[Any], other: ColumnElement[Any]) -> ColumnElement[Any]:
    """The later of two times; `other` where `one` is NULL."""
    return case((one > other, one), else_=other)


def _in(organization_id: int | None) -> Sequence[ColumnElement[bool]]:
    return () if organization_id is None else (repository.c.organization_id == organization_id,)


async def is_in_use(
    tx: Reader, repository_id: int, path: str, digests: Collection[str], since: datetime, now: datetime
) -> bool:
    """Whether one of the manifests was pulled by its digest since then, or a blob that one names is being fetched."""
    pulled = select(literal(1)).where(
        pull_last.c.repository_id == repository_id, among(pull_last.c.tag, digests), pull_last.c.pulled_at > since
    )
    named = select(manifest_blob.c.digest).join(manifest)
    named = named.where(manifest.c.repository_id == repository_id, among(manifest.c.digest, digests))
    fetched = select(literal(1)).where(
        blob_fetch.c.path == path, blob_fetch.c.leased_until > now, blob_fetch.c.digest.in_(named)
    )
    return bool(await tx.value(select(or_(pulled.exists(), fetched.exists()))))


async def blobs_of(
    tx: Reader, organization_id: int | None, repository_id: int, digests: Collection[str]
) -> Sequence[Row[Any]]:
    """Blobs that are here of these manifests of a repository, each once: size, is_needed (by another manifest, too)."""
    going = select(manifest_blob.c.digest).join(manifest)
    going = going.where(manifest.c.repository_id == repository_id, among(manifest.c.digest, digests))
    named = going.distinct().subquery()
    other, other_blob, link = manifest.alias("other"), manifest_blob.alias("other_blob"), repository_blob.alias("link")
    needed = (
        select(literal(1))
        .select_from(
            other_blob.join(other, other.c.id == other_blob.c.manifest_id)
            .join(repository, repository.c.id == other.c.repository_id)
            .join(link, (link.c.repository_id == other.c.repository_id) & (link.c.digest == other_blob.c.digest))
        )
        .where(
            other_blob.c.digest == named.c.digest,
            or_(other.c.repository_id != repository_id, ~among(other.c.digest, digests)),
            *_in(organization_id),
        )
    )
    here = (repository_blob.c.repository_id == repository_id) & (repository_blob.c.digest == named.c.digest)
    found = select(blob.c.size, needed.exists().label("is_needed"))
    return await tx.rows(found.select_from(named).join(repository_blob, here).join(blob))


# --- who trims ---


async def take_lease(tx: Writer, scope: str, leader: str, now: datetime, until: datetime) -> bool:
    """Take it, or keep it longer; False while somebody else has it."""
    row = tx.insert(trim_lease).values(scope=scope, leader=leader, leased_until=until)
    if await tx.value(row.on_conflict_do_nothing().returning(trim_lease.c.scope)) is not None:
        return True
    free = or_(trim_lease.c.leader == leader, trim_lease.c.leased_until <= now)
    taken = update(trim_lease).where(trim_lease.c.scope == scope, free)
    return await tx.run(taken.values(leader=leader, leased_until=until)) > 0


async def end_lease(tx: Writer, scope: str, leader: str) -> None:
    await tx.run(delete(trim_lease).where(trim_lease.c.scope == scope, trim_lease.c.leader == leader))
