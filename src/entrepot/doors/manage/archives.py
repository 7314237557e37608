"""Archives of images that are handed in piece by piece, and imported by a worker. The contract has no call."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import Header, Path
from pydantic import BaseModel, Field

from entrepot.doors.manage.call import TheCall, TheOrganization
from entrepot.doors.manage.fields import Body, Number, Word
from entrepot.intake import receive
from entrepot.intake.receive import Archive
from entrepot.intake.rules import State
from entrepot.plumbing.clock import rfc3339
from entrepot.values.errors import UploadInvalid
from entrepot.values.names import OrganizationName, RepositoryName, TagName
from entrepot.values.ranges import parse_content_range

ArchiveId = Annotated[str, Path(description="An archive's id.", max_length=64)]


class Placed(Body):
    """Where images go: a repository of the organization, and a tag. Without them, as the archive calls them."""

    repository: Annotated[Word | None, Field(description="Without the organization, as `team/app`.")] = None
    tag: Word | None = None


class NewArchive(Placed):
    file_name: Word
    size: Number
    fingerprint: Annotated[
        Word, Field(description="Whatever tells this file from others: an unfinished archive with it is gone on with.")
    ] = ""


class ArchiveRow(BaseModel):
    """`held` of `size` bytes are here. A worker has done `done_bytes` of `total_bytes`, 0 when nobody can know.

    `images` are what was pushed. `problem` says what kind of error it failed for, `message` the sentence.
    """

    id: str
    namespace: str
    repository: str
    tag: str
    file_name: str
    fingerprint: str
    size: int
    held: int
    state: State
    done_bytes: int
    total_bytes: int
    problem: str
    message: str
    images: Sequence[Mapping[str, Any]]
    created_at: str
    updated_at: str


class Archives(BaseModel):
    archives: list[ArchiveRow]


class Held(BaseModel):
    """How many bytes are here: where the next piece begins."""

    held: int


async def create_archive(call: TheCall, namespace: TheOrganization, body: NewArchive) -> ArchiveRow:
    """Announce an archive, or find the unfinished one of the same fingerprint to go on with."""
    repository, tag = _place(namespace, body)
    made = await receive.announce_archive(
        call.rooms.intake, call.actor, namespace, body.file_name, body.size, body.fingerprint, repository, tag
    )
    return row_of(made)


async def list_archives(call: TheCall, namespace: TheOrganization) -> Archives:
    """Your own archives for an organization, of the last days, the newest first."""
    found = await receive.list_archives(call.rooms.intake, call.actor, namespace)
    return Archives(archives=[row_of(one) for one in found])


async def show_archive(call: TheCall, archive: ArchiveId) -> ArchiveRow:
    """How far an archive of yours is."""
    return row_of(await receive.show_archive(call.rooms.intake, call.actor, archive))


async def append_archive(
    call: TheCall,
    archive: ArchiveId,
    content_range: Annotated[str, Header(description="Where the piece lies, as `0-8388607`.")],
) -> Held:
    """Add a piece: the body is its bytes, durable when the answer comes. Out of place is 416, and nothing is added.

    A piece that breaks off keeps what had come; ask for the archive and go on from `held`. In a signed request a piece
    has at most `json_bytes_max` bytes.
    """
    first, last = parse_content_range(content_range)
    if call.length not in (None, last - first + 1):
        raise UploadInvalid(f"Content-Range names {last - first + 1} bytes, Content-Length {call.length}.")
    held = await receive.append_archive(call.rooms.intake, call.actor, archive, call.chunks(), first, last - first + 1)
    return Held(held=held)


async def import_archive(call: TheCall, archive: ArchiveId, body: Placed) -> ArchiveRow:
    """Say that all bytes are here: a worker looks at them and pushes the images as you; ask how far it is."""
    intake = call.rooms.intake
    found = await receive.show_archive(intake, call.actor, archive)
    repository, tag = _place(found.organization, body)
    return row_of(await receive.hand_in_archive(intake, call.actor, archive, repository, tag))


async def delete_archive(call: TheCall, archive: ArchiveId) -> None:
    """Cancel an archive, or forget what became of it. Images that were pushed stay."""
    await receive.cancel_archive(call.rooms.intake, call.actor, archive)


def row_of(archive: Archive) -> ArchiveRow:
    return ArchiveRow(
        id=archive.id,
        namespace=archive.organization,
        repository=archive.repository.name if archive.repository else "",
        tag=archive.tag or "",
        file_name=archive.file_name,
        fingerprint=archive.fingerprint,
        size=archive.size,
        held=archive.held,
        state=archive.state,
        done_bytes=archive.done_bytes,
        total_bytes=archive.total_bytes,
        problem=archive.problem,
        message=archive.message,
        images=archive.images,
        created_at=rfc3339(archive.created_at),
        updated_at=rfc3339(archive.updated_at),
    )


def _place(organization: OrganizationName, body: Placed) -> tuple[RepositoryName | None, TagName | None]:
    return (
        RepositoryName.parse(f"{organization}/{body.repository}") if body.repository else None,
        TagName.parse(body.tag) if body.tag else None,
    )
