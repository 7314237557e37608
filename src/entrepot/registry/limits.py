"""Limits: how they begin, move and end. Taking from them is in `charging.py`.

While a limit begins, nobody adds or removes what it counts (`charging.LIMITS`), so that what is there can
be counted once; from then on every change is charged.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from entrepot.db.transaction import Reader, Writer
from entrepot.registry import quota_rules
from entrepot.registry.charging import LIMITS
from entrepot.registry.queries import quotas
from entrepot.registry.quota_rules import OF_DOMAIN, OF_ORGANIZATION, UNLIMITED, Resource, Standing
from entrepot.registry.room import Registry
from entrepot.registry.settings import RegistrySettings

_COUNTS: Final = {**quotas.USED, Resource.BYTES: quotas.count_all_blobs}


def defaults(settings: RegistrySettings) -> dict[Resource, int]:
    """The limits of domains for which nothing else was set."""
    given = {
        Resource.ORGANIZATIONS: settings.quota_organizations,
        Resource.REPOSITORIES: settings.quota_repositories,
        Resource.TAGS: settings.quota_tags,
        Resource.BYTES: settings.quota_bytes,
    }
    return {resource: limit or UNLIMITED for resource, limit in given.items()}


def of_organization(settings: RegistrySettings) -> dict[Resource, int]:
    """The limits of organizations for which nothing else was set, beside those of their domains."""
    return dict.fromkeys(OF_ORGANIZATION, UNLIMITED) | {Resource.ARCHIVE_BYTES: settings.archive_bytes_max}


async def archive_limit(tx: Reader, settings: RegistrySettings, organization_id: int) -> int:
    """Bytes that an archive handed in may have in an organization, by its number; UNLIMITED for any."""
    scope = quota_rules.organization_scope(organization_id)
    own = await quotas.limits_of(tx, [scope])
    return own.get((scope, Resource.ARCHIVE_BYTES), settings.archive_bytes_max)


async def enforce_defaults(registry: Registry) -> int:
    """Let the limits of the settings hold in every domain; how many limits changed. For the start of a server.

    Harmless when they hold already, and beside itself.
    """
    changed = 0
    async with registry.db.reading() as tx:
        ids = await quotas.domain_ids(tx)
    for domain_id in ids:
        async with registry.db.reading() as tx:
            wanted = await _wanted(tx, registry.settings, domain_id)
            differing = await _differing(tx, domain_id, wanted)
        if differing:
            async with registry.db.writing() as tx:
                await tx.lock(LIMITS)
                changed += await _put(tx, domain_id, await _wanted(tx, registry.settings, domain_id))
    return changed


async def begin_domain(tx: Writer, settings: RegistrySettings, domain_id: str) -> None:
    """Let the limits of the settings hold in a domain that has none yet; first thing in a transaction.

    For who makes an organization: before there is one, a domain has nothing to count.
    """
    if any(limit != UNLIMITED for limit in defaults(settings).values()):
        wanted = await _wanted(tx, settings, domain_id)
        in_force = {one.resource for one in await quotas.standings(tx, [domain_id])}
        if any(limit != UNLIMITED and resource not in in_force for resource, limit in wanted.items()):
            await tx.lock(LIMITS)
            await _put(tx, domain_id, wanted)
            return
    await tx.lock(LIMITS, shared=True)


async def put_limit(tx: Writer, scope: str, resource: Resource, limit: int) -> None:
    """Let `limit` hold from now on, also when more is used already. The caller holds LIMITS alone."""
    slices = await quotas.hold_slices(tx, scope, resource)
    if limit == UNLIMITED:
        await quotas.delete_slices(tx, scope, resource)
    elif slices:
        used = quota_rules.standing(scope, resource, slices).used
        await quotas.change_slices(tx, scope, resource, quota_rules.spread(used, limit))
    else:
        used = await _COUNTS[resource](tx, scope)
        await quotas.save_slices(tx, scope, resource, quota_rules.spread(used, limit))


async def recount(tx: Writer, before: Sequence[Standing]) -> None:
    """Count anew what limits count, after an organization moved between their domains.

    `before`: how they stood before the move. Raises QuotaExceeded when one does not hold what came. The caller holds
    LIMITS alone from before the move on.
    """
    for was in before:
        await quotas.delete_slices(tx, was.scope, was.resource)
        await put_limit(tx, was.scope, was.resource, was.limit)
    for was, now in zip(before, await quotas.standings(tx, {one.scope for one in before}), strict=True):
        if now.used > was.used:
            was.check(now.used - was.used)


async def _wanted(tx: Reader, settings: RegistrySettings, domain_id: str) -> dict[Resource, int]:
    own = await quotas.limits_of(tx, [domain_id])
    return {one: own.get((domain_id, one), limit) for one, limit in defaults(settings).items()}


async def _differing(tx: Reader, domain_id: str, wanted: Mapping[Resource, int]) -> list[Resource]:
    in_force = {one.resource: one.limit for one in await quotas.standings(tx, [domain_id])}
    return [one for one in OF_DOMAIN if wanted[one] != in_force.get(one, UNLIMITED)]


async def _put(tx: Writer, domain_id: str, wanted: Mapping[Resource, int]) -> int:
    differing = await _differing(tx, domain_id, wanted)
    for resource in differing:
        await put_limit(tx, domain_id, resource, wanted[resource])
    return len(differing)
