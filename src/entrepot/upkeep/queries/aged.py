"""SQL about history of tags that may be old."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select

from entrepot.db.transaction import Reader
from entrepot.registry.tables import organization, repository, tag


async def shortest_days(tx: Reader) -> int | None:
    """The shortest time for which any organization keeps history that it chose itself."""
    found: int | None = await tx.value(select(func.min(organization.c.history_days)))
    return found


async def closed_tags(tx: Reader, before: datetime, after: Row[Any] | None, limit: int) -> Sequence[Row[Any]]:
    """Tags closed before a time, the longest ago first, those after the row `after`: valid_until, id, days.

    `days`: for which its organization keeps history; None where the settings say it.
    """
    found = select(tag.c.valid_until, tag.c.id, organization.c.history_days.label("days"))
    found = found.join_from(tag, repository).join(organization).order_by(tag.c.valid_until, tag.c.id)
    if after is None:
        return await tx.rows(found.where(tag.c.valid_until <= before).limit(limit))
    # In two questions: SQLite takes no pair with a row's own number for a place in an index.
    moment = tag.c.valid_until == after.valid_until
    rows = list(await tx.rows(found.where(moment, tag.c.id > after.id).limit(limit)))
    later = tag.c.valid_until > after.valid_until, tag.c.valid_until <= before
    return rows + list(await tx.rows(found.where(*later).limit(limit - len(rows)))) if len(rows) < limit else rows
