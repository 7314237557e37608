"""From a name to a repository row, for those who may.

What an actor may not read answers exactly like what does not exist.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row

from entrepot.access.actor import EVERYONE, Actor
from entrepot.access.check import allowed, effective, level_of
from entrepot.access.grants import Grant, set_grant
from entrepot.access.levels import Action, Level
from entrepot.access.scopes import lock_organization
from entrepot.db.transaction import Reader, Writer
from entrepot.jobs.closing import check_open
from entrepot.jobs.events import publish
from entrepot.registry.charging import LIMITS
from entrepot.registry.events import RepositoryCreated
from entrepot.registry.queries import names
from entrepot.values.errors import (
    AccessDenied,
    MirrorNotPushed,
    OrganizationUnknown,
    Refused,
    RepositoryUnknown,
    VirtualNotPushed,
    worded,
)
from entrepot.values.names import OrganizationName, RepositoryName

FILLING: Final = (Action.REPOSITORY_PUSH, Action.REPOSITORY_TAG)
"""What nobody does in an organization whose images come from elsewhere."""


async def existing(tx: Reader, actor: Actor, action: Action, path: RepositoryName) -> Row[Any]:
    """The repository's row when the actor may do `action` there.

    Raises Unauthenticated, AccessDenied (may read, not more) or RepositoryUnknown.
    """
    return await decided(tx, actor, action, path, await names.reached_repository(tx, actor, path))


async def decided(tx: Reader, actor: Actor, action: Action, path: RepositoryName, row: Row[Any] | None) -> Row[Any]:
    """The same of a row that was read with its `level`; None when there is none."""
    if row is None:
        await permitted(tx, actor, action, path)
        raise unknown(path)
    await _decide(tx, actor, action, path, effective(actor, path, row.level))
    return row


async def changing(tx: Writer, actor: Actor, action: Action, path: RepositoryName, alone: bool = False) -> Row[Any]:
    """Like `existing`, and the repository stays until the end of the transaction.

    With `alone` nobody else adds or removes content meanwhile: for those who look before they remove.
    """
    await permitted(tx, actor, action, path)
    await lock_content(tx, path, shared=not alone)
    row = await names.repository_by_path(tx, path)
    if row is None:
        raise unknown(path)
    return row


async def lock_content(tx: Writer, path: RepositoryName, shared: bool) -> None:
    """By name, before the row is read: a row that was read before may be gone when the lock is there."""
    if shared:
        await tx.lock(LIMITS, f"content:{path}", shared=True)
    else:
        await tx.lock(LIMITS, shared=True)
        await tx.lock(f"content:{path}")


async def lock_contents(tx: Writer, paths: Collection[str]) -> None:
    """Be alone with the content of several repositories."""
    await tx.lock(LIMITS, shared=True)
    await tx.lock(*[f"content:{path}" for path in sorted(paths)])


async def permitted(tx: Reader, actor: Actor, action: Action, path: RepositoryName) -> None:
    """Pass when the actor may do `action` on the name, whether or not there is such a repository.

    For a push, also when the organization is not closed meanwhile. What tags of a mirror name, its upstream says, and
    an organization that merges others holds none: whoever may read there is told so.
    """
    level = await level_of(tx, actor, path)
    refusal = await filled_elsewhere(tx, actor, action, path.organization)
    if refusal is not None and level >= Level.READ and not actor.is_anonymous:
        raise refusal
    await _decide(tx, actor, action, path, level)
    if action is Action.REPOSITORY_PUSH:
        await check_open(tx, path.organization)  # before bytes come that no fact will name


async def filled_elsewhere(tx: Reader, actor: Actor, action: Action, name: OrganizationName) -> Refused | None:
    """What `action` is answered with in an organization whose images come from elsewhere; None: it is not refused."""
    row = await names.filled_elsewhere(tx, name) if action in FILLING and not actor.is_house else None
    if row is None:
        return None
    if row.is_mirror:
        return MirrorNotPushed(organization=name)
    members = await names.members_of_virtual(tx, row.id)
    if not members:
        return VirtualNotPushed(organization=name)
    said = worded(
        "{organization} merges other organizations and holds nothing itself; push to one of these: {members}.",
        organization=name,
        members=", ".join(members),
    )
    return VirtualNotPushed(said, organization=name)


async def _decide(tx: Reader, actor: Actor, action: Action, path: RepositoryName, level: Level) -> None:
    try:
        allowed(actor, action, path, level)
    except AccessDenied as denied:
        if action is Action.REPOSITORY_PULL or not denied.readable:
            if action is Action.REPOSITORY_PUSH:
                await organization(tx, path)
                raise
            raise unknown(path) from denied
        raise


async def writable(tx: Writer, actor: Actor, path: RepositoryName, at: datetime) -> tuple[Row[Any], bool]:
    """The repository's row for a push, made now when it is new; whether it is. It stays until the commit.

    A new one is public or private as its organization has it.

    Raises Unauthenticated, AccessDenied, or OrganizationUnknown with the command that creates one.
    """
    await permitted(tx, actor, Action.REPOSITORY_PUSH, path)
    await lock_content(tx, path, shared=True)
    row = await names.repository_by_path(tx, path)
    is_new = False
    if row is None:
        await lock_organization(tx, path.organization, shared=True)
        owner = await organization(tx, path)
        made = await names.save_repository(tx, owner.id, path, "other", "", actor.id, at)
        is_new = made is not None
        if is_new:
            if owner.public_by_default:
                await set_grant(tx, Grant(path, EVERYONE, Level.READ), by=actor.subject, at=at)
            created = RepositoryCreated(path, owner.public_by_default)
            await publish(tx, created, actor=actor.subject, at=at, domain_id=owner.domain_id)
        row = await names.repository_by_path(tx, path)
        if row is None:
            raise unknown(path)
    return row, is_new


async def organization(tx: Reader, path: RepositoryName) -> Row[Any]:
    """The organization a repository name begins with. Raises OrganizationUnknown."""
    name = path.organization
    row = await names.organization_by_name(tx, name)
    if row is None:
        raise OrganizationUnknown(
            worded("There is no organization {name}. Create it first: entrepot org create {name}", name=name),
            organization=name,
        )
    return row


def unknown(path: RepositoryName) -> RepositoryUnknown:
    return RepositoryUnknown(
        worded("There is no repository {path}, or you may not read it.", path=path), name=str(path)
    )
