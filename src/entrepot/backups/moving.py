"""Move: an installation comes to another database, another storage, or both.

Blobs are copied while everybody works, as often as it takes until little is new. Then the installation is closed:
nothing is changed any more, and pulls go on. What began before has ended; what blobs are new is copied; the facts are
dumped, loaded, counted and opened there in one transaction. From this commit on the new installation is the one, and
the old one stays closed. Whatever ends it before opens the old one again. A process that is killed in between leaves it
closed, and the same command goes on: whether the commit happened is told by the event of closing, which only facts that
were dumped after it have.

As with a backup (`make.py`), nothing is claimed while the last blobs are copied. So each blob was found there with its
size, or copied and verified.
"""

import base64
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import Table

from entrepot.backups.arriving import closing_event, count_rows, forget_parts
from entrepot.backups.copying import Brought, Copied, Wanted, bring, compare, some
from entrepot.backups.errors import BackupRuns, BytesMissing, MoveRuns, PlaceForeign
from entrepot.backups.known import Known, known_in
from entrepot.backups.make import (
    BACKUP,
    SAMPLE,
    Installation,
    all_of,
    describe,
    dump_tables,
    hold_claims,
    not_told,
    sweep,
    wanted_in,
)
from entrepot.backups.pieces import rows_in
from entrepot.backups.places import Place
from entrepot.backups.progress import Progress
from entrepot.backups.snapshot import Dumped, Snapshot, name_at
from entrepot.blobs.store import BlobStore
from entrepot.db.holding import Holder
from entrepot.jobs.closing import wait_until_settled
from entrepot.operations.maintenance import close_to_move, open_unmoved
from entrepot.plumbing.sealing import SealBroken, Sealer
from entrepot.registry.tables import blob, blob_finding, gc_blob
from entrepot.upkeep.removal import CLAIMING
from entrepot.values.digest import Digest
from entrepot.values.errors import DatabaseUnreachable

MOVING: Final = "migration"
MARK: Final = "entrepot-migration"
"""Stands in a storage for as long as an installation moves there, and says which: sealed with its key."""
_FEW_BYTES: Final = 64 << 20
_ROUNDS_MAX: Final = 10


@dataclass(frozen=True, slots=True)
class Target:
    """Where it moves to. `storage`: None if blobs stay where they are. `fill`: makes the database from a dump, and
    opens it, all of that or nothing; None if facts stay. `has`: whether that database has an event. `pieces`: a store
    for the dump.
    """

    storage: Place | None
    fill: Callable[[Snapshot], Awaitable[None]] | None
    has: Callable[[str], bool]
    pieces: BlobStore


