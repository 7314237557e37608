"""SQL of the feed: events and positions."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, func, or_, select, tuple_, update

from entrepot.db.transaction import Reader, Writer
from entrepot.jobs.tables import cluster_id, event, feed_position, oldest_running_xid


async def insert_events(tx: Writer, rows: Sequence[dict[str, Any]]) -> None:
    await tx.run(tx.insert(event), rows)


async def settled_events(tx: Reader, xid: int, seq: int, limit: int) -> Sequence[Row[Any]]:
    """Events after (`xid`, `seq`), in that order, whose transactions and all earlier ones have ended.

    Both conditions are judged in one statement, hence in one snapshot.
    """
    return await tx.rows(
        select(event)
        .where(tuple_(event.c.xid, event.c.seq) > tuple_(xid, seq), event.c.xid < oldest_running_xid())
        .order_by(event.c.xid, event.c.seq)
        .limit(limit)
    )


async def last_settled(tx: Reader) -> Row[Any] | None:
    """(xid, seq) of the last event that `settled_events` would give; None before the first."""
    return await tx.row(
        select(event.c.xid, event.c.seq)
        .where(event.c.xid < oldest_running_xid())
        .order_by(event.c.xid.desc(), event.c.seq.desc())
        .limit(1)
    )


async def position_of(tx: Reader, consumer: str) -> Row[Any] | None:
    """(xid, seq, cluster) of `consumer`, and `cluster_now`."""
    return await tx.row(
        select(feed_position.c.xid, feed_position.c.seq, feed_position.c.cluster, cluster_id().label("cluster_now"))
        .select_from(feed_position)
        .where(feed_position.c.consumer == consumer)
    )


async def strange_positions(tx: Reader) -> Sequence[Row[Any]]:
    """Positions that were counted in another cluster."""
    return await tx.rows(select(feed_position).where(feed_position.c.cluster != cluster_id()))


async def insert_position(tx: Writer, consumer: str) -> None:
    """Before the first event, unless there is a position already."""
    cluster = await tx.value(select(cluster_id()))
    row = {"consumer": consumer, "xid": 0, "seq": 0, "cluster": cluster}
    await tx.run(tx.insert(feed_position).values(row).on_conflict_do_nothing())


async def move_position(tx: Writer, consumer: str, before: tuple[int, int], after: tuple[int, int]) -> bool:
    """True when the position stood at `before` and now stands at `after`."""
    xid, seq = after
    moved = await tx.run(
        update(feed_position)
        .where(
            feed_position.c.consumer == consumer,
            feed_position.c.xid == before[0],
            feed_position.c.seq == before[1],
        )
        .values(xid=xid, seq=seq)
    )
    return moved == 1


async def first_unread(tx: Reader, xid: int, seq: int) -> int | None:
    """The lowest number that an event not yet read at (`xid`, `seq`) can have."""
    unread = or_(event.c.seq > seq, event.c.xid > xid)
    return await tx.value(select(func.min(event.c.seq)).where(unread))  # type: ignore[no-any-return]  # a number


async def last_seq(tx: Reader) -> int:
    """The number of the newest event, 0 before the first."""
    return int(await tx.value(select(func.coalesce(func.max(event.c.seq), 0))))


async def forget_xids(tx: Writer) -> None:
    """Let every event count as settled long ago, in the order of its number."""
    await tx.run(update(event).where(event.c.xid > 0).values(xid=0))


async def place_position(tx: Writer, consumer: str, xid: int, seq: int) -> None:
    """Put `consumer` at (`xid`, `seq`) of the cluster as it is now."""
    cluster = await tx.value(select(cluster_id()))
    await tx.run(
        update(feed_position).where(feed_position.c.consumer == consumer).values(xid=xid, seq=seq, cluster=cluster)
    )
