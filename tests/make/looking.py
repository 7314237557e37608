"""Looks into the tables, for what no verb shows."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Table, func, select

from entrepot.db.database import Database
from entrepot.jobs.tables import event
from entrepot.registry.tables import gc_candidate, manifest, repository, tag


async def events_after(db: Database, seq: int = 0) -> Sequence[Row[Any]]:
    async with db.reading() as tx:
        return await tx.rows(select(event).where(event.c.seq > seq).order_by(event.c.seq))


async def last_event(db: Database) -> int:
    async with db.reading() as tx:
        return int(await tx.value(select(func.coalesce(func.max(event.c.seq), 0))))


async def dropped(db: Database, since: datetime) -> set[str]:
    """The digests that wait for review since a time. Those that were only pushed wait, too, from their push on."""
    async with db.reading() as tx:
        return {row.digest for row in await tx.rows(select(gc_candidate).where(gc_candidate.c.dropped_at >= since))}


async def tag_rows(db: Database, path: str, name: str | None = None) -> Sequence[Row[Any]]:
    """A repository's tags, past and present, in the order they were made."""
    found = select(tag).join(repository).where(repository.c.path == path).order_by(tag.c.id)
    async with db.reading() as tx:
        return await tx.rows(found if name is None else found.where(tag.c.name == name))


async def rows_in(db: Database, table: Table) -> int:
    async with db.reading() as tx:
        return int(await tx.value(select(func.count()).select_from(table)))


async def manifest_digests(db: Database, path: str) -> set[str]:
    """What a repository holds, by digest."""
    found = select(manifest.c.digest).join(repository).where(repository.c.path == path)
    async with db.reading() as tx:
        return {row.digest for row in await tx.rows(found)}