@dataclass(slots=True)
class Moved:
    """`copied` while everybody worked, and `last` while it was closed, which was for `closed_seconds`. `rows` is 0 if
    facts stay. `is_open`: whether the new one is; not if somebody had closed the old one before.
    """

    rows: int = 0
    blobs: int = 0
    bytes: int = 0
    copied: Copied = field(default_factory=Copied)
    last: Copied = field(default_factory=Copied)
    closed_seconds: float = 0.0
    is_open: bool = True


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be moved, and what of the blobs is not there yet."""

    rows: int
    blobs: int
    bytes: int
    missing_blobs: int
    missing_bytes: int


async def hold_move(holder: Holder) -> None:
    """Be the only one who moves this installation. Raises MoveRuns."""
    if not await holder.try_hold(MOVING):
        raise MoveRuns("Another migration of this installation runs. Wait for it to end.")


async def plan(installation: Installation, target: Target, progress: Progress) -> Plan:
    """Look, and change nothing. Raises PlaceForeign, SchemaOther, and what database and stores raise."""
    if target.storage is not None:
        await is_marked(target.storage, installation.sealer)
    dumped = await dump_tables(installation, _needed(target), target.pieces, progress)
    known = Known() if target.storage is None else await known_in(target.storage.blobs)
    try:
        lack = await compare(_blobs_of(target, dumped)(), known)
    finally:
        known.close()
    rows = 0 if target.fill is None else await count_rows(installation)
    missing = (0, 0) if target.storage is None else (lack.missing_blobs, lack.missing_bytes)
    return Plan(rows, lack.blobs, lack.bytes, *missing)


async def move(
    installation: Installation, target: Target, at_once: int, allow_damaged: bool, progress: Progress
) -> Moved:
    """Move it, `at_once` blobs at a time. Raises MoveRuns, BackupRuns, PlaceForeign, BytesMissing, SchemaOther,
    DatabaseBusy, and what databases and stores raise. Then the old one is open as before, or the new one is whole and
    the same call ends what is left.
    """
    holder, moved = installation.holder, Moved()
    await hold_move(holder)
    if target.storage is not None:
        if not await is_marked(target.storage, installation.sealer):
            await target.storage.write(MARK, base64.b64encode(installation.sealer.seal(SAMPLE, MOVING)))
        await sweep(target.storage)
        await _copy_at_work(installation, target, at_once, allow_damaged, progress, moved.copied)
    if not await holder.try_hold(BACKUP):
        raise BackupRuns("A backup of this installation runs. Wait for it to end, and run this again: it goes on.")
    await hold_claims(holder)
    try:
        await _switch(installation, target, at_once, allow_damaged, progress, moved)
    finally:
        await holder.release(CLAIMING)
        await holder.release(BACKUP)
    return moved


async def is_marked(storage: Place, sealer: Sealer) -> bool:
    """Whether this installation began to move there. Raises PlaceForeign if something else is there."""
    mark = await storage.read(MARK)
    if mark is None:
        async for _ in storage.blobs.list():
            raise PlaceForeign(
                "There are blobs in the new storage already: is it the storage of a server? Take another."
            )
        return False
    try:
        sealer.open(base64.b64decode(mark), MOVING)
    except SealBroken:
        raise PlaceForeign("Another installation moves to the new storage, or did. Take another one.") from None
    return True


async def _copy_at_work(
    installation: Installation, target: Target, at_once: int, allow_damaged: bool, progress: Progress, copied: Copied
) -> None:
    """Round after round, until little is new. What was removed while it was copied is not in the next round."""
    suspects = set[str]()
    for _ in range(_ROUNDS_MAX):
        tables = await dump_tables(installation, _needed(target), target.pieces, progress)
        brought = await _bring(installation, target, tables, at_once, progress)
        copied.blobs, copied.bytes = copied.blobs + brought.copied.blobs, copied.bytes + brought.copied.bytes
        found = set() if allow_damaged else set(await not_told(brought, target.pieces, tables))
        _refuse(found & suspects)
        suspects = found
        if not suspects and brought.copied.bytes <= _FEW_BYTES:
            return


async def _switch(
    installation: Installation, target: Target, at_once: int, allow_damaged: bool, progress: Progress, moved: Moved
) -> None:
    db, began_at = installation.db, installation.clock.now()
    is_there = target.fill is not None and target.has(await closing_event(db))
    is_ours, closed_by = await close_to_move(db, began_at), ""
    try:
        closed_by = await closing_event(db)
        await wait_until_settled(db)
        wanted = _needed(target) if target.fill is None else all_of(installation)
        tables = await dump_tables(installation, wanted, target.pieces, progress)
        brought = await _bring(installation, target, tables, at_once, progress)
        _refuse(() if allow_damaged else await not_told(brought, target.pieces, tables))
        if target.fill is None:
            await forget_parts(db)
        elif not is_there:
            name = name_at(began_at, [])
            await target.fill(describe(installation, name, began_at, brought, tables))
        if target.storage is not None:
            await target.storage.remove(MARK)
    except BaseException:
        if is_ours and not is_there and not _is_filled(target, closed_by):
            await open_unmoved(db, installation.clock.now())
        raise
    moved.rows = 0 if target.fill is None else sum(table.rows for table in tables)
    moved.blobs, moved.bytes, moved.last = brought.blobs, brought.bytes, brought.copied
    moved.closed_seconds = (installation.clock.now() - began_at).total_seconds()
    moved.is_open = is_ours and target.fill is not None


def _is_filled(target: Target, closed_by: str) -> bool:
    """Whether the new database got its facts, although something failed then. No server has it yet: so if it cannot be
    asked, nothing is lost when the old one goes on.
    """
    try:
        return target.fill is not None and target.has(closed_by)
    except DatabaseUnreachable:
        return False


def _refuse(damaged: Sequence[str] | set[str]) -> None:
    if damaged:
        raise BytesMissing(
            f"{some(sorted(damaged))} of this installation are missing or damaged, and it serves on where it is. Look "
            "into it (`entrepot verify`), or add --allow-damaged to move without them.",
            damaged=sorted(damaged),
        )


def _needed(target: Target) -> Sequence[Table]:
    """The tables that say which bytes to copy. Where facts stay, what was dropped can be had back, so it is copied."""
    return (blob, blob_finding) if target.fill is not None else (blob, blob_finding, gc_blob)


def _blobs_of(target: Target, tables: Sequence[Dumped]) -> Callable[[], AsyncIterator[Wanted]]:
    named = {table.name: table for table in tables}
    blobs = wanted_in(target.pieces, named[blob.name])

    async def with_dropped() -> AsyncIterator[Wanted]:
        async for one in blobs():
            yield one
        async for digest, size, _, claimed_at, _ in rows_in(target.pieces, named[gc_blob.name]):
            if claimed_at is None:
                yield Digest.parse(digest), size

    return with_dropped if target.fill is None else blobs


async def _bring(
    installation: Installation, target: Target, tables: Sequence[Dumped], at_once: int, progress: Progress
) -> Brought:
    wanted = _blobs_of(target, tables)
    if target.storage is not None:
        return await bring(installation.blobs, target.storage.blobs, wanted, at_once, progress)
    known = Known()
    try:
        lack = await compare(wanted(), known)
    finally:
        known.close()
    return Brought(Copied(), lack.blobs, lack.bytes)
