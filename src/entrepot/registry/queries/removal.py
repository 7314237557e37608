"""SQL about what only one repository holds."""

from datetime import date

from sqlalchemy import func, select

from entrepot.db.transaction import Reader
from entrepot.registry.tables import blob, pull_day, repository_blob

_other = repository_blob.alias("other")


async def links_at_most(tx: Reader, repository_id: int, limit: int) -> bool:
    """Whether the repository has no more than so many links to blobs. Looks at no more than that."""
    some = select(repository_blob.c.digest).where(repository_blob.c.repository_id == repository_id).limit(limit + 1)
    return int(await tx.value(select(func.count()).select_from(some.subquery()))) <= limit


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


async def last_pulled(tx: Reader, repository_id: int) -> date | None:
    """The last day on which something of the repository was pulled."""
    day: date | None = await tx.value(select(func.max(pull_day.c.day)).where(pull_day.c.repository_id == repository_id))
    return day
