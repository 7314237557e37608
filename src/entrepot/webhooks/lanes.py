"""SQL about deliveries and the lanes they wait in.

Who adds to a lane, or takes a lane away that nothing waits in, holds `LANES`: else the two could pass each other by.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, bindparam, delete, exists, func, select, update

from entrepot.db.transaction import Reader, Writer
from entrepot.webhooks.rules import State
from entrepot.webhooks.tables import delivery, lane

LANES: Final = "webhook-lanes"
_WAITS: Final = delivery.c.state == State.WAITING
_LISTED = [column for column in delivery.c if column.name not in ("body", "headers", "answer")]


async def add_deliveries(tx: Writer, rows: Sequence[Mapping[str, Any]]) -> None:
    """Let these wait; those that are there already are left alone. The caller holds LANES."""
    await tx.run(tx.insert(delivery).on_conflict_do_nothing(), rows)


async def add_delivery(tx: Writer, row: Mapping[str, Any]) -> int:
    return int(await tx.value(tx.insert(delivery).values(**row).returning(delivery.c.id)))


async def open_lanes(tx: Writer, rows: Sequence[Mapping[str, Any]]) -> None:
    """Lanes with their `next_at`; one that is open stays as it is. The caller holds LANES."""
    await tx.run(tx.insert(lane).on_conflict_do_nothing(), rows)


async def hurry_lane(tx: Writer, webhook_id: str, name: str, at: datetime | None) -> None:
    """Let a lane, open or not, be tried at this time. The caller holds LANES."""
    insert = tx.insert(lane).values(webhook_id=webhook_id, lane=name, next_at=at)
    await tx.run(insert.on_conflict_do_update(index_elements=["webhook_id", "lane"], set_={"next_at": at}))


async def stop_lanes(tx: Writer, webhook_id: str) -> None:
    await tx.run(update(lane).where(lane.c.webhook_id == webhook_id).values(next_at=None))


async def start_lanes(tx: Writer, webhook_id: str, at: datetime) -> None:
    values = {"next_at": at, "failing_since": None}
    await tx.run(update(lane).where(lane.c.webhook_id == webhook_id).values(values))


async def due_webhooks(tx: Reader, at: datetime) -> Sequence[str]:
    """Webhooks with a lane that is to be tried by now."""
    found = select(lane.c.webhook_id).where(lane.c.next_at <= at).distinct()
    return [row.webhook_id for row in await tx.rows(found)]


async def due_lanes(tx: Reader, webhook_id: str, at: datetime, limit: int) -> Sequence[Row[Any]]:
    """Of one webhook, the one that waited longest first."""
    found = select(lane).where(lane.c.webhook_id == webhook_id, lane.c.next_at <= at)
    return await tx.rows(found.order_by(lane.c.next_at, lane.c.lane).limit(limit))


async def waiting_in(tx: Reader, webhook_id: str, name: str, limit: int) -> Sequence[Row[Any]]:
    """The deliveries to be tried next, in order."""
    found = select(delivery).where(delivery.c.webhook_id == webhook_id, delivery.c.lane == name, _WAITS)
    return await tx.rows(found.order_by(delivery.c.id).limit(limit))


async def write_outcomes(tx: Writer, rows: Sequence[Mapping[str, Any]]) -> None:
    """What became of attempts: values of a delivery by its `key`."""
    if rows:
        values: dict[str, Any] = {name: bindparam(name) for name in rows[0] if name != "key"}
        await tx.run(update(delivery).where(delivery.c.id == bindparam("key")).values(values), rows)


async def put_off(tx: Writer, webhook_id: str, name: str, next_at: datetime, failing_since: datetime) -> None:
    """Try a lane later; not one that was stopped meanwhile."""
    own = (lane.c.webhook_id == webhook_id, lane.c.lane == name)
    await tx.run(update(lane).where(*own).values(failing_since=failing_since))
    await tx.run(update(lane).where(*own, lane.c.next_at.is_not(None)).values(next_at=next_at))


async def close_lane(tx: Writer, webhook_id: str, name: str) -> None:
    """After a success: the lane goes when nothing waits in it. The caller holds LANES."""
    own = (lane.c.webhook_id == webhook_id, lane.c.lane == name)
    waiting = exists().where(delivery.c.webhook_id == webhook_id, delivery.c.lane == name, _WAITS)
    await tx.run(delete(lane).where(*own, ~waiting))
    await tx.run(update(lane).where(*own, lane.c.failing_since.is_not(None)).values(failing_since=None))


async def set_waiting(tx: Writer, delivery_id: int) -> None:
    await tx.run(update(delivery).where(delivery.c.id == delivery_id).values(state=State.WAITING))


async def deliveries_of(
    tx: Reader, webhook_id: str, state: State | None, before: int, limit: int
) -> Sequence[Row[Any]]:
    """The newest first, those with a number below `before` (0: all), without what was sent and answered."""
    found = select(*_LISTED).where(delivery.c.webhook_id == webhook_id)
    if before:
        found = found.where(delivery.c.id < before)
    if state is not None:
        found = found.where(delivery.c.state == state)
    return await tx.rows(found.order_by(delivery.c.id.desc()).limit(limit))


async def delivery_by_id(tx: Reader, webhook_id: str, delivery_id: int) -> Row[Any] | None:
    return await tx.row(select(delivery).where(delivery.c.webhook_id == webhook_id, delivery.c.id == delivery_id))


async def heads_of(tx: Reader, webhook_id: str, names: Collection[str]) -> Mapping[str, Row[Any]]:
    """For each of these lanes that is open: `next_at`, and the number of the delivery that is `first` in it."""
    first = select(func.min(delivery.c.id)).where(
        delivery.c.webhook_id == webhook_id, delivery.c.lane == lane.c.lane, _WAITS
    )
    found = select(lane.c.lane, lane.c.next_at, first.scalar_subquery().label("first"))
    rows = await tx.rows(found.where(lane.c.webhook_id == webhook_id, lane.c.lane.in_(names)))
    return {row.lane: row for row in rows}


async def standings(tx: Reader, webhook_ids: Collection[str]) -> Mapping[str, Row[Any]]:
    """`lanes` of each webhook that something waits in, and since when the first of them is `failing`."""
    found = (
        select(lane.c.webhook_id, func.count().label("lanes"), func.min(lane.c.failing_since).label("failing"))
        .where(lane.c.webhook_id.in_(webhook_ids))
        .group_by(lane.c.webhook_id)
    )
    return {row.webhook_id: row for row in await tx.rows(found)}


async def oldest_waiting(tx: Reader) -> datetime | None:
    """When the oldest delivery that is tried was written down."""
    first = select(func.min(delivery.c.created_at)).where(
        delivery.c.webhook_id == lane.c.webhook_id, delivery.c.lane == lane.c.lane, _WAITS
    )
    active = select(first.scalar_subquery().label("since")).where(lane.c.next_at.is_not(None)).subquery()
    return await tx.value(select(func.min(active.c.since)))  # type: ignore[no-any-return]  # a time


async def forget_deliveries(tx: Writer, before: datetime, limit: int) -> int:
    """Of all that were written down before then, also those that wait for a webhook that pauses."""
    old = select(delivery.c.id).where(delivery.c.created_at < before).order_by(delivery.c.created_at).limit(limit)
    return await tx.run(delete(delivery).where(delivery.c.id.in_(old.scalar_subquery())))


async def forget_empty_lanes(tx: Writer) -> None:
    """The caller holds LANES."""
    waiting = exists().where(delivery.c.webhook_id == lane.c.webhook_id, delivery.c.lane == lane.c.lane, _WAITS)
    await tx.run(delete(lane).where(~waiting))
