"""Warnings: what needs somebody soon, told to whoever can do something about it. Cheap enough for every look."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from entrepot.access.actor import Actor
from entrepot.accounts.expiring import Expiring, list_expiring
from entrepot.accounts.operators import operates
from entrepot.accounts.room import Accounts
from entrepot.jobs.runs import RunState
from entrepot.operations.room import Operations
from entrepot.operations.system import disk_of
from entrepot.values.errors import DatabaseUnreachable

_FREE_LEAST: Final = 0.1
_LOOKED_BACK: Final = timedelta(days=1)
_COUNTED_MAX: Final = 100


@dataclass(frozen=True, slots=True)
class DiskLow:
    """Less than a tenth of the disk that blobs are on is free. Bytes."""

    free: int
    total: int


@dataclass(frozen=True, slots=True)
class JobsFailed:
    """Runs that failed within the last day, at most 100 counted; when the newest began."""

    count: int
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Warnings:
    """`disk` and `jobs` are for operators; None when all is well, and for others."""

    disk: DiskLow | None
    jobs: JobsFailed | None
    expiring: Sequence[Expiring]

    def __bool__(self) -> bool:
        return bool(self.disk or self.jobs or self.expiring)


async def list_warnings(operations: Operations, accounts: Accounts, actor: Actor) -> Warnings:
    """What needs the actor's attention. Raises Unauthenticated or AccessDenied."""
    expiring = await list_expiring(accounts, actor)
    if not await operates(accounts, actor):
        return Warnings(None, None, expiring)
    return Warnings(await asyncio.to_thread(_disk, operations), await _failed(operations), expiring)


def _disk(operations: Operations) -> DiskLow | None:
    total, free = disk_of(operations)
    if total is None or free is None or free >= total * _FREE_LEAST:
        return None
    return DiskLow(free, total)


async def _failed(operations: Operations) -> JobsFailed | None:
    try:
        page = await operations.runs.list(RunState.FAILED, "", "", _COUNTED_MAX)
    except DatabaseUnreachable:
        return None  # no worker has ever run, or its database is away, which the page of the system says
    since = operations.clock.now() - _LOOKED_BACK
    recent = [one.created_at for one in page.items if one.created_at >= since]
    return JobsFailed(len(recent), max(recent)) if recent else None
