"""Receive: an archive is announced, comes in pieces, and is handed in; or it is cancelled."""

from collections.abc import AsyncIterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row

from entrepot.access.actor import Actor
from entrepot.access.check import require_account
from entrepot.access.levels import Action
from entrepot.accounts.remembered import remember
from entrepot.db.transaction import Reader
from entrepot.intake import queries, rules
from entrepot.intake.events import ArchiveCancelled, ArchiveHandedIn
from entrepot.intake.room import Intake
from entrepot.intake.rules import State
from entrepot.jobs.events import publish
from entrepot.plumbing.ids import new_id
from entrepot.registry import reach, staging
from entrepot.registry.limits import archive_limit
from entrepot.values.errors import TooMany, Unauthenticated, UploadInvalid, UploadUnknown, worded
from entrepot.values.names import OrganizationName, RepositoryName, TagName

ROWS_MAX: Final = 100


@dataclass(frozen=True, slots=True)
class Archive:
    """An archive on its way: `held` of its `size` bytes are here while it comes.

    `done_bytes` of `total_bytes` says how far the worker is; 0 in all when it cannot know. `problem` is the kind of
    error it failed for, `message` the sentence. `images` are what was pushed: repository, tags, digest.
    """

    id: str
    organization: OrganizationName
    repository: RepositoryName | None
    tag: TagName | None
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
    created_at: datetime
    updated_at: datetime


async def announce_archive(
    intake: Intake,
    actor: Actor,
    organization: OrganizationName,
    file_name: str,
    size: int,
    fingerprint: str = "",
    repository: RepositoryName | None = None,
    tag: TagName | None = None,
) -> Archive:
    """Make room for an archive; an unfinished one of the same fingerprint, size and place is gone on with instead.

    Raises Unauthenticated, AccessDenied, OrganizationUnknown, ParameterInvalid, SizeInvalid, BodyTooLarge or TooMany.
    """
    rules.check_file(file_name, size, fingerprint)
    rules.check_inside(repository, organization)
    _require_account(actor)
    place = staging.place_of(organization, repository)
    archive_id = new_id()
    async with intake.db.writing() as tx:
        await reach.permitted(tx, actor, Action.REPOSITORY_PUSH, place)
        owner = await reach.organization(tx, place)
        rules.check_size(size, await archive_limit(tx, intake.registry.settings, owner.id), organization)
        await tx.lock(f"archives:{actor.subject}")  # else those that begin at once do not count each other
        for row in await queries.archives_of(tx, actor.subject, organization, ROWS_MAX):
            if fingerprint and row.state == State.RECEIVING and _same(row, fingerprint, size, repository, tag):
                return _archive(row)
        limit = intake.settings.archives_open_max
        if await queries.open_archives(tx, actor.subject) >= limit:
            raise TooMany(
                worded("You have {limit} archives under way; wait for one, or cancel one.", limit=limit), limit=limit
            )
        now = intake.clock.now()
        until = now + timedelta(seconds=intake.registry.settings.upload_idle_seconds)
        await staging.begin(tx, archive_id, place, actor.subject, now, until)
        await queries.save_archive(
            tx,
            {
                "id": archive_id,
                "organization_id": owner.id,
                "owner": actor.subject,
                "place": place,
                "repository": repository or "",
                "tag": tag or "",
                "file_name": file_name,
                "fingerprint": fingerprint,
                "size": size,
                "state": State.RECEIVING,
                "done_bytes": 0,
                "total_bytes": 0,
                "problem": "",
                "message": "",
                "images": [],
                "asked_by": remember(actor),
                "created_at": now,
                "updated_at": now,
            },
        )
        return _archive(await _own(tx, actor, archive_id))


async def list_archives(
    intake: Intake, actor: Actor, organization: OrganizationName | None = None
) -> Sequence[Archive]:
    """The actor's own archives of the last days, the newest first, at most 100. Raises Unauthenticated."""
    _require_account(actor)
    async with intake.db.reading() as tx:
        rows = await queries.archives_of(tx, actor.subject, organization, ROWS_MAX)
    return [_archive(row) for row in rows]


async def show_archive(intake: Intake, actor: Actor, archive_id: str) -> Archive:
    """How far an archive is. Raises UploadUnknown, also for somebody else's."""
    async with intake.db.reading() as tx:
        return _archive(await _own(tx, actor, archive_id))


