"""Garbage collection, for operators; the contract has no calls for it."""

from typing import Annotated

from fastapi import Path, Query
from pydantic import BaseModel

from entrepot.doors.manage.call import TheCall
from entrepot.doors.manage.fields import Word, WordParameter
from entrepot.doors.manage.paging import parse_limit
from entrepot.plumbing.clock import rfc3339, rfc3339_or_none
from entrepot.upkeep import garbage
from entrepot.upkeep.collect import Phase

TheCollection = Annotated[Word, Path(description="A collection's id.")]
TheDigest = Annotated[Word, Query(description="As sha256: and 64 hexadecimal digits.")]


class GarbageCollection(BaseModel):
    """`by`: who asked; `system` when it was due. Times that have not come are absent. Bytes are those removed."""

    id: str
    by: str
    asked_at: str
    started_at: str | None = None
    ended_at: str | None = None
    phase: Phase
    tags_forgotten: int
    manifests_reviewed: int
    manifests_deleted: int
    blobs_reviewed: int
    links_dropped: int
    strays_found: int
    blobs_deleted: int
    bytes_freed: int


class GarbageCollections(BaseModel):
    collections: list[GarbageCollection]
    nextMarker: str | None = None  # noqa: N815  # as the contract's lists by marker


class GarbageStanding(BaseModel):
    """Counts are exact up to 100,000. `due`: reviews whose grace time is over, of all that are `waiting`.

    `left_over`: blobs that nothing refers to any more, and whose bytes are removed soon.
    """

    grace_seconds: int
    due: int
    waiting: int
    left_over: int
    left_over_bytes: int
    running: GarbageCollection | None = None
    last: GarbageCollection | None = None
    per_second: float | None = None
    seconds_left: int | None = None


class BlobHolding(BaseModel):
    """`needed_by`: a manifest of the repository; absent when none needs the blob."""

    repository: str
    needed_by: str | None = None
    since: str


class DigestExplained(BaseModel):
    """`size` is absent for what is no blob. `review_at`: when it is looked at; `removed_from`: when its bytes go."""

    digest: str
    size: int | None = None
    holdings: list[BlobHolding]
    review_at: str | None = None
    removed_from: str | None = None
    is_claimed: bool
    taken_from: list[str]
    reviewed_in: list[str]


async def show_garbage(call: TheCall) -> GarbageStanding:
    """How garbage collection stands."""
    found = await garbage.show_garbage(call.rooms.upkeep, call.actor)
    return GarbageStanding(
        grace_seconds=found.grace_seconds,
        due=found.due,
        waiting=found.waiting,
        left_over=found.left_over,
        left_over_bytes=found.left_over_bytes,
        running=None if found.running is None else _collection(found.running),
        last=None if found.last is None else _collection(found.last),
        per_second=found.per_second,
        seconds_left=found.seconds_left,
    )


async def list_garbage_collections(
    call: TheCall, limit: WordParameter = None, marker: WordParameter = None
) -> GarbageCollections:
    """Collections that did something or were asked for, the newest first; `nextMarker` is absent at the end."""
    found, after = await garbage.list_collections(call.rooms.upkeep, call.actor, marker or "", parse_limit(limit))
    return GarbageCollections(collections=[_collection(one) for one in found], nextMarker=after or None)


async def collect_garbage(call: TheCall) -> GarbageCollection:
    """Collect everything that is due now. A worker does it; look at its `ended_at`."""
    return _collection(await garbage.request_collection(call.rooms.upkeep, call.actor))


async def show_garbage_collection(call: TheCall, collection: TheCollection) -> GarbageCollection:
    """A collection: what it has done so far."""
    return _collection(await garbage.show_collection(call.rooms.upkeep, call.actor, collection))


async def explain_digest(call: TheCall, digest: TheDigest) -> DigestExplained:
    """Why a blob is in the store, or when it goes."""
    found = await garbage.explain_digest(call.rooms.upkeep, call.actor, digest)
    return DigestExplained(
        digest=found.digest,
        size=found.size,
        holdings=[
            BlobHolding(repository=one.repository, needed_by=one.needed_by, since=rfc3339(one.since))
            for one in found.holdings
        ],
        review_at=rfc3339_or_none(found.review_at),
        removed_from=rfc3339_or_none(found.removed_from),
        is_claimed=found.is_claimed,
        taken_from=list(found.taken_from),
        reviewed_in=list(found.reviewed_in),
    )


def _collection(one: garbage.Collection) -> GarbageCollection:
    return GarbageCollection(
        id=one.id,
        by=one.by,
        asked_at=rfc3339(one.asked_at),
        started_at=rfc3339_or_none(one.started_at),
        ended_at=rfc3339_or_none(one.ended_at),
        phase=one.phase,
        **one.counts,
    )
