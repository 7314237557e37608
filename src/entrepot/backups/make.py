"""Make: a snapshot of an installation that works on meanwhile.

First the facts, in one transaction that sees one moment; then the bytes that these facts name, and that the place does
not have yet; last the document, with which the snapshot is there. Whatever ends it before leaves litter: what was
copied is found there by the next one, the rest is removed by it.

Why no blob is missing. Every blob of the dumped table `blob` has its bytes when the dump begins: nothing is removed
from the store that was not claimed in a commit before, and a claim is committed only of what is no blob any more, or
has bytes that are wrong (docs/decisions/0021, 0022). So it is enough that nothing is *claimed* from before the dump
until the copying is over. The name CLAIMING is held for that long, and the system lets go of it when this process dies.
What was claimed before is no blob of this dump and may be removed at any time. Should the hold be lost with the
database for a moment, nothing depends on it: each blob was found in the place with its size, or copied and verified, or
there is no snapshot.
"""

import asyncio
import base64
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import MetaData, Table, func, select, text

from entrepot.accounts.users import first_domain_id
from entrepot.backups import places
from entrepot.backups.copying import Brought, Copied, Wanted, bring, some
from entrepot.backups.dump import dump_table
from entrepot.backups.errors import BackupRuns, BytesMissing, SchemaOther
from entrepot.backups.pieces import rows_in
from entrepot.backups.places import Place
from entrepot.backups.progress import Phase, Progress
from entrepot.backups.prune import prune
from entrepot.backups.snapshot import KEY, Dumped, Snapshot, name_at, write
from entrepot.blobs.store import BlobStore
from entrepot.db.database import Database
from entrepot.db.holding import Holder
from entrepot.intake.tables import archive
from entrepot.jobs.tables import process
from entrepot.operations.backed_up import Backup, note_backup
from entrepot.plumbing.clock import Clock
from entrepot.plumbing.sealing import Sealer
from entrepot.registry.queries.lost import UNLINKED
from entrepot.registry.tables import blob, blob_finding, gc_blob, gc_link, upload, upload_part
from entrepot.upkeep.removal import CLAIMING
from entrepot.values.digest import Digest

BACKUP: Final = "backup"
PROBE: Final = "backup probe"
"""The purpose that a probe is sealed for."""
SAMPLE: Final = b"entrepot"

# What means nothing elsewhere or later: processes that live, uploads under way (their parts are not copied), and what
# garbage collection took away a moment ago. That could be had back, but its bytes are not copied.
LEFT_OUT: Final[tuple[Table, ...]] = (process, upload, upload_part, archive, gc_link, gc_blob)

_HOLD_SECONDS_MAX: Final = 60.0
_LOOK_SECONDS: Final = 0.1


@dataclass(frozen=True, slots=True)
class Installation:
    """What is copied. `tables`: all there are; `migration`: the schema they have."""

    db: Database
    blobs: BlobStore
    holder: Holder
    clock: Clock
    sealer: Sealer
    tables: MetaData
    migration: str
    version: str


@dataclass(frozen=True, slots=True)
class Wish:
    """`keep`: so many snapshots, with the new one; None for all. `key`: the content of the secret key, to be kept in
    the place. `allow_damaged`: also when blobs of the installation are missing or damaged. `at_once`: blobs copied at
    the same time.
    """

    keep: int | None = None
    key: bytes | None = None
    allow_damaged: bool = False
    at_once: int = 8


@dataclass(frozen=True, slots=True)
class Made:
    """A snapshot, what of it had to be copied, and what was pruned after it."""

    snapshot: Snapshot
    copied: Copied
    pruned: Sequence[str]
    freed: int


