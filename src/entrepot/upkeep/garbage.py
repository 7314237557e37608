"""Garbage, for operators: how collection stands, a collection now, and why a digest is here or is not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row

from entrepot.access.actor import Actor
from entrepot.accounts.operators import require_operator
from entrepot.db.transaction import Reader
from entrepot.jobs.events import publish
from entrepot.plumbing.ids import new_id
from entrepot.registry.queries import content
from entrepot.upkeep.asked import askers_of, find_run, page_of_runs
from entrepot.upkeep.collect import Phase, counts_of
from entrepot.upkeep.events import CollectionRequested
from entrepot.upkeep.queries import collections
from entrepot.upkeep.room import Upkeep
from entrepot.upkeep.round import RESTORE_SECONDS_MAX
from entrepot.upkeep.tables import gc_run
from entrepot.values.digest import Digest
from entrepot.values.errors import RunUnknown, quoted, worded

COUNTED_MAX: Final = 100_000
_SHOWN_MAX: Final = 100


@dataclass(frozen=True, slots=True)
class Collection:
    """`counts` of what it did, by name. `by`: who asked, empty when that account is gone; `system` when it was due."""

    id: str
    by: str
    asked_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    phase: Phase
    counts: Mapping[str, int]

    @property
    def has_ended(self) -> bool:
        return self.ended_at is not None


@dataclass(frozen=True, slots=True)
class Standing:
    """How collection stands. Counts are exact up to `COUNTED_MAX`.

    `due`: reviews whose grace time is over; `waiting`: all that are queued. `left_over` digests are no blobs any
    more, and their `left_over_bytes` are freed soon. `per_second`: reviews and removals of the collection that runs,
    and `seconds_left` what they make of what is due.
    """

    grace_seconds: int
    due: int
    waiting: int
    left_over: int
    left_over_bytes: int
    running: Collection | None
    last: Collection | None
    per_second: float | None
    seconds_left: int | None


@dataclass(frozen=True, slots=True)
class Holding:
    """A repository that links a blob: `needed_by` one of its manifests, or by none since `since`."""

    repository: str
    needed_by: str | None
    since: datetime


@dataclass(frozen=True, slots=True)
class Explained:
    """What keeps a digest in the store, or when it goes.

    `size` is None for what the store has no blob of. `review_at`: when it is looked at next; `removed_from`: from
    when on its bytes go; `is_claimed`: they are going now. `taken_from`: repositories that lost it a moment ago, and
    can have it back. `reviewed_in`: repositories whose manifest it is, and where it lost a name.
    """

    digest: str
    size: int | None
    holdings: Sequence[Holding]
    review_at: datetime | None
    removed_from: datetime | None
    is_claimed: bool
    taken_from: Sequence[str]
    reviewed_in: Sequence[str]


async def show_garbage(upkeep: Upkeep, actor: Actor) -> Standing:
    """How collection stands. Raises Unauthenticated or AccessDenied."""
    async with upkeep.db.reading() as tx:
        await require_operator(tx, actor)
        now = upkeep.clock.now()
        grace = timedelta(seconds=upkeep.settings.gc_grace_seconds)
        due = await collections.due_count(tx, now - grace, COUNTED_MAX)
        waiting = await collections.waiting_count(tx, COUNTED_MAX)
        left_over, left_bytes = await collections.left_over(tx, COUNTED_MAX)
        running, last = await collections.running(tx), await collections.last_ended(tx)
        told = {one.id: one for one in await _told(tx, [row for row in (running, last) if row is not None])}
    per_second = None if running is None else _rate(running, now)
    return Standing(
        upkeep.settings.gc_grace_seconds,
        due,
        waiting,
        left_over,
        left_bytes,
        None if running is None else told[running.id],
        None if last is None else told[last.id],
        per_second,
        round(due / per_second) if per_second else None,
    )


async def request_collection(upkeep: Upkeep, actor: Actor) -> Collection:
    """Have what is due collected now, history and strays, too. Raises Unauthenticated or AccessDenied."""
    async with upkeep.db.writing() as tx:
        await require_operator(tx, actor)
        run_id, now = new_id(), upkeep.clock.now()
        await collections.save_run(tx, run_id, actor.subject, now, Phase.WAITING)
        await publish(tx, CollectionRequested(run_id), actor=actor.subject, at=now)
        row = await collections.run_by_id(tx, run_id)
        assert row is not None, "it was saved above"
        return (await _told(tx, [row]))[0]


async def show_collection(upkeep: Upkeep, actor: Actor, run_id: str) -> Collection:
    """Raises Unauthenticated, AccessDenied or RunUnknown."""
    async with upkeep.db.reading() as tx:
        await require_operator(tx, actor)
        row = await find_run(tx, gc_run, run_id)
        if row is None:
            raise RunUnknown(
                worded("There is no collection {run_id}, or it ended too long ago.", run_id=quoted(run_id))
            )
        return (await _told(tx, [row]))[0]


async def list_collections(
    upkeep: Upkeep, actor: Actor, after: str = "", limit: int = 50
) -> tuple[Sequence[Collection], str]:
    """Collections that did something or were asked for, the newest first; where to go on, empty at the end.

    Raises Unauthenticated, AccessDenied, or ParameterInvalid for a marker that no list gave.
    """
    async with upkeep.db.reading() as tx:
        await require_operator(tx, actor)
        rows, following = await page_of_runs(tx, gc_run, after, limit)
        return await _told(tx, rows), following


async def explain_digest(upkeep: Upkeep, actor: Actor, digest: str) -> Explained:
    """Why a digest is in the store, or when it goes. Raises Unauthenticated, AccessDenied or DigestInvalid."""
    parsed = str(Digest.parse(digest))
    async with upkeep.db.reading() as tx:
        await require_operator(tx, actor)
        blob, left = await collections.blob_row(tx, parsed), await collections.left_over_row(tx, parsed)
        dropped_at = await collections.candidate(tx, parsed)
        grace = timedelta(seconds=upkeep.settings.gc_grace_seconds)
        restorable = timedelta(seconds=min(upkeep.settings.gc_grace_seconds, RESTORE_SECONDS_MAX))
        return Explained(
            digest=parsed,
            size=None if blob is None else blob.size,
            holdings=await _holdings(tx, parsed),
            review_at=None if dropped_at is None else dropped_at + grace,
            removed_from=None if left is None else left.dropped_at + restorable,
            is_claimed=left is not None and left.claimed_at is not None,
            taken_from=[row.path for row in await collections.dropped_links_of(tx, parsed, _SHOWN_MAX)],
            reviewed_in=[row.path for row in await collections.queued_manifests(tx, parsed, _SHOWN_MAX)],
        )


async def _holdings(tx: Reader, digest: str) -> Sequence[Holding]:
    return [
        Holding(row.path, await content.manifest_using_blob(tx, row.id, digest), row.linked_at)
        for row in await collections.links_of(tx, digest, _SHOWN_MAX)
    ]


async def _told(tx: Reader, rows: Sequence[Row[Any]]) -> Sequence[Collection]:
    askers = await askers_of(tx, rows)
    return [
        Collection(
            row.id,
            askers[row.id],
            row.requested_at,
            row.started_at,
            row.ended_at,
            Phase(row.phase),
            counts_of(row),
        )
        for row in rows
    ]


def _rate(row: Row[Any], now: datetime) -> float | None:
    seconds = (now - row.started_at).total_seconds()
    done = row.manifests_reviewed + row.blobs_reviewed + row.blobs_deleted
    return done / seconds if seconds > 0 and done else None
