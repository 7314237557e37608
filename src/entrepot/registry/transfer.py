"""Transfer: an organization comes to belong to somebody else, in its domain or in another one.

Within a domain its administrators say to whom. From one domain to another only operators move it, because nobody
gives away, or takes in, on behalf of two domains: they ask both. What it holds is not touched; who may use it begins
anew, with the new domain's administrators and the new owner.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Row

from entrepot.access.actor import Actor, admins_of
from entrepot.access.grants import Grant, forget_people, set_grant
from entrepot.access.levels import Level
from entrepot.access.scopes import lock_organization
from entrepot.accounts.actors import PERSON, is_usable
from entrepot.accounts.operators import require_operator
from entrepot.accounts.queries import people
from entrepot.accounts.users import domain_names_of, names_of
from entrepot.db.transaction import Reader, Writer
from entrepot.jobs.events import publish
from entrepot.registry import limits
from entrepot.registry.charging import LIMITS
from entrepot.registry.events import OrganizationTransferred
from entrepot.registry.organizations import administered
from entrepot.registry.queries import names, quotas, shares
from entrepot.registry.room import Registry
from entrepot.values.errors import AccessDenied, DomainUnknown, ParameterInvalid, UserUnknown, worded
from entrepot.values.names import DomainName, OrganizationName, UserName


async def transfer_organization(
    registry: Registry,
    actor: Actor,
    name: OrganizationName,
    domain: DomainName | None = None,
    owner: UserName | None = None,
) -> None:
    """Let an organization belong to `owner`, of another domain or of the one it is in.

    In another domain the levels of all people, groups and robots of the old one end, and so does what was shared
    with the new one; what is public, or shared with others, stays so. Without `owner` it belongs to the new domain's
    administrators.

    Raises Unauthenticated, AccessDenied, OrganizationUnknown, DomainUnknown, UserUnknown, ParameterInvalid when
    nothing would change hands, or QuotaExceeded when the new domain's limits do not hold what comes.
    """
    async with registry.db.writing() as tx:
        await administered(tx, actor, name)
        # Alone with all limits: nothing is pushed meanwhile, so what moves can be counted.
        await tx.lock(LIMITS)
        await lock_organization(tx, name, shared=False)
        row = await administered(tx, actor, name)
        old_name = (await domain_names_of(tx, [row.domain_id]))[row.domain_id]
        receiver = await _receiver(tx, actor, domain or DomainName(old_name), row.domain_id)
        person = None if owner is None else await _person(tx, registry, actor, receiver.name, owner)
        if person is None and receiver.id == row.domain_id:
            raise ParameterInvalid(
                worded(
                    "{name} is in {old_name} already; name another domain, or a user to own it.",
                    name=name,
                    old_name=old_name,
                )
            )

        now, owner_id = registry.clock.now(), person.id if person else ""
        if receiver.id == row.domain_id:
            await names.set_owner(tx, row.id, receiver.id, owner_id)
        else:
            await _move(tx, registry, actor, row, receiver.id, owner_id, now)
        if person is not None:
            await set_grant(tx, Grant(name, f"user:{owner_id}", Level.MANAGE), by=actor.subject, at=now)
        before = {"domain": old_name, "owner": (await names_of(tx, [row.creator_id])).get(row.creator_id, "")}
        told = OrganizationTransferred(name, receiver.name, owner or "", before)
        for domain_id in dict.fromkeys([row.domain_id, receiver.id]):
            await publish(tx, told, actor=actor.subject, at=now, domain_id=domain_id)


async def _receiver(tx: Reader, actor: Actor, name: DomainName, own_id: str) -> Row[Any]:
    """The domain it shall belong to. Whether there is another one of a name, only operators learn."""
    found = await people.domain_by_name(tx, name)
    if found is None or found.id != own_id:
        await require_operator(tx, actor)
    if found is None:
        raise DomainUnknown(worded("There is no domain named {name}.", name=name))
    return found


async def _person(tx: Reader, registry: Registry, actor: Actor, domain: str, name: UserName) -> Row[Any]:
    found = await people.user_by_name(tx, domain, name)
    if found is None or found.kind != PERSON or not is_usable(found, registry.clock.now()):
        raise UserUnknown(
            worded("There is no user named {name} in {domain} who could own it.", name=name, domain=domain)
        )
    if found.id == actor.id:
        raise AccessDenied("Nobody gives an organization to themselves.", readable=True)
    return found


async def _move(
    tx: Writer, registry: Registry, actor: Actor, row: Row[Any], domain_id: str, owner_id: str, at: datetime
) -> None:
    """Move an organization to another domain, with what it holds and without what anybody was allowed in it."""
    await limits.begin_domain(tx, registry.settings, domain_id)
    standings = await quotas.standings(tx, [row.domain_id, domain_id])
    await names.set_owner(tx, row.id, domain_id, owner_id)
    await limits.recount(tx, standings)
    await forget_people(tx, row.name, domain_id)
    await shares.delete_shares_with(tx, row.id, domain_id)
    await set_grant(tx, Grant(row.name, admins_of(domain_id), Level.MANAGE), by=actor.subject, at=at)
