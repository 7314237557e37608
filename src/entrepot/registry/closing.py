"""Read-only organizations: nothing in one is changed until it is opened again, and pulls go on."""

from collections.abc import Sequence

from entrepot.access.actor import Actor
from entrepot.jobs import closing
from entrepot.jobs.closing import Closed, Mode
from entrepot.jobs.events import publish
from entrepot.registry.events import OrganizationClosed, OrganizationOpened
from entrepot.registry.organizations import administered
from entrepot.registry.room import Registry
from entrepot.values.names import OrganizationName


async def close_organization(registry: Registry, actor: Actor, name: OrganizationName, message: str = "") -> None:
    """Change nothing in it from the next request on; again, to say another message.

    For administrators of its domain, and operators. Raises Unauthenticated, AccessDenied, OrganizationUnknown or
    ParameterInvalid.
    """
    async with registry.db.writing() as tx:
        row = await administered(tx, actor, name)
        now = registry.clock.now()
        before = await closing.close(tx, name, Mode.READ_ONLY, message, actor.id, now)
        told = {} if before is None else {"message": before.message}
        event = OrganizationClosed(name, message, told)
        await publish(tx, event, actor=actor.subject, at=now, domain_id=row.domain_id, though_closed=True)


async def open_organization(registry: Registry, actor: Actor, name: OrganizationName) -> None:
    """Let it be changed again. Harmless when it may be.

    Raises Unauthenticated, AccessDenied or OrganizationUnknown.
    """
    async with registry.db.writing() as tx:
        row = await administered(tx, actor, name)
        before = await closing.open_again(tx, name)
        if before is not None:
            event = OrganizationOpened(name, {"message": before.message})
            now = registry.clock.now()
            await publish(tx, event, actor=actor.subject, at=now, domain_id=row.domain_id, though_closed=True)


async def what_is_closed(registry: Registry, name: str = "") -> Sequence[Closed]:
    """The installation, and the organization of that name, when they are closed; for who looks at a page of it."""
    async with registry.db.looking() as tx:
        return await closing.closed_for(tx, name)


async def is_read_only(registry: Registry, name: OrganizationName) -> bool:
    """Whether an organization is; for who was let see it."""
    async with registry.db.looking() as tx:
        return name in await closing.closed_organizations(tx)
