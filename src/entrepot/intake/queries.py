"""SQL about archives."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, and_, delete, exists, func, or_, select, update

from entrepot.db.transaction import Reader, Writer
from entrepot.intake.rules import OPEN, State
from entrepot.intake.tables import archive
from entrepot.registry.tables import organization, upload


def _found() -> Select[Any]:
    """Archives with their organization and how much of each is here."""
    return (
        select(archive, organization.c.name.label("organization"), organization.c.domain_id)
        .add_columns(func.coalesce(upload.c.size, 0).label("held"), upload.c.id.is_not(None).label("has_bytes"))
        .join(organization, organization.c.id == archive.c.organization_id)
        .join(upload, upload.c.id == archive.c.id, isouter=True)
    )


async def save_archive(tx: Writer, values: Mapping[str, Any]) -> None:
    await tx.run(tx.insert(archive).values(**values))


async def archive_by_id(tx: Reader, archive_id: str) -> Row[Any] | None:
    return await tx.row(_found().where(archive.c.id == archive_id))


async def archives_of(tx: Reader, owner: str, organization_name: str | None, limit: int) -> Sequence[Row[Any]]:
    """Somebody's archives, the newest first, without those whose bytes expired before they were whole."""
    found = _found().where(archive.c.owner == owner, or_(archive.c.state != State.RECEIVING, upload.c.id.is_not(None)))
    if organization_name is not None:
        found = found.where(organization.c.name == organization_name)
    return await tx.rows(found.order_by(archive.c.created_at.desc(), archive.c.id).limit(limit))


async def open_archives(tx: Reader, owner: str) -> int:
    """How many are under way."""
    has_bytes = exists().where(upload.c.id == archive.c.id)
    return int(
        await tx.value(select(func.count()).where(archive.c.owner == owner, archive.c.state.in_(OPEN), has_bytes))
    )


async def set_archive(tx: Writer, archive_id: str, at: datetime, **values: Any) -> bool:
    """Whether it is still there."""
    return await tx.run(update(archive).where(archive.c.id == archive_id).values(updated_at=at, **values)) > 0


async def delete_archive(tx: Writer, archive_id: str) -> bool:
    return await tx.run(delete(archive).where(archive.c.id == archive_id)) > 0


async def old_archives(tx: Reader, before: datetime, limit: int) -> Sequence[str]:
    """Those that nothing happened to for long, and those whose bytes expired before they were whole."""
    has_bytes = exists().where(upload.c.id == archive.c.id)
    gone = and_(archive.c.state == State.RECEIVING, ~has_bytes)
    rows = await tx.rows(select(archive.c.id).where(or_(archive.c.updated_at < before, gone)).limit(limit))
    return [row.id for row in rows]
