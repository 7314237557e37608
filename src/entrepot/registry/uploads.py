"""Uploads: bytes of a blob arrive, in one piece or in many, until they are a blob.

Each piece is stored as a part of its own, durable before it is acknowledged; the database names
the parts. So any worker or replica can continue any upload, no lock is held while bytes flow, and
of two pieces sent for the same place the first to finish counts.
"""

from collections.abc import AsyncIterable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from entrepot.access.actor import Actor
from entrepot.access.check import BLOBS, require
from entrepot.access.levels import Action
from entrepot.accounts.actors import require_usable
from entrepot.blobs.joining import discarded_on_failure, is_ready
from entrepot.db.transaction import Reader
from entrepot.jobs.events import publish
from entrepot.plumbing.ids import new_id
from entrepot.registry import charging, reach, rules
from entrepot.registry.events import BlobMended, BlobPushed
from entrepot.registry.keeping import keep_left_over
from entrepot.registry.push import check_push
from entrepot.registry.queries import content, dropped, lost, uploads
from entrepot.registry.receiving import check_parts, own, part_of, receive, take
from entrepot.registry.room import Registry
from entrepot.values.digest import Digest
from entrepot.values.errors import (
    AccessDenied,
    BlobLeaving,
    Broken,
    Elsewhere,
    QuotaExceeded,
    TooMany,
    Unauthenticated,
    UploadUnknown,
    worded,
)
from entrepot.values.names import RepositoryName


@dataclass(frozen=True, slots=True)
class Upload:
    """An upload under way; `size` bytes of it are here."""

    id: str
    size: int


async def start_upload(registry: Registry, actor: Actor, path: RepositoryName, algorithm: str = "sha256") -> Upload:
    """Begin an upload that ends in a digest of `algorithm` (another one works too, more slowly).

    Raises Unauthenticated, AccessDenied, OrganizationUnknown, QuotaExceeded, or TooMany open uploads.
    """
    upload_id = new_id()
    async with registry.db.writing() as tx:
        await reach.permitted(tx, actor, Action.REPOSITORY_PUSH, path)
        await charging.foresee(tx, await reach.organization(tx, path), path)
        limit = registry.settings.uploads_open_max
        await tx.lock(f"uploads:{actor.subject}")  # else those that begin at once do not count each other
        if await uploads.open_uploads_of(tx, actor.subject) >= limit:
            raise TooMany(
                worded("You have {limit} open uploads; finish or cancel some first.", limit=limit), limit=limit
            )
        now = registry.clock.now()
        expires_at = now + timedelta(seconds=registry.settings.upload_idle_seconds)
        await uploads.save_upload(tx, upload_id, path, actor.subject, algorithm, now, expires_at)
    return Upload(upload_id, 0)


async def show_upload(registry: Registry, actor: Actor, path: RepositoryName, upload_id: str) -> Upload:
    """How much of an upload is here. Raises UploadUnknown, also for somebody else's."""
    async with registry.db.reading() as tx:
        found = await own(tx, actor, path, upload_id)
    return Upload(upload_id, found.size)


async def append(
    registry: Registry,
    actor: Actor,
    path: RepositoryName,
    upload_id: str,
    chunks: AsyncIterable[bytes],
    start: int | None = None,
    algorithm: str | None = None,
    length: int | None = None,
) -> Upload:
    """Add bytes to an upload; they are durable when this returns.

    `start`, when given, must be where the upload ends; `length` is how many bytes will come, when that is
    known. A stream that breaks off (BodyIncomplete)
    keeps what had arrived, so that the client can go on from there. Raises UploadUnknown,
    UploadOutOfOrder (with the bytes held), BodyTooLarge, QuotaExceeded, TooMany, StorageFull or StorageFailed.
    """
    parts_max = registry.settings.upload_parts_max
    return await _append(registry, actor, path, upload_id, chunks, start, length, algorithm, None, parts_max)


async def _append(
    registry: Registry,
    actor: Actor,
    path: RepositoryName,
    upload_id: str,
    chunks: AsyncIterable[bytes],
    start: int | None,
    length: int | None,
    algorithm: str | None,
    digest: Digest | None,
    parts_max: int,
) -> Upload:
    async with registry.db.reading() as tx:
        found = await own(tx, actor, path, upload_id)
        await check_parts(tx, upload_id, parts_max)
        room = await charging.room_for_blob(tx, path, digest) if found.is_metered else charging.ANY_ROOM
    rules.check_start(start, found.size)
    room.check(found.size + (length or 0))
    check = _ceiling(registry, room)
    return Upload(upload_id, await take(registry, actor, found, chunks, algorithm or found.algorithm, check))


async def finish_upload(
    registry: Registry,
    actor: Actor,
    path: RepositoryName,
    upload_id: str,
    digest: Digest,
    chunks: AsyncIterable[bytes],
    start: int | None = None,
    length: int | None = None,
) -> int:
    """Add the last bytes, if any, and make the upload the blob `digest` of the repository; its size.

    When the digest does not fit (DigestMismatch) the upload stays, to be finished or cancelled.
    Raises what `append` raises, and OrganizationUnknown.
    """
    # One piece more than others may send: what is as full as can be must still be finished.
    parts_max = registry.settings.upload_parts_max + 1
    whole = await _append(registry, actor, path, upload_id, chunks, start, length, digest.algorithm, digest, parts_max)
    async with registry.db.reading() as tx:
        parts = [part_of(row) for row in await uploads.parts_of(tx, upload_id)]
    if sum(part.size for part in parts) != whole.size:
        raise UploadUnknown(worded("The upload {upload_id} was changed by another request.", upload_id=upload_id))
    removal = await keep_left_over(registry, digest)
    size = await registry.blobs.keep(parts, digest)
    await _link_or_drop(registry, actor, path, digest, size, upload_id, removal)
    if not is_ready(parts, digest):
        # Only now, when no upload names them: a crash before leaves an upload that can be finished again.
        with suppress(Broken, Elsewhere):  # the blob is there; what stays of its parts is for the sweeper
            await registry.blobs.discard_parts([part.key for part in parts])
    return size


