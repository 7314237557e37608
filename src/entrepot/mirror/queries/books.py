"""SQL about what upstreams were asked, day by day, and what they said of how much they may still be asked."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from sqlalchemy import Row, delete, select, tuple_

from entrepot.db.transaction import Reader, Writer
from entrepot.mirror.tables import upstream, upstream_allowance, upstream_day

_COUNTED: Final = tuple(column.name for column in upstream_day.c if not column.primary_key)


async def add_day(tx: Writer, day: date, counts: Mapping[int, Mapping[str, int]]) -> None:
    """Add what was counted, by the organization's number. Mirrors that are gone are left out."""
    found = select(upstream.c.organization_id).where(upstream.c.organization_id.in_(list(counts)))
    held = await tx.rows(found.order_by(upstream.c.organization_id).with_for_update(read=True, key_share=True))
    rows = [
        {
            "organization_id": row.organization_id,
            "day": day,
            **dict.fromkeys(_COUNTED, 0),
            **counts[row.organization_id],
        }
        for row in held
    ]
    if rows:
        added = tx.insert(upstream_day)
        more = {name: upstream_day.c[name] + added.excluded[name] for name in _COUNTED}
        await tx.run(added.on_conflict_do_update(index_elements=["organization_id", "day"], set_=more), rows)


async def save_allowances(tx: Writer, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep what addresses said, where nothing newer is kept. Mirrors that are gone are left out."""
    ids = sorted({row["organization_id"] for row in rows})
    found = select(upstream.c.organization_id).where(upstream.c.organization_id.in_(ids))
    held = {row.organization_id for row in await tx.rows(found.with_for_update(read=True, key_share=True))}
    kept = [row for row in rows if row["organization_id"] in held]
    if kept:
        said = tx.insert(upstream_allowance)
        newer = {column.name: said.excluded[column.name] for column in upstream_allowance.c if not column.primary_key}
        key, is_newer = ["organization_id", "address"], said.excluded.heard_at >= upstream_allowance.c.heard_at
        await tx.run(said.on_conflict_do_update(index_elements=key, set_=newer, where=is_newer), kept)


async def allowances(tx: Reader, organization_id: int | None = None) -> Sequence[Row[Any]]:
    """What addresses said last, of one mirror or of all."""
    found = select(upstream_allowance)
    if organization_id is not None:
        found = found.where(upstream_allowance.c.organization_id == organization_id)
    return await tx.rows(found.order_by(upstream_allowance.c.organization_id, upstream_allowance.c.address))


async def forget_allowances(tx: Writer, organization_id: int) -> None:
    await tx.run(delete(upstream_allowance).where(upstream_allowance.c.organization_id == organization_id))


async def days_of(tx: Reader, organization_id: int, since: date) -> Sequence[Row[Any]]:
    mine = (upstream_day.c.organization_id == organization_id, upstream_day.c.day >= since)
    return await tx.rows(select(upstream_day).where(*mine).order_by(upstream_day.c.day))


async def forget_days(tx: Writer, before: date, limit: int) -> int:
    """Forget days before this one; how many rows, no more than `limit`."""
    key = (upstream_day.c.organization_id, upstream_day.c.day)
    old = select(*key).where(upstream_day.c.day < before).limit(limit)
    return await tx.run(delete(upstream_day).where(tuple_(*key).in_(old)))


async def forget_mirror(tx: Writer, organization_id: int) -> None:
    await forget_allowances(tx, organization_id)
    await tx.run(delete(upstream_day).where(upstream_day.c.organization_id == organization_id))
