"""Quotas: what domains and organizations may hold, seen by those in them, set by those above them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from entrepot.access.actor import Actor
from entrepot.access.check import require_account
from entrepot.access.levels import Action
from entrepot.accounts.domains import find_domain
from entrepot.accounts.operators import require_operator
from entrepot.accounts.projects import check_project
from entrepot.accounts.users import domain_names_of
from entrepot.db.transaction import Reader, Writer
from entrepot.jobs.events import publish
from entrepot.registry import quota_rules
from entrepot.registry.charging import LIMITS
from entrepot.registry.counting import counted
from entrepot.registry.events import QuotaSet
from entrepot.registry.limits import defaults, of_organization, put_limit
from entrepot.registry.organizations import Organization, administered, reachable
from entrepot.registry.queries import quotas
from entrepot.registry.quota_rules import (
    COUNTED,
    OF_DOMAIN,
    OF_ORGANIZATION,
    UNLIMITED,
    Resource,
    organization_scope,
)
from entrepot.registry.room import Registry
from entrepot.values.errors import ParameterInvalid, Unauthenticated, worded
from entrepot.values.names import OrganizationName

# None: what the settings say for a domain, nothing for an organization.
Limits = Mapping[Resource, int | None]


@dataclass(frozen=True, slots=True)
class Quota:
    """`limit` is UNLIMITED where there is none; `is_own` when it was set for this domain or organization itself.

    `measured_at`: so much was used then; None for now. Of ARCHIVE_BYTES nothing is used: it is about each archive.
    """

    resource: Resource
    used: int
    limit: int
    is_own: bool
    measured_at: datetime | None = None


async def show_domain_quotas(registry: Registry, actor: Actor, name: str | None = None) -> Sequence[Quota]:
    """What a domain has used and may use; without a name the actor's own.

    Its people may see it, and operators. Raises Unauthenticated, AccessDenied or DomainUnknown.
    """
    _require_somebody(actor)
    async with registry.db.reading() as tx:
        if name is None:
            return await _of_domain(tx, registry, actor.domain_id)
        own = (await domain_names_of(tx, [actor.domain_id])).get(actor.domain_id)
        if name != own:
            await require_operator(tx, actor)
        return await _of_domain(tx, registry, await _domain_id(tx, name))


async def show_project_quotas(registry: Registry, actor: Actor, project_id: str) -> Sequence[Quota]:
    """Of the domain's project (contract §11): how many organizations it has, and what else is limited.

    Raises Unauthenticated, or AccessDenied for another domain's.
    """
    _require_somebody(actor)
    check_project(actor, project_id)
    async with registry.db.reading() as tx:
        in_force = [one.resource for one in await quotas.standings(tx, [actor.domain_id])]
        asked = dict.fromkeys([Resource.ORGANIZATIONS, *in_force], UNLIMITED)
        return await _standing(tx, actor.domain_id, asked)


async def show_organization_quotas(registry: Registry, actor: Actor, name: OrganizationName) -> Sequence[Quota]:
    """What an organization has used and may use. Raises Unauthenticated or OrganizationUnknown."""
    async with registry.db.reading() as tx:
        row = await reachable(tx, actor, Action.ORGANIZATION_READ, name)
        return await _standing(tx, organization_scope(row.id), of_organization(registry.settings))


async def set_domain_quotas(registry: Registry, actor: Actor, name: str, limits: Limits) -> Sequence[Quota]:
    """Set limits of a domain, leave those not named. What is there stays, also above a new limit.

    Only operators may. Raises Unauthenticated, AccessDenied, DomainUnknown or ParameterInvalid.
    """
    _check(limits, OF_DOMAIN)
    async with registry.db.writing() as tx:
        await require_operator(tx, actor)
        domain_id = await _domain_id(tx, name)
        inherited = defaults(registry.settings)
        before = await _set(tx, domain_id, limits, inherited)
        event = QuotaSet(name, "domain", _said(limits), {"limits": before})
        await publish(tx, event, actor=actor.subject, at=registry.clock.now(), domain_id=domain_id)
        return await _standing(tx, domain_id, inherited)


async def set_organization_quotas(
    registry: Registry, actor: Actor, name: OrganizationName, limits: Limits
) -> Sequence[Quota]:
    """Set limits of an organization, beside those of its domain; see `set_domain_quotas`.

    Administrators of its domain may, and operators. Raises Unauthenticated, AccessDenied, OrganizationUnknown or
    ParameterInvalid.
    """
    _check(limits, OF_ORGANIZATION)
    async with registry.db.writing() as tx:
        # Alone with all limits: so the organization stays, too.
        await tx.lock(LIMITS)
        row = await administered(tx, actor, name)
        scope, inherited = organization_scope(row.id), of_organization(registry.settings)
        before = await _set(tx, scope, limits, inherited)
        event = QuotaSet(name, "organization", _said(limits), {"limits": before})
        await publish(tx, event, actor=actor.subject, at=registry.clock.now(), domain_id=row.domain_id)
        return await _standing(tx, scope, inherited)


async def archive_limits(registry: Registry, actor: Actor, organizations: Sequence[Organization]) -> Mapping[str, int]:
    """Bytes that an archive handed in may have, by the name of the organization; UNLIMITED for any.

    `organizations`: as the actor was given them. Raises Unauthenticated or AccessDenied.
    """
    _require_somebody(actor)
    scopes = {one.name: organization_scope(one.id) for one in organizations}
    async with registry.db.reading() as tx:
        own = await quotas.limits_for(tx, Resource.ARCHIVE_BYTES, list(scopes.values()))
    return {name: own.get(scope, registry.settings.archive_bytes_max) for name, scope in scopes.items()}


async def show_default_limits(registry: Registry, actor: Actor) -> Mapping[Resource, int]:
    """What the settings allow domains without limits of their own. Only operators may see it.

    Raises Unauthenticated or AccessDenied.
    """
    async with registry.db.reading() as tx:
        await require_operator(tx, actor)
    return defaults(registry.settings)


def _require_somebody(actor: Actor) -> None:
    if actor.is_anonymous:
        raise Unauthenticated
    require_account(actor)


async def _domain_id(tx: Reader, name: str) -> str:
    domain_id: str = (await find_domain(tx, name)).id
    return domain_id


def _check(limits: Limits, allowed: Sequence[Resource]) -> None:
    for resource, limit in limits.items():
        if resource not in allowed:
            raise ParameterInvalid(worded("There is no limit of {resource} here.", resource=resource))
        if limit is not None:
            quota_rules.check_limit(limit)


async def _set(tx: Writer, scope: str, limits: Limits, inherited: Mapping[Resource, int]) -> dict[str, int | None]:
    """What was set before for the limits that are set now."""
    await tx.lock(LIMITS)
    own = await quotas.limits_of(tx, [scope])
    for resource, limit in sorted(limits.items()):
        if limit is None:
            await quotas.delete_limit(tx, scope, resource)
        else:
            await quotas.save_limit(tx, scope, resource, limit)
        if resource in COUNTED:
            await put_limit(tx, scope, resource, inherited[resource] if limit is None else limit)
    return {resource: own.get((scope, resource)) for resource in sorted(limits)}


def _said(limits: Limits) -> dict[str, int | None]:
    return {str(resource): limit for resource, limit in sorted(limits.items())}


async def _of_domain(tx: Reader, registry: Registry, domain_id: str) -> Sequence[Quota]:
    return await _standing(tx, domain_id, defaults(registry.settings))


async def _standing(tx: Reader, scope: str, inherited: Mapping[Resource, int]) -> Sequence[Quota]:
    own = await quotas.limits_of(tx, [scope])
    in_force = {one.resource: one.limit for one in await quotas.standings(tx, [scope])}
    used = await counted(tx, scope, [one for one in inherited if one in COUNTED])
    return [
        Quota(one, used[one].number, in_force.get(one, UNLIMITED), (scope, one) in own, used[one].measured_at)
        if one in used
        else Quota(one, 0, own.get((scope, one), inherited[one]), (scope, one) in own)
        for one in inherited
    ]
