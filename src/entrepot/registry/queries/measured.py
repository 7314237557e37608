"""SQL about what a domain or organization holds where that is much: counted up to a number, or measured and kept."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, Select, delete, func, or_, select

from entrepot.db.among import among
from entrepot.db.transaction import Reader, Writer
from entrepot.registry.counted_tables import measured
from entrepot.registry.queries import quotas, removal
from entrepot.registry.queries.quotas import inside
from entrepot.registry.quota_rules import Resource
from entrepot.registry.tables import blob, organization, repository, repository_blob, tag

_repositories = organization.join(repository)
_open_tags = _repositories.join(tag, (tag.c.repository_id == repository.c.id) & tag.c.valid_until.is_(None))
# What is walked to count a resource; for bytes, links to blobs.
_WALKED: Final[Mapping[Resource, Select[Any]]] = {
    Resource.ORGANIZATIONS: select(organization.c.id),
    Resource.REPOSITORIES: select(repository.c.id).select_from(_repositories),
    Resource.TAGS: select(tag.c.id).select_from(_open_tags),
    Resource.BYTES: select(repository_blob.c.digest).select_from(_repositories.join(repository_blob)),
}


async def number_up_to(tx: Reader, scope: str, resource: Resource, limit: int) -> int:
    """How many there are of a resource, for bytes how many links to blobs; `limit` + 1 stands for more than that."""
    some = _WALKED[resource].where(inside(scope)).limit(limit + 1).subquery()
    return int(await tx.value(select(func.count()).select_from(some)))


async def links(tx: Reader, scope: str) -> int:
    """How many links to blobs its repositories have."""
    walked = _WALKED[Resource.BYTES].with_only_columns(func.count(), maintain_column_froms=True)
    return int(await tx.value(walked.where(inside(scope))))


async def exclusive_bytes(tx: Reader, scope: str) -> int:
    """Bytes of the blobs that no repository outside holds."""
    mine = _WALKED[Resource.BYTES].where(inside(scope)).distinct().subquery()
    outside = (
        select(repository_blob.c.digest)
        .select_from(repository_blob.join(repository).join(organization))
        .where(repository_blob.c.digest == mine.c.digest, ~inside(scope))
    )
    sizes = select(func.coalesce(func.sum(blob.c.size), 0)).join_from(mine, blob, blob.c.digest == mine.c.digest)
    return int(await tx.value(sizes.where(~outside.exists())))


async def has_outside(tx: Reader, domain_id: str) -> bool:
    """Whether other domains have organizations."""
    others = or_(organization.c.domain_id < domain_id, organization.c.domain_id > domain_id)
    return await tx.row(select(organization.c.id).where(others).limit(1)) is not None


async def large_organizations(tx: Reader, domain_id: str, tags: int, links: int) -> Sequence[int]:
    """Those of a domain that have more than so many tags, or links to blobs."""
    found: set[int] = set()
    for resource, limit in ((Resource.TAGS, tags), (Resource.BYTES, links)):
        walked = _WALKED[resource].with_only_columns(organization.c.id, maintain_column_froms=True)
        many = walked.where(inside(domain_id)).group_by(organization.c.id).having(func.count() > limit)
        found |= {row.id for row in await tx.rows(many)}
    return sorted(found)


async def large_repositories(tx: Reader, organization_id: int, links: int) -> Sequence[int]:
    """Those of an organization that have more than so many links to blobs."""
    walked = _WALKED[Resource.BYTES].with_only_columns(repository.c.id, maintain_column_froms=True)
    many = walked.where(organization.c.id == organization_id).group_by(repository.c.id).having(func.count() > links)
    return [row.id for row in await tx.rows(many.order_by(repository.c.id))]


async def measure_repository(tx: Reader, repository_id: int) -> dict[str, int]:
    """The same of a repository: its links and bytes."""
    held, own = await removal.held_bytes(tx, repository_id), await removal.own_bytes(tx, repository_id)
    counted = select(func.count()).select_from(repository_blob).where(repository_blob.c.repository_id == repository_id)
    number = int(await tx.value(counted))
    return {"organizations": 0, "repositories": 1, "tags": 0, "links": number, "bytes": held, "exclusive_bytes": own}


async def measure_of(tx: Reader, scope: str) -> Row[Any] | None:
    """What was measured last; None for what is little, or was not measured yet."""
    return await tx.row(select(measured).where(measured.c.scope == scope))


async def measures_of(tx: Reader, scopes: Collection[str]) -> dict[str, Row[Any]]:
    """The same of several, by scope."""
    return {row.scope: row for row in await tx.rows(select(measured).where(among(measured.c.scope, scopes)))}


async def measure(tx: Reader, scope: str) -> dict[str, int]:
    """All of it, counted now, which takes its time."""
    numbers = {resource.value: await count(tx, scope) for resource, count in quotas.USED.items()}
    return {**numbers, "links": await links(tx, scope), "exclusive_bytes": await exclusive_bytes(tx, scope)}


async def keep_measure(tx: Writer, scope: str, at: datetime, numbers: Mapping[str, int]) -> None:
    kept = tx.insert(measured).values(scope=scope, measured_at=at, **numbers)
    await tx.run(kept.on_conflict_do_update(index_elements=["scope"], set_={"measured_at": at, **numbers}))


async def forget_measures(tx: Writer, before: datetime) -> None:
    """Forget what was not measured since: it is gone, or little now."""
    await tx.run(delete(measured).where(measured.c.measured_at < before))
