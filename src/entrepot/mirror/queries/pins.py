"""SQL about images of mirrors that are pinned."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, select

from entrepot.accounts.tables import user
from entrepot.db.transaction import Reader, Writer
from entrepot.mirror.tables import mirror_pin


async def pins_of(tx: Reader, organization_id: int | None) -> Sequence[Row[Any]]:
    """Those of a mirror, or of all for None, by what they say: with `creator_name`, NULL when that one is gone."""
    creator = select(user.c.name).where(user.c.id == mirror_pin.c.creator_id).scalar_subquery()
    found = select(mirror_pin, creator.label("creator_name"))
    if organization_id is not None:
        found = found.where(mirror_pin.c.organization_id == organization_id)
    order = (mirror_pin.c.organization_id, mirror_pin.c.repositories, mirror_pin.c.tags)
    return await tx.rows(found.order_by(*order))


async def save_pin(
    tx: Writer, organization_id: int, repositories: str, tags: str, creator_id: str, at: datetime
) -> bool:
    """False when there is one that says the same."""
    row = {"organization_id": organization_id, "repositories": repositories, "tags": tags}
    insert = tx.insert(mirror_pin).values(**row, creator_id=creator_id, created_at=at)
    return await tx.value(insert.on_conflict_do_nothing().returning(mirror_pin.c.repositories)) is not None


async def delete_pin(tx: Writer, organization_id: int, repositories: str, tags: str) -> bool:
    """False when there is none."""
    same = (mirror_pin.c.repositories == repositories, mirror_pin.c.tags == tags)
    return await tx.run(delete(mirror_pin).where(mirror_pin.c.organization_id == organization_id, *same)) > 0


async def delete_pins(tx: Writer, organization_id: int) -> None:
    await tx.run(delete(mirror_pin).where(mirror_pin.c.organization_id == organization_id))
