"""SQL of an edge about what it keeps: how much, what was not sent for longest, and what is to go."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, func, literal, select

from entrepot.db.among import among
from entrepot.db.transaction import Reader, Writer
from entrepot.regions.tables import kept_blob
from entrepot.registry.tables import blob, repository_blob


async def kept_bytes(tx: Reader) -> int:
    return int(await tx.value(select(func.coalesce(func.sum(blob.c.size), 0))))


async def kept_digests(tx: Reader) -> Sequence[str]:
    return [row.digest for row in await tx.rows(select(blob.c.digest))]


async def save_uses(tx: Writer, uses: Mapping[str, datetime]) -> None:
    """Write down when blobs were last sent, by digest."""
    if uses:
        insert = tx.insert(kept_blob)
        again = insert.on_conflict_do_update(index_elements=["digest"], set_={"used_at": insert.excluded.used_at})
        await tx.run(again, [{"digest": digest, "used_at": at} for digest, at in uses.items()])


async def begin_uses(tx: Writer, at: datetime) -> None:
    """Blobs of which nothing is written down count as sent at this time."""
    unknown = select(blob.c.digest, literal(at, kept_blob.c.used_at.type)).where(
        ~select(kept_blob.c.digest).where(kept_blob.c.digest == blob.c.digest).exists()
    )
    await tx.run(tx.insert(kept_blob).from_select(["digest", "used_at"], unknown))


async def longest_unused(tx: Reader, before: datetime, limit: int) -> Sequence[Row[Any]]:
    """Blobs that were not sent since `before`, the longest unused first: digest, size."""
    found = select(blob.c.digest, blob.c.size).join(kept_blob, kept_blob.c.digest == blob.c.digest)
    return await tx.rows(found.where(kept_blob.c.used_at < before).order_by(kept_blob.c.used_at).limit(limit))


async def unlink(tx: Writer, digests: Sequence[str]) -> None:
    """No repository has these blobs any more."""
    await tx.run(delete(repository_blob).where(among(repository_blob.c.digest, digests)))
    await tx.run(delete(kept_blob).where(among(kept_blob.c.digest, digests)))
