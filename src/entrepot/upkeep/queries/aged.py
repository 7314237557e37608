"""SQL about history of tags that may be old."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, literal, select, tuple_

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
    key = (tag.c.valid_until, tag.c.id)
    found = select(*key, organization.c.history_days.label("days")).join_from(tag, repository).join(organization)
    found = found.where(tag.c.valid_until <= before)
    if after is not None:
        place = (literal(after.valid_until, tag.c.valid_until.type), literal(after.id))
        found = found.where(tuple_(*key) > tuple_(*place))
    return await tx.rows(found.order_by(*key).limit(limit))
