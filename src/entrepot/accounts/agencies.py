"""The agency: a domain's one-time consent that triggers act on its clusters (contract §11)."""

from entrepot.access.actor import Actor
from entrepot.access.check import require_account, require_admin
from entrepot.accounts.events import AgencyCreated
from entrepot.accounts.queries import agencies
from entrepot.accounts.room import Accounts
from entrepot.jobs.events import publish
from entrepot.values.errors import AgencyExists


async def has_agency(accounts: Accounts, actor: Actor) -> bool:
    """Whether the actor's domain has agreed. Raises AccessDenied for a registry token."""
    require_account(actor)
    async with accounts.db.reading() as tx:
        return await agencies.has_agency(tx, actor.domain_id)


async def create_agency(accounts: Accounts, actor: Actor) -> None:
    """Agree for the actor's domain. Raises Unauthenticated, AccessDenied or AgencyExists."""
    require_admin(actor)
    async with accounts.db.writing() as tx:
        now = accounts.clock.now()
        if not await agencies.save_agency(tx, actor.domain_id, actor.id, now):
            raise AgencyExists
        await publish(tx, AgencyCreated(actor.domain_id), actor=actor.subject, at=now)
