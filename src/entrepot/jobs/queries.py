"""SQL of the feed, events and positions; of the processes that live; of what is closed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, delete, func, or_, select, text, update

from entrepot.db.transaction import Reader, Writer
from entrepot.jobs import places
from entrepot.jobs.tables import closed, cluster_id, event, feed_position, oldest_running_xid, process

_CLOSED = (
    select(closed)
    .where(or_(closed.c.scope == bindparam("one"), closed.c.scope == bindparam("other")))
    .order_by(closed.c.scope)
)


async def insert_events(tx: Writer, rows: Sequence[dict[str, Any]]) -> None:
    await tx.run(tx.insert(event), rows)


async def settled_events(tx: Reader, xid: int, seq: int, limit: int) -> Sequence[Row[Any]]:
    """Events after (`xid`, `seq`), in that order, whose transactions and all earlier ones have ended.

    Both conditions are judged in one statement, hence in one snapshot.
    """
    return await tx.rows(
        select(event)
        .where(places.after(xid, seq), event.c.xid < oldest_running_xid())
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


# --- living processes ---


async def save_process(tx: Writer, **values: Any) -> None:
    saved = tx.insert(process).values(**values)
    newer = {"seen_at": values["seen_at"], "lives_until": values["lives_until"]}
    await tx.run(saved.on_conflict_do_update(index_elements=["id"], set_=newer))


async def delete_process(tx: Writer, process_id: str) -> None:
    await tx.run(delete(process).where(process.c.id == process_id))


async def forget_processes(tx: Writer, before: datetime) -> None:
    """Those that were not seen since."""
    await tx.run(delete(process).where(process.c.seen_at < before))


async def processes(tx: Reader) -> Sequence[Row[Any]]:
    return await tx.rows(select(process).order_by(process.c.kind, process.c.started_at, process.c.id))


async def closed_for(tx: Reader, one: str, other: str) -> Sequence[Row[Any]]:
    """Which of two scopes are closed, in their order."""
    return await tx.rows(_CLOSED, {"one": one, "other": other})


async def all_closed(tx: Reader) -> Sequence[Row[Any]]:
    return await tx.rows(select(closed).order_by(closed.c.scope))


async def save_closed(tx: Writer, scope: str, mode: str, message: str, by: str, since: datetime) -> None:
    values = {"scope": scope, "mode": mode, "message": message, "closed_by": by, "since": since}
    await tx.run(tx.insert(closed).values(values))


_MOMENT = text("SELECT clock_timestamp()")
_RUNNING = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend' "
    "AND pid <> pg_backend_pid() AND xact_start <= :moment"
)


async def moment_of_postgres(tx: Reader) -> datetime:
    """The time of PostgreSQL's own clock, not of when this transaction began."""
    return await tx.value(_MOMENT)  # type: ignore[no-any-return]  # a time


async def transactions_since(tx: Reader, moment: datetime) -> int:
    """How many other transactions of PostgreSQL run that began at a moment or before."""
    return int(await tx.value(_RUNNING, {"moment": moment}))


async def delete_closed(tx: Writer, scope: str) -> None:
    await tx.run(delete(closed).where(closed.c.scope == scope))
