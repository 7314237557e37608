"""What all that gives and takes permissions has in common: who may, that the scope stays, what is written and told."""

from datetime import datetime
from typing import Any, Final

from entrepot.access.actor import Actor
from entrepot.access.grants import Grant, remove_grant, set_grant
from entrepot.access.levels import Action
from entrepot.access.scopes import organizations_of
from entrepot.db.transaction import Writer
from entrepot.jobs.events import publish
from entrepot.plumbing.clock import rfc3339_or_none
from entrepot.registry import organizations, reach
from entrepot.registry.events import GrantRemoved, GrantSet
from entrepot.values.errors import worded
from entrepot.values.names import RepositoryName

NOT_SELF: Final = worded("Nobody grants or changes permissions for themselves.")


async def managed(tx: Writer, actor: Actor, scope: str) -> str:
    """The domain that owns `scope`, which stays until the end: a permission must not outlive what it is for.

    Who gives permissions on a pattern manages the organization.
    Raises Unauthenticated, AccessDenied, OrganizationUnknown or RepositoryUnknown.
    """
    if isinstance(scope, RepositoryName):
        row = await reach.changing(tx, actor, Action.REPOSITORY_GRANT, scope)
    else:
        row = await organizations.changing(tx, actor, Action.ORGANIZATION_MANAGE, organizations_of([scope])[0])
    domain_id: str = row.domain_id
    return domain_id


async def give(tx: Writer, actor: Actor, given: Grant, before: Grant | None, owner: str, at: datetime) -> None:
    """Write a grant down, and tell of it to the domain that owns its scope."""
    await set_grant(tx, given, by=actor.subject, at=at)
    now, was = _told(given), _told(before) if before else {}
    differing = {key: value for key, value in was.items() if value != now[key]}
    event = GrantSet(given.scope, given.subject, **now, before=differing)
    await publish(tx, event, actor=actor.subject, at=at, domain_id=owner)


async def take(tx: Writer, actor: Actor, given: Grant, owner: str, at: datetime) -> None:
    """Remove a grant that is there, and tell of it to the domain that owns its scope."""
    await remove_grant(tx, given.scope, given.subject)
    was = {key: value for key, value in _told(given).items() if value is not None}
    await publish(tx, GrantRemoved(given.scope, given.subject, was), actor=actor.subject, at=at, domain_id=owner)


def _told(given: Grant) -> dict[str, Any]:
    return {"level": given.level, "expires_at": rfc3339_or_none(given.expires_at)}
