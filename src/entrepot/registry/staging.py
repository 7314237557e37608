"""Staging: bytes that wait among the uploads, for a room above that reads them where they lie.

They are no blob, so nobody can pull them, no limit of bytes counts them, and they expire like every upload.
"""

from collections.abc import AsyncIterable, Sequence
from datetime import datetime

from entrepot.access.actor import Actor
from entrepot.blobs.store import Part
from entrepot.db.transaction import Reader, Writer
from entrepot.registry import rules
from entrepot.registry.queries import uploads
from entrepot.registry.receiving import check_parts, own, part_of, take
from entrepot.registry.room import Registry
from entrepot.values.errors import SizeInvalid, worded
from entrepot.values.names import OrganizationName, RepositoryName

ALGORITHM = "sha256"


def place_of(organization: OrganizationName, repository: RepositoryName | None) -> RepositoryName:
    """The name that staged bytes stand under: their repository's, or one in the organization that none can have."""
    return repository or RepositoryName(f"{organization}/-")


async def begin(tx: Writer, upload_id: str, place: RepositoryName, owner: str, at: datetime, until: datetime) -> None:
    """Make room for bytes that come later; forgotten when `until` passes without any."""
    await uploads.save_upload(tx, upload_id, place, owner, ALGORITHM, at, until)


async def append(
    registry: Registry,
    actor: Actor,
    place: RepositoryName,
    upload_id: str,
    chunks: AsyncIterable[bytes],
    start: int,
    length: int | None,
    whole: int,
) -> int:
    """Add bytes from `start` on, which must be where the upload ends; how many are here then. `whole`: of all.

    They are durable when this returns. A stream that breaks off (BodyIncomplete) keeps what had arrived. Raises
    UploadUnknown, UploadOutOfOrder (with the bytes held), SizeInvalid, TooMany, StorageFull or StorageFailed.
    """

    def check(size: int) -> None:
        if size > whole:
            raise SizeInvalid(
                worded("This is more than the {whole} bytes that were announced.", whole=whole), size=whole
            )

    async with registry.db.reading() as tx:
        found = await own(tx, actor, place, upload_id)
        await check_parts(tx, upload_id, registry.settings.upload_parts_max)
    rules.check_start(start, found.size)
    check(found.size + (length or 0))
    return await take(registry, actor, found, chunks, ALGORITHM, check)


async def parts_of(tx: Reader, upload_id: str) -> Sequence[Part]:
    """What is here, in order."""
    return [part_of(row) for row in await uploads.parts_of(tx, upload_id)]


async def hold(tx: Writer, upload_id: str, until: datetime) -> None:
    """Let the bytes stay until then, whether or not more come."""
    await uploads.extend_upload(tx, upload_id, until)


async def drop(registry: Registry, upload_id: str) -> None:
    """Forget the bytes. Harmless when they are gone already."""
    async with registry.db.writing() as tx:
        keys = [row.key for row in await uploads.parts_of(tx, upload_id)]
        await uploads.delete_upload(tx, upload_id)
    await registry.blobs.discard_parts(keys)


async def is_there(tx: Reader, upload_id: str) -> bool:
    """Whether the upload has not ended, or expired."""
    return await uploads.is_there(tx, upload_id)
