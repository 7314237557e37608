"""SQL about verifications: what is asked for, how far each is, and what they walk."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, bindparam, delete, select, update

from entrepot.db.transaction import Reader, Writer
from entrepot.registry.tables import blob, manifest
from entrepot.upkeep.tables import verify_run

PROGRESS = ("manifests_checked", "blobs_checked", "blobs_read", "bytes_read")
RESULTS = ("missing_blobs", "corrupt_blobs", "wrong_size_blobs", "unlinked_blobs")

_BLOBS = select(blob.c.digest, blob.c.size).where(blob.c.digest > bindparam("after")).order_by(blob.c.digest)
_MANIFESTS = select(manifest.c.id).where(manifest.c.id > bindparam("after")).order_by(manifest.c.id)


async def save_run(tx: Writer, run_id: str, is_deep: bool, by: str, at: datetime, phase: str) -> None:
    zeros = dict.fromkeys((*PROGRESS, *RESULTS), 0)
    await tx.run(
        tx.insert(verify_run).values(
            id=run_id, is_deep=is_deep, requested_by=by, requested_at=at, phase=phase, cursor="", error="", **zeros
        )
    )


async def run_by_id(tx: Reader, run_id: str) -> Row[Any] | None:
    return await tx.row(select(verify_run).where(verify_run.c.id == run_id))


async def open_runs(tx: Reader, limit: int) -> Sequence[Row[Any]]:
    """Those that have not ended, begun or not, the one asked for first."""
    found = select(verify_run).where(verify_run.c.ended_at.is_(None))
    return await tx.rows(found.order_by(verify_run.c.requested_at).limit(limit))


async def open_deep_run(tx: Reader) -> str | None:
    """The deep one that was asked for first, of those that have not ended."""
    found = select(verify_run.c.id).where(verify_run.c.ended_at.is_(None), verify_run.c.is_deep)
    return await tx.value(found.order_by(verify_run.c.requested_at).limit(1))  # type: ignore[no-any-return]  # an id


async def last_request(tx: Reader) -> datetime | None:
    """When one was asked for last, deep or not: each compares everything."""
    found = select(verify_run.c.requested_at).order_by(verify_run.c.requested_at.desc(), verify_run.c.id.desc())
    return await tx.value(found.limit(1))  # type: ignore[no-any-return]  # a time


async def last_deep_request(tx: Reader) -> datetime | None:
    found = select(verify_run.c.requested_at).where(verify_run.c.is_deep)
    return await tx.value(found.order_by(verify_run.c.requested_at.desc()).limit(1))  # type: ignore[no-any-return]  # a time


async def set_run(tx: Writer, run_id: str, **values: Any) -> None:
    """Nothing happens to one that has ended."""
    await tx.run(update(verify_run).where(*_open(run_id)).values(**values))


async def count(tx: Writer, run_id: str, **counts: int) -> None:
    """Add to the counters of a run that has not ended."""
    added = {name: verify_run.c[name] + number for name, number in counts.items()}
    await tx.run(update(verify_run).where(*_open(run_id)).values(**added))


def _open(run_id: str) -> Sequence[ColumnElement[bool]]:
    return verify_run.c.id == run_id, verify_run.c.ended_at.is_(None)


async def forget_runs(tx: Writer, before: datetime) -> None:
    old = (verify_run.c.requested_at < before, verify_run.c.ended_at.is_not(None))
    await tx.run(delete(verify_run).where(*old))


# --- what is walked ---


async def blobs_after(tx: Reader, digest: str, limit: int) -> Sequence[Row[Any]]:
    """Blobs by digest, those after one: digest, size."""
    return await tx.rows(_BLOBS.limit(limit), {"after": digest})


async def manifests_after(tx: Reader, number: int, limit: int) -> list[int]:
    """Numbers of manifests, those after one."""
    return [row.id for row in await tx.rows(_MANIFESTS.limit(limit), {"after": number})]
