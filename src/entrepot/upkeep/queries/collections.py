"""SQL about collections: what is asked for, what each did, what is still to be done."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, func, select, update

from entrepot.db.transaction import Reader, Writer
from entrepot.jobs.tables import event
from entrepot.registry.tables import blob, gc_blob, gc_candidate, gc_link, gc_manifest, repository, repository_blob
from entrepot.upkeep.tables import gc_run

_NEWEST = select(func.coalesce(func.max(event.c.seq), 0))
COUNTERS = (
    "tags_forgotten",
    "manifests_reviewed",
    "manifests_deleted",
    "blobs_reviewed",
    "links_dropped",
    "strays_found",
    "blobs_deleted",
    "bytes_freed",
)


async def newest_event(tx: Reader) -> int:
    """The number of the event that was written last; 0 for none."""
    return int(await tx.value(_NEWEST))


async def save_run(tx: Writer, run_id: str, by: str, at: datetime, phase: str) -> None:
    zeros = dict.fromkeys(COUNTERS, 0)
    await tx.run(tx.insert(gc_run).values(id=run_id, requested_by=by, requested_at=at, phase=phase, **zeros))


async def wanted_run(tx: Reader) -> str | None:
    """A collection that nobody has begun, the one asked for first."""
    found: str | None = await tx.value(
        select(gc_run.c.id).where(gc_run.c.started_at.is_(None)).order_by(gc_run.c.requested_at).limit(1)
    )
    return found


async def set_run(tx: Writer, run_id: str, **values: Any) -> None:
    await tx.run(update(gc_run).where(gc_run.c.id == run_id).values(**values))


async def count(tx: Writer, run_id: str, counts: Mapping[str, int]) -> None:
    """Add to the counters of a run."""
    added = {name: gc_run.c[name] + number for name, number in counts.items() if number}
    if added:
        await tx.run(update(gc_run).where(gc_run.c.id == run_id).values(**added))


async def run_by_id(tx: Reader, run_id: str) -> Row[Any] | None:
    return await tx.row(select(gc_run).where(gc_run.c.id == run_id))


async def end_abandoned(tx: Writer, at: datetime, phase: str) -> None:
    """Runs of collectors that are gone; whoever calls this is the only one."""
    open_ones = (gc_run.c.started_at.is_not(None), gc_run.c.ended_at.is_(None))
    await tx.run(update(gc_run).where(*open_ones).values(ended_at=at, phase=phase))


async def forget_runs(tx: Writer, before: datetime) -> None:
    await tx.run(delete(gc_run).where(gc_run.c.requested_at < before, gc_run.c.ended_at.is_not(None)))


async def last_ended(tx: Reader) -> Row[Any] | None:
    ended = select(gc_run).where(gc_run.c.ended_at.is_not(None))
    return await tx.row(ended.order_by(gc_run.c.requested_at.desc()).limit(1))


async def running(tx: Reader) -> Row[Any] | None:
    return await tx.row(select(gc_run).where(gc_run.c.started_at.is_not(None), gc_run.c.ended_at.is_(None)).limit(1))


# --- what is to be done ---


async def is_due(tx: Reader, dropped_before: datetime, left_before: datetime) -> bool:
    """Whether a collection would find anything to do."""
    for queue, before in (
        (gc_candidate, dropped_before),
        (gc_manifest, dropped_before),
        (gc_link, left_before),
    ):
        if await tx.row(select(queue.c.digest).where(queue.c.dropped_at <= before).limit(1)) is not None:
            return True
    left = select(gc_blob.c.digest).where(gc_blob.c.claimed_at.is_(None), gc_blob.c.dropped_at <= left_before)
    claimed = select(gc_blob.c.digest).where(gc_blob.c.claimed_at.is_not(None), gc_blob.c.removed_at.is_(None))
    return any([await tx.row(found.limit(1)) is not None for found in (left, claimed)])


async def due_count(tx: Reader, before: datetime, most: int) -> int:
    """Reviews that are due, `most` counted."""
    total = 0
    for queue in (gc_candidate, gc_manifest):
        due = select(queue.c.digest).where(queue.c.dropped_at <= before).limit(most).subquery()
        total += int(await tx.value(select(func.count()).select_from(due)))
    return min(total, most)


async def waiting_count(tx: Reader, most: int) -> int:
    """Reviews that are queued, due or not, `most` counted."""
    total = 0
    for queue in (gc_candidate, gc_manifest):
        total += int(await tx.value(select(func.count()).select_from(select(queue.c.digest).limit(most).subquery())))
    return min(total, most)


async def left_over(tx: Reader, most: int) -> tuple[int, int]:
    """Bytes in the store that are no blobs: how many digests, `most` counted, and bytes."""
    found = select(gc_blob.c.size).where(gc_blob.c.removed_at.is_(None)).limit(most).subquery()
    count, size = func.count().label("digests"), func.coalesce(func.sum(found.c.size), 0).label("bytes")
    row = await tx.row(select(count, size).select_from(found))
    assert row is not None, "an aggregate has a row"
    return int(row.digests), int(row.bytes)


# --- one digest ---


async def blob_row(tx: Reader, digest: str) -> Row[Any] | None:
    return await tx.row(select(blob).where(blob.c.digest == digest))


async def candidate(tx: Reader, digest: str) -> datetime | None:
    found: datetime | None = await tx.value(select(gc_candidate.c.dropped_at).where(gc_candidate.c.digest == digest))
    return found


async def left_over_row(tx: Reader, digest: str) -> Row[Any] | None:
    return await tx.row(select(gc_blob).where(gc_blob.c.digest == digest, gc_blob.c.removed_at.is_(None)))


async def links_of(tx: Reader, digest: str, limit: int) -> Sequence[Row[Any]]:
    """Repositories that link a blob, by name: path, id, linked_at."""
    found = select(repository.c.path, repository.c.id, repository_blob.c.linked_at).join(repository_blob)
    return await tx.rows(found.where(repository_blob.c.digest == digest).order_by(repository.c.path).limit(limit))


async def dropped_links_of(tx: Reader, digest: str, limit: int) -> Sequence[Row[Any]]:
    found = select(repository.c.path, gc_link.c.dropped_at).join(gc_link, gc_link.c.repository_id == repository.c.id)
    return await tx.rows(found.where(gc_link.c.digest == digest).order_by(repository.c.path).limit(limit))


async def queued_manifests(tx: Reader, digest: str, limit: int) -> Sequence[Row[Any]]:
    found = select(repository.c.path, repository.c.id, gc_manifest.c.dropped_at)
    joined = found.join(gc_manifest, gc_manifest.c.repository_id == repository.c.id)
    return await tx.rows(joined.where(gc_manifest.c.digest == digest).order_by(repository.c.path).limit(limit))
