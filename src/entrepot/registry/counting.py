"""Counting: how much a domain or organization holds.

Exact where a limit counts it and where it is little. Of much, as the hourly job measured it: counting a million tags
takes a fifth of a second, and every look at an overview would.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final

from sqlalchemy import Row

from entrepot.db.transaction import Reader
from entrepot.registry.queries import accounting, measured, quotas
from entrepot.registry.quota_rules import COUNTED, Resource, organization_scope
from entrepot.registry.room import Registry

MANY: Final = 10_000
"""What there is no more of is counted whenever somebody asks."""
LINKS_MANY: Final = 5_000
"""The same of links to blobs: adding up their bytes takes longer."""


@dataclass(frozen=True, slots=True)
class Counted:
    """A number; `measured_at`: when it was so, None for now."""

    number: int
    measured_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Storage:
    """`exclusive_bytes`: would be freed if it alone were gone. `measured_at`: it was so then; None for now.

    `exclusive_bytes` is None for who does not manage it, and where it is too much to look at and not measured yet.
    """

    stored_bytes: int
    exclusive_bytes: int | None
    measured_at: datetime | None = None

    @property
    def shared_bytes(self) -> int | None:
        """What others hold as well."""
        return None if self.exclusive_bytes is None else max(self.stored_bytes - self.exclusive_bytes, 0)


async def counted(tx: Reader, scope: str, resources: Sequence[Resource]) -> dict[Resource, Counted]:
    """How much of each resource a domain, by its id, or an organization, by its number, holds."""
    limited = {one.resource: one.used for one in await quotas.standings(tx, [scope])}
    last = await measured.measure_of(tx, scope)
    return {one: Counted(limited[one]) if one in limited else await _counted(tx, scope, one, last) for one in resources}


async def _counted(tx: Reader, scope: str, resource: Resource, last: Row[Any] | None) -> Counted:
    if last is not None and _walked(last, resource) > _few(resource):
        return Counted(getattr(last, resource), last.measured_at)
    number = await measured.number_up_to(tx, scope, resource, _few(resource))
    if number <= _few(resource) and resource is not Resource.BYTES:
        return Counted(number)
    # Little; or it became much since the last measure, so it cannot be very much.
    return Counted(await quotas.USED[resource](tx, scope))


async def exclusive_bytes(tx: Reader, scope: str) -> Counted | None:
    """Bytes that would be freed if a domain or an organization alone were gone; None when it is not measured yet."""
    last = await measured.measure_of(tx, scope)
    if last is not None and last.links > LINKS_MANY:
        return Counted(last.exclusive_bytes, last.measured_at)
    if await measured.number_up_to(tx, scope, Resource.BYTES, LINKS_MANY) > LINKS_MANY:
        return None
    return Counted(await measured.exclusive_bytes(tx, scope))


async def measure_stores(registry: Registry) -> int:
    """Write down what every domain stores today, and how much there is where that is much; how many domains.

    Safe to run again: the last measure counts.
    """
    begun = registry.clock.now()
    async with registry.db.reading() as tx:
        ids = await quotas.domain_ids(tx)
    for domain_id in ids:
        await _measure_domain(registry, domain_id)
    async with registry.db.writing() as tx:
        await measured.forget_measures(tx, begun)
    return len(ids)


async def _measure_domain(registry: Registry, domain_id: str) -> None:
    async with registry.db.reading() as tx:
        is_large = await _is_large(tx, domain_id)
        large = await measured.large_organizations(tx, domain_id, MANY, LINKS_MANY) if is_large else ()
    if is_large:
        await _measure(registry, domain_id, lambda tx: measured.measure(tx, domain_id))
    for organization_id in large:
        await _measure_organization(registry, organization_id)
    async with registry.db.writing() as tx:
        stored = (await counted(tx, domain_id, [Resource.BYTES]))[Resource.BYTES].number
        await accounting.save_measure(tx, domain_id, tx.now.date(), stored)


async def _measure_organization(registry: Registry, organization_id: int) -> None:
    scope = organization_scope(organization_id)
    await _measure(registry, scope, lambda tx: measured.measure(tx, scope))
    async with registry.db.reading() as tx:
        large = await measured.large_repositories(tx, organization_id, LINKS_MANY)
    for number in large:
        await _measure(registry, repository_scope(number), partial(measured.measure_repository, repository_id=number))


async def _measure(registry: Registry, scope: str, measure: Callable[[Reader], Awaitable[dict[str, int]]]) -> None:
    async with registry.db.reading() as tx:
        numbers = await measure(tx)
    async with registry.db.writing() as tx:
        await measured.keep_measure(tx, scope, tx.now, numbers)


def repository_scope(repository_id: int) -> str:
    """What a repository is called among scopes."""
    return f"repository:{repository_id}"


async def _is_large(tx: Reader, scope: str) -> bool:
    for resource in COUNTED:
        few = _few(resource)
        if await measured.number_up_to(tx, scope, resource, few) > few:
            return True
    return False


def _few(resource: Resource) -> int:
    return LINKS_MANY if resource is Resource.BYTES else MANY


def _walked(measure: Row[Any], resource: Resource) -> int:
    """How many rows counting it looks at."""
    return int(measure.links if resource is Resource.BYTES else getattr(measure, resource))
