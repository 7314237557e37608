"""SQL about tags in which something is kept that belongs to an image."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Row, select

from entrepot.db.among import among
from entrepot.db.transaction import Reader
from entrepot.registry.tables import tag


async def tags_among(tx: Reader, repository_id: int, names: Collection[str]) -> Sequence[Row[Any]]:
    """Those of the tags that are there, by name: id, name, digest."""
    found = select(tag.c.id, tag.c.name, tag.c.digest).where(
        tag.c.repository_id == repository_id, among(tag.c.name, list(names)), tag.c.valid_until.is_(None)
    )
    return await tx.rows(found.order_by(tag.c.name))
