"""SQL about tags, which are intervals: an open row is the tag now."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select, update

from entrepot.db.among import among
from entrepot.db.transaction import Reader, Writer
from entrepot.registry.tables import manifest, tag


async def open_tag(tx: Reader, repository_id: int, name: str) -> Row[Any] | None:
    return await tx.row(
        select(tag).where(tag.c.repository_id == repository_id, tag.c.name == name, tag.c.valid_until.is_(None))
    )


async def digests_of(tx: Reader, repository_id: int, names: Collection[str]) -> dict[str, str]:
    """What those of the tags that are there point at, by name."""
    found = select(tag.c.name, tag.c.digest).where(
        tag.c.repository_id == repository_id, tag.c.name.in_(names), tag.c.valid_until.is_(None)
    )
    return {row.name: row.digest for row in await tx.rows(found)}


async def manifest_by_tag(tx: Reader, repository_id: int, name: str) -> Row[Any] | None:
    return await tx.row(
        select(manifest)
        .join(tag, (tag.c.repository_id == manifest.c.repository_id) & (tag.c.digest == manifest.c.digest))
        .where(tag.c.repository_id == repository_id, tag.c.name == name, tag.c.valid_until.is_(None))
    )


async def save_tag(tx: Writer, repository_id: int, name: str, digest: str, by: str, at: datetime) -> bool:
    """Let the tag point at `digest` from now on. Pointing it where it points already changes nothing.

    Whether there is one tag more than before: limits count them (`charging.take`). The caller holds the tag's lock.
    """
    current = await open_tag(tx, repository_id, name)
    if current is not None and current.digest == digest:
        return False
    if current is not None:
        await close_tag(tx, current.id, at)
    await tx.run(
        tx.insert(tag).values(
            repository_id=repository_id, name=name, digest=digest, valid_from=at, pushed_at=at, pushed_by=by
        )
    )
    return current is None


async def close_tag(tx: Writer, tag_id: int, at: datetime) -> None:
    await tx.run(update(tag).where(tag.c.id == tag_id).values(valid_until=at))


async def close_tags(tx: Writer, tag_ids: Collection[int], at: datetime) -> None:
    await tx.run(update(tag).where(among(tag.c.id, tag_ids)).values(valid_until=at))


async def set_pushed(tx: Writer, repository_id: int, name: str, at: datetime) -> None:
    """Let a tag that is there count as last pushed at a time."""
    of_name = (tag.c.repository_id == repository_id, tag.c.name == name, tag.c.valid_until.is_(None))
    await tx.run(update(tag).where(*of_name).values(pushed_at=at))


async def set_asked(tx: Writer, repository_id: int, names: Collection[str], at: int) -> None:
    """Let tags of a mirror be as its upstream said then (seconds since the epoch)."""
    of_names = (tag.c.repository_id == repository_id, tag.c.name.in_(names), tag.c.valid_until.is_(None))
    await tx.run(update(tag).where(*of_names).values(asked_at=at, ask_after=None))


async def set_stale(tx: Writer, repository_id: int, name: str, until: int) -> None:
    """Do not ask the upstream about a tag of a mirror before then (seconds since the epoch)."""
    of_name = (tag.c.repository_id == repository_id, tag.c.name == name, tag.c.valid_until.is_(None))
    await tx.run(update(tag).where(*of_name).values(ask_after=until))


async def open_tags_count(tx: Reader, repository_id: int) -> int:
    return int(
        await tx.value(select(func.count()).where(tag.c.repository_id == repository_id, tag.c.valid_until.is_(None)))
    )


async def tags_of_digest(tx: Reader, repository_id: int, digest: str) -> Sequence[Row[Any]]:
    return await tx.rows(
        select(tag.c.id, tag.c.name)
        .where(tag.c.repository_id == repository_id, tag.c.digest == digest, tag.c.valid_until.is_(None))
        .order_by(tag.c.name)
    )


async def tag_names(tx: Reader, repository_id: int, after: str, limit: int, digest: str | None = None) -> Sequence[str]:
    """Names in order of their bytes, those after `after`; of all tags or of those that point at `digest`."""
    found = select(tag.c.name).where(
        tag.c.repository_id == repository_id, tag.c.valid_until.is_(None), tag.c.name > after
    )
    if digest is not None:
        found = found.where(tag.c.digest == digest)
    rows = await tx.rows(found.order_by(tag.c.name).limit(limit))
    return [row.name for row in rows]