async def append_archive(
    intake: Intake, actor: Actor, archive_id: str, chunks: AsyncIterable[bytes], start: int, length: int | None = None
) -> int:
    """Add bytes from `start` on, which must be where it ends; how many are here then, durable when this returns.

    A stream that breaks off keeps what had arrived. Raises UploadUnknown, UploadInvalid for one that was handed in,
    UploadOutOfOrder (with the bytes held), SizeInvalid, TooMany, BodyIncomplete, StorageFull or StorageFailed.
    """
    async with intake.db.reading() as tx:
        found = await _own(tx, actor, archive_id)
    if found.state != State.RECEIVING:
        raise UploadInvalid("The archive is whole and was handed in; nothing can be added.")
    place = RepositoryName(found.place)
    return await staging.append(intake.registry, actor, place, archive_id, chunks, start, length, found.size)


async def hand_in_archive(
    intake: Intake,
    actor: Actor,
    archive_id: str,
    repository: RepositoryName | None = None,
    tag: TagName | None = None,
) -> Archive:
    """Say that the archive is whole: a worker imports it. `repository` and `tag`, when given, replace those announced.

    Handing it in again is harmless. Raises UploadUnknown, UploadOutOfOrder when bytes are missing, ParameterInvalid,
    Unauthenticated, AccessDenied or UploadInvalid for one that ended.
    """
    async with intake.db.writing() as tx:
        found = await _own(tx, actor, archive_id)
        organization = OrganizationName(found.organization)
        rules.check_inside(repository, organization)
        if found.state in rules.WORKING:
            return _archive(found)
        if found.state not in rules.OPEN:
            raise UploadInvalid("This archive came to its end already; send it again.")
        rules.check_whole(found.held, found.size)
        target = repository or (RepositoryName(found.repository) if found.repository else None)
        await reach.permitted(tx, actor, Action.REPOSITORY_PUSH, staging.place_of(organization, target))
        now = intake.clock.now()
        await staging.hold(tx, archive_id, now + timedelta(seconds=intake.settings.wait_seconds))
        await queries.set_archive(
            tx,
            archive_id,
            now,
            state=State.WAITING,
            repository=target or "",
            tag=tag or found.tag,
            problem="",
            message="",
            asked_by=remember(actor),
        )
        told = ArchiveHandedIn(organization, archive_id, found.file_name, found.size)
        await publish(tx, told, actor=actor.subject, at=now, domain_id=found.domain_id)
        return _archive(await _own(tx, actor, archive_id))


async def cancel_archive(intake: Intake, actor: Actor, archive_id: str) -> None:
    """Forget an archive and its bytes; a worker that has it in hand stops. Raises UploadUnknown."""
    async with intake.db.writing() as tx:
        found = await _own(tx, actor, archive_id)
        await queries.delete_archive(tx, archive_id)
        if found.state in rules.OPEN:
            told = ArchiveCancelled(found.organization, archive_id, found.file_name)
            await publish(tx, told, actor=actor.subject, at=intake.clock.now(), domain_id=found.domain_id)
    await staging.drop(intake.registry, archive_id)


async def _own(tx: Reader, actor: Actor, archive_id: str) -> Row[Any]:
    _require_account(actor)
    found = await queries.archive_by_id(tx, archive_id)
    if found is None or found.owner != actor.subject:
        raise UploadUnknown("There is no such archive of yours; it may have been cancelled, or forgotten.")
    return found


def _require_account(actor: Actor) -> None:
    if actor.is_anonymous:
        raise Unauthenticated
    require_account(actor)


def _same(row: Row[Any], fingerprint: str, size: int, repository: RepositoryName | None, tag: TagName | None) -> bool:
    return (row.fingerprint, row.size, row.repository, row.tag) == (fingerprint, size, repository or "", tag or "")


def _archive(row: Row[Any]) -> Archive:
    return Archive(
        row.id,
        OrganizationName(row.organization),
        RepositoryName(row.repository) if row.repository else None,
        TagName(row.tag) if row.tag else None,
        row.file_name,
        row.fingerprint,
        row.size,
        row.held if row.state == State.RECEIVING else row.size,
        State(row.state),
        row.done_bytes,
        row.total_bytes,
        row.problem,
        row.message,
        row.images,
        row.created_at,
        row.updated_at,
    )