async def push_blob(
    registry: Registry,
    actor: Actor,
    path: RepositoryName,
    digest: Digest,
    chunks: AsyncIterable[bytes],
    length: int | None = None,
) -> int:
    """Store a whole blob in one request; its size. Raises like `finish_upload`; leaves nothing behind."""
    room = await check_push(registry, actor, path, digest)
    room.check(length or 0)
    writer = await registry.blobs.new_part(digest.algorithm)
    async with discarded_on_failure(writer):
        broken = await receive(writer, chunks, 0, _ceiling(registry, room))
        if broken is not None:
            raise broken
        removal = await keep_left_over(registry, digest)
        size = await registry.blobs.keep([await writer.seal()], digest)
    await _link_or_drop(registry, actor, path, digest, size, None, removal)
    return size


async def mount_blob(
    registry: Registry, actor: Actor, path: RepositoryName, digest: Digest, source: RepositoryName | None
) -> bool:
    """Link a blob held by `source`, or by any repository the actor may read; whether there was one.

    What the actor may not read is as if it were not there. Raises Unauthenticated, AccessDenied or
    OrganizationUnknown for `path`; Unauthenticated also for a token without the scope of the source.
    """
    async with registry.db.writing() as tx:
        now = registry.clock.now()
        await reach.permitted(tx, actor, Action.REPOSITORY_PUSH, path)
        await reach.organization(tx, path)
        if not await _is_readable(tx, actor, digest, source) or not await content.hold_blobs(tx, [str(digest)]):
            return False
        repository, is_new = await reach.writable(tx, actor, path, now)
        await content.link_blobs(tx, repository.id, [str(digest)], now)
        await charging.take(tx, repository, repositories=is_new, digests=[str(digest)])
        size = (await content.blob_sizes(tx, [str(digest)]))[str(digest)]
        pushed = BlobPushed(path, str(digest), size)
        await publish(tx, pushed, actor=actor.subject, at=now, domain_id=repository.domain_id)
    return True


async def cancel_upload(registry: Registry, actor: Actor, path: RepositoryName, upload_id: str) -> None:
    """Forget an upload and its bytes. Raises UploadUnknown."""
    async with registry.db.writing() as tx:
        await own(tx, actor, path, upload_id)
        keys = [row.key for row in await uploads.parts_of(tx, upload_id)]
        await uploads.delete_upload(tx, upload_id)
    await registry.blobs.discard_parts(keys)


def _ceiling(registry: Registry, room: charging.Room) -> Callable[[int], None]:
    """Refuses a blob as soon as it is larger than it may be: BodyTooLarge or QuotaExceeded."""

    def check(size: int) -> None:
        rules.check_blob_size(size, registry.settings.blob_bytes_max)
        room.check(size)

    return check


async def _link_or_drop(
    registry: Registry,
    actor: Actor,
    path: RepositoryName,
    digest: Digest,
    size: int,
    upload_id: str | None,
    removal: datetime | None,
) -> None:
    """Link, and count; bytes that have no room after all are left to upkeep: it looks whether anybody else has them."""
    try:
        await _link(registry, actor, path, digest, size, upload_id, removal)
    except QuotaExceeded:
        async with registry.db.writing() as tx:
            await dropped.mark_blob(tx, str(digest), registry.clock.now())
        raise
    registry.pushes.received[path] += size


async def _link(
    registry: Registry,
    actor: Actor,
    path: RepositoryName,
    digest: Digest,
    size: int,
    upload_id: str | None,
    removal: datetime | None,
) -> None:
    async with registry.db.writing() as tx:
        await require_usable(tx, actor)
        now = registry.clock.now()
        repository, is_new = await reach.writable(tx, actor, path, now)
        await content.save_blob(tx, str(digest), size, now)
        if not await dropped.take_over(tx, str(digest), removal):
            raise BlobLeaving
        mended = await lost.mend(tx, str(digest))
        await content.link_blobs(tx, repository.id, [str(digest)], now)
        if upload_id is not None:
            await uploads.delete_upload(tx, upload_id)
        await charging.take(tx, repository, repositories=is_new, digests=[str(digest)])
        pushed = BlobPushed(path, str(digest), size)
        await publish(tx, pushed, actor=actor.subject, at=now, domain_id=repository.domain_id)
        if mended is not None:
            # Whose bytes these are is nobody's business but operators': the event stands in no domain.
            again = BlobMended(str(digest), mended, "pushed")
            await publish(tx, again, actor=actor.subject, at=now, domain_id="", though_closed=True)


async def _is_readable(tx: Reader, actor: Actor, digest: Digest, source: RepositoryName | None) -> bool:
    if source is None:
        if actor.limits is not None and BLOBS not in actor.limits:
            raise Unauthenticated(worded("The token does not carry {blobs}:*.", blobs=BLOBS), insufficient_scope=True)
        return bool(await content.readable_digests(tx, actor, [str(digest)]))
    try:
        await require(tx, actor, Action.REPOSITORY_PULL, source)
    except AccessDenied:
        return False
    return await content.is_readable_in(tx, actor, source, str(digest))
