"""SQL about uploads and their parts."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, func, select, update

from entrepot.db.transaction import Reader, Writer
from entrepot.registry.queries.quotas import is_metered
from entrepot.registry.tables import upload, upload_part


async def save_upload(
    tx: Writer, upload_id: str, path: str, owner: str, algorithm: str, at: datetime, expires_at: datetime
) -> None:
    await tx.run(
        tx.insert(upload).values(
            id=upload_id, path=path, owner=owner, algorithm=algorithm, size=0, created_at=at, expires_at=expires_at
        )
    )


async def upload_of(tx: Reader, upload_id: str, path: str, owner: str) -> Row[Any] | None:
    """The upload, if it belongs to this repository and this account."""
    metered = is_metered(path.partition("/")[0])
    return await tx.row(
        select(upload, metered).where(upload.c.id == upload_id, upload.c.path == path, upload.c.owner == owner)
    )


async def is_there(tx: Reader, upload_id: str) -> bool:
    return await tx.value(select(upload.c.id).where(upload.c.id == upload_id)) is not None


async def open_uploads_of(tx: Reader, owner: str) -> int:
    return int(await tx.value(select(func.count()).where(upload.c.owner == owner)))


async def open_uploads(tx: Reader) -> int:
    return int(await tx.value(select(func.count()).select_from(upload)))


async def parts_of(tx: Reader, upload_id: str) -> Sequence[Row[Any]]:
    return await tx.rows(select(upload_part).where(upload_part.c.upload_id == upload_id).order_by(upload_part.c.start))


async def parts_count(tx: Reader, upload_id: str) -> int:
    return int(await tx.value(select(func.count()).where(upload_part.c.upload_id == upload_id)))


async def save_part(
    tx: Writer, upload_id: str, start: int, size: int, key: str, digest: str, expires_at: datetime
) -> bool:
    """Add a part that begins at `start`; False, and nothing changed, when the upload does not end there."""
    moved = await tx.run(
        update(upload)
        .where(upload.c.id == upload_id, upload.c.size == start)
        .values(size=start + size, expires_at=expires_at)
    )
    if not moved:
        return False
    await tx.run(tx.insert(upload_part).values(upload_id=upload_id, start=start, size=size, key=key, digest=digest))
    return True


async def extend_upload(tx: Writer, upload_id: str, until: datetime) -> None:
    await tx.run(update(upload).where(upload.c.id == upload_id).values(expires_at=until))


async def delete_upload(tx: Writer, upload_id: str) -> bool:
    """Whether it was still there."""
    return await tx.run(delete(upload).where(upload.c.id == upload_id)) > 0


async def expired_uploads(tx: Reader, now: datetime, limit: int) -> Sequence[str]:
    rows = await tx.rows(
        select(upload.c.id).where(upload.c.expires_at <= now).order_by(upload.c.expires_at).limit(limit)
    )
    return [row.id for row in rows]


async def known_part_keys(tx: Reader, keys: Sequence[str]) -> set[str]:
    """Those of `keys` that some upload still needs."""
    rows = await tx.rows(select(upload_part.c.key).where(upload_part.c.key.in_(keys)))
    return {row.key for row in rows}


async def part_keys_under(tx: Reader, path: str) -> Sequence[str]:
    """The parts of every upload to the repository."""
    rows = await tx.rows(select(upload_part.c.key).join(upload).where(upload.c.path == path))
    return [row.key for row in rows]
