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
from entrepot.jobs.living import ProcessKind, processes
from entrepot.jobs.runs import RunState
from entrepot.operations.backed_up import Backup, last_backup
from entrepot.operations.room import Operations
from entrepot.operations.system import disk_of
from entrepot.registry.queries import lost
from entrepot.values.errors import DatabaseUnreachable

_FREE_LEAST: Final = 0.1
_LOOKED_BACK: Final = timedelta(days=1)
_COUNTED_MAX: Final = 100
_WRONG_MAX: Final = 100_000
_GONE: Final = timedelta(minutes=5)


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
class WorkersGone:
    """No job worker lives, at least since then. `waiting` runs, of which at most 100 are counted, wait for one.

    What follows from events waits, too; nobody puts it among the runs meanwhile.
    """

    since: datetime
    waiting: int


@dataclass(frozen=True, slots=True)
class BackupOld:
    """The last backup is older than the setting allows; `last_at` is None if there never was one."""

    last_at: datetime | None


@dataclass(frozen=True, slots=True)
class Warnings:
    """`disk`, `jobs`, `workers`, `blobs` and `backup` are for operators; None when all is well, and for others.

    `blobs`: how many were found missing or wrong, or not linked; exact up to 100,000.
    """

    disk: DiskLow | None
    jobs: JobsFailed | None
    workers: WorkersGone | None
    expiring: Sequence[Expiring]
    blobs: int | None = None
    backup: BackupOld | None = None

    def __bool__(self) -> bool:
        return bool(self.disk or self.jobs or self.workers or self.blobs or self.backup or self.expiring)


async def list_warnings(operations: Operations, accounts: Accounts, actor: Actor) -> Warnings:
    """What needs the actor's attention. Raises Unauthenticated or AccessDenied."""
    expiring = await list_expiring(accounts, actor)
    if not await operates(accounts, actor):
        return Warnings(None, None, None, expiring)
    disk = await asyncio.to_thread(_disk, operations)
    async with operations.db.looking() as tx:
        wrong = await lost.count(tx, _WRONG_MAX)
        backup = _old(operations, await last_backup(tx))
    return Warnings(disk, await _failed(operations), await _workers(operations), expiring, wrong or None, backup)


def _old(operations: Operations, last: Backup | None) -> BackupOld | None:
    if not operations.backup_warn_days:
        return None
    since = operations.clock.now() - timedelta(days=operations.backup_warn_days)
    if last is not None and last.made_at >= since:
        return None
    return BackupOld(None if last is None else last.made_at)


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


async def _workers(operations: Operations) -> WorkersGone | None:
    """None also while the servers have just started: workers start beside them, or after them."""
    async with operations.db.looking() as tx:
        known, now = await processes(tx), tx.now
    workers = [one for one in known if one.kind is ProcessKind.WORKER]
    serving = [one.started_at for one in known if one.kind is ProcessKind.SERVER and one.is_alive]
    if not serving or any(one.is_alive for one in workers):
        return None
    since = max([min(serving), *(one.seen_at for one in workers)])
    if now - since < _GONE:
        return None
    try:
        waiting = await operations.runs.list(RunState.WAITING, "", "", _COUNTED_MAX)
    except DatabaseUnreachable:
        return WorkersGone(since, 0)  # no worker has ever run
    return WorkersGone(since, len(waiting.items))