async def make(installation: Installation, place: Place, wish: Wish, progress: Progress) -> Made:
    """Make a snapshot, then prune. Raises BackupRuns, PlaceBusy, PlaceForeign, BytesMissing, and what the database and
    both stores raise; after an error the snapshots before are as they were.
    """
    holder = installation.holder
    if not await holder.try_hold(BACKUP):
        raise BackupRuns("Another backup of this installation runs. Wait for it to end.")
    await place.hold()
    await places.prepare(place)
    async with installation.db.reading() as tx:
        identity = await first_domain_id(tx)
    await places.check_own(place, identity)
    await sweep(place)
    await hold_claims(holder)
    try:
        made_at = installation.clock.now()
        tables = await dump_tables(installation, all_of(installation), place.blobs, progress)
        dumped = next(table for table in tables if table.name == blob.name)
        wanted = wanted_in(place.blobs, dumped)
        brought = await bring(installation.blobs, place.blobs, wanted, wish.at_once, progress)
    finally:
        await holder.release(CLAIMING)
    unknown = await not_told(brought, place.blobs, tables)
    if unknown and not wish.allow_damaged:
        raise BytesMissing(
            f"There is no new snapshot: {some(unknown)} of this installation are missing or damaged. Look into "
            "it, or add --allow-damaged to back up the rest.",
            damaged=unknown,
        )
    taken = await places.snapshots(place)
    snapshot = describe(installation, name_at(made_at, taken), made_at, brought, tables, wish.key is not None, identity)
    if wish.key is not None:
        await place.write(places.path_of(snapshot.name, KEY), wish.key)
    await place.write(places.path_of(snapshot.name), write(snapshot))
    ended_at = installation.clock.now()
    await note_backup(
        installation.db, Backup(place.label, snapshot.name, made_at, ended_at, brought.blobs, brought.bytes)
    )
    pruned, freed = await prune(place, wish.keep) if wish.keep else ([], 0)
    return Made(snapshot, brought.copied, pruned, freed)


async def hold_claims(holder: Holder) -> None:
    """Let nothing be claimed until CLAIMING is released. A collector holds it for the moment of one commit; another
    process tells nobody when it lets go. Raises BackupRuns.
    """
    for _ in range(round(_HOLD_SECONDS_MAX / _LOOK_SECONDS)):
        if await holder.try_hold(CLAIMING):
            return
        await asyncio.sleep(_LOOK_SECONDS)
    raise BackupRuns("Garbage collection does not let a backup begin. Try again.")


async def sweep(place: Place) -> None:
    """Remove what a backup that was broken off left half written."""
    stale = [key async for key in place.blobs.list_parts(place.parts_stale_seconds)]
    await place.blobs.discard_parts(stale)


def describe(
    installation: Installation,
    name: str,
    at: datetime,
    brought: Brought,
    tables: Sequence[Dumped],
    has_key: bool = False,
    identity: str = "",
) -> Snapshot:
    """What was dumped at `at`, with the blobs that were brought."""
    return Snapshot(
        name,
        at,
        installation.version,
        installation.migration,
        installation.db.dialect,
        brought.blobs,
        brought.bytes,
        has_key,
        base64.b64encode(installation.sealer.seal(SAMPLE, PROBE)).decode(),
        brought.copied.damaged,
        tables,
        identity,
    )


def all_of(installation: Installation) -> list[Table]:
    """The tables that are of use elsewhere, each after those that it refers to."""
    return [table for table in installation.tables.sorted_tables if table not in LEFT_OUT]


async def dump_tables(
    installation: Installation, tables: Sequence[Table], store: BlobStore, progress: Progress
) -> list[Dumped]:
    """The rows of some tables as they are at one moment, into `store`. Raises SchemaOther, and what both raise."""
    progress.begin(Phase.FACTS, None)
    dialect = installation.db.dialect
    async with installation.db.reading() as tx:
        found = await tx.value(text("SELECT version_num FROM alembic_version"))
        if found != installation.migration:
            raise SchemaOther(
                f"The database has the schema {found}, and this version of entrepot has {installation.migration}. "
                "Run this with the version that serves."
            )
        if dialect == "postgresql":
            # A slow store may keep this transaction waiting for longer than others are allowed to.
            await tx.value(select(func.set_config("idle_in_transaction_session_timeout", "0", True)))
        return [await dump_table(tx, dialect, table, store, progress.add) for table in tables]


async def not_told(brought: Brought, store: BlobStore, tables: Sequence[Dumped]) -> list[str]:
    """Of what is damaged, digests of which the installation itself does not know that: it serves those to people."""
    findings = next(table for table in tables if table.name == blob_finding.name)
    known = {digest async for digest, kind, *_ in rows_in(store, findings) if kind != UNLINKED}
    return sorted(set(brought.copied.damaged) - known)


def wanted_in(store: BlobStore, dumped: Dumped) -> Callable[[], AsyncIterator[Wanted]]:
    """The blobs of a dumped table `blob`, as often as they are asked for."""

    async def blobs() -> AsyncIterator[Wanted]:
        async for digest, size, *_ in rows_in(store, dumped):
            yield Digest.parse(digest), size

    return blobs
