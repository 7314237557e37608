"""Regions: other installations that images can be copied to. Operators make them known; everybody may list them.

Who we are there is kept sealed, and told to nobody; that there is a password is told to operators.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from sqlalchemy import Row

from entrepot.access.actor import Actor
from entrepot.access.check import require_account
from entrepot.accounts.operators import require_operator
from entrepot.db.resealing import keep_sealed
from entrepot.jobs.events import publish
from entrepot.mirror import rules
from entrepot.mirror.events import RegionChanged, RegionCreated, RegionDeleted
from entrepot.mirror.kept import keep
from entrepot.mirror.queries import copies
from entrepot.mirror.queries import sync as queries
from entrepot.mirror.room import Mirror
from entrepot.mirror.secrets import Secrets, seal_region, unseal_region
from entrepot.plumbing.outbound import tls_context
from entrepot.values.errors import RuleExists, RuleUnknown, Unauthenticated, worded
from entrepot.values.names import RegionName

_LISTED_MAX: Final = 1_000
_GONE: Final = worded("The region was deleted.")


@dataclass(frozen=True, slots=True)
class Region:
    name: str
    url: str


@dataclass(frozen=True, slots=True)
class Account:
    """Who we are at a region. `authority`: certificates (PEM) of who signs its own; empty: those the system knows."""

    username: str = ""
    password: str = field(default="", repr=False)
    authority: str = ""


@dataclass(frozen=True, slots=True)
class RegionChange:
    """What is to be different; None stays."""

    url: str | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    authority: str | None = None


@dataclass(frozen=True, slots=True)
class RegionShown:
    """A region as operators see it. `has_…`: what is not shown is there."""

    name: str
    url: str
    username: str
    has_password: bool
    has_authority: bool


async def list_regions(mirror: Mirror, actor: Actor) -> Sequence[Region]:
    """By name. Raises Unauthenticated or AccessDenied."""
    if actor.is_anonymous:
        raise Unauthenticated
    require_account(actor)
    async with mirror.db.reading() as tx:
        return [Region(row.name, row.url) for row in await queries.regions(tx, _LISTED_MAX)]


async def show_region(mirror: Mirror, actor: Actor, name: RegionName) -> RegionShown:
    """Only operators may. Raises Unauthenticated, AccessDenied or RuleUnknown."""
    async with mirror.db.reading() as tx:
        await require_operator(tx, actor)
        row = await queries.region_by_name(tx, name)
    if row is None:
        raise unknown(name)
    return _shown(row.name, row.url, _account(mirror, row))


@dataclass(frozen=True, slots=True)
class RegionUse:
    """What would end with a region: so many rules, and so many copies that wait or run."""

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
        rules_to, waiting = await queries.rules_to(tx, name), await copies.under_way_to(tx, name)
    return RegionUse(Region(row.name, row.url), rules_to, waiting)


async def create_region(
    mirror: Mirror, actor: Actor, name: RegionName, url: str, account: Account | None = None
) -> RegionShown:
    """Make another installation known. Raises Unauthenticated, AccessDenied, ParameterInvalid or RuleExists."""
    address, account = rules.parse_url(url), _checked(account or Account())
    async with mirror.db.writing() as tx:
        await require_operator(tx, actor)
        now = mirror.clock.now()
        await keep_sealed(tx)
        if not await queries.save_region(tx, name, address, _sealed(mirror, name, account), actor.id, now):
            raise RuleExists(worded("A region named {name} exists already.", name=name), kind="region-exists")
        await publish(tx, RegionCreated(name, address, account.username), actor=actor.subject, at=now)
    return _shown(name, address, account)


async def change_region(mirror: Mirror, actor: Actor, name: RegionName, change: RegionChange) -> RegionShown:
    """What copies begin from now on goes by it. Only operators may.

    Raises Unauthenticated, AccessDenied, RuleUnknown or ParameterInvalid.
    """
    url = None if change.url is None else rules.parse_url(change.url)
    async with mirror.db.writing() as tx:
        await require_operator(tx, actor)
        await tx.lock(lock_of(name))
        row = await queries.region_by_name(tx, name)
        if row is None:
            raise unknown(name)
        old = _account(mirror, row)
        given = {one: getattr(change, one) for one in ("username", "password", "authority")}
        account = _checked(replace(old, **{one: value for one, value in given.items() if value is not None}))
        await keep_sealed(tx)
        await queries.change_region(tx, name, url or row.url, _sealed(mirror, name, account))
        was, told = {"url": row.url, "username": old.username}, {"url": url or row.url, "username": account.username}
        differing = [key for key in told if told[key] != was[key]]
        changed = RegionChanged(
            name,
            {key: told[key] for key in differing},
            [one for one in ("password", "authority") if getattr(old, one) != getattr(account, one)],
            {key: was[key] for key in differing},
        )
        await publish(tx, changed, actor=actor.subject, at=mirror.clock.now())
    return _shown(name, told["url"], account)


async def delete_region(mirror: Mirror, actor: Actor, name: RegionName) -> None:
    """Forget a region with the rules that copy to it; copies that wait or run are cancelled.

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
        cancelled = await copies.cancel_to_region(tx, name, keep(_GONE), now)
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


def _checked(account: Account) -> Account:
    rules.check_account(account.username, account.password, account.authority)
    if account.authority:
        tls_context(account.authority)
    return account


def _sealed(mirror: Mirror, name: str, account: Account) -> bytes | None:
    if account == Account():
        return None
    return seal_region(mirror.sealer, name, Secrets(account.username, account.password, account.authority))


def _account(mirror: Mirror, row: Row[Any]) -> Account:
    secrets = unseal_region(mirror.sealer, row.name, row.sealed)
    return Account(secrets.username, secrets.password, secrets.authority)


def _shown(name: str, url: str, account: Account) -> RegionShown:
    return RegionShown(name, url, account.username, bool(account.password), bool(account.authority))
