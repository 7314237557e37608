"""The event feed, read in an order in which nothing can be missed.

PostgreSQL gives an event its number (`seq`) before the transaction commits, so a lower number may
become visible after a higher one has been read: a reader that remembered only numbers would pass
it by. The feed's order is therefore (`xid`, `seq`), the transaction's number first, and only events
below the oldest running transaction are read. No transaction down there can still write, so what
was read up to a position is all there will ever be. A long transaction anywhere in the cluster
delays the feed; it never tears it. On SQLite writers take turns, `xid` is 0 and `seq` decides.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from entrepot.db.database import Database
from entrepot.db.transaction import Writer
from entrepot.jobs import queries
from entrepot.jobs.events import Recorded


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in the feed: everything up to it, and itself, has been read."""

    xid: int = 0
    seq: int = 0


START = Position()


def position_after(event: Recorded) -> Position:
    return Position(event.xid, event.seq)


async def read_feed(db: Database, after: Position, limit: int) -> Sequence[Recorded]:
    """The next events after a position, at most `limit`; empty when nothing more has settled."""
    async with db.reading() as tx:
        rows = await queries.settled_events(tx, after.xid, after.seq, limit)
    return [Recorded(**row._mapping) for row in rows]  # noqa: SLF001  # SQLAlchemy's public name for it


async def resume(db: Database, consumer: str) -> Position:
    """Where `consumer` goes on reading: before the first event when it is new.

    If the database was restored into another PostgreSQL cluster, its transaction numbers mean
    nothing there. All events then count as settled, and reading goes on at the first that might not
    have been read yet; some may be read twice.
    """
    async with db.reading() as tx:
        row = await queries.position_of(tx, consumer)
    if row is not None and row.cluster == row.cluster_now:
        return Position(row.xid, row.seq)

    async with db.writing() as tx:
        await tx.lock("feed")
        await queries.insert_position(tx, consumer)
        await _settle_strangers(tx)
        row = await queries.position_of(tx, consumer)
    assert row is not None, "inserted above"
    return Position(row.xid, row.seq)


async def _settle_strangers(tx: Writer) -> None:
    """Carry all positions over from another cluster, at once: afterwards its numbers are gone."""
    strangers = await queries.strange_positions(tx)
    if not strangers:
        return
    for row in strangers:
        unread = await queries.first_unread(tx, row.xid, row.seq)
        seq = await queries.last_seq(tx) if unread is None else unread - 1
        await queries.place_position(tx, row.consumer, START.xid, seq)
    await queries.forget_xids(tx)


async def save_position(db: Database, consumer: str, before: Position, after: Position) -> bool:
    """Remember that `consumer` has read up to `after`. False when another reader moved it from `before` meanwhile."""
    async with db.writing() as tx:
        return await move_on(tx, consumer, before, after)


async def move_on(tx: Writer, consumer: str, before: Position, after: Position) -> bool:
    """The same, in the transaction that writes what follows from the events up to `after`."""
    return await queries.move_position(tx, consumer, (before.xid, before.seq), (after.xid, after.seq))
