"""SQL about blobs that are being fetched."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, select, update

from entrepot.db.transaction import Reader, Writer
from entrepot.mirror.tables import blob_fetch


async def fetch_of(tx: Reader, path: str, digest: str) -> Row[Any] | None:
    return await tx.row(select(blob_fetch).where(blob_fetch.c.path == path, blob_fetch.c.digest == digest))


async def begin(tx: Writer, path: str, digest: str, upload_id: str, leader: str, until: datetime) -> bool:
    """False when somebody else has begun."""
    insert = tx.insert(blob_fetch).values(
        path=path, digest=digest, upload_id=upload_id, leader=leader, leased_until=until
    )
    return await tx.value(insert.on_conflict_do_nothing().returning(blob_fetch.c.upload_id)) is not None


async def take_over(
    tx: Writer, path: str, digest: str, before: str, leader: str, until: datetime, at: datetime
) -> bool:
    """Lead a fetch whose lease is over; False when somebody was faster."""
    mine = (blob_fetch.c.path == path, blob_fetch.c.digest == digest, blob_fetch.c.leader == before)
    over = blob_fetch.c.leased_until <= at
    return await tx.run(update(blob_fetch).where(*mine, over).values(leader=leader, leased_until=until)) > 0


async def renew(tx: Writer, path: str, digest: str, leader: str, until: datetime) -> bool:
    """False when it was lost."""
    mine = (blob_fetch.c.path == path, blob_fetch.c.digest == digest, blob_fetch.c.leader == leader)
    return await tx.run(update(blob_fetch).where(*mine).values(leased_until=until)) > 0


async def end(tx: Writer, path: str, digest: str, leader: str) -> None:
    mine = (blob_fetch.c.path == path, blob_fetch.c.digest == digest, blob_fetch.c.leader == leader)
    await tx.run(delete(blob_fetch).where(*mine))


async def forget(tx: Writer, before: datetime) -> int:
    """Those whose lease was over before a time; how many."""
    return await tx.run(delete(blob_fetch).where(blob_fetch.c.leased_until < before))
