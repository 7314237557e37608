"""Regions: other installations that images can be copied to. Operators make them known; everybody may list them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from entrepot.access.actor import Actor
from entrepot.access.check import require_account
from entrepot.accounts.operators import require_operator
from entrepot.jobs.events import publish
from entrepot.mirror import rules
from entrepot.mirror.events import RegionCreated, RegionDeleted
from entrepot.mirror.queries import sync as queries
from entrepot.mirror.room import Mirror
from entrepot.values.errors import RuleExists, RuleUnknown, Unauthenticated, worded
from entrepot.values.names import RegionName

_LISTED_MAX: Final = 1_000


@dataclass(frozen=True, slots=True)
class Region:
    name: str
    url: str


async def list_regions(mirror: Mirror, actor: Actor) -> Sequence[Region]:
    """By name. Raises Unauthenticated or AccessDenied."""
    if actor.is_anonymous:
        raise Unauthenticated
    require_account(actor)
    async with mirror.db.reading() as tx:
        return [Region(row.name, row.url) for row in await queries.regions(tx, _LISTED_MAX)]


@dataclass(frozen=True, slots=True)
class RegionUse:
    """What would end with a region: so many rules, and so many copies that wait."""

    region: Region
    rules: int
    waiting: int


async def show_region_use(mirror: Mirror, actor: Actor, name: RegionName) -> RegionUse:
    """What ends when a region is forgotten. Only operators may. Raises Unauthenticated, AccessDenied or RuleUnknown."""
    async with mirror.db.reading() as tx:
        await require_operator(tx, actor)
        row = await queries.region_by_name(tx, name)
        if row is None:
            raise unknown(name)
        rules_to, waiting = await queries.rules_to(tx, name), await queries.copies_waiting(tx, name)
    return RegionUse(Region(row.name, row.url), rules_to, waiting)


async def create_region(mirror: Mirror, actor: Actor, name: RegionName, url: str) -> Region:
    """Make another installation known. Raises Unauthenticated, AccessDenied, ParameterInvalid or RuleExists."""
    address = rules.parse_url(url)
    async with mirror.db.writing() as tx:
        await require_operator(tx, actor)
        now = mirror.clock.now()
        if not await queries.save_region(tx, name, address, actor.id, now):
            raise RuleExists(worded("A region named {name} exists already.", name=name), kind="region-exists")
        await publish(tx, RegionCreated(name, address), actor=actor.subject, at=now)
    return Region(name, address)


async def delete_region(mirror: Mirror, actor: Actor, name: RegionName) -> None:
    """Forget a region with the rules that copy to it; copies that wait are cancelled.

    Raises Unauthenticated, AccessDenied or RuleUnknown.
    """
    async with mirror.db.writing() as tx:
        await require_operator(tx, actor)
        await tx.lock(lock_of(name))
        row = await queries.region_by_name(tx, name)
        if row is None:
            raise unknown(name)
        now = mirror.clock.now()
        gone = await queries.rules_to(tx, name)
        cancelled = await queries.cancel_copies(tx, name, now)
        await queries.delete_region(tx, name)
        await publish(tx, RegionDeleted(name, gone, cancelled, {"url": row.url}), actor=actor.subject, at=now)


def lock_of(name: str) -> str:
    """What those who name a region share, and who deletes it holds alone."""
    return f"region:{name}"


def unknown(name: str) -> RuleUnknown:
    return RuleUnknown(
        worded("There is no region {name}. An operator makes one known: entrepot region create {name} URL", name=name),
        kind="region-unknown",
    )
