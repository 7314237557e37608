"""Receiving: what all uploads have in common, whatever becomes of their bytes: parts written, and recorded."""

from collections.abc import AsyncIterable, Callable
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Row

from entrepot.access.actor import Actor
from entrepot.access.levels import Action
from entrepot.accounts.actors import require_usable
from entrepot.blobs.joining import discarded_on_failure
from entrepot.blobs.store import Part, PartWriter
from entrepot.db.transaction import Reader
from entrepot.registry import reach
from entrepot.registry.queries import uploads
from entrepot.registry.room import Registry
from entrepot.values.digest import Digest
from entrepot.values.errors import (
    BodyIncomplete,
    DatabaseBusy,
    StorageFull,
    TooMany,
    Unauthenticated,
    UploadUnknown,
    worded,
)
from entrepot.values.names import RepositoryName

# With these the database certainly has no word of the part. After any other error, as a cancelled or
# interrupted commit, it may have: then the part stays, and the sweeper finds out.
_NOT_RECORDED: Final = (UploadUnknown, Unauthenticated, StorageFull, DatabaseBusy)


async def own(tx: Reader, actor: Actor, path: RepositoryName, upload_id: str) -> Row[Any]:
    """The actor's own upload below a name they may push to. Raises UploadUnknown, also for somebody else's."""
    await reach.permitted(tx, actor, Action.REPOSITORY_PUSH, path)
    found = await uploads.upload_of(tx, upload_id, path, actor.subject)
    if found is None:
        raise UploadUnknown("There is no such upload; begin a new one.")
    return found


async def check_parts(tx: Reader, upload_id: str, parts_max: int) -> None:
    """Pass when one more part fits. Raises TooMany."""
    if await uploads.parts_count(tx, upload_id) >= parts_max:
        raise TooMany(
            worded("An upload has at most {parts_max} chunks; send larger ones.", parts_max=parts_max), limit=parts_max
        )


async def take(
    registry: Registry,
    actor: Actor,
    upload: Row[Any],
    chunks: AsyncIterable[bytes],
    algorithm: str,
    check: Callable[[int], None],
) -> int:
    """Add what comes as one more part of the upload; how much it holds then.

    `check` is told the size that the upload would have after each chunk, and refuses what is too much. A stream
    that breaks off (BodyIncomplete) keeps what had arrived. Raises UploadUnknown, StorageFull or StorageFailed.
    """
    writer = await registry.blobs.new_part(algorithm)
    size: int = upload.size
    async with discarded_on_failure(writer):
        broken = await receive(writer, chunks, upload.size, check)
        part = await writer.seal() if writer.size else None
    if part is None:
        await writer.discard()
    else:
        try:
            size = await _record(registry, actor, upload.id, upload.size, part)
        except _NOT_RECORDED:
            await writer.discard()
            raise
    if broken is not None:
        raise broken
    return size


async def receive(
    writer: PartWriter, chunks: AsyncIterable[bytes], held: int, check: Callable[[int], None]
) -> BodyIncomplete | None:
    """Write what comes; the error when the stream broke off, which a caller may outlive. Raises what `check` raises."""
    try:
        async for chunk in chunks:
            await writer.write(chunk)
            check(held + writer.size)
    except BodyIncomplete as error:
        return error
    return None


def part_of(row: Row[Any]) -> Part:
    return Part(row.key, row.size, Digest.parse(row.digest))


async def _record(registry: Registry, actor: Actor, upload_id: str, start: int, part: Part) -> int:
    async with registry.db.writing() as tx:
        await require_usable(tx, actor)
        expires_at = registry.clock.now() + timedelta(seconds=registry.settings.upload_idle_seconds)
        saved = await uploads.save_part(tx, upload_id, start, part.size, part.key, str(part.digest), expires_at)
    if not saved:
        raise UploadUnknown(
            worded("The upload {upload_id} was continued or ended by another request.", upload_id=upload_id)
        )
    return start + part.size
