"""SQL about what only one repository holds."""

from collections.abc import Collection
from datetime import date

from sqlalchemy import case, func, select

from entrepot.db.among import among
from entrepot.db.transaction import Reader
from entrepot.registry.counted_tables import pull_day
from entrepot.registry.tables import blob, repository, repository_blob

_other = repository_blob.alias("other")


async def links_at_most(tx: Reader, repository_id: int, limit: int) -> bool:
    """Whether the repository has no more than so many links to blobs. Looks at no more than that."""
    some = select(repository_blob.c.digest).where(repository_blob.c.repository_id == repository_id).limit(limit + 1)
    return int(await tx.value(select(func.count()).select_from(some.subquery()))) <= limit


async def held_bytes(tx: Reader, repository_id: int) -> int:
    """Bytes of its blobs."""
    sizes = select(func.coalesce(func.sum(blob.c.size), 0)).select_from(repository_blob).join(blob)
    return int(await tx.value(sizes.where(repository_blob.c.repository_id == repository_id)))


async def own_bytes(tx: Reader, repository_id: int) -> int:
    """Bytes of the blobs that no other repository holds."""
    elsewhere = select(_other.c.digest).where(
        _other.c.digest == repository_blob.c.digest, _other.c.repository_id != repository_id
    )
    found = (
        select(func.coalesce(func.sum(blob.c.size), 0))
        .select_from(repository_blob)
        .join(blob)
        .where(repository_blob.c.repository_id == repository_id, ~elsewhere.exists())
    )
    return int(await tx.value(found))


async def links_of(tx: Reader, repository_ids: Collection[int]) -> dict[int, int]:
    """How many links to blobs each of the repositories has; those without any are absent."""
    found = select(repository_blob.c.repository_id, func.count().label("number")).where(
        among(repository_blob.c.repository_id, repository_ids)
    )
    return {row.repository_id: row.number for row in await tx.rows(found.group_by(repository_blob.c.repository_id))}


async def held_and_own_bytes(tx: Reader, repository_ids: Collection[int]) -> dict[int, tuple[int, int]]:
    """Of each of the repositories, bytes of its blobs, and of those that no other repository holds."""
    elsewhere = select(_other.c.digest).where(
        _other.c.digest == repository_blob.c.digest, _other.c.repository_id != repository_blob.c.repository_id
    )
    own = func.sum(case((~elsewhere.exists(), blob.c.size), else_=0))
    found = (
        select(repository_blob.c.repository_id, func.sum(blob.c.size).label("held"), own.label("own"))
        .select_from(repository_blob)
        .join(blob)
        .where(among(repository_blob.c.repository_id, repository_ids))
        .group_by(repository_blob.c.repository_id)
    )
    return {row.repository_id: (int(row.held), int(row.own)) for row in await tx.rows(found)}


async def last_pulled(tx: Reader, repository_id: int) -> date | None:
    """The last day on which something of the repository was pulled."""
    day: date | None = await tx.value(select(func.max(pull_day.c.day)).where(pull_day.c.repository_id == repository_id))
    return day


async def repositories_in(tx: Reader, organization_id: int) -> int:
    """How many repositories an organization has."""
    return int(await tx.value(select(func.count()).where(repository.c.organization_id == organization_id)))
