"""SQL about triggers."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, func, select, update

from entrepot.db.transaction import Reader, Writer
from entrepot.triggers.tables import trigger, trigger_firing


async def triggers_count(tx: Reader, repository_id: int) -> int:
    return int(await tx.value(select(func.count()).where(trigger.c.repository_id == repository_id)))


async def triggers_of(tx: Reader, repository_id: int, limit: int) -> Sequence[Row[Any]]:
    """The newest first."""
    found = select(trigger).where(trigger.c.repository_id == repository_id)
    return await tx.rows(found.order_by(trigger.c.id.desc()).limit(limit))


async def trigger_by_name(tx: Reader, repository_id: int, name: str) -> Row[Any] | None:
    return await tx.row(select(trigger).where(trigger.c.repository_id == repository_id, trigger.c.name == name))


async def firings_of(tx: Reader, trigger_id: int, limit: int) -> Sequence[Row[Any]]:
    """The newest first."""
    found = select(trigger_firing).where(trigger_firing.c.trigger_id == trigger_id)
    return await tx.rows(found.order_by(trigger_firing.c.id.desc()).limit(limit))


async def save_trigger(
    tx: Writer,
    repository_id: int,
    definition: Mapping[str, str],
    is_enabled: bool,
    creator_id: str,
    at: datetime,
) -> bool:
    """False when the repository has a trigger of this name."""
    insert = tx.insert(trigger).values(
        repository_id=repository_id, is_enabled=is_enabled, creator_id=creator_id, created_at=at, **definition
    )
    return await tx.value(insert.on_conflict_do_nothing().returning(trigger.c.id)) is not None


async def set_enabled(tx: Writer, trigger_id: int, is_enabled: bool) -> None:
    await tx.run(update(trigger).where(trigger.c.id == trigger_id).values(is_enabled=is_enabled))


async def delete_trigger(tx: Writer, trigger_id: int) -> None:
    await tx.run(delete(trigger).where(trigger.c.id == trigger_id))
